"""Decoding sound to 16 kHz mono, sample-exact against the pictures' clock."""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import soxr
from av.error import FFmpegError

from media.clock import PartClock, retime
from media.mix import mono, without_cancelling
from media.recordings import Part, parts_of
from media.source import (
    MediaError,
    MediaLimits,
    check_sound,
    container_start_seconds,
    open_container,
    read_packets,
)
from media.streams import main_audio_stream, main_video_stream, read_only, stream_at
from schemas.records.video import Reading

FloatSamples = npt.NDArray[np.float32]
Pcm = npt.NDArray[np.int16]

# Decoding starts this early, so that codecs with memory (AAC, MP3, Opus) have settled.
PREROLL_SECONDS = 0.5
# Timestamps that jitter by less than this are taken as continuous sound.
GAP_TOLERANCE_SECONDS = 0.01
# Context on both sides of the window for the resampling filter.
MARGIN_SECONDS = 0.05
# Sound that decodes to more than this many times what its window holds takes up no time.
_MAX_EXCESS = 4


def decode_audio(
    uri: str,
    limits: MediaLimits,
    start_seconds: float,
    end_seconds: float,
    sampling_rate_hz: int = 16000,
    reading: Reading | None = None,
) -> FloatSamples:
    """Return the sound of [start, end) as mono float samples, full scale at 1.

    Sample i is the sound at `start_seconds + i / sampling_rate_hz`. Where the source has no
    sound (it starts late, has gaps, is damaged or ends early) the samples are zero. Channels are
    mixed by their layout (`media.mix`); what is loud in all of many exceeds full scale.

    Args:
        reading: how the file is read, as `probe_media` found; None for files whose clock runs on.

    Returns:
        `round((end - start) * rate)` samples, float32.

    Raises:
        MediaError: if the file cannot be opened, holds no sound or more than the limits allow.
    """
    samples = np.zeros(round((end_seconds - start_seconds) * sampling_rate_hz), np.float32)
    for part in parts_of(reading or Reading(), "sound"):
        # Samples of all parts lie on one grid.
        first = max(math.ceil((part.start_seconds - start_seconds) * sampling_rate_hz), 0)
        begin, end = start_seconds + first / sampling_rate_hz, min(part.end_seconds, end_seconds)
        if begin < end:
            heard = _decode_part(uri, limits, begin, end, sampling_rate_hz, part)[: len(samples) - first]
            samples[first : first + len(heard)] = heard
    return samples


def _decode_part(
    uri: str, limits: MediaLimits, begin: float, end: float, sampling_rate_hz: int, part: Part
) -> FloatSamples:
    """Return the sound of a part in [begin, end) of the video, as `decode_audio` does."""
    reading, start_seconds = part.reading, begin - part.start_seconds
    with open_container(uri, limits, part.span) as container:
        stream = _sound_stream(uri, container, reading, limits)
        zero = container_start_seconds(container)
        origin = start_seconds - MARGIN_SECONDS
        if len(reading.clock) > 1 or origin <= PREROLL_SECONDS:
            frames = _decode_tolerantly(container, stream, reading, zero, origin - PREROLL_SECONDS)
        else:
            _seek(container, stream, origin - PREROLL_SECONDS + zero)
            # Decoders trim the first block after a seek and round its time once more for that.
            frames = itertools.islice(_decode_tolerantly(container, stream, reading, zero, None), 1, None)
        window = end - begin + 2 * MARGIN_SECONDS
        native, rate = _collect(uri, frames, origin, zero, window, limits)
    count = round((end - begin) * sampling_rate_hz)
    return _resample(native, rate, sampling_rate_hz, count)


def _sound_stream(uri: str, container: Any, reading: Reading, limits: MediaLimits) -> Any:
    """Return the stream to listen to, and nothing else of the container."""
    if reading.sound_stream is not None:
        stream: Any = stream_at(container, reading.sound_stream)
    else:
        stream = main_audio_stream(container, main_video_stream(container))
    if stream is None:
        raise MediaError(f"{uri}: holds no sound")
    stream.codec_context.thread_count = 1
    stream.codec_context.options = {"max_samples": str(limits.max_sound_samples)}
    read_only(container, stream)
    return stream


def _seek(container: Any, stream: Any, seconds: float) -> None:
    try:
        container.seek(int(seconds / stream.time_base), stream=stream, backward=True)
    except FFmpegError:
        return  # cannot seek: decoding starts at the beginning and reaches the window later


