"""Propose clips: spans of a shot in which one face is visible, large enough and continuous.

    shot    |=============================================|
    face A      |--------------------------|
    face B                    |--|
    speech        ~~~~~   ~~~~~~~~  ~~~~~
    clips       [        )[               )
    lost    nnnn                            nnnnnnnnnnnnnnn   n: no_face

Every moment of a shot is in a clip or in one rejected span with its reason, so seconds add up.
Spans longer than the target are divided at pauses of the speech where there are any.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from schemas.ids import span_id
from schemas.outcomes import Rejection
from schemas.records import Box, Clip, FaceTrack, Shot, Video
from transforms.geometry import boxes_at

Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipConfig:
    """What a clip is. Defaults: MENTOR's clips last up to 10 s (VLOGGER, section 3.3)."""

    fps: float = 25.0
    min_seconds: float = 2.0
    target_min_seconds: float = 4.0
    target_max_seconds: float = 10.0
    min_face_height_px: float = 40.0
    # A crop around a face, in face heights from the face's centre: hands at rest and gestures.
    crop_side: float = 4.0
    crop_above: float = 1.75
    crop_below: float = 6.0
    max_side_px: int = 768
    pause_search_seconds: float = 2.0
    # Detected boxes may be this far apart before the face counts as gone.
    max_gap_seconds: float = 0.7


def propose_clips(
    video: Video,
    shot: Shot,
    tracks: Sequence[FaceTrack],
    speech: Sequence[Span],
    frame_seconds: np.ndarray,
    config: ClipConfig,
) -> tuple[list[Clip], list[Rejection]]:
    """Return candidate clips of a shot and the spans that hold none, with the reason.

    Args:
        tracks: the face tracks of this shot.
        speech: spans of speech in the whole video, in seconds, or () if it was not looked at.
        frame_seconds: presentation times of the video's frames; clips start on one of them.
    """
    clips: list[Clip] = []
    for track in tracks:
        for start, end in _usable_spans(track, config):
            for piece in divide(start, end, speech, config):
                start = frame_seconds[np.searchsorted(frame_seconds, piece[0] - 1e-6)]
                clips.append(_clip(video, shot, track, tracks, (float(start), piece[1]), config))
    clips = [c for c in clips if c.num_frames >= math.floor(config.min_seconds * config.fps) - 1]
    clips.sort(key=lambda c: (c.start_seconds, c.track_id))
    return clips, _lost_spans(video, shot, tracks, clips, config)


def _usable_spans(track: FaceTrack, config: ClipConfig) -> list[Span]:
    """Return the stretches of a track on which the face is continuous and large enough.

    These are all spans of `min_seconds` over which the median height is large enough, joined: a box's
    height shakes by a few px, which must not cut a face near the bound into pieces too short for anything.
    """
    times, heights = np.array(track.times_seconds, np.float64), _heights(track)
    breaks = np.flatnonzero(np.diff(times) > config.max_gap_seconds) + 1
    spans: list[Span] = []
    for rows in np.split(np.arange(len(times)), breaks):
        bounds: list[float] = times[rows].tolist()
        bounds[0] = track.start_seconds if rows[0] == 0 else bounds[0]
        bounds[-1] = track.end_seconds if rows[-1] == len(times) - 1 else bounds[-1]
        for first, start in enumerate(bounds):
            last = int(np.searchsorted(bounds, start + config.min_seconds - 1e-9))
            if last == len(bounds):
                break
            if np.median(heights[rows[first : last + 1]]) < config.min_face_height_px:
                continue
            if spans and spans[-1][1] >= start:
                spans[-1] = (spans[-1][0], bounds[last])
            else:
                spans.append((start, bounds[last]))
    return spans


def _heights(track: FaceTrack) -> np.ndarray:
    boxes = np.asarray(track.boxes_xyxy).reshape(-1, 4)
    return boxes[:, 3] - boxes[:, 1]


def divide(start: float, end: float, speech: Sequence[Span], config: ClipConfig) -> list[Span]:
    """Divide [start, end) into adjacent pieces of the target length, at pauses where there are any.

    Pieces last `target_min_seconds` to `target_max_seconds`; a span that is shorter than the
    target stays whole.
    """
    length = end - start
    low, high = config.target_min_seconds, config.target_max_seconds
    if length <= high:
        return [(start, end)]
    # A little more pieces than needed leaves room to move borders to pauses.
    count = max(math.ceil(length / high), min(round(length / (0.8 * high)), math.floor(length / low)))
    borders = [start]
    for i in range(1, count):
        left = count - i
        ideal = borders[-1] + (end - borders[-1]) / (left + 1)
        earliest = max(borders[-1] + low, end - left * high)
        latest = min(borders[-1] + high, end - left * low)
        search = config.pause_search_seconds
        window = (max(earliest, ideal - search), min(latest, ideal + search))
        borders.append(_pause_near(ideal, *window, speech))
    return list(itertools.pairwise([*borders, end]))


