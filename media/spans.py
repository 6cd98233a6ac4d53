"""Some pictures of one of our own MP4s, by their numbers: only they and what leads to them are decoded."""

import io
from collections.abc import Generator
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.error import FFmpegError

from media.frames import DecodeTally, configure_decoder
from media.source import MediaError, MediaLimits, describe, read_packets, refuse_to_open
from media.streams import main_video_stream, read_only

# A keyframe is found by when it is decoded, which is up to so many pictures before it is shown.
_SEEK_BACK_FRAMES = (0, 2, 16)
_MAX_BYTES = 8 * 2**30


def decode_span(
    data: bytes,
    start_frame: int,
    num_frames: int,
    fps: float,
    limits: MediaLimits | None = None,
    max_bytes: int = _MAX_BYTES,
    tally: DecodeTally | None = None,
) -> npt.NDArray[np.uint8]:
    """Return pictures (num_frames, H, W, 3), RGB, of an MP4 at constant rate that has no display matrix.

    The reader goes to the keyframe before the first wanted picture; pictures on the way there that no other
    one refers to are not decoded.

    Args:
        max_bytes: the most that the pictures may take in memory.
        tally: counts the frames that are decoded.

    Raises:
        MediaError: if the bytes are no such MP4, are damaged where they are read, do not hold all wanted
            pictures, or exceed the limits.
    """
    if start_frame < 0 or num_frames < 1:
        raise MediaError(f"pictures {start_frame} to {start_frame + num_frames} are none")
    limits = limits or MediaLimits()
    options = {"max_pixels": str(limits.max_pixels), "max_streams": str(limits.max_streams)}
    try:
        with av.open(
            io.BytesIO(data),
            "r",
            format="mp4",
            options=options,
            metadata_errors="replace",
            io_open=refuse_to_open,
        ) as container:
            video: Any = main_video_stream(container)
            if video is None:
                raise MediaError("the MP4 holds no pictures")
            configure_decoder(video, limits)
            read_only(container, video)
            span = _Span(start_frame, num_frames, fps, video)
            return _decode(container, video, span, max_bytes, tally or DecodeTally())
    except MediaError:
        raise
    except (FFmpegError, OSError, ValueError, OverflowError) as error:
        raise MediaError(f"the pictures cannot be decoded ({describe(error)})") from error


class _Span:
    """The wanted pictures, in the ticks of a stream's clock."""

    def __init__(self, start: int, number: int, fps: float, video: Any) -> None:
        self.start, self.number = start, number
        self._ticks = 1 / (fps * float(video.time_base))
        self._zero = video.start_time or 0

    def ticks_of(self, frame: int) -> int:
        return self._zero + round(frame * self._ticks)

    def number_of(self, ticks: int) -> int:
        """Return which of the wanted pictures is shown at a time; negative before the first."""
        return round((ticks - self._zero) / self._ticks) - self.start


def _decode(
    container: Any, video: Any, span: _Span, max_bytes: int, tally: DecodeTally
) -> npt.NDArray[np.uint8]:
    pictures: npt.NDArray[np.uint8] | None = None
    for index, frame in enumerate(_wanted_frames(container, video, span, tally)):
        if pictures is None:
            size = span.number * frame.height * frame.width * 3
            if size > max_bytes:
                raise MediaError(f"{span.number} pictures of {frame.width}x{frame.height} take {size} bytes")
            pictures = np.empty((span.number, frame.height, frame.width, 3), np.uint8)
        if (frame.height, frame.width) != pictures.shape[1:3]:
            raise MediaError("the pictures change their size")
        # A filter graph (`PictureView`) would take seven times as long for what needs no scaling.
        pictures[index] = frame.to_ndarray(format="rgb24")
    assert pictures is not None  # or one of them was missing
    return pictures


def _wanted_frames(container: Any, video: Any, span: _Span, tally: DecodeTally) -> Generator[av.VideoFrame]:
    """Yield all pictures of a span, in order."""
    wanted = 0
    for packet in _packets(container, video, span):
        early = packet.pts is not None and span.number_of(packet.pts) < 0
        video.codec_context.skip_frame = "NONREF" if early else "DEFAULT"
        for frame in packet.decode():
            tally.frames += 1
            number = -1 if frame.pts is None else span.number_of(frame.pts)
            if number < 0:
                continue
            if number != wanted:
                raise MediaError(f"picture {span.start + wanted} of the MP4 is missing")
            yield frame
            wanted += 1
            if wanted == span.number:
                return
    raise MediaError(f"the MP4 ends before picture {span.start + wanted}")


def _packets(container: Any, video: Any, span: _Span) -> Generator[Any]:
    """Yield packets from a keyframe at or before the first wanted picture on."""
    for back in _SEEK_BACK_FRAMES:
        target = span.start - back
        if target <= 0:
            break
        container.seek(span.ticks_of(target), stream=video, backward=True)
        packets = read_packets(container, video)
        first = next(packets, None)
        if first is not None and first.pts is not None and span.number_of(first.pts) <= 0:
            yield first
            yield from packets
            return
    container.seek(span.ticks_of(0), stream=video, backward=True)
    yield from read_packets(container, video)