def _decode_tolerantly(
    container: Any, stream: Any, reading: Reading, zero: float, skip_to_seconds: float | None
) -> Iterator[av.AudioFrame]:
    """Yield the frames that decode; the others leave silence, which lowers the speech scores.

    Args:
        skip_to_seconds: packets of before this time are not decoded in a file whose clock jumps.
    """
    clock = PartClock(reading.clock, "sound") if reading.clock else None
    packets = read_packets(container, stream)
    skip_to = skip_to_seconds if skip_to_seconds is not None and len(reading.clock) > 1 else 0.0
    while True:
        try:
            packet = next(packets)
        except (StopIteration, FFmpegError):
            return
        if clock is not None and packet.size:
            retime(packet, clock, zero)
            stamp = packet.pts if packet.pts is not None else packet.dts
            if skip_to > 0 and (stamp is None or float(stamp * packet.time_base) - zero < skip_to):
                continue
            skip_to = 0.0
        try:
            yield from packet.decode()
        except FFmpegError:
            continue


class _Window:
    """Samples of a span as one channel, and half of left minus right, filled block by block.

    Sound never replaces sound: where times go back, what was there first stays.
    """

    def __init__(self, silence: FloatSamples) -> None:
        self.samples = silence
        self.difference: FloatSamples | None = None
        self._reached = 0  # samples before this one are taken

    def place(self, position: int, block: FloatSamples, half: FloatSamples | None) -> bool:
        """Put a block at a sample; return whether any of it had a place."""
        begin, end = max(position, self._reached, 0), min(position + len(block), len(self.samples))
        if begin >= end:
            return False
        self.samples[begin:end] = block[begin - position : end - position]
        if half is not None:
            if self.difference is None:
                self.difference = np.zeros_like(self.samples)
            self.difference[begin:end] = half[begin - position : end - position]
        self._reached = end
        return True


def _collect(
    uri: str, frames: Iterator[av.AudioFrame], origin: float, zero: float, seconds: float, limits: MediaLimits
) -> tuple[FloatSamples, int]:
    """Place decoded blocks by their timestamps into a window that starts at `origin`, in the video's time.

    The rate is the frames' own: the header gives half of it for HE-AAC.
    """
    window, rate, decoded = _Window(np.zeros(0, np.float32)), 0, 0
    expected: int | None = None
    for frame in frames:
        if not frame.time_base or (frame.pts is None and expected is None):
            continue
        if not rate:
            rate = frame.sample_rate
            window = _Window(_silence(uri, seconds, rate, limits))
        check_sound(uri, frame.sample_rate, frame.layout.nb_channels, limits)
        block, half = mono(frame)
        if frame.sample_rate != rate:
            block, half = _at_rate(block, frame, rate), None if half is None else _at_rate(half, frame, rate)
        position = _position(frame, origin + zero, rate, expected)
        expected = position + len(block)
        if position >= len(window.samples):
            break
        placed, decoded = window.place(position, block, half), decoded + len(block)
        if not placed and decoded > _MAX_EXCESS * len(window.samples) + limits.max_sound_samples:
            raise MediaError(f"{uri}: more sound than its time holds (media.max_sound_samples in the config)")
    if window.difference is None:
        return window.samples, rate
    return without_cancelling(window.samples, window.difference, round(origin * rate), rate), rate


def _at_rate(block: FloatSamples, frame: av.AudioFrame, rate: int) -> FloatSamples:
    return np.asarray(soxr.resample(block, frame.sample_rate, rate, quality="HQ"), np.float32)


def _position(frame: av.AudioFrame, origin: float, rate: int, expected: int | None) -> int:
    """Return the sample at which a block starts: behind the last one if its time is damaged or jitters."""
    if frame.pts is None or frame.time_base is None:
        return expected or 0
    position = round((float(frame.pts * frame.time_base) - origin) * rate)
    if expected is not None and abs(position - expected) < GAP_TOLERANCE_SECONDS * rate:
        return expected
    return position


def _silence(uri: str, seconds: float, rate: int, limits: MediaLimits) -> FloatSamples:
    check_sound(uri, rate, 1, limits)
    if seconds * rate > limits.max_sound_samples + rate:
        raise MediaError(
            f"{uri}: {seconds:.0f} s of sound at {rate} Hz, more than the limit of "
            f"{limits.max_sound_samples} samples (media.max_sound_samples in the config)"
        )
    return np.zeros(round(seconds * rate), np.float32)


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
