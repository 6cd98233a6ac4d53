"""Find jump cuts: moments at which all that moves leaps at once, while the set-up stays the same.

    tile of a cheek   1 2 1 1 2 1 [9] 1 2 1 1     change from picture to picture
    tile of a hand    3 5 6 4 2 1 [8] 2 3 4 4     a cut: most tiles leap on the same picture
    tile of a hand    1 1 2 4 7 9  8  4 2 1 1     a gesture: it begins and ends over several pictures
    caption's tiles   0 0 0 0 0 0 [9] 0 0 0 0     nothing moves there, so they have no say

The picture is divided into tiles. What changes between the pictures before and after a moment is compared,
tile by tile and at equal distances in time, with the largest change on either side of it (a threshold that
adapts to the neighbourhood, as that of Yusoff, Christmas and Kittler, BMVC 2000). Only tiles that move anyway
count: head, shoulders and hands of the person, whatever they are, and neither a caption nor an inserted
picture, which change without a cut.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[Any]  # (H, W) uint8; OpenCV's stubs say no more
Tiles = npt.NDArray[np.float32]

PICTURE_SIDE_PX = 256  # the longer side of the pictures that are compared
_TILE_PX = 8
_LAGS = (1, 2, 3)  # distances in pictures
_SENSOR_NOISE = 0.6  # grey levels added to the usual change, so that noise makes no leap


@dataclass(frozen=True, kw_only=True, slots=True)
class JumpConfig:
    """When a moment is a jump cut. Changes are mean absolute differences of grey levels, 0 to 255.

    Bounds were set on half of 64 talkers, with 0.2 to 2 s cut out of their videos, so that ten minutes of
    uncut talk have at most three false cuts; the other half had one in four minutes.
    """

    neighbourhood_frames: int = 6
    # A tile leaps if it changes by so much more than ever in its neighbourhood.
    leap_ratio: float = 1.5
    # Tiles whose median change is above this move anyway.
    moving_change: float = 0.5
    min_moving_tiles: int = 6
    # A cut: this share of the moving tiles leap, and the median tile changes by so much of its usual maximum.
    min_leaping_share: float = 0.15
    min_median_ratio: float = 0.6


@dataclass(slots=True)
class JumpScanner:
    """Consumes grey pictures in order; memory is bounded by a neighbourhood's tiles."""

    config: JumpConfig
    cuts: list[int] = field(default_factory=list[int])  # first pictures after each cut
    _shares: dict[int, float] = field(default_factory=dict[int, float])
    _pictures: deque[Gray] = field(default_factory=lambda: deque[Gray](maxlen=max(_LAGS)))
    _changes: dict[int, Tiles] = field(default_factory=dict[int, Tiles])
    _count: int = 0

    def update(self, picture: Gray) -> None:
        """Take the next picture, (H, W) grey, whose longer side is PICTURE_SIDE_PX."""
        smooth: Gray = cv2.GaussianBlur(picture, (0, 0), 1.0).astype(np.float32)
        known = list(self._pictures)[::-1]
        empty = np.zeros(_num_tiles(smooth), np.float32)
        rows = [tile_change(known[lag - 1], smooth) if lag <= len(known) else empty for lag in _LAGS]
        self._changes[self._count] = np.stack(rows)
        self._pictures.append(smooth)
        self._judge(self._count - self._delay)
        self._changes.pop(self._count - self._delay - self.config.neighbourhood_frames, None)
        self._count += 1

    def finish(self) -> list[int]:
        """Judge the last pictures; returns the first picture after each cut, in order."""
        for number in range(max(self._count - self._delay, 0), self._count):
            self._judge(number)
        return self.cuts

    @property
    def _delay(self) -> int:
        return self.config.neighbourhood_frames + max(_LAGS) - 1

    def _judge(self, number: int) -> None:
        share = leaping_share(self._changes, number, self.config)
        if share < self.config.min_leaping_share:
            return
        self._shares[number] = share
        if self.cuts and number - self.cuts[-1] < max(_LAGS):  # one leap seen twice: the sharper one
            if share > self._shares[self.cuts[-1]]:
                self.cuts[-1] = number
            return
        self.cuts.append(number)


def tile_change(before: Gray, after: Gray) -> Tiles:
    """Return the mean absolute change of each tile (n,), without a change of light that all share."""
    change: Gray = cv2.subtract(after, before)
    change = np.abs(change - np.float32(np.median(change[::4, ::4])))
    height, width = (side // _TILE_PX * _TILE_PX for side in change.shape)
    size = (width // _TILE_PX, height // _TILE_PX)
    tiles: Gray = cv2.resize(change[:height, :width], size, interpolation=cv2.INTER_AREA)
    return np.asarray(tiles.ravel(), np.float32)


def _num_tiles(picture: Gray) -> int:
    return (picture.shape[0] // _TILE_PX) * (picture.shape[1] // _TILE_PX)


def leaping_share(changes: dict[int, Tiles], number: int, config: JumpConfig) -> float:
    """Return which share of the moving tiles leap between picture `number` - 1 and `number`.

    0.0 where too little moves or the median tile goes on as before.

    Args:
        changes: for each picture (3, n) the tiles' changes since one, two and three pictures before.
    """
    reach = config.neighbourhood_frames
    before = {lag: _usual(changes, number - reach, number, lag) for lag in _LAGS}
    after = {lag: _usual(changes, number + lag, number + lag + reach, lag) for lag in _LAGS}
    if not before[1] or not after[1]:
        return 0.0
    moving = np.median([*before[1], *after[1]], axis=0) > config.moving_change
    if moving.sum() < config.min_moving_tiles:
        return 0.0
    ratios: list[Tiles] = []
    for back in (0, 1):
        for on in (0, 1):
            lag = 1 + back + on
            usual = [*before[lag], *after[lag]]
            if number > back and usual:
                ratios.append(changes[number + on][lag - 1] / (np.max(usual, axis=0) + _SENSOR_NOISE))
    leaps = np.min(ratios, axis=0)[moving]
    if np.median(leaps) < config.min_median_ratio:
        return 0.0
    return float((leaps > config.leap_ratio).mean())


def _usual(changes: dict[int, Tiles], first: int, last: int, lag: int) -> list[Tiles]:
    """Return the changes since `lag` pictures before, of those pictures of [first, last) that have one."""
    return [changes[t][lag - 1] for t in range(max(first, lag), last) if t in changes]
