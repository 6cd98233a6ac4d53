"""Give a person in a real video other motion: scenes, frames, and every video's last steps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console

from backends.select import segment_person
from body.changes import Change
from body.load import load_body_model
from body.retime import between
from body.topology import MAX_EXPRESSION
from body.track import BodyTrack, check_model
from commands.finish_video import finish_video
from commands.made_frames import told
from commands.safeguards import Safeguards
from commands.settle_age import settle_age
from models.video.generate import VideoGenerateConfig
from models.video.mend import AnyVideoModel
from models.video.reanimate import Scene, reanimated
from pipelines.person_video import Followed, PersonVideo, read_person
from schemas.person_consent import ConsentBasis
from schemas.video_record import Making, VideoRecord

Float = npt.NDArray[np.float32]
SOUND_RATE_HZ = 48000  # of sound that is only passed on
# So long it takes from a frame that stays as it is to one that is wholly changed.
_FADE_SECONDS = 0.16


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Remaking:
    """What a person is to do instead: motion of all T frames of a video, as far as `strength` (T,) says.

    sound: mono (n,) of `SOUND_RATE_HZ` from the first frame on; None for none.
    """

    changes: frozenset[Change]
    motion: BodyTrack
    strength: Float
    sound: Float | None
    model: AnyVideoModel | None
    config: VideoGenerateConfig
    body_model: str | None


def read_told(path: Path, body_model: str | None, console: Console) -> PersonVideo:
    """Return the person of a video, saying now and then how far it is; errors as of `read_person`."""
    return read_person(
        path, body_model, lambda frames, number: told(frames, number, console, "looked at frame")
    )


def of_age(path: Path, person: PersonVideo, basis: ConsentBasis, console: Console) -> ConsentBasis:
    """Return by what the person of a video is shown, with how old they look.

    Raises:
        BadInputError: if they may be a child and nobody answers for it.
    """
    years = settle_age(path, person.reference, basis.adult, basis.guardian, console)
    return replace(basis, perceived_years=years)


def remake_video(
    person: PersonVideo,
    wanted: Remaking,
    making: Making,
    safeguards: Safeguards,
    out: Path,
    console: Console,
) -> VideoRecord:
    """Write the video and its record.

    Raises:
        BadInputError: if it cannot be written or marked, or the motion is another body model's.
    """
    footage = person.footage
    for note in person.notes:
        console.out(f"note: {note}", highlight=False)
    body = load_body_model(wanted.body_model, len(wanted.motion.betas), MAX_EXPRESSION)
    check_model(body, wanted.motion)
    scenes = scenes_of(person.followed, wanted.motion, wanted.strength)
    frames = reanimated(
        footage.frames(), scenes, wanted.changes, body, wanted.model, segment_person, wanted.config
    )
    shown = told(frames, footage.num_frames, console)
    record = finish_video(shown, wanted.sound, footage.fps, out, making, safeguards, SOUND_RATE_HZ)
    for warning in safeguards.warnings():
        console.out(f"note: {warning}", highlight=False)
    changed = sum(int((scene.strength > 0).sum()) for scene in scenes)
    console.out(
        f"{record.num_frames} frames of {record.width}x{record.height} px, {changed} of them changed",
        highlight=False,
    )
    return record


def scenes_of(followed: Sequence[Followed], motion: BodyTrack, strength: Float) -> list[Scene]:
    """Return where the person is seen, with their own motion and the wanted one.

    Args:
        motion: of all T frames of the video; strength: (T,).
    """
    scenes: list[Scene] = []
    for index, one in enumerate(followed):
        rows = slice(one.start, one.start + one.track.num_frames)
        before = one.start == 0 or (index > 0 and _end(followed[index - 1]) == one.start)
        after = rows.stop >= motion.num_frames or any(other.start == rows.stop for other in followed)
        fade = _FADE_SECONDS * one.track.fps
        share = faded(one.track.valid["face"] & (strength[rows] > 0), fade, before, after) * strength[rows]
        own, given = _alike(one.track, motion.taken(rows))
        scenes.append(
            Scene(
                start=one.start,
                own=own,
                wanted=between(own, given, share),
                strength=share,
                open_mouth=one.open_mouth,
            )
        )
    return scenes


def faded(seen: npt.NDArray[np.bool_], fade_frames: float, before: bool, after: bool) -> Float:
    """Return (N,) in [0, 1]: 0 where something is not seen, rising to 1 over so many frames beside it.

    Args:
        before, after: whether it counts as seen before the first frame and after the last.
    """
    padded = np.concatenate([[before], seen, [after]])
    places = np.arange(len(padded))
    gaps = places[~padded]
    if not len(gaps):
        return np.ones(len(seen), np.float32)
    away = np.abs(places[1:-1, None] - gaps).min(1)
    return np.clip(away / (fade_frames + 1), 0, 1).astype(np.float32)


def _end(one: Followed) -> int:
    return one.start + one.track.num_frames


def _alike(own: BodyTrack, given: BodyTrack) -> tuple[BodyTrack, BodyTrack]:
    """Return both with as many numbers of expression; what one lacks is 0."""
    width = max(own.expression.shape[1], given.expression.shape[1])

    def widened(track: BodyTrack) -> BodyTrack:
        missing = width - track.expression.shape[1]
        return replace(track, expression=np.pad(track.expression, ((0, 0), (0, missing))))

    return widened(own), widened(given)
