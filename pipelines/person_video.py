"""A video of one person, with the body fitted wherever their face is seen: shot by shot, as `curate` does.

shots     |=================|===========|=========|
faces        *************    *   *****            *: found by the detector
stretches    [-----------)        [----)           landmarks of every frame, one fit each
the rest  ---             ----------    ----------  frames that stay as they are
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from backends import select
from body.load import load_body_model
from body.model import BodyModel
from body.track import TRACK_PARAMETERS, BodyTrack
from media import DecodeTally, MediaError, MediaLimits
from pipelines.cpu_meter import CpuMeter
from pipelines.footage import Footage, Image, footage_of, open_video
from pipelines.looks import Look, Watch, looks_at, of_one_person
from pipelines.observed import fitted_track, observed
from pipelines.photo import LONGEST_SIDE_PX, MIN_FACE_PX, Reference
from pipelines.scan_video import scan_video, shots_of
from pipelines.stretches import stretches_of
from schemas.outcomes import BadInputError
from transforms.detect_shots import ShotConfig
from transforms.embed_faces import EmbedConfig
from transforms.find_jump_cuts import JumpConfig
from transforms.fit_body import FitConfig, fit_clip
from transforms.track_faces import TrackConfig

_MAX_SECONDS = 600.0
# Fitted at once: a frame takes the fitter 0.4 MB.
_FIT_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Followed:
    """N frames of a video from frame `start` on, with the person's body in them.

    Where `track.valid["face"]` is not set, the face was not seen or the fit does not vouch for it.
    open_mouth: the picture of the shot in which the lips are farthest apart, and its frame of the fit.
    """

    start: int
    track: BodyTrack
    open_mouth: tuple[Image, BodyTrack] | None = None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PersonVideo:
    """A person's video, where they are seen in it, their best picture, and notes on the rest."""

    footage: Footage
    followed: tuple[Followed, ...]
    reference: Reference
    notes: tuple[str, ...]


def read_person(path: Path, body_model: str | None = None, watch: Watch | None = None) -> PersonVideo:
    """Return the person of a video.

    Args:
        watch: passes the frames on that are looked at, of so many, and may say how far it is.

    Raises:
        BadInputError: if it cannot be read, is too long, or shows nobody whose face can be fitted, or two
            people at once.
    """
    video = open_video(path)
    if video.duration_seconds > _MAX_SECONDS:
        raise BadInputError(
            f"{path}: lasts {video.duration_seconds:.0f} s; up to {_MAX_SECONDS:g} s are read: cut it"
        )
    shots, tally = ShotConfig(), DecodeTally()
    try:
        scores, faces = scan_video(
            video, MediaLimits(), shots, JumpConfig(), TrackConfig(), tally, CpuMeter()
        )
        footage = footage_of(video, scores.seconds, LONGEST_SIDE_PX)
        found, notes = stretches_of(footage, shots_of(video, scores, tally, shots), faces, MIN_FACE_PX)
        if not found:
            raise BadInputError(f"{path}: {'; '.join(notes) or 'no face is seen in it'}")
        looks = looks_at(footage, found, watch)
    except MediaError as error:
        raise BadInputError(f"{path}: {error}") from error
    looks, others = of_one_person(looks, select.face_embedder(EmbedConfig().model))
    model = load_body_model(body_model)
    followed = tuple(one for look in looks for one in _fitted(model, look, footage, body_model))
    if not any(one.track.valid["face"].any() for one in followed):
        raise BadInputError(
            f"{path}: no face in it can be fitted; it is turned too far, hidden, or not a person's"
        )
    notes = (*_of_the_footage(footage), *notes, *others, *_unseen(footage, followed))
    return PersonVideo(footage=footage, followed=followed, reference=_reference(looks, followed), notes=notes)


