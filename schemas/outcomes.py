"""How an element ends when it is not accepted: a Rejection or a Failure.

A Rejection is sound data we do not want; a Failure is a broken file or broken code. Every
element ends in exactly one place, so the counts of a run add up.
"""

from dataclasses import dataclass

from schemas.ids import span_id
from schemas.records.clip import Clip
from schemas.records.video import Video


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """An element, or a span of a shot, that a rule turned down.

    `reason` is the first rule that failed and `also` the others, so that a table by reason
    adds up and nothing is hidden. `source_name` is `Source.name`; `seconds` is the material lost.
    """

    stage: str
    level: str
    subject_id: str
    video_id: str | None
    source_name: str
    reason: str
    score: float | None
    threshold: float | None
    also: tuple[str, ...] = ()
    start_seconds: float | None = None
    end_seconds: float | None = None
    seconds: float | None = None


def video_rejection(video: Video, stage: str, reason: str, also: tuple[str, ...] = ()) -> Rejection:
    """Return the rejection of a whole video for a reason that has no score."""
    return Rejection(
        stage=stage,
        level="video",
        subject_id=video.video_id,
        video_id=video.video_id,
        source_name=video.source.name,
        reason=reason,
        score=None,
        threshold=None,
        also=also,
        seconds=video.duration_seconds,
    )


def clip_rejection(
    clip: Clip,
    stage: str,
    reason: str,
    score: float | None,
    threshold: float | None,
    also: tuple[str, ...] = (),
) -> Rejection:
    """Return the rejection of a whole clip."""
    return Rejection(
        stage=stage,
        level="clip",
        subject_id=clip.clip_id,
        video_id=clip.video_id,
        source_name=clip.source.name,
        reason=reason,
        score=score,
        threshold=threshold,
        also=also,
        start_seconds=clip.start_seconds,
        end_seconds=clip.end_seconds,
        seconds=clip.duration_seconds,
    )


def span_rejection(
    span: tuple[float, float],
    *,
    part_of: str,
    kind: str,
    stage: str,
    video_id: str,
    source_name: str,
    reason: str,
    score: float | None = None,
    threshold: float | None = None,
) -> Rejection:
    """Return the rejection of a span [start, end) of a video, in seconds.

    Args:
        part_of, kind: the id of the record that it is a part of, and what it is there: they name it.
    """
    start, end = span
    return Rejection(
        stage=stage,
        level="span",
        subject_id=span_id(part_of, kind, round(start * 1e6), round(end * 1e6)),
        video_id=video_id,
        source_name=source_name,
        reason=reason,
        score=score,
        threshold=threshold,
        start_seconds=start,
        end_seconds=end,
        seconds=end - start,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """An element that a stage could not process, with what is needed to retry it alone.

    `source_name` is `Source.name`, which `subject_id` is too where a source could not be probed. `error` and
    `traceback` name no place on the machine (`pipelines.failures` sees to that).
    """

    stage: str
    level: str
    subject_id: str
    video_id: str | None
    source_name: str
    error_type: str
    error: str
    traceback: str
    seconds: float | None = None


class BadInputError(ValueError):
    """A file of the user's is not usable. The message names the file and what to do."""
