"""What of the picture a clip shows: the person with room for the hands, and nobody else where that can be."""

import math
from collections.abc import Sequence

import numpy as np

from schemas.records.picture import Box
from schemas.records.video import FaceTrack
from transforms.geometry import boxes_at
from transforms.propose_clips.config import ClipConfig


def person_crop(
    boxes: np.ndarray, size: tuple[int, int], config: ClipConfig, others: Sequence[np.ndarray] = ()
) -> Box:
    """Return a fixed crop that keeps the upper body and gesturing hands through a span.

    It reaches `crop_side` face heights to both sides of wherever the face goes, `crop_above`
    above and `crop_below` below (hips of a standing person), clipped to the picture, on even px. Where
    another face is in it, the crop ends before that, if the person keeps room.

    Args:
        boxes: (n, 4) face boxes, px.
        size: width and height of the picture.
        others: (m, 4) boxes of each other face, while it is there.
    """
    face = float(np.median(boxes[:, 3] - boxes[:, 1]))
    centre_x, centre_y = boxes[:, [0, 2]].mean(1), boxes[:, [1, 3]].mean(1)
    x0 = max(float(centre_x.min()) - config.crop_side * face, 0.0)
    x1 = min(float(centre_x.max()) + config.crop_side * face, float(size[0]))
    y0 = max(float(centre_y.min()) - config.crop_above * face, 0.0)
    y1 = min(float(centre_y.max()) + config.crop_below * face, float(size[1]))
    crop = (x0, y0, x1, y1)
    for other in others:
        crop = _clear_of(crop, boxes, other, face, config)
    even = [2 * math.floor(v / 2) for v in crop]
    return float(even[0]), float(even[1]), float(even[2]), float(even[3])


def output_size(crop: Box, max_side_px: int) -> tuple[int, int]:
    """Return even width and height of the written video; it is never enlarged."""
    width, height = crop[2] - crop[0], crop[3] - crop[1]
    scale = min(1.0, max_side_px / max(width, height))
    return max(2 * round(width * scale / 2), 2), max(2 * round(height * scale / 2), 2)


def _clear_of(crop: Box, own: np.ndarray, other: np.ndarray, face: float, config: ClipConfig) -> Box:
    """Return the largest part of a crop without another face that leaves the person room, else the crop."""
    own_low, own_high = own[:, :2].min(0), own[:, 2:].max(0)
    low, high = other[:, :2].min(0), other[:, 2:].max(0)
    x0, y0, x1, y1 = crop
    if low[0] >= x1 or high[0] <= x0 or low[1] >= y1 or high[1] <= y0:
        return crop
    beside, above, below = (face * r for r in (config.room_beside, config.room_above, config.room_below))
    options: list[Box] = []
    if low[0] >= own_high[0] + beside:
        options.append((x0, y0, float(low[0]), y1))
    if high[0] <= own_low[0] - beside:
        options.append((float(high[0]), y0, x1, y1))
    if low[1] >= own_high[1] + below:
        options.append((x0, y0, x1, float(low[1])))
    if high[1] <= own_low[1] - above:
        options.append((x0, float(high[1]), x1, y1))
    return max(options, key=lambda o: (o[2] - o[0]) * (o[3] - o[1]), default=crop)


def faces_beside(track: FaceTrack, tracks: Sequence[FaceTrack], times: np.ndarray) -> list[np.ndarray]:
    """Return boxes (n, 4) at `times` of each other face, NaN while it is not there, the largest first.

    Boxes that lie on the own one are another reading of the same face.
    """
    own = boxes_at(track, times)
    found: list[np.ndarray] = []
    for other in tracks:
        present = (times >= other.start_seconds) & (times < other.end_seconds)
        if other.track_id == track.track_id or not present.any():
            continue
        boxes = boxes_at(other, times)
        boxes[~present] = np.nan
        centre = 0.5 * (boxes[:, :2] + boxes[:, 2:])
        same = ((centre > own[:, :2]) & (centre < own[:, 2:])).all(1)
        if same.sum() <= 0.5 * present.sum():
            found.append(boxes)
    return sorted(found, key=lambda b: -float(np.nanmedian(b[:, 3] - b[:, 1])))


def avoidable(own: np.ndarray, others: Sequence[np.ndarray], config: ClipConfig) -> list[np.ndarray]:
    """Return boxes (m, 4) of the faces that a crop should avoid: large enough, and not just passing."""
    least = config.min_other_face * float(np.median(own[:, 3] - own[:, 1]))
    there = [b[np.isfinite(b[:, 0])] for b in others]
    return [b for b in there if len(b) > 0.1 * len(own) and np.median(b[:, 3] - b[:, 1]) >= least]


def other_face_ratio(own: np.ndarray, others: Sequence[np.ndarray], crop: Box | None = None) -> float:
    """Return the height of the largest other face relative to the own one, over a span.

    The 90th percentile over time, so that somebody passing for a moment does not count.

    Args:
        own: (n, 4) boxes; others: (n, 4) each, NaN while a face is not there.
        crop: count only faces whose centre lies in it.
    """
    if not len(own):
        return 0.0
    height = np.maximum(own[:, 3] - own[:, 1], 1.0)
    largest = np.zeros(len(own))
    for boxes in others:
        counted = np.isfinite(boxes[:, 0])
        if crop is not None:
            centre = 0.5 * (boxes[:, :2] + boxes[:, 2:])
            counted &= ((centre >= crop[:2]) & (centre < crop[2:])).all(1)
        largest = np.maximum(largest, np.where(counted, (boxes[:, 3] - boxes[:, 1]) / height, 0.0))
    return float(np.percentile(largest, 90))
