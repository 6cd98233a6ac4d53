"""Make a talking video of a photo: consent, fit, the voice's motion, frames, and every video's last steps."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console

from backends.select import segment_person
from body.load import load_body_model
from body.topology import MAX_EXPRESSION
from body.track import BodyTrack, check_model
from body.track_file import read_track
from commands.finish_video import finish_video
from commands.made_frames import (
    check_alike,
    check_wanted,
    load_mender,
    mending_models,
    mending_settings,
    told,
)
from commands.making_flags import Mending, Speaking
from commands.safeguards import Safeguards
from commands.settle_age import settle_age
from commands.settle_likeness import sha256_of
from commands.speaker import load_speaker, read_sound, speaking_models
from models.video.generate import VideoGenerateConfig, talking_frames
from models.video.mend import AnyVideoModel
from pipelines.photo import Reference, read_reference
from schemas.person_consent import ConsentBasis
from schemas.sample import SAMPLING_RATE_HZ
from schemas.video_record import Making


@dataclass(frozen=True, kw_only=True, slots=True)
class Generation:
    """What is wanted, as the command line says it; None is the default."""

    image: Path
    audio: Path
    out: Path
    motion: Path | None
    speaking: Speaking
    mending: Mending
    body_model: str | None
    safeguards: Safeguards


def generate_video(wanted: Generation, console: Console) -> list[Path]:
    """Write the video and its record; returns the paths.

    Raises:
        BadInputError: if there is no consent, the person may be a child, or photo, sound or a model cannot be
            used.
    """
    check_wanted(wanted.out, wanted.mending)
    basis = wanted.safeguards.settle("generate", wanted.image, wanted.audio)
    sound = read_sound(str(wanted.audio))
    video = load_mender(wanted.mending)
    console.out(f"{len(sound) / SAMPLING_RATE_HZ:.1f} s of sound; fitting {wanted.image}", highlight=False)
    reference = read_reference(wanted.image, wanted.body_model)
    years = settle_age(wanted.image, reference, basis.adult, basis.guardian, console)
    basis = replace(basis, perceived_years=years)
    motion = _motion(wanted, reference, sound, console)
    body = load_body_model(wanted.body_model, len(motion.betas), MAX_EXPRESSION)
    check_model(body, motion)
    config = VideoGenerateConfig(seed=wanted.speaking.seed, num_steps=wanted.mending.num_steps)
    frames = talking_frames(reference.picture, reference.track, motion, body, video, segment_person, config)
    shown = told(frames, motion.num_frames, console)
    making = _making(wanted, basis, video)
    record = finish_video(shown, sound, motion.fps, wanted.out, making, wanted.safeguards)
    for warning in wanted.safeguards.warnings():
        console.out(f"note: {warning}", highlight=False)
    console.out(f"{record.num_frames} frames of {record.width}x{record.height} px", highlight=False)
    return [wanted.out, wanted.out.with_suffix(".json")]


def _motion(
    wanted: Generation, reference: Reference, sound: npt.NDArray[np.float32], console: Console
) -> BodyTrack:
    """Return the motion of the voice, or of the file that was given, in the photo's camera."""
    if wanted.motion is None:
        return load_speaker(wanted.speaking).say(sound, reference, console)
    given = read_track(wanted.motion)
    check_alike(wanted.motion, given, reference.track, "photo")
    return reference.track.moved(given.arrays(), given.fps)


def _making(wanted: Generation, basis: ConsentBasis, video: AnyVideoModel | None) -> Making:
    """Return how the video is made, for its record."""
    models = mending_models(wanted.mending, video)
    if wanted.motion is None:
        models |= speaking_models(wanted.speaking)
    settings = mending_settings(wanted.mending, video) | {
        "guidance": wanted.speaking.mouth_guidance,
        "motion_sha256": None if wanted.motion is None else sha256_of(wanted.motion),
    }
    return Making(use="generate", seed=wanted.speaking.seed, models=models, consent=basis, settings=settings)
