"""Collect faces: a few good looks at a clip's face while its frames pass by.

frames   |----------------------------------|   in `max_views` equal parts;
kept         x        x   x          x      x   the best face of each part
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from backends.protocols.arrays import FloatArray, RgbImage
from backends.protocols.pictures import FaceView, FrameLandmarks
from body.face_mesh import CHIN, FOREHEAD, NOSE_TIP, OUTER_EYES, SKIN
from schemas.bounds import Count

_SHARPNESS_PX = 64  # px height at which sharpness is compared


@dataclass(frozen=True, kw_only=True, slots=True)
class CollectConfig:
    """Five views agree with all frames' mean as well as more do; the sampling looks six times a second."""

    max_views: Count = 5
    every_frames: Count = 4
    # A view is the mesh's box enlarged by this share of its size, and no larger than `max_side_px`.
    margin: float = 0.6
    max_side_px: Count = 320
    min_height_px: float = 24.0


@dataclass(slots=True)
class FaceCollector:
    """Consumes a clip's frames with their landmarks and keeps the best view of each part of the clip."""

    config: CollectConfig
    num_frames: int
    _best: dict[int, tuple[float, FaceView]] = field(default_factory=dict[int, tuple[float, FaceView]])
    _index: int = 0

    def update(self, image: RgbImage, landmarks: FrameLandmarks) -> None:
        """Take the next frame."""
        index, self._index = self._index, self._index + 1
        if landmarks.face is None or index % self.config.every_frames:
            return
        quality = view_quality(image, landmarks.face, self.config.min_height_px)
        part = index * self.config.max_views // max(self.num_frames, 1)
        if quality > 0 and (part not in self._best or quality > self._best[part][0]):
            self._best[part] = (quality, cut_view(image, landmarks.face, self.config))

    def finish(self) -> tuple[list[FaceView], FloatArray]:
        """Return the views in order of time and their weights (n,), which add up to 1."""
        kept = [self._best[part] for part in sorted(self._best)]
        weights = np.array([quality for quality, _ in kept], np.float32)
        return [view for _, view in kept], weights / max(float(weights.sum()), 1e-9)


def view_quality(image: RgbImage, face: FloatArray, min_height_px: float) -> float:
    """Return how well a face can be recognised: size, sharpness and frontality, each in [0, 1].

    Zero where the face is too small, leaves the picture or is seen from the side.

    Args:
        face: (478, 3) px of the picture.
    """
    low: FloatArray = face[SKIN, :2].min(axis=0)
    high: FloatArray = face[SKIN, :2].max(axis=0)
    height = float(face[CHIN, 1] - face[FOREHEAD, 1])
    inside: npt.NDArray[np.floating] = np.minimum(high, (image.shape[1], image.shape[0])) - np.maximum(low, 0)
    seen = float(np.prod(np.maximum(inside, 0)) / max(float(np.prod(high - low)), 1e-9))
    if height < min_height_px or seen < 0.8:
        return 0.0
    x0, y0 = np.maximum(low, 0).astype(int)
    x1, y1 = np.ceil(np.minimum(high, (image.shape[1], image.shape[0]))).astype(int)
    gray = cv2.cvtColor(np.ascontiguousarray(image[y0:y1, x0:x1]), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(gray, (_SHARPNESS_PX, _SHARPNESS_PX), interpolation=cv2.INTER_AREA)
    contrast = max(float(small.std()), 1.0)
    # Variance of the Laplacian relative to that of the face itself: exposure does not matter.
    sharp = float(cv2.Laplacian(small, cv2.CV_32F).std()) / contrast
    return seen * min(height / 112.0, 1.0) * min(sharp / 0.5, 1.0) * frontality(face)


def frontality(face: FloatArray) -> float:
    """Return 1 for a face seen from the front, 0 where the nose covers an eye's outer corner."""
    right, left, nose = face[OUTER_EYES[0], :2], face[OUTER_EYES[1], :2], face[NOSE_TIP, :2]
    across = left - right
    place = float((nose - right) @ across / max(float(across @ across), 1e-9))
    return float(np.clip(1.0 - 2.0 * abs(place - 0.5), 0.0, 1.0))


def cut_view(image: RgbImage, face: FloatArray, config: CollectConfig) -> FaceView:
    """Return the face with some of its surroundings, reduced where it is larger than models need."""
    low, high = face[SKIN, :2].min(axis=0), face[SKIN, :2].max(axis=0)
    reach = config.margin * float((high - low).max())
    x0, y0 = np.maximum(np.floor(low - reach), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(high + reach), (image.shape[1], image.shape[0])).astype(int)
    crop = image[y0:y1, x0:x1]
    points = face - np.array([x0, y0, 0], np.float32)
    scale = config.max_side_px / max(crop.shape[:2])
    if scale < 1:
        size = (max(round(crop.shape[1] * scale), 1), max(round(crop.shape[0] * scale), 1))
        ratio = np.array([size[0] / crop.shape[1], size[1] / crop.shape[0], scale], np.float32)
        return FaceView(
            np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8), points * ratio
        )
    return FaceView(np.ascontiguousarray(crop), points.astype(np.float32))
