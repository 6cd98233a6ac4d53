"""Making one channel of many: by their layout, and so that opposite channels do not cancel."""

import functools
from collections.abc import Iterable
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from schemas.records import Mix

FloatSamples = npt.NDArray[np.float32]

# ITU-R BS.775-4, table 2, from 3/2 to 1/0, over the root of 2: the same sound on left and right keeps its
# level. Low frequency effects are left out, as there; heights and sides count as surrounds.
_FRONT, _CENTRE, _SURROUND = 0.5, 0.5**0.5, 0.5**1.5
_WEIGHTS: dict[str, float] = {
    **dict.fromkeys(("FL", "FR", "FLC", "FRC", "DL", "DR"), _FRONT),
    "FC": _CENTRE,
    **dict.fromkeys(("LFE", "LFE2"), 0.0),
    **dict.fromkeys(("BL", "BR", "BC", "SL", "SR", "WL", "WR", "SDL", "SDR"), _SURROUND),
    **dict.fromkeys(("TC", "TFL", "TFC", "TFR", "TBL", "TBC", "TBR", "TSL", "TSR"), _SURROUND),
}
# What channels without names are taken for, as FFmpeg takes them.
_USUAL = {6: "5.1", 8: "7.1"}
PAIRS = (("FL", "FR"), ("DL", "DR"))

# Windows in which left and right are compared.
WINDOW_SECONDS = 0.5
# Below this correlation the sum of two channels is 6 dB or more below what they hold.
OPPOSITE = -0.5
# Quieter windows (mean square, -60 dBFS) say nothing.
SILENT_POWER = 1e-6
# From this share of opposite windows on they are no accident, and up to this one no rule.
SOME, MOST = 0.2, 0.8


def mono(frame: av.AudioFrame, mix: Mix) -> FloatSamples:
    """Return the samples of a decoded block as one channel, full scale at 1, (n,)."""
    names = tuple(channel.name for channel in frame.layout.channels)
    return channel_weights(names, mix) @ channels_of(frame)


def channels_of(frame: av.AudioFrame) -> FloatSamples:
    """Return the samples of a decoded block, full scale at 1, (channels, n)."""
    samples: npt.NDArray[Any] = frame.to_ndarray()
    if np.issubdtype(samples.dtype, np.integer):
        info = np.iinfo(str(samples.dtype))
        offset = 128 if samples.dtype == np.uint8 else 0
        samples = (samples.astype(np.float32) - offset) / -float(info.min or -128)
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    return samples.astype(np.float32, copy=False)


@functools.cache
def channel_weights(names: tuple[str, ...], mix: Mix) -> FloatSamples:
    """Return the weight of each channel in the mix, (channels,).

    Channels without a known place (several microphones, ambisonics) are averaged; one alone stays as it is.

    Args:
        names: FFmpeg's names of the channels, in order.
    """
    if len(names) == 1:
        return np.ones(1, np.float32)
    if not all(name in _WEIGHTS for name in names):
        if len(names) not in _USUAL:
            return np.full(len(names), 1 / len(names), np.float32)
        names = tuple(channel.name for channel in av.AudioLayout(_USUAL[len(names)]).channels)
    weights = np.array([_WEIGHTS[name] for name in names], np.float32)
    pair = pair_of(names)
    if pair is not None and mix != "layout":
        left, right = pair
        # One alone takes the other's share too.
        signs = {"right_inverted": (1, -1), "left_alone": (2, 0), "right_alone": (0, 2)}[mix]
        weights[left] *= signs[0]
        weights[right] *= signs[1]
    return weights


def pair_of(names: tuple[str, ...]) -> tuple[int, int] | None:
    """Return where left and right are among channels, or None where there is no such pair."""
    for left, right in PAIRS:
        if left in names and right in names:
            return names.index(left), names.index(right)
    return None


class PhaseMeter:
    """Compares left and right window by window through a whole file and says how to mix them."""

    def __init__(self) -> None:
        self._sums = np.zeros(3)  # of the window being filled: left^2, right^2, left*right
        self._num_samples = 0
        self._windows: list[tuple[float, float, float]] = []

    def update(self, frame: av.AudioFrame) -> None:
        """Take the next block; one without a pair says nothing."""
        pair = pair_of(tuple(channel.name for channel in frame.layout.channels))
        if pair is None:
            return
        samples = channels_of(frame)
        left, right = samples[pair[0]].astype(np.float64), samples[pair[1]].astype(np.float64)
        self._sums += (left @ left, right @ right, left @ right)
        self._num_samples += len(left)
        if self._num_samples >= WINDOW_SECONDS * frame.sample_rate:
            a, b, c = self._sums / self._num_samples
            self._windows.append((float(a), float(b), float(c)))
            self._sums[:] = 0
            self._num_samples = 0

    def mix(self) -> Mix:
        """Return how the file's channels are to be mixed, one way for all of it."""
        return mix_of(self._windows)


def mix_of(windows: Iterable[tuple[float, float, float]]) -> Mix:
    """Return how to mix a pair from its windows' mean squares of left and right and their mean product.

    Mixed as laid out unless a fifth of the windows that sound are opposite; with the right channel turned
    over where four fifths are; else, where turning over would cancel the rest, the louder one alone.
    """
    powers = np.array(list(windows)).reshape(-1, 3)
    powers = powers[np.minimum(powers[:, 0], powers[:, 1]) > SILENT_POWER]
    if not len(powers):
        return "layout"
    opposite = float(np.mean(powers[:, 2] / np.sqrt(powers[:, 0] * powers[:, 1]) < OPPOSITE))
    if opposite < SOME:
        return "layout"
    if opposite >= MOST:
        return "right_inverted"
    return "left_alone" if powers[:, 0].sum() >= powers[:, 1].sum() else "right_alone"
