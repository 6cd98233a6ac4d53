"""Square windows of a picture, placed by the projected body and still over a clip."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from body.model import BodyModel, Float
from body.raster import Pinhole
from body.topology import Part

WindowKind = Literal["head", "left_hand", "right_hand", "whole"]
HAND_WINDOWS: tuple[WindowKind, ...] = ("left_hand", "right_hand")
WINDOW_KINDS: tuple[WindowKind, ...] = ("head", "left_hand", "right_hand", "whole")
_PARTS: dict[WindowKind, tuple[Part, ...]] = {
    "head": (Part.FACE, Part.HEAD),
    "left_hand": (Part.LEFT_HAND,),
    "right_hand": (Part.RIGHT_HAND,),
}
# Hair reaches above the mesh's head: shares of its longer side.
_HEAD_MARGIN, _HEAD_LIFT = 1.45, 0.06
# A hand's window holds where the hand is in nine frames of ten, but the hand fills at least a third of it.
_HAND_MARGIN, _HAND_SIDES, _HAND_RANGE = 1.25, 3.0, (5.0, 95.0)
_MAX_SIDE = 1.5  # of the picture's longer side
_LEAST_PX, _STEP_PX = 32, 4  # of a side; whole steps, so that a quarter of it is whole pixels


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A square of a picture in whole px; it may reach beyond the picture's edges."""

    left: int
    top: int
    side: int

    def camera(self, camera: Pinhole, size_px: int) -> Pinhole:
        """Return the camera that sees the box alone, at size_px a side."""
        scale = size_px / self.side
        return Pinhole(
            focal_px=camera.focal_px * scale,
            centre_x_px=(camera.centre_x_px - self.left) * scale,
            centre_y_px=(camera.centre_y_px - self.top) * scale,
            width_px=size_px,
            height_px=size_px,
        )

    @classmethod
    def around(cls, low: Float, high: Float) -> "Box":
        """Return the least box that holds px from `low` (2,) to `high` (2,), of whole steps."""
        return _box((low + high) / 2, float((high - low).max()))

    def moved(self, right_px: int, down_px: int) -> "Box":
        """Return the box elsewhere."""
        return Box(left=self.left + right_px, top=self.top + down_px, side=self.side)

    def wider(self, margin_px: int) -> "Box":
        """Return the box with a margin on each side."""
        return Box(left=self.left - margin_px, top=self.top - margin_px, side=self.side + 2 * margin_px)

    def cut(self, picture: npt.NDArray[np.uint8], size_px: int) -> npt.NDArray[np.uint8]:
        """Return what the box shows of a picture (H, W, ...), at size_px a side; edges are continued.

        Shrinking averages over the pixels that each new one covers; enlarging is bicubic.
        """
        height, width = picture.shape[:2]
        first_row, last_row, above, below = _within(self.top, self.side, height)
        first, last, before, after = _within(self.left, self.side, width)
        region = picture[first_row:last_row, first:last]
        if above or below or before or after:
            region = cv2.copyMakeBorder(region, above, below, before, after, cv2.BORDER_REPLICATE)
        if self.side == size_px:
            return np.array(region, np.uint8)
        how = cv2.INTER_AREA if self.side > size_px else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(region, (size_px, size_px), interpolation=how), np.uint8)


def _within(start: int, length: int, size: int) -> tuple[int, int, int, int]:
    """Return which of `size` pixels a span shows, and how many it shows before and after them."""
    first = min(max(start, 0), size - 1)
    last = min(max(start + length, first + 1), size)
    missing = length - (last - first)
    after = min(missing, max(0, start + length - size))
    return first, last, missing - after, after


