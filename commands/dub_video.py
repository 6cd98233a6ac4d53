"""Dub a video: its person says another voice, and nothing but their mouth moves otherwise."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from rich.console import Console

from body.retime import at_moments
from commands.made_frames import check_wanted, load_mender, mending_models, mending_settings
from commands.making_flags import Mending, Speaking
from commands.remake_video import SOUND_RATE_HZ, Remaking, of_age, read_told, remake_video
from commands.safeguards import Safeguards
from commands.speaker import load_speaker, read_sound, speaking_models
from models.video.generate import VideoGenerateConfig
from models.video.mend import AnyVideoModel
from pipelines.person_video import PersonVideo, cut_off
from schemas.outcomes import BadInputError
from schemas.person_consent import ConsentBasis
from schemas.sample import SAMPLING_RATE_HZ
from schemas.video_record import Making

Length = Literal["video", "voice"]
Float = npt.NDArray[np.float32]
_SILENT = 1e-3  # of full scale, -60 dB
_ROUNDING_FRAMES = 2.0  # by which a voice may be longer than the video


@dataclass(frozen=True, kw_only=True, slots=True)
class Dubbing:
    """What is wanted, as the command line says it; None is the default."""

    video: Path
    audio: Path
    out: Path
    length: Length | None
    speaking: Speaking
    mending: Mending
    body_model: str | None
    safeguards: Safeguards


def dub_video(wanted: Dubbing, console: Console) -> list[Path]:
    """Write the video and its record; returns the paths.

    Raises:
        BadInputError: if there is no consent, the person may be a child, or video, sound or a model cannot be
            used, or the voice does not fit into the video.
    """
    check_wanted(wanted.out, wanted.mending)
    basis = wanted.safeguards.settle("dub", wanted.video, wanted.audio)
    voice = read_sound(str(wanted.audio), SOUND_RATE_HZ)
    if float(np.abs(voice).max(initial=0)) < _SILENT:
        raise BadInputError(f"{wanted.audio}: silent from beginning to end; give a voice")
    speaker = load_speaker(wanted.speaking)
    model = load_mender(wanted.mending)
    console.out(f"{len(voice) / SOUND_RATE_HZ:.1f} s of sound; fitting {wanted.video}", highlight=False)
    whole = read_told(wanted.video, wanted.body_model, console)
    basis = of_age(wanted.video, whole, basis, console)
    person = _of_length(whole, len(voice) / SOUND_RATE_HZ, wanted)
    footage = person.footage
    heard = _lasting(read_sound(str(wanted.audio)), footage.seconds, SAMPLING_RATE_HZ)
    drawn = speaker.say(heard, person.reference, console)
    moments = np.arange(footage.num_frames) / footage.fps
    remaking = Remaking(
        changes=frozenset({"mouth"}),
        motion=at_moments(drawn, moments, footage.fps),
        strength=np.ones(footage.num_frames, np.float32),
        sound=_lasting(voice, footage.seconds, SOUND_RATE_HZ),
        model=model,
        config=VideoGenerateConfig(seed=wanted.speaking.seed, num_steps=wanted.mending.num_steps),
        body_model=wanted.body_model,
    )
    remake_video(person, remaking, _making(wanted, basis, model), wanted.safeguards, wanted.out, console)
    return [wanted.out, wanted.out.with_suffix(".json")]


def _of_length(person: PersonVideo, voice_seconds: float, wanted: Dubbing) -> PersonVideo:
    """Return the video as long as it will be.

    Raises:
        BadInputError: if the voice is longer and nothing is said of that.
    """
    footage = person.footage
    if wanted.length == "voice":
        return cut_off(person, int(np.ceil(voice_seconds * footage.fps)))
    if wanted.length is None and voice_seconds > footage.seconds + _ROUNDING_FRAMES / footage.fps:
        raise BadInputError(
            f"{wanted.audio} lasts {voice_seconds:.1f} s and {wanted.video} {footage.seconds:.1f} s: give a "
            "shorter voice or a longer video, or cut the voice off where the video ends with --length video"
        )
    return person


def _lasting(sound: Float, seconds: float, rate_hz: int) -> Float:
    """Return sound (n,) that lasts so long: cut off, or silent to the end."""
    wanted = round(seconds * rate_hz)
    return np.pad(sound[:wanted], (0, max(0, wanted - len(sound))))


def _making(wanted: Dubbing, basis: ConsentBasis, model: AnyVideoModel | None) -> Making:
    """Return how the video is made, for its record."""
    models = speaking_models(wanted.speaking) | mending_models(wanted.mending, model)
    settings = mending_settings(wanted.mending, model) | {
        "guidance": wanted.speaking.mouth_guidance,
        "length": wanted.length,
    }
    return Making(use="dub", seed=wanted.speaking.seed, models=models, consent=basis, settings=settings)
