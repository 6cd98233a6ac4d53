"""Edit a video: gaze, blinks, expression, mouth or head of its person move as a motion file says."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console

from body.changes import Change
from body.retime import at_moments
from body.track import BodyTrack
from body.track_file import read_track
from commands.made_frames import check_alike, check_wanted, load_mender, mending_models, mending_settings
from commands.making_flags import Mending
from commands.remake_video import SOUND_RATE_HZ, Remaking, faded, of_age, read_told, remake_video
from commands.safeguards import Safeguards
from commands.settle_likeness import sha256_of
from media import MediaError, MediaLimits, decode_audio
from models.video.generate import VideoGenerateConfig
from models.video.mend import AnyVideoModel
from pipelines.footage import Footage
from pipelines.person_video import PersonVideo
from schemas.outcomes import BadInputError
from schemas.person_consent import ConsentBasis
from schemas.video_record import Making

Float = npt.NDArray[np.float32]
_BACK_SECONDS = 0.2  # in which the person's own motion returns after the given one


@dataclass(frozen=True, kw_only=True, slots=True)
class Editing:
    """What is wanted, as the command line says it; None is the default."""

    video: Path
    motion: Path
    changes: frozenset[Change]
    out: Path
    seed: int
    mending: Mending
    body_model: str | None
    safeguards: Safeguards


def edit_video(wanted: Editing, console: Console) -> list[Path]:
    """Write the video and its record; returns the paths.

    Raises:
        BadInputError: if there is no consent, the person may be a child, or video, motion or model cannot be
            used.
    """
    check_wanted(wanted.out, wanted.mending)
    basis = wanted.safeguards.settle("edit", wanted.video, None)
    given = read_track(wanted.motion)
    model = load_mender(wanted.mending)
    console.out(f"{given.num_frames / given.fps:.1f} s of motion; fitting {wanted.video}", highlight=False)
    person = read_told(wanted.video, wanted.body_model, console)
    basis = of_age(wanted.video, person, basis, console)
    footage = person.footage
    remaking = Remaking(
        changes=wanted.changes,
        motion=_in_the_video(given, wanted.motion, person),
        strength=_strength(given, footage, console),
        sound=_own_sound(footage),
        model=model,
        config=VideoGenerateConfig(seed=wanted.seed, num_steps=wanted.mending.num_steps),
        body_model=wanted.body_model,
    )
    remake_video(person, remaking, _making(wanted, basis, model), wanted.safeguards, wanted.out, console)
    return [wanted.out, wanted.out.with_suffix(".json")]


def _in_the_video(given: BodyTrack, path: Path, person: PersonVideo) -> BodyTrack:
    """Return the motion of each of the video's frames.

    Raises:
        BadInputError: if it is another body model's.
    """
    own, footage = person.reference.track, person.footage
    check_alike(path, given, own, "video")
    return at_moments(
        replace(given, betas=own.betas), np.arange(footage.num_frames) / footage.fps, footage.fps
    )


def _strength(given: BodyTrack, footage: Footage, console: Console) -> Float:
    """Return (T,): 1 while the motion lasts, then 0."""
    seconds = given.num_frames / given.fps
    lasts = np.arange(footage.num_frames) / footage.fps < seconds
    if not lasts.all():
        console.out(
            f"note: the motion ends after {seconds:.1f} s; from there on the person moves as they did",
            highlight=False,
        )
    elif seconds > footage.seconds + 1 / given.fps:
        console.out(
            f"note: the video ends {seconds - footage.seconds:.1f} s before the motion", highlight=False
        )
    return faded(lasts, _BACK_SECONDS * footage.fps, before=True, after=bool(lasts[-1]))


def _own_sound(footage: Footage) -> Float | None:
    """Return what is heard in a video while its frames are shown, mono; None for none.

    Raises:
        BadInputError: if it cannot be decoded.
    """
    video = footage.video
    if video.audio_codec is None:
        return None
    end = footage.start_seconds + footage.seconds
    try:
        return decode_audio(
            video.source.uri, MediaLimits(), footage.start_seconds, end, SOUND_RATE_HZ, video.reading
        )
    except MediaError as error:
        raise BadInputError(f"{video.source.uri}: {error}") from error


def _making(wanted: Editing, basis: ConsentBasis, model: AnyVideoModel | None) -> Making:
    """Return how the video is made, for its record."""
    models = mending_models(wanted.mending, model)
    settings = mending_settings(wanted.mending, model) | {
        "parts": ",".join(sorted(wanted.changes)),
        "motion_sha256": sha256_of(wanted.motion),
    }
    return Making(use="edit", seed=wanted.seed, models=models, consent=basis, settings=settings)
