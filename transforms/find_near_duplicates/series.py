"""Series of numbers over time: at another speed, and what of them changes quickly."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def played_at(series: npt.NDArray[np.number], speed: float) -> Floats:
    """Return a series (n, c) as it is when played at another speed, at the same rate of rows."""
    return at_places(
        series, np.minimum(np.arange(int((len(series) - 1) / speed) + 1) * speed, len(series) - 1)
    )


def at_places(series: npt.NDArray[np.number], places: npt.NDArray[np.float64]) -> Floats:
    """Return (m, c) the rows of a series (n, c) at places in [0, n - 1], between rows as these blend."""
    before = np.minimum(places.astype(int), max(len(series) - 2, 0))
    share = (places - before)[:, None].astype(np.float32)
    after = series[np.minimum(before + 1, len(series) - 1)]
    return ((1 - share) * series[before] + share * after).astype(np.float32)


def quick(series: npt.NDArray[np.number], hz: float, memory_seconds: float) -> npt.NDArray[np.float64]:
    """Return a series (n, c) less its running mean over some time: slow drifts of any two agree by chance."""
    half = max(round(memory_seconds * hz / 2), 1)
    ends = np.repeat(series[:1], half + 1, axis=0), np.repeat(series[-1:], half, axis=0)
    padded = np.concatenate([ends[0], series, ends[1]])
    total = np.cumsum(padded, axis=0, dtype=np.float64)
    mean = (total[2 * half + 1 :] - total[: -2 * half - 1]) / (2 * half + 1)
    return series.astype(np.float64) - mean
