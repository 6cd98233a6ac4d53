"""Turning decoded frames into displayed pictures: upright, square pixels, cropped and scaled."""

from collections.abc import Iterator
from typing import Any

import av
import av.filter
import numpy as np
import numpy.typing as npt

# FFmpeg's numbers for transfer characteristics (ITU-T H.273): PQ and HLG, both HDR.
HDR_TRANSFERS = (16, 18)
RGB_MATRIX = 0


def displayed_size(width: int, height: int, rotation: int, aspect: float) -> tuple[int, int]:
    """Return the size in px of a coded picture once shown upright with square pixels.

    Pixels are only ever stretched, never shrunk, so that no detail is lost.
    """
    if aspect > 1:
        width = round(width * aspect)
    elif aspect < 1:
        height = round(height / aspect)
    return (height, width) if rotation % 180 else (width, height)


class PictureView:
    """Turns decoded frames into displayed pictures: rotated, cropped, scaled, in a pixel format.

    YUV pictures keep their matrix (BT.601, BT.709, as tagged) and get limited range, which is
    what readers assume that ignore tags; RGB pictures are full range. HDR (PQ, HLG) is tone
    mapped to BT.709. The filter graph is built on the first frame and rebuilt if the stream
    changes its format.

    Interlaced frames are shown as they are: a good deinterlacer needs both neighbours of a frame,
    which a view of single frames does not have (`frame.interlaced_frame` tells them). Mirroring in
    a display matrix is ignored.

    Args:
        width, height: the size of the result in px.
        rotation_degrees: counter-clockwise, as in FFmpeg's display matrix and `frame.rotation`.
        pixel_format: FFmpeg's name, such as "rgb24" or "yuv420p".
        crop_xyxy: in px of the displayed picture, of `display_size`; whole picture if None.
        display_size: the displayed size in px; needed with a crop if pixels are not square.
        interpolation: swscale's name; "area" averages, so it does not alias when it shrinks.
    """

    def __init__(
        self,
        width: int,
        height: int,
        rotation_degrees: int,
        pixel_format: str,
        crop_xyxy: tuple[int, int, int, int] | None = None,
        display_size: tuple[int, int] | None = None,
        interpolation: str = "area",
    ) -> None:
        self._target = (width, height)
        self._rotation = rotation_degrees % 360
        self._format = pixel_format
        self._crop = crop_xyxy
        self._display_size = display_size
        self._interpolation = interpolation
        self._graph: Any = None
        self._graph_key: tuple[Any, ...] | None = None

    def render(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return the picture of a decoded frame; the frame itself is left as it is."""
        key = (
            frame.width,
            frame.height,
            frame.format.name,
            frame.colorspace,
            frame.color_range,
            frame.color_trc,
        )
        if key != self._graph_key:
            self._graph, self._graph_key = self._build(frame), key
        self._graph.push(frame)
        return self._graph.pull()

    def pixels(self, frame: av.VideoFrame) -> npt.NDArray[np.uint8]:
        """Return the picture of a decoded frame as an array; see `render`."""
        return np.asarray(self.render(frame).to_ndarray(), np.uint8)

    def _build(self, frame: av.VideoFrame) -> Any:
        graph = av.filter.Graph()
        graph.threads = 1
        # Without colorspace and range the scaler would be set up for unknown ones.
        source = (
            f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base=1/1000:"
            f"pixel_aspect=1/1:colorspace={int(frame.colorspace)}:range={int(frame.color_range)}"
        )
        nodes = [graph.add("buffer", source)]
        nodes += [graph.add(name, arguments) for name, arguments in self._steps(frame)]
        nodes.append(graph.add("buffersink"))
        graph.link_nodes(*nodes).configure()
        return graph

    def _steps(self, frame: av.VideoFrame) -> Iterator[tuple[str, str]]:
        size = (frame.width, frame.height)
        if self._crop is not None:
            x0, y0, x1, y1 = coded_crop(self._crop, self._display_size, size, self._rotation)
            yield "crop", f"{x1 - x0}:{y1 - y0}:{x0}:{y0}:exact=1"
        width, height = self._target if self._rotation % 180 == 0 else self._target[::-1]
        scale = f"{width}:{height}:flags={self._interpolation}+accurate_rnd"
        out = ":out_range=tv" if self._format.startswith(("yuv", "nv")) else ""
        if int(frame.color_trc) in HDR_TRANSFERS:
            # Scaled first: mapping tones costs ten times as much a pixel.
            yield "scale", scale
            yield "format", frame.format.name
            scale = "out_primaries=bt709:out_transfer=bt709"
            out += ":out_color_matrix=bt709" if out else ""
        elif int(frame.colorspace) == RGB_MATRIX and out:
            out += ":out_color_matrix=bt709"
        yield "scale", scale + out
        yield "format", self._format
        # Turned last, because turning a small picture costs less than turning a large one.
        turns = {90: ["cclock"], 180: ["hflip", "vflip"], 270: ["clock"]}
        for turn in turns.get(self._rotation, []):
            yield (turn, "") if turn.endswith("flip") else ("transpose", turn)
        yield "setsar", "1"


def coded_crop(
    crop: tuple[int, int, int, int],
    display_size: tuple[int, int] | None,
    coded_size: tuple[int, int],
    rotation: int,
) -> tuple[int, int, int, int]:
    """Map a crop of the displayed picture to the coded one, before rotation and pixel aspect.

    All sizes and crops are in px; `rotation` is 0, 90, 180 or 270 degrees counter-clockwise.
    """
    width, height = display_size or displayed_size(*coded_size, rotation, 1.0)
    x0, y0, x1, y1 = crop
    if rotation == 90:
        x0, y0, x1, y1 = height - y1, x0, height - y0, x1
    elif rotation == 180:
        x0, y0, x1, y1 = width - x1, height - y1, width - x0, height - y0
    elif rotation == 270:
        x0, y0, x1, y1 = y0, width - x1, y1, width - x0
    if rotation % 180:
        width, height = height, width
    sx, sy = coded_size[0] / width, coded_size[1] / height
    left = min(max(round(x0 * sx), 0), coded_size[0] - 1)
    top = min(max(round(y0 * sy), 0), coded_size[1] - 1)
    right = min(max(round(x1 * sx), left + 1), coded_size[0])
    bottom = min(max(round(y1 * sy), top + 1), coded_size[1])
    return left, top, right, bottom
