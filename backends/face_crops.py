"""The pictures that face models want, cut upright from a view by the points of its mesh."""

import cv2
import numpy as np

from backends.protocols.arrays import FloatArray, RgbImage
from backends.protocols.pictures import FaceView
from body.face_mesh import LEFT_EYE_CORNERS, NOSE_BASE, OUTER_EYES, RIGHT_EYE_CORNERS, SKIN

# Outer and inner corner of the person's left eye, of the right eye, base of the nose.
FIVE_POINTS = (*LEFT_EYE_CORNERS, *RIGHT_EYE_CORNERS, NOSE_BASE)


def upright_square(view: FaceView, side_px: int, margin: float) -> RgbImage:
    """Return the face turned upright in a square picture.

    Args:
        margin: how far the square reaches beyond the mesh on every side, as a share of its size.
    """
    points = view.points[SKIN, :2].astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    right, left = OUTER_EYES
    across = points[left] - points[right]
    angle = float(np.degrees(np.arctan2(across[1], across[0])))
    extent = float((high - low).max()) * (1.0 + 2.0 * margin)
    centre = (low + high) / 2
    transform = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), angle, side_px / extent)
    transform[:, 2] += side_px / 2 - centre
    return _warp(view.image, transform, side_px, shrinks=extent > side_px)


def aligned(view: FaceView, template: FloatArray, side_px: int) -> RgbImage:
    """Return the face moved, turned and scaled so that points lie on a template.

    Args:
        template: (5, 2) px where FIVE_POINTS shall lie.
    """
    points = view.points[list(FIVE_POINTS), :2].astype(np.float64)
    transform = similarity(points, template.astype(np.float64))
    return _warp(view.image, transform, side_px, shrinks=bool(np.hypot(transform[0, 0], transform[0, 1]) < 1))


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the (2, 3) similarity that best maps points (n, 2) onto others (Umeyama 1991)."""
    mean_s, mean_t = source.mean(axis=0), target.mean(axis=0)
    s, t = source - mean_s, target - mean_t
    u, d, vt = np.linalg.svd(t.T @ s)
    sign = np.array([1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * sign) @ vt
    scale = float((d * sign).sum() / max((s**2).sum(), 1e-9))
    return np.concatenate([scale * rotation, (mean_t - scale * rotation @ mean_s)[:, None]], axis=1)


def _warp(image: RgbImage, transform: np.ndarray, side_px: int, shrinks: bool) -> RgbImage:
    """Warp; a picture that shrinks is smoothed first, or fine detail would alias."""
    scale = float(np.hypot(transform[0, 0], transform[0, 1]))
    if shrinks and scale < 0.7:
        sigma = 0.5 / scale
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
    warped = cv2.warpAffine(
        image, transform, (side_px, side_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.uint8)