def _pause_near(ideal: float, low: float, high: float, speech: Sequence[Span]) -> float:
    """Return the middle of the longest pause within [low, high], or `ideal` if there is none."""
    pauses: list[tuple[float, float]] = []
    for (_, before), (after, _) in itertools.pairwise(speech):
        middle = 0.5 * (before + after)
        if low <= middle <= high:
            pauses.append((after - before, middle))
    return max(pauses)[1] if pauses else ideal


def _clip(
    video: Video,
    shot: Shot,
    track: FaceTrack,
    tracks: Sequence[FaceTrack],
    piece: Span,
    config: ClipConfig,
) -> Clip:
    start = piece[0]
    num_frames = math.floor((piece[1] - start) * config.fps + 1e-6)
    end = start + num_frames / config.fps
    times = np.linspace(start, end, max(int((end - start) * 4), 2))
    boxes = boxes_at(track, times)
    crop = person_crop(boxes, (video.width, video.height), config)
    width, height = output_size(crop, config.max_side_px)
    span = (round(start * 1e6), round(end * 1e6))
    return Clip(
        clip_id=span_id(video.video_id, "clip", *span, track.track_id, crop, config.fps),
        video_id=video.video_id,
        shot_id=shot.shot_id,
        track_id=track.track_id,
        source=video.source,
        start_seconds=start,
        end_seconds=end,
        fps=config.fps,
        num_frames=num_frames,
        crop_xyxy=crop,
        width=width,
        height=height,
        face_height_px=float(np.median(boxes[:, 3] - boxes[:, 1])),
        other_face_ratio=other_face_ratio(track, tracks, times),
    )


def person_crop(boxes: np.ndarray, size: tuple[int, int], config: ClipConfig) -> Box:
    """Return a fixed crop that keeps the upper body and gesturing hands through a span.

    It reaches `crop_side` face heights to both sides of wherever the face goes, `crop_above`
    above and `crop_below` below (hips of a standing person), clipped to the picture, on even px.

    Args:
        boxes: (n, 4) face boxes, px.
        size: width and height of the picture.
    """
    face = float(np.median(boxes[:, 3] - boxes[:, 1]))
    centre_x, centre_y = boxes[:, [0, 2]].mean(1), boxes[:, [1, 3]].mean(1)
    x0 = max(float(centre_x.min()) - config.crop_side * face, 0.0)
    x1 = min(float(centre_x.max()) + config.crop_side * face, float(size[0]))
    y0 = max(float(centre_y.min()) - config.crop_above * face, 0.0)
    y1 = min(float(centre_y.max()) + config.crop_below * face, float(size[1]))
    even = [2 * math.floor(v / 2) for v in (x0, y0, x1, y1)]
    return float(even[0]), float(even[1]), float(even[2]), float(even[3])


def output_size(crop: Box, max_side_px: int) -> tuple[int, int]:
    """Return even width and height of the written video; it is never enlarged."""
    width, height = crop[2] - crop[0], crop[3] - crop[1]
    scale = min(1.0, max_side_px / max(width, height))
    return max(2 * round(width * scale / 2), 2), max(2 * round(height * scale / 2), 2)


def other_face_ratio(track: FaceTrack, tracks: Sequence[FaceTrack], times: np.ndarray) -> float:
    """Return the height of the largest other face relative to this one's, over a span.

    The 90th percentile over time, so that somebody passing for a moment does not count.
    """
    own = boxes_at(track, times)
    own_height = np.maximum(own[:, 3] - own[:, 1], 1.0)
    largest = np.zeros(len(times))
    for other in tracks:
        if other.track_id == track.track_id:
            continue
        boxes = boxes_at(other, times)
        present = (times >= other.start_seconds) & (times < other.end_seconds)
        largest = np.maximum(largest, np.where(present, (boxes[:, 3] - boxes[:, 1]) / own_height, 0.0))
    return float(np.percentile(largest, 90)) if len(times) else 0.0


def _lost_spans(
    video: Video, shot: Shot, tracks: Sequence[FaceTrack], clips: Sequence[Clip], config: ClipConfig
) -> list[Rejection]:
    """Return the parts of a shot that no clip covers, each with its reason."""
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
    return [_rejection(video, shot, *span) for span in lost]


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
        return float(np.median(_heights(track)[inside]))
    box = boxes_at(track, np.array([0.5 * (span[0] + span[1])]))[0]
    return float(box[3] - box[1])


def _rejection(
    video: Video,
    shot: Shot,
    start: float,
    end: float,
    reason: str,
    score: float | None,
    threshold: float | None,
) -> Rejection:
    return Rejection(
        stage="propose_clips",
        level="span",
        subject_id=span_id(shot.shot_id, "lost", round(start * 1e6), round(end * 1e6)),
        video_id=video.video_id,
        source_name=video.source.name,
        reason=reason,
        score=score,
        threshold=threshold,
        start_seconds=start,
        end_seconds=end,
        seconds=end - start,
    )
