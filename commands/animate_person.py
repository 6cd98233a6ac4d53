"""Animate a person: fit their picture, draw motion for a voice, write it in the formats of other programs."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console

from backends.catalogue import verify_weights
from body.export.arkit import arkit_csv
from body.export.glb import glb_bytes
from body.load import load_body_model
from body.topology import MAX_EXPRESSION
from body.track import BodyTrack
from body.track_file import track_bytes
from commands.hearing import features_of
from commands.settle_age import settle_age
from commands.settle_likeness import answered_for
from drawing.mesh_video import mesh_mp4
from media import MediaError, MediaLimits, decode_audio, probe_media, to_pcm
from media.mux import with_sound
from models.motion.checkpoint import MotionModel, bundled_model, load_motion
from models.motion.generate import GenerateConfig, animate
from pipelines.photo import Reference, read_reference
from schemas.outcomes import BadInputError
from schemas.sample import SAMPLING_RATE_HZ
from transforms.storage import write_bytes

_MAX_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Animation:
    """What is wanted, as the command line says it; None is the default."""

    audio: str
    reference: Path
    out: Path
    model: Path | None
    body_model: str | None
    whisper: str | None
    seed: int
    mouth_guidance: float | None
    num_steps: int | None
    formats: tuple[str, ...]
    consent: Path | None = None
    adult: bool = False


def animate_person(wanted: Animation, console: Console) -> list[Path]:
    """Write the motion and what else is wanted beside it; returns the paths.

    Raises:
        BadInputError: if sound, picture or model cannot be used, the person may be a child, or a file cannot
            be written.
    """
    if wanted.out.suffix != ".npz":
        raise BadInputError(f"--out {wanted.out}: the motion is an .npz file")
    adult, guardian = answered_for(
        wanted.consent, "generate", wanted.reference, Path(wanted.audio), adult=wanted.adult
    )
    config = motion_config(wanted.seed, wanted.mouth_guidance, wanted.num_steps)
    model = motion_model(wanted.model)
    sound = read_sound(wanted.audio)
    seconds = len(sound) / SAMPLING_RATE_HZ
    console.out(f"{seconds:.1f} s of sound; fitting {wanted.reference}", highlight=False)
    reference = read_reference(wanted.reference, wanted.body_model)
    settle_age(wanted.reference, reference, adult, guardian, console)
    # What the picture does not show was made up, but so was all motion: every part is drawn.
    return _write(wanted, drawn_motion(model, reference, sound, config, wanted.whisper, console), sound)


def drawn_motion(
    model: MotionModel,
    reference: Reference,
    sound: npt.NDArray[np.float32],
    config: GenerateConfig,
    whisper: str | None,
    console: Console,
) -> BodyTrack:
    """Return the person of a picture in the motion that a model draws for a sound.

    Raises:
        BadInputError: if the model is of another body model than the picture's fit, or hears otherwise.
    """
    if reference.track.model_id != model.about.body_model:
        raise BadInputError(
            f"the motion model was trained for body model {model.about.body_model}, and the picture is "
            f"fitted with {reference.track.model_id}; parameters don't transfer: name the other with "
            "--body-model"
        )
    features = features_of(model.about.sound, whisper)
    drawn = animate(model, features, sound, reference.track.arrays(), config, _told(console))
    return reference.track.moved(drawn, model.about.fps)


def motion_config(seed: int, mouth_guidance: float | None, num_steps: int | None) -> GenerateConfig:
    """Return how motion is drawn.

    Raises:
        BadInputError: naming the flag that is out of bounds.
    """
    config = GenerateConfig(seed=seed)
    if mouth_guidance is not None:
        if not (math.isfinite(mouth_guidance) and 0 <= mouth_guidance <= 10):
            raise BadInputError(f"--guidance {mouth_guidance:g}: should be from 0 to 10")
        config = replace(config, mouth_guidance=mouth_guidance)
    if num_steps is not None:
        if not 1 <= num_steps <= 1000:
            raise BadInputError(f"--steps {num_steps}: should be from 1 to 1000")
        config = replace(config, num_steps=num_steps)
    return config


def motion_model(path: Path | None) -> MotionModel:
    """Return the motion model of a file, or the one that ships.

    Raises:
        BadInputError: if it cannot be used, or was altered.
    """
    if path is not None:
        return load_motion(path)
    verify_weights("motion")
    return load_motion(bundled_model())


def read_sound(path: str, sampling_rate_hz: int = SAMPLING_RATE_HZ) -> npt.NDArray[np.float32]:
    """Return the sound of any file: mono (n,), 16 kHz if nothing else is said.

    Raises:
        BadInputError: if there is none, or it is too long.
    """
    limits = MediaLimits()
    try:
        info = probe_media(path, limits)
        seconds = info.duration_seconds
        if not 0 < seconds <= _MAX_SECONDS:
            raise BadInputError(f"{path}: {seconds:.1f} s of sound; up to {_MAX_SECONDS:g} s are animated")
        return decode_audio(path, limits, 0.0, seconds, sampling_rate_hz, info.reading)
    except MediaError as error:
        raise BadInputError(f"{path}: {error}") from error


def _told(console: Console) -> Callable[[int, int], None]:
    def tell(done: int, number: int) -> None:
        console.out(f"window {done} of {number}", highlight=False)

    return tell


def _write(wanted: Animation, track: BodyTrack, sound: npt.NDArray[np.float32]) -> list[Path]:
    body = load_body_model(wanted.body_model, len(track.betas), MAX_EXPRESSION)
    made: dict[Path, bytes] = {wanted.out: track_bytes(track)}
    for name in wanted.formats:
        if name == "mp4":
            plain = mesh_mp4(body, track)
            made[wanted.out.with_suffix(".mp4")] = with_sound(plain, to_pcm(sound), SAMPLING_RATE_HZ)
        elif name == "glb":
            made[wanted.out.with_suffix(".glb")] = glb_bytes(body, track)
        else:
            made[wanted.out.with_suffix(".csv")] = arkit_csv(body, track).encode()
    for path, data in made.items():
        try:
            write_bytes(str(path), data)
        except OSError as error:
            raise BadInputError(f"{path}: cannot be written ({error})") from error
    return list(made)
