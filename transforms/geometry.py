"""Geometry that several steps share: boxes over time."""

import numpy as np

from schemas.records.video import FaceTrack


def boxes_at(track: FaceTrack, seconds: np.ndarray) -> np.ndarray:
    """Return the track's box at given times by linear interpolation, (n, 4) px."""
    boxes = np.asarray(track.boxes_xyxy).reshape(-1, 4)
    times = np.asarray(track.times_seconds)
    return np.stack([np.interp(seconds, times, boxes[:, i]) for i in range(4)], axis=1)


def box_heights(track: FaceTrack) -> np.ndarray:
    """Return the heights of a track's boxes (n,), px."""
    boxes = np.asarray(track.boxes_xyxy).reshape(-1, 4)
    return boxes[:, 3] - boxes[:, 1]
