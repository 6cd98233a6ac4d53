"""Prints of clips made of numbers: talk that is like no other, and copies of it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from transforms.clip_print import ClipPrint

Numbers = npt.NDArray[np.float64]


def _smooth(seed: Sequence[int], rows: int, columns: int, width: int) -> Numbers:
    noise = np.random.default_rng(seed).standard_normal((rows + width - 1, columns))
    total = np.cumsum(np.concatenate([np.zeros((1, columns)), noise]), axis=0)
    return (total[width:] - total[:-width]) / np.sqrt(width)


def _at(series: Numbers, places: Numbers) -> Numbers:
    rows = np.arange(len(series))
    return np.stack([np.interp(places, rows, column) for column in series.T], axis=1)


def make_print(
    seed: int, seconds: float = 4.0, *, start: float = 0.0, speed: float = 1.0, noise: int | None = None
) -> ClipPrint:
    """Return the print of talk `seed` from `start` on, played at a speed, with a codec's noise of a seed."""
    sound = 110 + 30 * _smooth((seed, 1), 600, 32, 2)
    face = 100 * _smooth((seed, 2), 375, 63, 3)
    heard = _at(sound, 20 * (start + speed * np.arange(0, seconds, 0.05)))
    seen = _at(face, 12.5 * (start + speed * np.arange(0, seconds, 0.08)))
    if noise is not None:
        draw = np.random.default_rng(noise)
        heard = heard + 8 * draw.standard_normal(heard.shape)
        seen = seen + 25 * draw.standard_normal(seen.shape)
    return ClipPrint(
        sound=np.clip(np.round(heard), 0, 255).astype(np.uint8),
        face=np.round(seen).astype(np.int16),
        face_hz=12.5,
    )
