"""What is kept of a clip's sound: a coarse spectrogram, in which no codec, volume or equaliser changes much.

After Haitsma and Kalker 2002, A highly robust audio fingerprinting system (ISMIR): what marks a sound is how
its energy differs between neighbouring bands, from moment to moment. They keep the signs at 86 Hz to search
millions of songs; here few clips are compared, so the energies are kept, at 20 Hz, and compared by
correlation.
"""

import numpy as np
import numpy.typing as npt

from transforms.find_near_duplicates.series import quick

Floats = npt.NDArray[np.float32]

HZ = 20.0
NUM_BANDS = 32
_LOWEST_HZ, _HIGHEST_HZ = 200.0, 4000.0
_WINDOW_SECONDS = 0.128
# Below the loudest moments by this much codecs leave what they like.
_RANGE_DB = 55.0
_STEPS_PER_DB = 4
# Differences of bands are taken relative to their mean over this time: an equaliser changes nothing then.
_MEMORY_SECONDS = 0.55
# By how many bands a sound moves up when it is played twice as fast.
BANDS_PER_OCTAVE = NUM_BANDS / np.log2(_HIGHEST_HZ / _LOWEST_HZ)


def sound_print(samples: npt.NDArray[np.floating], sampling_rate_hz: int) -> npt.NDArray[np.uint8]:
    """Return (n, 32) band energies at 20 Hz, in quarters of a dB above 55 dB below the loudest moments.

    Args:
        samples: (m,) mono; the print's row i is about the 0.128 s around i / 20 s.
    """
    window = round(_WINDOW_SECONDS * sampling_rate_hz)
    count = int(len(samples) / sampling_rate_hz * HZ) + 1
    padded = np.pad(np.asarray(samples, np.float32), (window // 2, window))
    starts = np.round(np.arange(count) / HZ * sampling_rate_hz).astype(int)
    pieces = padded[starts[:, None] + np.arange(window)] * np.hanning(window).astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(pieces, axis=1)))
    frequencies = np.fft.rfftfreq(window, 1.0 / sampling_rate_hz)
    edges = np.searchsorted(frequencies, np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, NUM_BANDS + 1))
    total = np.add.reduceat(power, edges, axis=1)[:, :NUM_BANDS]
    decibels = 10 * np.log10(total / np.diff(edges) + 1e-9)
    above = decibels - (np.percentile(decibels, 99) - _RANGE_DB)
    return np.clip(np.round(_STEPS_PER_DB * above), 0, 255).astype(np.uint8)


def raised(print_: Floats, num_bands: float) -> Floats:
    """Return a print (n, 32) whose sound is moved up by some bands, as a tape's that runs faster is."""
    places = np.clip(np.arange(print_.shape[1]) - num_bands, 0, print_.shape[1] - 1)
    below = np.minimum(places.astype(int), print_.shape[1] - 2)
    share = (places - below).astype(np.float32)
    return (1 - share) * print_[:, below] + share * print_[:, below + 1]


def detail(print_: npt.NDArray[np.number], hz: float) -> Floats:
    """Return (n, bands - 1) what marks a sound: differences of bands, less their running mean."""
    return quick(np.diff(np.asarray(print_, np.float32), axis=1), hz, _MEMORY_SECONDS).astype(np.float32)
