"""What no clip covers, and why."""

import itertools
from collections.abc import Sequence

import numpy as np

from schemas.outcomes import Rejection, span_rejection
from schemas.records.clip import Clip
from schemas.records.video import FaceTrack, Shot, Video
from transforms.geometry import box_heights, boxes_at
from transforms.propose_clips.config import ClipConfig

Span = tuple[float, float]


def lost_spans(
    video: Video, shot: Shot, tracks: Sequence[FaceTrack], clips: Sequence[Clip], config: ClipConfig
) -> list[Rejection]:
    """Return the parts of a shot that no clip covers, each with its reason, if half a picture long."""
    edges = {shot.start_seconds, shot.end_seconds, shot.clean_start_seconds, shot.clean_end_seconds}
    edges |= {e for t in tracks for e in (t.start_seconds, t.end_seconds)}
    edges |= {e for c in clips for e in (c.start_seconds, c.end_seconds)}
    points = sorted(e for e in edges if shot.start_seconds <= e <= shot.end_seconds)
    lost: list[tuple[float, float, str, float | None, float | None]] = []
    for low, high in itertools.pairwise(points):
        middle = 0.5 * (low + high)
        if any(c.start_seconds <= middle < c.end_seconds for c in clips):
            continue
        reason = _why_lost((low, high), shot, tracks, config)
        if lost and lost[-1][1] == low and lost[-1][2] == reason[0]:
            lost[-1] = (lost[-1][0], high, *lost[-1][2:])
        else:
            lost.append((low, high, *reason))
    return [
        span_rejection(
            (low, high),
            part_of=shot.shot_id,
            kind="lost",
            stage="propose_clips",
            video_id=video.video_id,
            source_name=video.source.name,
            reason=reason,
            score=score,
            threshold=threshold,
        )
        for low, high, reason, score, threshold in lost
        if high - low > 0.5 / video.fps
    ]


def _why_lost(
    span: Span, shot: Shot, tracks: Sequence[FaceTrack], config: ClipConfig
) -> tuple[str, float | None, float | None]:
    seconds = 0.5 * (span[0] + span[1])
    if not shot.clean_start_seconds <= seconds < shot.clean_end_seconds:
        return "transition", shot.cut_score, None
    here = [t for t in tracks if t.start_seconds <= seconds < t.end_seconds]
    if not here:
        return "no_face", 0.0, 1.0
    largest = max(here, key=lambda t: _height_within(t, span))
    height = _height_within(largest, span)
    if height < config.min_face_height_px:
        return "face_too_small", height, config.min_face_height_px
    length = largest.end_seconds - largest.start_seconds
    if length < config.min_seconds:
        return "face_too_brief", length, config.min_seconds
    return "remainder", span[1] - span[0], config.min_seconds


def _height_within(track: FaceTrack, span: Span) -> float:
    """Return the median height of a face's boxes within a span, or of the box at its middle."""
    times = np.asarray(track.times_seconds)
    inside = (times >= span[0]) & (times < span[1])
    if inside.any():
        return float(np.median(box_heights(track)[inside]))
    box = boxes_at(track, np.array([0.5 * (span[0] + span[1])]))[0]
    return float(box[3] - box[1])
