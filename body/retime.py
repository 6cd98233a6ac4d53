"""A body's motion at other moments, and between two motions."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from body.track import TRACK_PARAMETERS, BodyTrack

Float = npt.NDArray[np.float32]
_PLAIN = ("transl", "expression")


def at_moments(track: BodyTrack, seconds: npt.NDArray[np.floating], fps: float) -> BodyTrack:
    """Return a motion at moments (N,) that follow each other at `fps`; beyond its ends they are held.

    Rotations go the shortest way from frame to frame, the rest in a line.
    """
    place = np.clip(np.asarray(seconds, np.float64) * track.fps, 0, track.num_frames - 1)
    first = np.floor(place).astype(np.int64)
    second = np.minimum(first + 1, track.num_frames - 1)
    share = (place - first).astype(np.float32)
    return replace(between(track.taken(first), track.taken(second), share), fps=fps)


def between(one: BodyTrack, other: BodyTrack, share: npt.NDArray[np.floating]) -> BodyTrack:
    """Return what lies between two motions of N frames: by shares (N,), 0 is the one and 1 the other."""
    values: dict[str, Float] = {}
    for name in TRACK_PARAMETERS:
        a, b = getattr(one, name), getattr(other, name)
        part = share[:, None].astype(np.float32)
        mixed = a + part * (b - a) if name in _PLAIN else _turned(a, b, share)
        # Exactly what it is at the ends: rotations there and back are rounded.
        values[name] = np.where(part == 0, a, np.where(part == 1, b, mixed)).astype(np.float32)
    return replace(one, **values)


def _turned(a: Float, b: Float, share: npt.NDArray[np.floating]) -> Float:
    start = Rotation.from_rotvec(a.reshape(-1, 3))
    way = (start.inv() * Rotation.from_rotvec(b.reshape(-1, 3))).as_rotvec()
    part = np.repeat(share, a.shape[1] // 3)[:, None]
    return (start * Rotation.from_rotvec(part * way)).as_rotvec().reshape(a.shape).astype(np.float32)
