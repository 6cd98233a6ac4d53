"""Making one channel of many: by their layout, and so that opposite channels do not cancel."""

import functools
import itertools
from typing import Any

import av
import numpy as np
import numpy.typing as npt

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

# Windows in which left and right are compared: many periods of any voice, and few syllables.
WINDOW_SECONDS = 0.25
# From this ratio of mean squares of their difference to the mix on, two channels cancel: alike ones then
# have a correlation below -0.5, and their sum is 6 dB or more below what they hold.
OPPOSITE_RATIO = 3.0
# Quieter windows (mean square, -60 dBFS) say nothing.
SILENT_POWER = 1e-6
# From one way of mixing to the other, against clicks.
FADE_SECONDS = 0.02


def mono(frame: av.AudioFrame) -> tuple[FloatSamples, FloatSamples | None]:
    """Return a decoded block as one channel, full scale at 1, (n,), and half of left minus right, (n,).

    The second is None where no left and right are known.
    """
    names = tuple(channel.name for channel in frame.layout.channels)
    channels, weights = _channels_of(frame), _difference_weights(names)
    return channel_weights(names) @ channels, None if weights is None else weights @ channels


def _channels_of(frame: av.AudioFrame) -> FloatSamples:
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
def channel_weights(names: tuple[str, ...]) -> FloatSamples:
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
    return np.array([_WEIGHTS[name] for name in names], np.float32)


@functools.cache
def _difference_weights(names: tuple[str, ...]) -> FloatSamples | None:
    """Return the weights of half the difference of left and right, (channels,); None without such a pair."""
    for left, right in PAIRS:
        if left in names and right in names:
            weights = np.zeros(len(names), np.float32)
            weights[names.index(left)], weights[names.index(right)] = _FRONT, -_FRONT
            return weights
    return None


def without_cancelling(
    mixed: FloatSamples, difference: FloatSamples, first_sample: int, rate_hz: int
) -> FloatSamples:
    """Return a mix with left alone in place of left and right while the two cancel, (n,).

    Left alone is the mix and half the difference: who is heard in the middle stays, and who is opposite is
    there again. It is decided window by window, so that it holds for as long as somebody is opposite.

    Args:
        mixed, difference: (n,) each; all channels by their layout, and half of left minus right.
        first_sample: where the first sample lies in the video: windows are the video's, whatever span of
            it is decoded.
        rate_hz: of both.
    """
    size = round(WINDOW_SECONDS * rate_hz)
    edges = [0, *range(size - first_sample % size, len(mixed), size), len(mixed)]
    windows = [slice(a, b) for a, b in itertools.pairwise(edges) if b > a]
    out, fade = mixed.copy(), round(FADE_SECONDS * rate_hz)
    opposite = _opposite(*([_power(s[w]) for w in windows] for s in (mixed, difference)))
    for alone, together in itertools.groupby(zip(opposite, windows, strict=True), lambda pair: pair[0]):
        run = [window for _, window in together]
        if alone:
            begin, end = run[0].start, run[-1].stop
            gain = np.ones(end - begin, np.float32)
            ramp = np.linspace(0, 1, min(fade, len(gain)), dtype=np.float32)
            gain[: len(ramp)] *= 1.0 if begin == 0 else ramp
            gain[len(gain) - len(ramp) :] *= 1.0 if end == len(mixed) else ramp[::-1]
            out[begin:end] += gain * difference[begin:end]
    return out


def _power(samples: FloatSamples) -> float:
    return float(np.square(samples, dtype=np.float64).mean())


def _opposite(together: list[float], apart: list[float]) -> list[bool]:
    """Return in which windows left and right cancel; quiet ones are as the one before them.

    Args:
        together, apart: mean squares of the mix and of half the difference.
    """
    found: list[bool] = []
    latest = False
    for mix, half in zip(together, apart, strict=True):
        if max(mix, half) > SILENT_POWER:
            latest = half > OPPOSITE_RATIO * mix
        found.append(latest)
    return found
