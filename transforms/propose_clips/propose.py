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

import numpy as np

from schemas.ids import span_id
from schemas.outcomes import Rejection
from schemas.records.clip import Clip
from schemas.records.video import FaceTrack, Shot, Video
from transforms.geometry import box_heights, boxes_at
from transforms.propose_clips.config import ClipConfig
from transforms.propose_clips.crop import (
    avoidable,
    faces_beside,
    other_face_ratio,
    output_size,
    person_crop,
)
from transforms.propose_clips.lost import lost_spans

Span = tuple[float, float]


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
    clips = [c for c in clips if c.num_frames >= config.min_frames]
    clips.sort(key=lambda c: (c.start_seconds, c.track_id))
    return clips, lost_spans(video, shot, tracks, clips, config)


def _usable_spans(track: FaceTrack, config: ClipConfig) -> list[Span]:
    """Return the stretches of a track on which the face is continuous and large enough.

    These are all spans of `min_seconds` over which the median height is large enough, joined: a box's
    height shakes by a few px, which must not cut a face near the bound into pieces too short for anything.
    """
    times, heights = np.array(track.times_seconds, np.float64), box_heights(track)
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
    others = faces_beside(track, tracks, times)
    crop = person_crop(boxes, (video.width, video.height), config, avoidable(boxes, others, config))
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
        other_face_ratio=other_face_ratio(boxes, others),
        second_face_ratio=other_face_ratio(boxes, others, crop),
    )
