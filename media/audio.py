"""Decoding sound to 16 kHz mono, sample-exact against the pictures' clock."""

import itertools
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import soxr
from av.error import FFmpegError

from media.source import (
    MediaError,
    MediaLimits,
    container_start_seconds,
    main_audio_stream,
    open_container,
    read_only,
)

FloatSamples = npt.NDArray[np.float32]
Pcm = npt.NDArray[np.int16]

# Decoding starts this early, so that codecs with memory (AAC, MP3, Opus) have settled.
PREROLL_SECONDS = 0.5
# Timestamps that jitter by less than this are taken as continuous sound.
GAP_TOLERANCE_SECONDS = 0.01
# Context on both sides of the window for the resampling filter.
MARGIN_SECONDS = 0.05


def decode_audio(
    uri: str,
    limits: MediaLimits,
    start_seconds: float,
    end_seconds: float,
    sampling_rate_hz: int = 16000,
) -> FloatSamples:
    """Return the sound of [start, end) as mono float samples in [-1, 1].

    Sample i is the sound at `start_seconds + i / sampling_rate_hz`. Where the source has no
    sound (it starts late, has gaps, is damaged or ends early) the samples are zero. Channels
    are averaged.

    Returns:
        `round((end - start) * rate)` samples, float32.

    Raises:
        MediaError: if the file cannot be opened or holds no sound.
    """
    with open_container(uri, limits) as container:
        stream = main_audio_stream(container)
        if stream is None:
            raise MediaError(f"{uri}: holds no sound")
        stream.codec_context.thread_count = 1
        read_only(container, stream)
        zero = container_start_seconds(container)
        origin = start_seconds - MARGIN_SECONDS
        frames = _decode_tolerantly(container, stream)
        if origin > PREROLL_SECONDS:
            _seek(container, stream, origin - PREROLL_SECONDS + zero)
            # Decoders trim the first block after a seek and round its time once more for that.
            frames = itertools.islice(frames, 1, None)
        window = end_seconds - start_seconds + 2 * MARGIN_SECONDS
        native, rate = _collect(frames, origin + zero, window)
    count = round((end_seconds - start_seconds) * sampling_rate_hz)
    return _resample(native, rate, sampling_rate_hz, count)


def _seek(container: Any, stream: Any, seconds: float) -> None:
    try:
        container.seek(int(seconds / stream.time_base), stream=stream, backward=True)
    except FFmpegError:
        return  # cannot seek: decoding starts at the beginning and reaches the window later


def _decode_tolerantly(container: Any, stream: Any) -> Iterator[av.AudioFrame]:
    """Yield the frames that decode; the others leave silence, which lowers the speech scores."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, FFmpegError):
            return
        try:
            yield from packet.decode()
        except FFmpegError:
            continue


def _collect(frames: Iterator[av.AudioFrame], origin: float, seconds: float) -> tuple[FloatSamples, int]:
    """Place decoded blocks by their timestamps into a window that starts at `origin`.

    The rate is the frames' own: the header gives half of it for HE-AAC.
    """
    native, rate = np.zeros(0, np.float32), 0
    expected: int | None = None
    for frame in frames:
        if frame.pts is None or not frame.time_base:
            continue
        if not rate:
            rate = frame.sample_rate
            native = np.zeros(round(seconds * rate), np.float32)
        block = _mono(frame)
        if frame.sample_rate != rate:
            block = soxr.resample(block, frame.sample_rate, rate, quality="HQ")
        position = round((float(frame.pts * frame.time_base) - origin) * rate)
        if expected is not None and abs(position - expected) < GAP_TOLERANCE_SECONDS * rate:
            position = expected
        expected = position + len(block)
        if position >= len(native):
            break
        begin, end = max(position, 0), min(expected, len(native))
        if begin < end:
            native[begin:end] = block[begin - position : end - position]
    return native, rate


def _mono(frame: av.AudioFrame) -> FloatSamples:
    samples: npt.NDArray[Any] = frame.to_ndarray()
    if np.issubdtype(samples.dtype, np.integer):
        info = np.iinfo(str(samples.dtype))
        offset = 128 if samples.dtype == np.uint8 else 0
        samples = (samples.astype(np.float32) - offset) / -float(info.min or -128)
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    return samples.mean(axis=0, dtype=np.float32)


def _resample(native: FloatSamples, rate: int, target: int, count: int) -> FloatSamples:
    """Resample a window with margins on both sides and return `count` samples of its inside."""
    out = soxr.resample(native, rate, target, quality="HQ") if rate not in (0, target) else native
    first = round(MARGIN_SECONDS * target)
    window = out[first : first + count]
    return np.pad(window, (0, count - len(window))).astype(np.float32)


def to_pcm(samples: FloatSamples) -> Pcm:
    """Return samples in [-1, 1] as 16-bit integers; what lies beyond is clipped."""
    return np.clip(np.round(samples * 32767.0), -32768, 32767).astype("<i2")


def from_pcm(samples: Pcm) -> FloatSamples:
    """Return 16-bit samples that `to_pcm` made as floats in [-1, 1]."""
    return samples.astype(np.float32) / np.float32(32767.0)
