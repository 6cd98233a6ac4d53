"""Score the sound of a clip: loudness, clipping, how much of it is speech, how clean it is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backends.protocols.sound import FoundSpeech
from schemas.bounds import Share
from schemas.records.sound import AudioQuality
from schemas.sample import SAMPLING_RATE_HZ

FloatSamples = npt.NDArray[np.float32]
Span = tuple[float, float]

_BLOCK = SAMPLING_RATE_HZ // 50  # 20 ms
_FULL_SCALE = 0.999  # a sample at or above this share of full scale is clipped
_MIN_NOISE_BLOCKS = 10  # 0.2 s without speech, to measure the noise between words


@dataclass(frozen=True, kw_only=True, slots=True)
class AudioConfig:
    """Voice activity threshold (the chance of speech in a 32 ms window, Silero's default)."""

    vad_threshold: Share = 0.5


def decibels(power: float) -> float:
    """Return a power ratio in dB, -120 at the least (below 16-bit resolution)."""
    return 10.0 * math.log10(max(power, 1e-12))


def loudness_lufs(samples: FloatSamples) -> float | None:
    """Return integrated loudness (ITU-R BS.1770-4), None under 0.4 s or in silence."""
    if len(samples) < 0.4 * SAMPLING_RATE_HZ:
        return None
    import pyloudnorm  # takes a second of SciPy with it, which no command without sound should wait for

    value = float(pyloudnorm.Meter(SAMPLING_RATE_HZ).integrated_loudness(samples.astype(np.float64)))
    return value if math.isfinite(value) else None


def clipping_ratio(samples: FloatSamples) -> float:
    """Return the share of samples in runs of two or more at full scale."""
    full = np.abs(samples) >= _FULL_SCALE
    runs = full[1:] & full[:-1]
    return float(runs.mean()) if len(runs) else 0.0


def snr_db(samples: FloatSamples, speech: Sequence[Span]) -> float | None:
    """Return the ratio of speech to noise power in dB, None without speech.

    Noise is what is heard between the spans of speech, or in the quietest tenth of the clip, which
    lies between words, if that is less (breath and clicks between spans are not the background).
    Limited to -20 to 80 dB: the ends of what 16 bits and a mixture can show.
    """
    blocks = samples[: len(samples) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    power = (blocks.astype(np.float64) ** 2).mean(axis=1)
    middle = (np.arange(len(power)) + 0.5) * _BLOCK / SAMPLING_RATE_HZ
    talking = np.zeros(len(power), bool)
    for start, end in speech:
        talking |= (middle >= start) & (middle < end)
    if not talking.any():
        return None
    between = power[~talking]
    noise = float(np.percentile(power, 10))
    if len(between) >= _MIN_NOISE_BLOCKS:
        noise = min(noise, float(np.median(between)))
    signal = float(power[talking].mean()) - noise
    return min(max(decibels(max(signal, 0.0) / max(noise, 1e-12)), -20.0), 80.0)


def score_audio(samples: FloatSamples, heard: FoundSpeech, vad: str) -> AudioQuality:
    """Measure mono samples (n,) at 16 kHz in which `vad` has found speech."""
    speech = heard.spans
    seconds = len(samples) / SAMPLING_RATE_HZ
    talking = sum(end - start for start, end in speech)
    power = float((samples.astype(np.float64) ** 2).mean()) if len(samples) else 0.0
    peak = float(np.abs(samples).max()) if len(samples) else 0.0
    return AudioQuality(
        loudness_lufs=loudness_lufs(samples),
        rms_dbfs=decibels(power),
        peak_dbfs=decibels(peak**2),
        clipping_ratio=clipping_ratio(samples),
        speech_ratio=min(talking / seconds, 1.0) if seconds else 0.0,
        speech_seconds=talking,
        speech_probability=heard.probability,
        snr_db=snr_db(samples, speech),
        vad=vad,
    )
