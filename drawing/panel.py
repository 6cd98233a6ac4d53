"""One frame with its marks at the size it is shown at, and the sizes of such panels."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from drawing.draw import FACE_LAYERS, LAYERS, FrameMarks, Points, draw_layers
from drawing.style import YELLOW, Image

# A face that is lower than this share of the picture is also shown enlarged, in a corner.
_SMALL_FACE = 0.27
_INSET = 0.33  # the corner's side, as a share of the panel's shorter side
_INSET_GAP_PX = 6
_FACE_MARGIN = 0.25


@dataclass(frozen=True, slots=True)
class Inset:
    """In which corner of the panel the enlarged face stands."""

    right: bool
    bottom: bool


def choose_inset(marks: Sequence[FrameMarks], width: int, height: int) -> Inset | None:
    """Return the corner that hides least of a clip's person, None if the face is large enough.

    Args:
        marks: of every frame, in px of the clip's `width` and `height`.
    """
    boxes = np.array([m.box for m in marks])
    if np.median(boxes[:, 1, 1] - boxes[:, 0, 1]) >= _SMALL_FACE * height:
        return None
    parts = [p for m in marks for p in (m.box, m.left_hand, m.right_hand) if p is not None]
    points = np.concatenate([*parts, boxes.mean(axis=1)])
    faces = np.concatenate([boxes[:, [0, 1], [0, 1]], boxes[:, [1, 0], [0, 1]], boxes[:, 0], boxes[:, 1]])
    side = _INSET * min(width, height)

    def cost(corner: Inset) -> tuple[int, int]:
        return _num_inside(faces, corner, side, width, height), _num_inside(
            points, corner, side, width, height
        )

    corners = [Inset(right, bottom) for bottom in (False, True) for right in (True, False)]
    return min(corners, key=cost)


def _num_inside(points: Points, corner: Inset, side: float, width: int, height: int) -> int:
    x = width - points[:, 0] if corner.right else points[:, 0]
    y = height - points[:, 1] if corner.bottom else points[:, 1]
    return int(np.count_nonzero((x < side) & (y < side)))


def fit(width: int, height: int, max_width: int, max_height: int) -> tuple[int, int]:
    """Return the largest even size with these proportions inside a maximum."""
    scale = min(max_width / width, max_height / height)
    return max(round(width * scale / 2) * 2, 2), max(round(height * scale / 2) * 2, 2)


def resize(image: Image, size: tuple[int, int]) -> Image:
    """Return a picture at (width, height), averaged where it shrinks enough to need it."""
    # Averaging costs several times as much, and above this factor nobody sees the difference.
    shrinks = size[0] < 0.7 * image.shape[1]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def draw_panel(image: Image, shown: Image, marks: FrameMarks, inset: Inset | None) -> Image:
    """Return a picture with all layers.

    Args:
        image: (H, W, 3) the clip's frame; `marks` are in its px.
        shown: the same at the panel's size; not changed.
        inset: where to show the face enlarged.
    """
    scale = shown.shape[1] / image.shape[1]
    panel = draw_layers(shown.copy(), marks.moved(scale, (0.0, 0.0)), LAYERS)
    if inset is not None:
        side = round(_INSET * min(panel.shape[:2]))
        height, width = panel.shape[:2]
        x = width - side - _INSET_GAP_PX if inset.right else _INSET_GAP_PX
        y = height - side - _INSET_GAP_PX if inset.bottom else _INSET_GAP_PX
        panel[y : y + side, x : x + side] = _enlarged_face(image, marks, side)
    return panel


def _enlarged_face(image: Image, marks: FrameMarks, side: int) -> Image:
    """Return the tracked face with its mesh, (side, side, 3), framed in the box's colour."""
    centre = marks.box.mean(axis=0)
    half = max(float(np.ptp(marks.box, axis=0).max()) * (0.5 + _FACE_MARGIN), 1.0)
    scale = side / (2 * half)
    x, y = (float(v) for v in centre - half)
    shift = np.array([[scale, 0, -x * scale], [0, scale, -y * scale]])
    face = cv2.warpAffine(image, shift, (side, side), flags=cv2.INTER_LINEAR)
    draw_layers(face, marks.moved(scale, (x, y)), FACE_LAYERS)
    face[[0, -1]] = face[:, [0, -1]] = YELLOW
    return face