def place_windows(
    points: Float,
    camera: Pinhole,
    model: BodyModel,
    seen: Mapping[WindowKind, npt.NDArray[np.bool_]] | None = None,
) -> dict[WindowKind, Box]:
    """Return the boxes of a clip, which do not move in it; parts that never are in the picture have none.

    "whole" is the smallest square that holds the picture. The head's box follows from the median of its
    extent, a hand's from where the hand is in most frames.

    Args:
        points: (N, V, 3) posed vertices of some frames of the clip, in the camera's frame.
        seen: of parts (N,), in which of the frames the fit of the part is valid; all if it is not said.
    """
    side = _whole_steps(max(camera.width_px, camera.height_px))
    left, top = (camera.width_px - side) // 2, (camera.height_px - side) // 2
    boxes: dict[WindowKind, Box] = {"whole": Box(left=left, top=top, side=side)}
    for kind, parts in _PARTS.items():
        mask = np.ones(len(points), bool) if seen is None or kind not in seen else seen[kind]
        extent = _extents(points[mask], camera, model, parts)
        if len(extent):
            centre, wanted = _head_place(extent) if kind == "head" else _hand_place(extent)
            boxes[kind] = _box(centre, min(wanted, _MAX_SIDE * side))
    return {kind: boxes[kind] for kind in WINDOW_KINDS if kind in boxes}


def follow_head(low: Float, high: Float, smoothing_frames: float) -> list[Box]:
    """Return a box a frame that goes along with a head, without trembling.

    Args:
        low, high: (N, 2) the head's least and greatest px.
        smoothing_frames: standard deviation of the Gaussian over time by which boxes are mixed.
    """
    sides = gaussian_filter1d(_HEAD_MARGIN * (high - low).max(1), smoothing_frames, mode="nearest")
    middles = gaussian_filter1d((low + high) / 2, smoothing_frames, axis=0, mode="nearest")
    middles[:, 1] -= _HEAD_LIFT * sides
    return [_box(middle, float(side)) for middle, side in zip(middles, sides, strict=True)]


def head_extents(points: Float, camera: Pinhole, model: BodyModel) -> Float:
    """Return (N, 2, 2) least and greatest px of the head, of meshes (N, V, 3) before the camera."""
    pixels = camera.project(points[:, _vertices_of(model, _PARTS["head"])])
    return np.stack([pixels.min(1), pixels.max(1)], axis=1)


def _extents(points: Float, camera: Pinhole, model: BodyModel, parts: tuple[Part, ...]) -> Float:
    """Return (n, 2, 2) least and greatest px of a part, of the frames whose picture holds its middle."""
    chosen = points[:, _vertices_of(model, parts)]
    chosen = chosen[(chosen[..., 2] > 0.05).all(1)]
    if not len(chosen):
        return np.empty((0, 2, 2), np.float32)
    pixels = camera.project(chosen)
    extent = np.stack([pixels.min(1), pixels.max(1)], axis=1)
    middle = extent.mean(1)
    inside = (middle > 0) & (middle < (camera.width_px, camera.height_px))
    return extent[inside.all(1)]


@functools.lru_cache(maxsize=16)
def _vertices_of(model: BodyModel, parts: tuple[Part, ...]) -> npt.NDArray[np.integer]:
    return np.unique(model.faces[np.isin(model.face_parts, parts)])


def _head_place(extent: Float) -> tuple[Float, float]:
    """Return a box's middle and side."""
    low, high = np.median(extent, axis=0)
    side = _HEAD_MARGIN * float((high - low).max())
    middle = np.asarray((low + high) / 2, np.float32)
    return middle - np.array([0, _HEAD_LIFT * side], np.float32), side


def _hand_place(extent: Float) -> tuple[Float, float]:
    hand = float(np.median((extent[:, 1] - extent[:, 0]).max(1)))
    low, high = (np.percentile(extent[:, k], _HAND_RANGE[k], axis=0) for k in (0, 1))
    side = min(_HAND_MARGIN * float((high - low).max()), _HAND_SIDES * hand)
    middle = np.asarray(np.median(extent.mean(1), axis=0), np.float32)
    return middle, side


def _box(centre: npt.NDArray[np.floating], side: float) -> Box:
    whole = _whole_steps(side)
    left, top = (round(float(c) - whole / 2) for c in centre)
    return Box(left=left, top=top, side=whole)


def _whole_steps(side: float) -> int:
    return max(_LEAST_PX, -(-int(np.ceil(side)) // _STEP_PX) * _STEP_PX)
