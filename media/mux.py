"""Putting pictures and sound into one file that players and browsers open."""

import io
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from media.encode import SecondReader

# AAC in browsers is surest at the rate that sound cards run at.
OUTPUT_RATE_HZ = 48000
BIT_RATE = 96_000
_BLOCK = 1024  # samples of one AAC frame


def with_sound(video_mp4: bytes, samples: npt.NDArray[np.int16], sampling_rate_hz: int) -> bytes:
    """Return an MP4 with the pictures of another, copied, and mono sound as AAC from their start.

    Args:
        video_mp4: as `VideoEncoder.finish` returns it.
        samples: 16-bit PCM (n,).
    """
    buffer = io.BytesIO()
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with (
        av.open(io.BytesIO(video_mp4), "r") as source,
        av.open(
            buffer, "w", format="mp4", options=options, io_open=lambda *_: SecondReader(buffer)
        ) as target,
    ):
        # PyAV's Packet is generic and its settings have no types: what takes either is partly unknown.
        pictures = target.add_stream_from_template(  # pyright: ignore[reportUnknownMemberType]
            source.streams.video[0]
        )
        sound: Any = target.add_stream(  # pyright: ignore[reportUnknownMemberType]
            "aac", rate=OUTPUT_RATE_HZ, layout="mono"
        )
        sound.bit_rate = BIT_RATE
        sound.options = {"flags": "+bitexact"}
        for packet in source.demux(video=0):
            if packet.dts is not None:  # the flushing packet at the end has none
                packet.stream = pictures
                target.mux(packet)  # pyright: ignore[reportUnknownMemberType]
        for frame in _blocks(samples, sampling_rate_hz):
            target.mux(sound.encode(frame))  # pyright: ignore[reportUnknownMemberType]
        target.mux(sound.encode(None))  # pyright: ignore[reportUnknownMemberType]
    return buffer.getvalue()


def _blocks(samples: npt.NDArray[np.int16], rate: int) -> list[av.AudioFrame]:
    """Return the sound in frames of the encoder's format and rate, timed from zero."""
    whole = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="s16", layout="mono")
    whole.sample_rate, whole.pts, whole.time_base = rate, 0, Fraction(1, rate)
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=OUTPUT_RATE_HZ, frame_size=_BLOCK)
    return [*resampler.resample(whole), *resampler.resample(None)]
