"""Whether a stretch of sound is a hesitation: a vowel, perhaps closed by an m, held without change.

An aligner that may put "um" between words also puts it over words that nobody wrote down. What tells
them apart is that the tongue rests: the shape of the spectrum stays (Goto, Itou and Hayamizu 1999, "A
real-time filled pause detection system for spontaneous speech", Eurospeech).
"""

import functools

import numpy as np
import numpy.typing as npt

from schemas.sample import SAMPLING_RATE_HZ

FloatArray = npt.NDArray[np.float64]

_WINDOW, _HOP, _FFT = SAMPLING_RATE_HZ // 40, SAMPLING_RATE_HZ // 100, 512  # 25 ms every 10 ms
_BANDS, _LOWEST_HZ, _HIGHEST_HZ = 20, 100.0, 6000.0
_APART = 6  # frames: 60 ms, as long as a short speech sound
_RANGE_DB = 60.0  # what lies deeper below the loudest band is silence
_QUIET_DB = 20.0  # so far below the loudest frame it is the end of the sound


def steadiness(samples: npt.NDArray[np.float32], start_seconds: float, end_seconds: float) -> float:
    """Return how alike the spectrum is to itself 60 ms later, -1 to 1; 0 for less than 0.1 s of sound.

    Hesitations have 0.75 to 0.9, words 0.2 to 0.8 and half of them less than 0.55.

    Args:
        samples: mono (n,) at 16 kHz.
    """
    if len(samples) < _WINDOW:
        return 0.0
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), _WINDOW)[::_HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW), _FFT, axis=1)) ** 2
    levels = 10 * np.log10(power @ _mel_bands().T + 1e-12)
    levels = np.maximum(levels, levels.max() - _RANGE_DB)
    # What the line and the room do to all of the sound is no likeness.
    levels -= levels.mean(axis=0)
    found = levels[max(round(start_seconds * 100), 0) : max(round(end_seconds * 100), 0)]
    loudness = found.mean(axis=1)
    found = found[loudness > loudness.max(initial=-np.inf) - _QUIET_DB]
    if len(found) < _APART + 2:
        return 0.0
    shapes = found - found.mean(axis=1, keepdims=True)
    shapes /= np.linalg.norm(shapes, axis=1, keepdims=True) + 1e-9
    return float((shapes[_APART:] * shapes[:-_APART]).sum(axis=1).mean())


@functools.cache
def _mel_bands() -> FloatArray:
    """Return (20, 257) triangles, evenly spaced in mel (O'Shaughnessy 1987)."""
    lowest, highest = (2595 * np.log10(1 + hz / 700) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    corners = 700 * (10 ** (np.linspace(lowest, highest, _BANDS + 2) / 2595) - 1)
    bins = np.arange(_FFT // 2 + 1) * SAMPLING_RATE_HZ / _FFT
    low, middle, high = (corners[i : i + _BANDS, None] for i in range(3))
    return np.maximum(np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)), 0.0)
