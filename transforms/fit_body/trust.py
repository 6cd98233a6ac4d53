"""Which of the body's points are to be believed: what BlazePose invents flickers, leaps or hugs the edge."""

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d

from body.pose_points import ANKLES, HEELS, KNEES, TOES
from transforms.fit_body.config import LandmarkNoise

Array = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]

LEGS = (*KNEES, *ANKLES, *HEELS, *TOES)
_NEIGHBOURS = (-2, -1, 1, 2)


def leaps(px: Array, seen: Mask, step: int, limit_px: float) -> Mask:
    """Return (N, L) whether a point is far from where it is shortly before and after.

    A gesture of 15 cm that turns round within a fifth of a second stays within 7 cm of the median of its
    neighbours; a point that leaps onto something else for a frame or two does not.

    Args:
        px: (N, L, 2); seen: (N, L); step: frames of about a 25th of a second, of which the neighbours are one
        and two away; limit_px: distance from their median that is too much.
    """
    number = len(px)
    known = np.where(seen[..., None], px, np.nan)
    around = np.full((len(_NEIGHBOURS), *px.shape), np.nan)
    for row, away in enumerate(step * side for side in _NEIGHBOURS):
        if abs(away) < number:
            here = slice(max(-away, 0), number - max(away, 0))
            there = slice(max(away, 0), number - max(-away, 0))
            around[row, here] = known[there]
    enough = np.isfinite(around[..., 0]).sum(0) >= 3
    middle = np.full_like(px, np.nan, dtype=np.float64)
    middle[enough] = np.nanmedian(around[:, enough], axis=0)
    return seen & enough & (np.linalg.norm(px - middle, axis=-1) > limit_px)


def lasting(seen: Mask, frames: int) -> Mask:
    """Return (N, L) `seen` without runs of fewer frames (an odd number); those at a clip's end may go on."""
    size = 2 * (frames // 2) + 1
    short = _near(~seen, size)
    return _near(~short, size)


def _near(flags: Mask, size: int) -> Mask:
    """Return (N, L) whether a flag is set within `size` frames around, an odd number."""
    return np.asarray(maximum_filter1d(flags, size, axis=0, mode="nearest"), np.bool_)


def leg_seen(px: Array, visibility: Array, width: int, height: int, side: int, noise: LandmarkNoise) -> Mask:
    """Return (N,) on which frames a leg is surely in the picture: knee and ankle, well within its edges.

    Knees alone do not tell where a leg goes: those of somebody who sits before a table or close to the
    camera are seen, the feet below the picture are placed somewhere within it.

    Args:
        px: (N, 33, 2); visibility: (N, 33); width, height: of the picture, px; side: 0 left, 1 right.
    """
    points = [KNEES[side], ANKLES[side]]
    size = np.array([width, height], np.float64)
    margin = noise.edge_margin * size
    inside = ((px[:, points] > margin) & (px[:, points] < size - margin)).all(-1)
    sure = inside & (visibility[:, points] > noise.sure_knee_visibility)
    return np.asarray(sure.all(1), np.bool_)
