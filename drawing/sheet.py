"""The contact sheet: a header, the timeline, and frames evenly spaced over the clip, with marks and body."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from drawing.captions import word_at
from drawing.clip_view import ClipView
from drawing.header import draw_header
from drawing.panel import draw_panel, fit, resize
from drawing.style import BACKGROUND, DIM, VERMILLION, YELLOW, Image
from drawing.text import Style, draw_text
from drawing.timeline import draw_tick, draw_timeline

WIDTH_PX = 1680
_GAP_PX = 8
_CAPTION_PX = 26
# Columns and rows of frames by the picture's width / height, from the widest.
_GRIDS = ((1.2, 4, 4), (0.8, 5, 3), (0.0, 6, 3))
# Tiles are drawn larger and reduced, which keeps thin lines apart on small pictures.
_OVERSIZE = 1.5


def grid_of(width: int, height: int) -> tuple[int, int]:
    """Return the number of columns and rows for pictures of this size; 12 to 20 in all."""
    return next((columns, rows) for aspect, columns, rows in _GRIDS if width / height >= aspect)


def sheet_frames(num_frames: int, count: int) -> list[int]:
    """Return at most `count` frame numbers, each from the middle of an equal stretch."""
    count = min(count, num_frames)
    return [int((i + 0.5) * num_frames / count) for i in range(count)]


class ContactSheet:
    """Collects the frames it wants while a clip is decoded, then draws the sheet."""

    def __init__(self, clip: ClipView) -> None:
        self._clip = clip
        self._columns, rows = grid_of(clip.width, clip.height)
        self.wanted = sheet_frames(clip.num_frames, self._columns * rows)
        self._tile_width = (WIDTH_PX - (self._columns + 1) * _GAP_PX) // self._columns
        self._size = fit(clip.width, clip.height, self._tile_width, 100_000)
        self._tiles: dict[int, Image] = {}
        self._bodies: dict[int, Image] = {}

    def update(self, index: int, image: Image) -> None:
        """Take a frame of the clip; those that are not wanted are passed over."""
        if index in self.wanted:
            large = resize(image, (round(self._size[0] * _OVERSIZE), round(self._size[1] * _OVERSIZE)))
            panel = draw_panel(image, large, self._clip.marks[index], self._clip.inset)
            self._tiles[index] = resize(panel, self._size)
            if self._clip.mesh is not None:
                self._bodies[index] = resize(self._clip.mesh.draw(index, large), self._size)

    def draw(self, facts: Sequence[str], scores: Mapping[str, Mapping[str, str]], broken: set[str]) -> Image:
        """Return the sheet, (H, WIDTH_PX, 3).

        Args:
            facts: lines about the clip and its source.
            scores: columns of the header: title, then name and value.
            broken: names of the scores that the clip was rejected for.
        """
        header = draw_header(self._clip, WIDTH_PX, facts, scores, broken)
        timeline = draw_timeline(WIDTH_PX, self._clip.timeline)
        for index in self.wanted:
            draw_tick(timeline.image, timeline.x_at(index / self._clip.fps))
        grids = [self._draw_grid(tiles) for tiles in (self._tiles, self._bodies) if tiles]
        return np.concatenate([header, timeline.image, *grids])

    def _draw_grid(self, tiles: Mapping[int, Image]) -> Image:
        rows = -(-len(self.wanted) // self._columns)
        step = self._size[1] + _CAPTION_PX + _GAP_PX
        canvas = Pillow.new("RGB", (WIDTH_PX, rows * step + _GAP_PX), BACKGROUND)
        draw = ImageDraw.Draw(canvas)
        for place, index in enumerate(self.wanted):
            x = _GAP_PX + place % self._columns * (self._tile_width + _GAP_PX)
            y = _GAP_PX + place // self._columns * step
            canvas.paste(Pillow.fromarray(tiles[index]), (x, y))
            self._draw_caption(draw, x, y + self._size[1] + 18, index)
        return np.array(canvas)

    def _draw_caption(self, draw: ImageDraw.ImageDraw, x: int, baseline: int, index: int) -> None:
        clip = self._clip
        seconds = index / clip.fps
        numbers = Style(size_px=14, colour=DIM)
        used = draw_text(draw, (x + 2, baseline), f"{index}  ·  {seconds:.2f} s", numbers) + 14
        if clip.marks[index].face is None:
            warning = Style(size_px=14, bold=True, colour=VERMILLION)
            used += draw_text(draw, (x + used, baseline), "face not seen", warning) + 12
        current = word_at(clip.words, seconds)
        if current is not None:
            style = Style(size_px=15, bold=True, colour=YELLOW, language=clip.language)
            draw_text(
                draw, (x + used, baseline), clip.words[current].text, style, self._tile_width - used - 4
            )
