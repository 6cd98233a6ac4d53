"""Videos beside each other, each under its name; those that were made are marked so."""

from collections.abc import Mapping, Set

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from drawing.label import LabelConfig, VisibleLabel
from drawing.style import BACKGROUND, TEXT, Image
from drawing.text import Style, draw_text
from media import VideoEncoder
from media.encode import bt709_frame

_HEADER_PX, _GAP_PX = 24, 4
_CRF, _PRESET = 24, "veryfast"


def side_by_side(videos: Mapping[str, Image], made: Set[str], index: int) -> Image:
    """Return frame `index` (h, w, 3) of videos (N, H, W, 3) of one size, with their names above.

    Args:
        made: the names of those that carry the visible label of made pictures.
    """
    height, width = next(iter(videos.values())).shape[1:3]
    label = VisibleLabel(width, height, LabelConfig(corner="top right"))  # players' controls are below
    columns = len(videos) * (width + _GAP_PX) - _GAP_PX
    canvas = Pillow.new("RGB", (columns + columns % 2, height + _HEADER_PX + height % 2), BACKGROUND)
    draw, style = ImageDraw.Draw(canvas), Style(size_px=14, bold=True, colour=TEXT)
    for place, name in enumerate(videos):
        draw_text(draw, (place * (width + _GAP_PX) + 4, 17), name, style, width - 8)
    out = np.array(canvas)
    for place, (name, frames) in enumerate(videos.items()):
        left = place * (width + _GAP_PX)
        shown = label.draw(frames[index]) if name in made else frames[index]
        out[_HEADER_PX : _HEADER_PX + height, left : left + width] = shown
    return out


def side_by_side_mp4(videos: Mapping[str, Image], made: Set[str], fps: float) -> bytes:
    """Return the videos beside each other as one, without sound."""
    number = len(next(iter(videos.values())))
    first = side_by_side(videos, made, 0)
    encoder = VideoEncoder(first.shape[1], first.shape[0], fps, _CRF, _PRESET)
    for index in range(number):
        encoder.write(bt709_frame(side_by_side(videos, made, index)))
    return encoder.finish()
