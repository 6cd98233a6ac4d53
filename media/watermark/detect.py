"""Finding the watermark in frames whose size, crop and reflection are unknown.

False alarms. A picture without the mark was made without regard to the key. Let c (4096,) be the chips
measured at one scale and place, in whatever way they follow from the picture, and t the tile of one payload:
independent fair signs. Then P(<t, c> >= z |c|) <= exp(-z^2 / 2) (Hoeffding 1963, theorem 2), and of the
N = reflections x scales x places x payloads that are tried P(any >= z) <= N exp(-z^2 / 2). Nothing is assumed
of the picture. The log10 of this bound is the certainty that is told; a mark is found from 1e-6 down: z = 9.0
for one stretch.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from media.watermark.code import NUM_PAYLOADS
from media.watermark.tile import CHIPS_PER_SHORT_SIDE, SIDE_CHIPS, make_tile

MAX_FALSE_ALARM_LOG10 = -6.0
# A tile fits at 128 chips to the shorter side; a crop leaves fewer, so its picture is to be drawn smaller.
SMALLEST_SCALE, LARGEST_SCALE = 0.62, 1.08
_SCALE_STEP = 0.003  # half of it moves the picture's edge by less than half a chip
_PX_PER_CHIP = 2
_WORKING_PX = _PX_PER_CHIP * CHIPS_PER_SHORT_SIDE
_TILE_PX = _PX_PER_CHIP * SIDE_CHIPS
_NUM_CANDIDATES = 8  # by the known half, to be compared with all payloads
# The picture's own detail is divided by its local size, so that edges weigh no more than skin: tried 0.1 to 5
# levels and 5 to 15 px on four clips after crop, half size and crf 28.
_SMOOTH_PX, _SURROUNDINGS_PX, _FLOOR_LEVELS = 1.6, (5, 5), 0.1
FloatImage = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched:
    """What was tried: relative scales from crops, all shifts, whether mirrored, and how many in all."""

    smallest_scale: float = SMALLEST_SCALE
    largest_scale: float = LARGEST_SCALE
    num_scales: int
    num_places: int
    mirrored: bool = True
    num_payloads: int = NUM_PAYLOADS
    num_stretches: int = 1

    @property
    def num_tried(self) -> float:
        """Return how many comparisons the bound counts."""
        places = self.num_scales * self.num_places * self.num_payloads
        return float(places) * (2 if self.mirrored else 1) * self.num_stretches


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What was found. Fields of the mark are None unless it was.

    `false_alarm_log10` bounds the chance that a video without the mark looks at least like this; `fit` is z.
    """

    answer: Literal["found", "not found", "too short to say"]
    payload: int | None = None
    false_alarm_log10: float | None = None
    fit: float | None = None
    scale: float | None = None
    mirrored: bool | None = None
    searched: Searched | None = None


