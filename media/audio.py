"""Decoding sound to 16 kHz mono, sample-exact against the pictures' clock."""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import soxr
from av.error import FFmpegError

from media.clock import PartClock, retime
from media.mix import PhaseMeter, mono, pair_of
from media.source import (
    MediaError,
    MediaLimits,
    check_sound,
    container_start_seconds,
    open_container,
    read_packets,
)
from media.streams import main_audio_stream, main_video_stream, read_only, stream_at
from schemas.records import Mix, Reading

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
    reading = reading or Reading()
    with open_container(uri, limits) as container:
        stream = _sound_stream(uri, container, reading, limits)
        zero = container_start_seconds(container)
        origin = start_seconds - MARGIN_SECONDS
        if len(reading.clock) > 1 or origin <= PREROLL_SECONDS:
            frames = _decode_tolerantly(container, stream, reading, zero, origin - PREROLL_SECONDS)
        else:
            _seek(container, stream, origin - PREROLL_SECONDS + zero)
            # Decoders trim the first block after a seek and round its time once more for that.
            frames = itertools.islice(_decode_tolerantly(container, stream, reading, zero, None), 1, None)
        window = end_seconds - start_seconds + 2 * MARGIN_SECONDS
        native, rate = _collect(uri, frames, origin + zero, window, reading.mix, limits)
    count = round((end_seconds - start_seconds) * sampling_rate_hz)
    return _resample(native, rate, sampling_rate_hz, count)


def measure_mix(uri: str, limits: MediaLimits, reading: Reading) -> Reading:
    """Return how a file is read with how its channels are to be mixed: all of its sound is compared once."""
    with open_container(uri, limits) as container:
        stream = _sound_stream(uri, container, reading, limits)
        meter = PhaseMeter()
        if pair_of(tuple(channel.name for channel in stream.codec_context.layout.channels)) is not None:
            for frame in _decode_tolerantly(container, stream, Reading(), 0.0, None):
                check_sound(uri, frame.sample_rate, frame.layout.nb_channels, limits)
                meter.update(frame)
    return dataclasses.replace(reading, mix=meter.mix())


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


def _collect(
    uri: str, frames: Iterator[av.AudioFrame], origin: float, seconds: float, mix: Mix, limits: MediaLimits
) -> tuple[FloatSamples, int]:
    """Place decoded blocks by their timestamps into a window that starts at `origin`.

    The rate is the frames' own: the header gives half of it for HE-AAC. Sound never replaces sound: where
    times go back, what was there first stays.
    """
    native, rate, decoded = np.zeros(0, np.float32), 0, 0
    reached = 0  # samples before this one are taken
    expected: int | None = None
    for frame in frames:
        if not frame.time_base or (frame.pts is None and expected is None):
            continue
        if not rate:
            rate = frame.sample_rate
            native = _silence(uri, seconds, rate, limits)
        check_sound(uri, frame.sample_rate, frame.layout.nb_channels, limits)
        block = mono(frame, mix)
        if frame.sample_rate != rate:
            block = soxr.resample(block, frame.sample_rate, rate, quality="HQ")
        position = _position(frame, origin, rate, expected)
        expected = position + len(block)
        if position >= len(native):
            break
        begin, end = max(position, reached, 0), min(expected, len(native))
        if begin < end:
            native[begin:end] = block[begin - position : end - position]
            reached = end
        decoded += len(block)
        if begin >= end and decoded > _MAX_EXCESS * len(native) + limits.max_sound_samples:
            raise MediaError(f"{uri}: more sound than its time holds (media.max_sound_samples in the config)")
    return native, rate


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
