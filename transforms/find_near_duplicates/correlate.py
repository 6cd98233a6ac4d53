"""Normalised correlation of one series with many at all shifts.

By transforms and running sums: Lewis 1995, Fast normalized cross-correlation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Series (n_i, c) that others are compared with.

    Their spectra (k, f, c), energies added up (k, n + 1) and lengths (k).
    """

    spectra: npt.NDArray[np.complex64]
    energies: npt.NDArray[np.float64]
    lengths: npt.NDArray[np.int64]
    size: int  # of the transforms

    @classmethod
    def of(cls, series: Sequence[Floats], longest: int) -> "Shelf":
        """Return a shelf for comparison with series of at most `longest` rows."""
        lengths = np.array([len(s) for s in series])
        most = int(lengths.max())
        size = 1 << (longest + most - 1).bit_length()
        spectra = np.stack([np.fft.rfft(s, size, axis=0) for s in series]).astype(np.complex64)
        energies = np.zeros((len(series), most + 1))
        for row, s in zip(energies, series, strict=True):
            row[1 : len(s) + 1] = np.cumsum(np.square(s, dtype=np.float64).sum(axis=1))
            row[len(s) + 1 :] = row[len(s)]
        return cls(spectra, energies, lengths, size)

    def beyond(self, first: int) -> "Shelf":
        """Return the shelf without the series before `first`."""
        return Shelf(self.spectra[first:], self.energies[first:], self.lengths[first:], self.size)


def best_shifts(
    series: Floats, shelf: Shelf, min_rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return how well a series (n, c) agrees with each of a shelf at the best shift (k), and that shift (k).

    At shift s row t of the shelf's lies on row t + s. Only overlaps of `min_rows` (k) and more count; -1
    without one.
    """
    count, most = len(series), int(shelf.lengths.max())
    spectrum = np.fft.rfft(series, shelf.size, axis=0).astype(np.complex64)
    product = np.einsum("fc,kfc->kf", spectrum, shelf.spectra.conj())
    shifts = np.arange(1 - most, count)
    both = np.fft.irfft(product, shelf.size, axis=1)[:, shifts % shelf.size]
    lengths = shelf.lengths[:, None]
    start, end = np.maximum(shifts, 0), np.minimum(shifts + lengths, count)
    rows = end - start
    own = np.concatenate([[0.0], np.cumsum(np.square(series, dtype=np.float64).sum(axis=1))])
    until = shelf.energies[np.arange(len(lengths))[:, None], np.minimum(lengths, count - shifts)]
    energy = (own[np.maximum(end, 0)] - own[start]) * (until - shelf.energies[:, start - shifts])
    agreement = np.where(rows >= min_rows[:, None], both / np.sqrt(np.maximum(energy, 1e-6)), -1.0)
    best = agreement.argmax(axis=1)
    return agreement[np.arange(len(best)), best], shifts[best]