class WatermarkReader:
    """Adds up frames of one size and looks for the mark of a key in their sum."""

    def __init__(self, key: bytes) -> None:
        self._tile = make_tile(key)
        known = np.kron(self._tile.known_chips(), np.ones((_PX_PER_CHIP, _PX_PER_CHIP), np.float32))
        self._known = {
            mirrored: np.conj(np.fft.rfft2(known[:, ::-1] if mirrored else known))
            for mirrored in (False, True)
        }
        self._sum: FloatImage | None = None
        self.num_frames = 0

    def add(self, luma: npt.NDArray[np.uint8]) -> None:
        """Add the luma (H, W) of a frame.

        Raises:
            ValueError: if its shape is another than that of the frames before.
        """
        detail = local_detail(luma)
        if self._sum is not None and self._sum.shape != detail.shape:
            raise ValueError("frames of one stretch have one size")
        self._sum = detail if self._sum is None else self._sum + detail
        self.num_frames += 1

    def find(self) -> Finding:
        """Return the best fit of all that was tried; found if its false alarms are rare enough.

        Raises:
            ValueError: if no frame was added.
        """
        if self._sum is None:
            raise ValueError("no frame was added")
        scales = scales_tried()
        candidates = [
            (*best, mirrored, scale, folded)
            for scale in scales
            for folded in [fold(self._sum, scale)]
            for mirrored, best in self._best_places(folded)
        ]
        candidates.sort(key=lambda candidate: -candidate[0])
        compared = (
            self._compared(folded, place, scale, mirrored)
            for _, place, mirrored, scale, folded in candidates[:_NUM_CANDIDATES]
        )
        best = max(compared, key=lambda one: one.fit or 0.0)
        return finding_of(best, Searched(num_scales=len(scales), num_places=_TILE_PX**2))

    def _compared(self, folded: FloatImage, place: tuple[int, int], scale: float, mirrored: bool) -> Finding:
        moved = np.roll(folded, (-place[0], -place[1]), axis=(0, 1))
        upright = moved[:, ::-1] if mirrored else moved
        by_chip = upright.reshape(SIDE_CHIPS, _PX_PER_CHIP, SIDE_CHIPS, _PX_PER_CHIP)
        payload, fit = self._tile.compare(by_chip.sum(axis=(1, 3)))
        return Finding(answer="not found", payload=payload, fit=fit, scale=scale, mirrored=mirrored)

    def _best_places(self, folded: FloatImage) -> Iterator[tuple[bool, tuple[float, tuple[int, int]]]]:
        """Yield how well the known half fits at its best shift (y, x) in px, upright and mirrored."""
        seen, norm = np.fft.rfft2(folded), max(float(np.linalg.norm(folded)), 1e-9)
        for mirrored, known in self._known.items():
            fits = np.fft.irfft2(seen * known, s=folded.shape)
            best = int(fits.argmax())
            yield mirrored, (float(fits.ravel()[best]) / norm, divmod(best, _TILE_PX))


def local_detail(luma: npt.NDArray[np.uint8]) -> FloatImage:
    """Return the fine detail of a picture, 256 px on its shorter side, as it stands out locally."""
    height, width = luma.shape
    ratio = _WORKING_PX / min(height, width)
    size = (round(width * ratio), round(height * ratio))
    how = cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC
    plain = np.asarray(cv2.resize(luma, size, interpolation=how), np.float32)
    detail = plain - cv2.GaussianBlur(plain, (0, 0), _SMOOTH_PX)
    return np.asarray(detail / (cv2.blur(np.abs(detail), _SURROUNDINGS_PX) + _FLOOR_LEVELS), np.float32)


def scales_tried() -> list[float]:
    """Return the relative scales, from the smallest to the largest in equal ratios."""
    number = math.ceil(math.log(LARGEST_SCALE / SMALLEST_SCALE) / _SCALE_STEP) + 1
    return [SMALLEST_SCALE * math.exp(_SCALE_STEP * i) for i in range(number)]


def fold(picture: FloatImage, scale: float) -> FloatImage:
    """Return the sum (128, 128) of all tiles in a picture that is scaled first."""
    height, width = picture.shape
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(picture, size, interpolation=how)
    rows, columns = (-(-side // _TILE_PX) for side in (size[1], size[0]))
    whole = np.zeros((rows * _TILE_PX, columns * _TILE_PX), np.float32)
    whole[: size[1], : size[0]] = scaled
    return whole.reshape(rows, _TILE_PX, columns, _TILE_PX).sum(axis=(0, 2))


def false_alarm_log10(fit: float, num_tried: float) -> float:
    """Return the bound's log10: of `num_tried` fits to any picture one is at least `fit`."""
    bound = math.log(num_tried) - 0.5 * max(fit, 0.0) ** 2
    return min(bound / math.log(10), 0.0)


def finding_of(best: Finding, searched: Searched) -> Finding:
    """Return the answer that a fit is, given how much was searched for it."""
    log10 = false_alarm_log10(best.fit or 0.0, searched.num_tried)
    if log10 > MAX_FALSE_ALARM_LOG10:
        return Finding(answer="not found", false_alarm_log10=log10, fit=best.fit, searched=searched)
    return replace(best, answer="found", false_alarm_log10=log10, searched=searched)
