"""The visible label of a video that was made: a few words in a corner, legible on any ground."""

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import cv2
import numpy as np
from annotated_types import Interval
from PIL import Image as Pillow
from PIL import ImageDraw

from drawing.style import WHITE, Image
from drawing.text import Style, draw_text, printable, text_width

Corner = Literal["top left", "top right", "bottom left", "bottom right"]
_MAX_CHARACTERS = 60
_MIN_TEXT_PX = 10
# White on at least so much black has a contrast of 5.7 to 1 over a white ground (WCAG 2.2 asks for 4.5).
_BLACK = 0.6


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelConfig:
    """What is written where. `height_share` is the text's height by the picture's shorter side: one
    twenty-fifth is as high as subtitles are.
    """

    text: str = "AI-generated"
    corner: Corner = "bottom right"
    height_share: Annotated[float, Interval(ge=0.02, le=0.2)] = 0.04

    def __post_init__(self) -> None:
        """Raise ValueError if nothing would be written, or more than a line holds."""
        if not printable(self.text).strip() or len(self.text) > _MAX_CHARACTERS:
            raise ValueError(f"label.text: should be from 1 to {_MAX_CHARACTERS} characters")


class VisibleLabel:
    """Draws one label on frames of one size."""

    def __init__(self, width: int, height: int, config: LabelConfig) -> None:
        size_px = max(round(config.height_share * min(width, height)), _MIN_TEXT_PX)
        size_px = _fitting(config.text, size_px, width)
        self._drawn = _draw(config.text, Style(size_px=size_px, bold=True, colour=WHITE))
        rows, columns = self._drawn.shape
        margin = min(size_px // 2, (height - rows) // 2, (width - columns) // 2)
        if margin < 0:
            raise ValueError(f"{width}x{height}: too small for the label {config.text!r}")
        top = margin if config.corner.startswith("top") else height - rows - margin
        left = margin if config.corner.endswith("left") else width - columns - margin
        self._place = (slice(top, top + rows), slice(left, left + columns))
        self._shape = (height, width, 3)

    def draw(self, frame: Image) -> Image:
        """Return a frame (H, W, 3), RGB, with the label.

        Raises:
            ValueError: if it has another size.
        """
        if frame.shape != self._shape:
            raise ValueError(f"a frame of {frame.shape} does not fit a label for {self._shape}")
        labelled = frame.copy()
        under = labelled[self._place].astype(np.float32)
        ink = self._drawn[..., None]
        labelled[self._place] = np.rint(255 * ink + (1 - ink) * (1 - _BLACK) * under).astype(np.uint8)
        return labelled


def _fitting(text: str, size_px: int, width: int) -> int:
    """Return the size in px at which a text takes at most nine tenths of the width."""
    widest = text_width(text, Style(size_px=size_px, bold=True)) + size_px
    return max(math.floor(size_px * min(0.9 * width / widest, 1.0)), 1)


def _draw(text: str, style: Style) -> Image:
    """Return how much of each pixel is ink (h, w), 0 to 1, with room around."""
    pad = style.size_px // 2
    width = math.ceil(text_width(text, style)) + 2 * pad
    canvas = Pillow.new("RGB", (width, round(1.7 * style.size_px)))
    draw_text(ImageDraw.Draw(canvas), (pad, round(1.2 * style.size_px)), text, style)
    return cv2.cvtColor(np.asarray(canvas), cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
