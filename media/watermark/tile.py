"""The watermark's tile: which of its chips are known, which carry the payload, and its picture.

A chip is a sign. The tile has 64 x 64 of them, drawn from the key, and repeats over the picture from its
upper left corner. A chip is 1/128 of the picture's shorter side, so the mark grows with the picture and a
copy of another size holds the same pattern.
"""

import hashlib
import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from media.watermark.code import NUM_SYMBOLS, best_payload, codeword

SIDE_CHIPS = 64
# Finer chips do not survive half the size and H.264 at crf 28, coarser ones drown in the picture: tried 1/64,
# 1/85 and 1/128 on six clips of talkers.
CHIPS_PER_SHORT_SIDE = 128
NUM_CHIPS = SIDE_CHIPS**2
_BORDER = 4  # chips around, so that interpolation has neighbours
FloatArray = npt.NDArray[np.floating]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Tile:
    """Signs (4096,) of all chips; `known` (2048,) and `data` (256, 8) are places of chips, a row a symbol."""

    signs: npt.NDArray[np.float32]
    known: npt.NDArray[np.intp]
    data: npt.NDArray[np.intp]

    def chips(self, payload: int) -> npt.NDArray[np.float32]:
        """Return the tile (64, 64) that carries a payload."""
        chips = self.signs.copy()
        chips[self.data] *= codeword(payload)[:, None]
        return chips.reshape(SIDE_CHIPS, SIDE_CHIPS)

    def known_chips(self) -> npt.NDArray[np.float32]:
        """Return the tile (64, 64) with its known half alone, 0 elsewhere."""
        chips = np.zeros(NUM_CHIPS, np.float32)
        chips[self.known] = self.signs[self.known]
        return chips.reshape(SIDE_CHIPS, SIDE_CHIPS)

    def compare(self, chips: FloatArray) -> tuple[int, float]:
        """Return the payload that fits measured chips (64, 64) best, and how well they fit all of the tile.

        The fit is the inner product with the tile over the norm of the chips: at most 64.
        """
        despread = chips.ravel() * self.signs
        payload, data_fit = best_payload(despread[self.data].sum(axis=1))
        norm = max(float(np.linalg.norm(chips)), 1e-9)
        return payload, (float(despread[self.known].sum()) + data_fit) / norm


def make_tile(key: bytes) -> Tile:
    """Return the tile of a key; SHAKE-256 draws it, so it is the same everywhere."""
    bits = np.unpackbits(_stream(key, b"signs", NUM_CHIPS // 8))
    order = np.argsort(_stream(key, b"order", 8 * NUM_CHIPS).view("<u8"), kind="stable")
    half = NUM_CHIPS // 2
    return Tile(
        signs=np.asarray(1.0 - 2.0 * bits, np.float32),
        known=order[:half],
        data=order[half:].reshape(NUM_SYMBOLS, -1),
    )


def _stream(key: bytes, purpose: bytes, num_bytes: int) -> npt.NDArray[np.uint8]:
    seed = len(purpose).to_bytes(1, "little") + purpose + key
    return np.frombuffer(hashlib.shake_256(seed).digest(num_bytes), np.uint8)


def draw_pattern(chips: npt.NDArray[np.float32], width: int, height: int) -> npt.NDArray[np.float32]:
    """Return a tile (64, 64) repeated over a picture (height, width), smooth, with a mean square of 1."""
    chip_px = min(width, height) / CHIPS_PER_SHORT_SIDE
    repeats = [math.ceil(side / chip_px / SIDE_CHIPS) + 1 for side in (height, width)]
    plane = np.pad(np.tile(chips, repeats), _BORDER, mode="wrap")
    shift = 0.5 / chip_px - 0.5 + _BORDER  # centres of pixels to centres of chips
    to_chips = np.array([[1 / chip_px, 0, shift], [0, 1 / chip_px, shift]], np.float64)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    drawn = cv2.warpAffine(plane, to_chips, (width, height), flags=flags)
    return np.asarray(drawn / np.sqrt(np.mean(np.square(drawn))), np.float32)
