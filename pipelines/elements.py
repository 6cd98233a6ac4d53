"""What travels between stages, and how each element is named in outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.outcomes import Rejection
from schemas.records.clip import Clip
from schemas.records.source import Source
from schemas.records.video import FaceTrack, Shot, Video


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipTask:
    """A clip on its way, with the parents that its visits need."""

    clip: Clip
    video: Video
    track: FaceTrack


@dataclass(frozen=True, kw_only=True, slots=True)
class VisitResult:
    """What one visit gives: the element with what was found, records by kind, rejections, parts, costs.

    `parts` are files by name; they are written by whoever ran the visit and do not travel. `reused` says
    that an earlier run made all this.
    """

    outputs: tuple[Any, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    shots: tuple[Shot, ...] = ()
    tracks: tuple[FaceTrack, ...] = ()
    parts: Mapping[str, bytes] = field(default_factory=dict)
    cpu_seconds: Mapping[str, float] = field(default_factory=dict)
    frames_decoded: int = 0
    reused: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What outcomes say about the element they belong to."""

    subject_id: str
    video_id: str | None
    source: Source
    seconds: float


def subject_of(element: Any) -> Subject:
    """Return how an element of any level is named in outcomes."""
    if isinstance(element, Source):
        return Subject(element.name, None, element, 0.0)
    if isinstance(element, Video):
        return Subject(element.video_id, element.video_id, element.source, element.duration_seconds)
    clip = element.clip if isinstance(element, ClipTask) else element
    if isinstance(clip, Clip):
        return Subject(clip.clip_id, clip.video_id, clip.source, clip.duration_seconds)
    raise TypeError(f"no subject for a {type(element).__name__}")
