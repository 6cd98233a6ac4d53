"""The rate of pictures, from the times they are shown at."""

from collections import Counter

import numpy as np
import numpy.typing as npt

# Share of frame intervals that may differ from the commonest in a constant rate, and by how much:
# 10 % or the rounding of containers that count in milliseconds.
VARIABLE_RATE_SHARE = 0.02
INTERVAL_TOLERANCE = 0.1
CLOCK_ROUNDING_SECONDS = 0.0011
# Times of a constant rate are no further from a line than this share of an interval.
LINE_TOLERANCE = 0.35


def frame_rate(times: npt.ArrayLike) -> tuple[float | None, bool]:
    """Return the mean frame rate of sorted times in seconds and whether it varies.

    The rate of a constant one is that of its regular intervals: a dropped frame does not lower it. Where
    the clock is too coarse for the rate, intervals differ and times still lie on a line (240 frames a second
    on a clock of 600: 3.3 and 5 ms).
    """
    shown = np.unique(np.round(np.asarray(times, np.float64), 6))
    steps = np.diff(shown)
    if not steps.size:
        return None, False
    rounded: list[float] = np.round(steps, 4).tolist()
    common = Counter(rounded).most_common(1)[0][0]
    tolerance = max(INTERVAL_TOLERANCE * common, CLOCK_ROUNDING_SECONDS)
    regular = np.abs(steps - common) <= tolerance
    if float((~regular).mean()) <= VARIABLE_RATE_SHARE:
        return float(1.0 / steps[regular].mean()), False
    mean = float(steps.mean())
    off_line = float(np.ptp(shown - shown[0] - mean * np.arange(len(shown))))
    return 1.0 / mean, off_line > 2 * LINE_TOLERANCE * mean