def _fitted(model: BodyModel, look: Look, footage: Footage, body_model: str | None) -> list[Followed]:
    """Return a stretch's fit, of a long one in pieces; a piece without a face is left out."""
    number = max(1, round(look.stretch.length / (_FIT_SECONDS * footage.fps)))
    borders = np.linspace(0, len(look.landmarks.frames), number + 1).round().astype(int).tolist()
    pieces: list[Followed] = []
    steadied = look.landmarks.steadied()
    for first, end in itertools.pairwise(borders):
        landmarks = steadied[first:end]
        if any(frame.face is not None for frame in landmarks):
            seen = observed(landmarks, footage.width, footage.height, footage.fps)
            track = fitted_track(fit_clip(model, seen, FitConfig(model=body_model)))
            pieces.append(Followed(start=look.stretch.start + first, track=track))
    _, row, picture = look.widest
    source = _row_of(pieces, look.stretch.start + row)
    if picture is None or source is None or not source.valid["face"][0]:
        return pieces
    shared = (picture, source)
    return [replace(piece, open_mouth=shared) for piece in pieces]


def _row_of(pieces: Sequence[Followed], frame: int) -> BodyTrack | None:
    """Return the fit of one frame of the video; None if there is none."""
    for piece in pieces:
        row = frame - piece.start
        if 0 <= row < piece.track.num_frames:
            return piece.track.taken(slice(row, row + 1))
    return None


def _reference(looks: Sequence[Look], followed: Sequence[Followed]) -> Reference:
    """Return the best picture of the face, of those that the fit vouches for if there are any."""
    able: list[tuple[bool, float, Reference]] = []
    for look in looks:
        quality, row, picture = look.best
        track = _row_of(followed, look.stretch.start + row)
        face = look.landmarks.frames[row].face if look.landmarks.frames else None
        if picture is not None and track is not None and face is not None:
            reference = Reference(picture=picture, track=track, face_points=face)
            able.append((bool(track.valid["face"][0]), quality, reference))
    return max(able, key=lambda one: one[:2])[2]


def _of_the_footage(footage: Footage) -> Iterator[str]:
    video = footage.video
    if video.variable_frame_rate:
        yield f"its frame rate varies; made at {footage.fps:g} frames a second"
    if footage.width < video.width:
        yield (
            f"{video.width}x{video.height} px are more than are worked on; made at "
            f"{footage.width}x{footage.height}"
        )


def _unseen(footage: Footage, followed: Sequence[Followed]) -> Iterator[str]:
    seen: npt.NDArray[np.bool_] = np.zeros(footage.num_frames, np.bool_)
    for one in followed:
        seen[one.start : one.start + one.track.num_frames] |= one.track.valid["face"]
    if not seen.all():
        first = int(np.argmin(seen)) / footage.fps
        yield (
            f"on {int((~seen).sum())} of {len(seen)} frames no face of theirs is seen that can be fitted, "
            f"first at {first:.1f} s; these stay as they are"
        )


def cut_off(person: PersonVideo, num_frames: int) -> PersonVideo:
    """Return the first frames of a person's video, at least one."""
    number = min(max(1, num_frames), person.footage.num_frames)
    kept = [
        replace(one, track=one.track.taken(slice(0, number - one.start)))
        for one in person.followed
        if one.start < number
    ]
    return replace(person, footage=replace(person.footage, num_frames=number), followed=tuple(kept))


def whole_track(person: PersonVideo) -> BodyTrack:
    """Return the person's motion with a row for each of the video's frames.

    Where they are not followed it stays as it was last (before the first time: as it will be), and no part is
    valid. Shape is that of the longest stretch.
    """
    number = person.footage.num_frames
    rows, valid = np.zeros(number, np.int64), np.zeros(number, np.bool_)
    tracks = [one.track for one in person.followed]
    first = 0
    for one in person.followed:
        span = slice(one.start, one.start + one.track.num_frames)
        rows[span] = first + np.arange(one.track.num_frames)
        valid[span] = True
        rows[span.stop :] = first + one.track.num_frames - 1
        first += one.track.num_frames
    longest = max(tracks, key=lambda track: track.num_frames)
    joined = {name: np.concatenate([getattr(t, name) for t in tracks])[rows] for name in TRACK_PARAMETERS}
    masks = {part: np.concatenate([t.valid[part] for t in tracks])[rows] & valid for part in longest.valid}
    return replace(longest, **joined, valid=masks)
