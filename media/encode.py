"""Writing constant-rate H.264, the same bytes every time."""

import io
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

PIXEL_FORMAT = "yuv420p"
KEYFRAME_SECONDS = 0.75


class SecondReader:
    """Reads a buffer that is being written, from a position of its own.

    To move the index to the front of the file, the muxer opens what it wrote a second time.
    """

    def __init__(self, buffer: io.BytesIO) -> None:
        self._buffer = buffer
        self._position = 0

    def read(self, size: int) -> bytes:
        writing_at = self._buffer.tell()
        self._buffer.seek(self._position)
        data = self._buffer.read(size)
        self._buffer.seek(writing_at)
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self._buffer.getbuffer())}
        self._position = base[whence] + offset
        return self._position

    def tell(self) -> int:
        return self._position


def bt709_frame(picture: npt.NDArray[np.uint8]) -> av.VideoFrame:
    """Return an RGB picture (H, W, 3) as a frame of `VideoEncoder`, BT.709 in limited range and tagged so."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24").reformat(
        format=PIXEL_FORMAT, dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )
    frame.color_primaries, frame.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    return frame


class VideoEncoder:
    """Encodes yuv420p pictures of one size into an MP4 in memory.

    One thread and fixed settings make the bytes reproducible. A keyframe every three quarters of a second
    keeps random access cheap for trainers: of ten seconds, two cost at most a quarter of decoding all. With
    one in two seconds they cost up to a third, in files a tenth smaller (twelve clips of talkers). Matrix,
    range, primaries and transfer are tagged as the first picture says.
    """

    def __init__(self, width: int, height: int, fps: float, crf: int, preset: str) -> None:
        if width % 2 or height % 2:
            raise ValueError(f"{width}x{height}: {PIXEL_FORMAT} needs an even width and height")
        self._buffer = io.BytesIO()
        self._container = av.open(
            self._buffer,
            "w",
            format="mp4",
            options={"movflags": "+faststart", "fflags": "+bitexact"},
            io_open=lambda *_: SecondReader(self._buffer),
        )
        rate = Fraction(fps).limit_denominator(1001)
        self._stream = self._container.add_stream(  # pyright: ignore[reportUnknownMemberType]
            "libx264", rate=rate
        )
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = PIXEL_FORMAT
        self._stream.codec_context.thread_count = 1
        self._stream.codec_context.time_base = 1 / rate
        self._stream.options = {
            "crf": str(crf),
            "preset": preset,
            "threads": "1",
            "g": str(round(KEYFRAME_SECONDS * fps)),
            "flags": "+bitexact+cgop",
            # x264's macroblock tree reads unset memory on CPUs with AVX-512 and estimates with other
            # reciprocals on other CPUs. Without it the bytes agree from SSSE3 to AVX-512; the price
            # is about 0.5 dB at the same size (crf 3 higher).
            "x264-params": "mbtree=0",
        }
        self._time_base = 1 / rate
        self.num_frames = 0

    def write(self, frame: av.VideoFrame) -> None:
        """Append one picture. Its timestamp and picture type are overwritten.

        Raises:
            ValueError: if it has another size or pixel format than the file.
        """
        shape = (frame.width, frame.height, frame.format.name)
        if shape != (self._stream.width, self._stream.height, PIXEL_FORMAT):
            raise ValueError(f"a picture of {shape} does not fit into this file")
        if self.num_frames == 0:
            context = self._stream.codec_context
            context.colorspace, context.color_range = frame.colorspace, frame.color_range
            context.color_primaries, context.color_trc = frame.color_primaries, frame.color_trc
        frame.pts, frame.time_base = self.num_frames, self._time_base
        frame.pict_type = PictureType.NONE
        self._put(frame)
        self.num_frames += 1

    def _put(self, frame: av.VideoFrame | None) -> None:
        # PyAV's Packet is generic, and these two say not over what.
        self._container.mux(self._stream.encode(frame))  # pyright: ignore[reportUnknownMemberType]

    def finish(self) -> bytes:
        """Flush and return the file.

        Raises:
            ValueError: if no picture was written.
        """
        if self.num_frames == 0:
            raise ValueError("no picture was written")
        self._put(None)
        self._container.close()
        return self._buffer.getvalue()
