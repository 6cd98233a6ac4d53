"""What is kept of how a clip's face moves: a few numbers of a tiny picture, 12 times a second.

The lowest frequencies of a small picture (a discrete cosine transform, as perceptual hashes take it: Zauner
2010, Implementation and benchmarking of perceptual image hash functions, 3.2.1) do not change with size,
codec or exposure, and a mirror image changes the sign of every other one. The picture is of where the face is
around that time, whatever the crop, and is not moved with it frame by frame: so nods and turns show, and the
jitter of landmarks does not.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from backends.protocols.arrays import FloatArray, RgbImage
from body.face_mesh import SKIN

_HZ = 12.5
_SIDE_PX, _NUM_FREQUENCIES = 32, 8
# A face is about this high in the pictures that are kept meanwhile; the largest side of these.
_FACE_PX, _MOST_PX = 40.0, 256.0
# Half a side of the picture, in face heights: what is beside the face is in another crop or under a caption.
_REACH = 0.5
_AROUND_SECONDS = 2.0
_STEPS = 32  # of the coefficients, a unit: faces move by less than one
MIRROR = np.tile(np.where(np.arange(_NUM_FREQUENCIES) % 2, -1.0, 1.0), _NUM_FREQUENCIES)[1:].astype(
    np.float32
)


@dataclass(slots=True)
class FacePrinter:
    """Consumes a clip's frames and gives the print of its face once its landmarks are known.

    `face_height_px` is about how high the face is in the frames.
    """

    fps: float
    face_height_px: float
    _small: list[npt.NDArray[np.uint8]] = field(default_factory=list[npt.NDArray[np.uint8]])
    _index: int = 0
    _scale: float = 1.0

    @property
    def _stride(self) -> int:
        return max(round(self.fps / _HZ), 1)

    @property
    def hz(self) -> float:
        """How many rows of the print there are a second."""
        return self.fps / self._stride

    def update(self, image: RgbImage) -> None:
        """Take the next frame."""
        index, self._index = self._index, self._index + 1
        if index % self._stride:
            return
        height, width = image.shape[:2]
        self._scale = min(_FACE_PX / max(self.face_height_px, 1.0), _MOST_PX / max(height, width), 1.0)
        size = max(round(width * self._scale), 1), max(round(height * self._scale), 1)
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        self._small.append(np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8))

    def finish(self, face: FloatArray) -> npt.NDArray[np.int16]:
        """Return the print (m, 63); of no rows where the face is never seen.

        Args:
            face: (n, 478, 3) landmarks in px of the frames, NaN where not seen.
        """
        points = face[:: self._stride, SKIN, :2][: len(self._small)].astype(np.float64) * self._scale
        seen = np.isfinite(points[:, 0, 0])
        if not seen.any():
            return np.zeros((0, _NUM_FREQUENCIES**2 - 1), np.int16)
        low, high = points[seen].min(axis=1), points[seen].max(axis=1)
        boxes = np.column_stack([(low + high) / 2, high[:, 1] - low[:, 1]])
        at = np.flatnonzero(seen)
        half = round(_AROUND_SECONDS * self.hz)
        rows = [
            _frequencies(small, np.median(boxes[_within(at, i - half, i + half)], axis=0))
            for i, small in enumerate(self._small)
        ]
        return np.round(_STEPS * np.array(rows)).astype(np.int16)


def _within(at: npt.NDArray[np.int64], first: int, last: int) -> slice:
    """Return which of the ascending frames `at` lie in [first, last], or the nearest one if none does."""
    start, end = np.searchsorted(at, [first, last + 1])
    start = min(int(start), len(at) - 1)
    return slice(start, max(int(end), start + 1))


def _frequencies(small: npt.NDArray[np.uint8], box: npt.NDArray[np.float64]) -> FloatArray:
    """Return the lowest 63 frequencies of the picture around a box (centre x, y and height in px)."""
    x, y, height = box
    step = 2 * _REACH * max(height, 1.0) / _SIDE_PX
    first = (1 - _SIDE_PX) / 2 * step
    transform = np.array([[step, 0.0, x + first], [0.0, step, y + first]])
    picture = cv2.warpAffine(
        small.astype(np.float32), transform, (_SIDE_PX, _SIDE_PX),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    even = (picture - picture.mean()) / (picture.std() + 2.0)
    return cv2.dct(even)[:_NUM_FREQUENCIES, :_NUM_FREQUENCIES].ravel()[1:]
