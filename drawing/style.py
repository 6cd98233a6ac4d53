"""Colours and sizes that the overlay's drawings share.

The colours are those of Okabe and Ito (2008, "Color Universal Design"), which people with any of
the common kinds of colour blindness tell apart.
"""

from typing import Any

import numpy.typing as npt

Rgb = tuple[int, int, int]
Image = npt.NDArray[Any]  # (H, W, 3) uint8, RGB

BACKGROUND: Rgb = (24, 24, 28)
PANEL: Rgb = (42, 42, 48)
TEXT: Rgb = (235, 235, 235)
DIM: Rgb = (150, 150, 158)
BLACK: Rgb = (0, 0, 0)
WHITE: Rgb = (255, 255, 255)

ORANGE: Rgb = (230, 159, 0)
SKY: Rgb = (86, 180, 233)
GREEN: Rgb = (0, 158, 115)
YELLOW: Rgb = (240, 228, 66)
BLUE: Rgb = (0, 114, 178)
VERMILLION: Rgb = (213, 94, 0)
PURPLE: Rgb = (204, 121, 167)

# Part of a sample (the name of its `valid:` mask) and the colour it is drawn in everywhere.
PART_COLOURS: dict[str, Rgb] = {
    "face": SKY,
    "left_hand": ORANGE,
    "right_hand": PURPLE,
    "pose": GREEN,
    "box": YELLOW,
}
STATUS_COLOURS: dict[str, Rgb] = {"accepted": GREEN, "rejected": VERMILLION, "failed": VERMILLION}
