"""A photo of a person carried along by the fitted mesh: what each pixel of a posed frame takes from where.

What the mesh tells is geometry and needs no learning: skin that the photo shows moves with the mesh, hair and
clothes around it move on smoothly, the background stays. What the photo does not show is marked.

Letters in shapes: H, W of the frame that is made, h, w of a photo's arrays; V vertices. Points are metres in
the frame of the photo's camera, which sees all frames made of it.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt
from numba import njit

from body.background import Image
from body.correspondence import flow_from, position_codes
from body.fill import Float, push_pull
from body.model import BodyModel
from body.photo import Photo, fade_around, inside_outline
from body.raster import Raster, interpolate, part_mask, rasterise
from body.threads import in_threads
from body.tints import tint_groups

Mask = npt.NDArray[np.bool_]
# How much a part's colour counts, against colours beside it, where the photo does not show it.
_TINT = np.float32(0.05)
# The colour of a pixel at the person's outline is partly another's, and taking that out leaves an error: what
# is nearly all the person's is continued from, by its share to this power.
_PURE = 6
# What the flow shrinks to less than this share of its area is on the way to being turned around.
_LEAST_AREA = 0.25


class Seen(IntEnum):
    """What is known of a pixel of a warped picture."""

    HIDDEN = 0  # not in the photo: another side of the body, or background that was behind the person
    CONTINUED = 1  # hair, clothes, their edge: moved as the mesh beside them
    BACKGROUND = 2  # as in the photo, to the bit
    VISIBLE = 3  # the mesh, where the photo shows it


_HIDDEN, _CONTINUED, _BACKGROUND, _VISIBLE = (int(seen) for seen in Seen)  # as compiled code knows them


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Warped:
    """A frame made of a photo, all uint8 but for the flow.

    picture (H, W, 3) RGB; validity (H, W) values of Seen; position (H, W, 3) where on the body a pixel lies
    (`position_codes`), 0 off the mesh; part (H, W) values of Part; alpha (H, W) how much of a pixel is the
    person, 0 to 255; flow (H, W, 2) float32, the way in px from each pixel to its source in the photo.
    """

    picture: Image
    validity: Image
    position: Image
    part: Image
    alpha: Image
    flow: Float


def warp(photo: Photo, points: Float, model: BodyModel) -> Warped:
    """Return the frame in which the photo's person is posed as `points` (V, 3).

    The same pose gives the photo itself.
    """
    points = np.ascontiguousarray(points, np.float32)
    raster = rasterise(points, model.faces, photo.view)
    part, body = part_mask(raster, model.face_parts), raster.face >= 0
    flow, visible, area = _flow(photo, raster, part, model)
    # Moved mouths keep .93 of their sharpness when read by cubics, .78 when read linearly, and look a sixth
    # more like real ones. That costs .2 dB: what lies a little beside its place costs more when it is sharp.
    layer = _at(photo.layer, flow, photo.margin_px, cv2.INTER_CUBIC)
    layer[layer[..., 3] < 0] = 0  # cubics overshoot: beside the person, where the background stays as it is
    np.minimum(layer[..., 3], 1, out=layer[..., 3])
    stray_px = photo.config.stray_metres * photo.metre_px
    _keep_attached(layer, body, _back(photo, points, flow, model), flow, area, stray_px)
    before = _before_the_body(photo, body, flow)
    filled = _continued(layer, part_mask(raster, tint_groups(model)), visible, before, photo.tints)
    background, matte = photo.background[photo.inner], photo.matte[photo.inner]
    picture, validity, alpha = (np.empty((*part.shape, *size), np.uint8) for size in ((3,), (), ()))
    _compose(layer, filled, part, visible, before, background, matte, picture, validity, alpha)
    return Warped(
        picture=picture,
        validity=validity,
        position=_bytes(interpolate(raster, model.faces, position_codes(model), 0.0)),
        part=part,
        alpha=alpha,
        flow=flow,
    )


def warps(photo: Photo, points: Float, model: BodyModel) -> list[Warped]:
    """Return `warp` of each of N poses (N, V, 3), several at once."""
    return in_threads(partial(warp, photo, model=model), points)


def _flow(photo: Photo, raster: Raster, part: Image, model: BodyModel) -> tuple[Float, Float, Float]:
    """Return the way (H, W, 2) px from each pixel to its source in the photo's view: the mesh's, continued
    around it from what is visible, fading to zero. And what is visible there (H, W) in [0, 1], and `_area`.
    """
    near, margin = photo.config.depth_metres, photo.margin_px
    flow, visible = flow_from(raster, model.faces, photo.points, photo.view, photo.raster.depth, margin, near)
    fade = fade_around(part, photo.metre_px, photo.config)
    around = push_pull(flow, visible)
    return np.where(part[..., None] > 0, flow, around * fade[..., None]), visible, _area(around, fade)


def _back(photo: Photo, points: Float, flow: Float, model: BodyModel) -> Float:
    """Return the way (H, W, 2) px that what the flow (H, W, 2) fetches goes with the photo's own mesh."""
    shown, inner = photo.raster, photo.inner
    here = Raster(
        depth=np.ascontiguousarray(shown.depth[inner]),
        face=np.ascontiguousarray(shown.face[inner]),
        barycentric=np.ascontiguousarray(shown.barycentric[inner]),
    )
    away, _ = flow_from(here, model.faces, points, photo.view, here.depth, 0, photo.config.depth_metres)
    body = here.face >= 0
    around = push_pull(away, body.astype(np.float32)) * photo.fade[inner][..., None]
    return _at(np.where(body[..., None], away, around), flow, 0)


def _at(values: Float, flow: Float, margin: int, how: int = cv2.INTER_LINEAR) -> Float:
    """Return values (h, w, C), which have a margin around the view, from where the flow (H, W, 2) points."""
    height, width = flow.shape[:2]
    across = flow[..., 0] + np.arange(margin, margin + width, dtype=np.float32)
    down = flow[..., 1] + np.arange(margin, margin + height, dtype=np.float32)[:, None]
    taken = cv2.remap(values, across, down, how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(taken, np.float32)


def _before_the_body(photo: Photo, body: Mask, flow: Float) -> Float:
    """Return how surely each pixel (H, W) of the mesh's outline in the photo now has the body behind it.

    A hand that hung before a wall and is now before the chest: between it and where its mesh ends, the wall
    is not to be seen. It lies deeper within the outline than it did.
    """
    # What lies beyond the frame is not known, so its border counts as an outline.
    here = inside_outline(np.pad(body, 1))[1:-1, 1:-1]
    there = _at(photo.inside, flow, photo.margin_px)
    deeper = (here - there) / max(1.0, photo.config.edge_metres * photo.metre_px)
    return np.where(body, np.clip(deeper, 0, 1), 0).astype(np.float32)


def _continued(layer: Float, group: Image, visible: Float, before: Float, tints: Float) -> Float:
    """Return colours (H, W, 3) for where the mesh was hidden, from visible ones beside it and of its kind."""
    weight, colours = np.zeros(group.shape, np.float32), np.zeros((*group.shape, 3), np.float32)
    hidden = _mix(layer, group, visible, before, tints, colours, weight)
    return push_pull(colours, weight) if hidden else colours


def _bytes(values: Float) -> Image:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


@njit(cache=True, nogil=True)
def _keep_attached(layer: Float, body: Mask, back: Float, flow: Float, area: Float, stray_px: float) -> None:
    """Take out of the layer (H, W, 4) beside the mesh what would be seen twice.

    That is what its own mesh takes elsewhere, as a hand that has moved away and the sleeve around it; and
    what the flow turns around, as it does where it fades faster than it moves: the sleeve's edge, again.
    """
    for y in range(body.shape[0]):
        for x in range(body.shape[1]):
            if body[y, x] or layer[y, x, 3] == 0:
                continue
            miss = np.hypot(back[y, x, 0] + flow[y, x, 0], back[y, x, 1] + flow[y, x, 1])
            keep = np.float32(min(1.0, max(0.0, 3.0 - 2.0 * miss / max(stray_px, 1e-6))))
            keep *= np.float32(min(1.0, max(0.0, area[y, x] / _LEAST_AREA)))
            for c in range(4):
                layer[y, x, c] *= keep


@njit(cache=True, nogil=True)
def _area(around: Float, fade: Float) -> Float:
    """Return how large a pixel (H, W) is where a flow (H, W, 2) leads it that fades (H, W), by fading alone;
    below 0 where it is turned around.
    """
    height, width = fade.shape
    area = np.empty((height, width), np.float32)
    for y in range(height):
        y0, y1 = max(y - 1, 0), min(y + 1, height - 1)
        for x in range(width):
            x0, x1 = max(x - 1, 0), min(x + 1, width - 1)
            across = (fade[y, x1] - fade[y, x0]) / max(x1 - x0, 1)
            down = (fade[y1, x] - fade[y0, x]) / max(y1 - y0, 1)
            area[y, x] = 1 + around[y, x, 0] * across + around[y, x, 1] * down
    return area


@njit(cache=True, nogil=True)
def _mix(
    layer: Float, group: Image, visible: Float, before: Float, tints: Float, colours: Float, weight: Float
) -> bool:
    """Write the colours that are known (H, W, 3) and how well (H, W); return whether any are wanted."""
    wanted = False
    for y in range(group.shape[0]):
        for x in range(group.shape[1]):
            if group[y, x] == 0:
                continue
            share = layer[y, x, 3]
            hidden = np.float32(1.0) - visible[y, x] * (1 - before[y, x] * (1 - share))
            known, tint = visible[y, x] * share**_PURE, _TINT * hidden
            wanted |= hidden > 0
            total = known + tint
            weight[y, x] = total
            if total <= 0:
                continue
            for c in range(3):
                colour = min(max(layer[y, x, c] / share, 0.0), 255.0) if known > 0 else 0.0
                colours[y, x, c] = (known * colour + tint * tints[group[y, x], c]) / total
    return wanted


@njit(cache=True, nogil=True)
def _compose(
    layer: Float, filled: Float, part: Image, visible: Float, before: Float, background: Image, matte: Image,
    picture: Image, validity: Image, alpha: Image,
) -> None:  # fmt: skip
    for y in range(part.shape[0]):
        for x in range(part.shape[1]):
            body = part[y, x] > 0
            hidden = np.float32(1.0) - visible[y, x] if body else np.float32(0.0)
            # What the layer leaves open is the body's where that is behind, and the background's elsewhere.
            behind = before[y, x] * (1 - layer[y, x, 3]) if body else np.float32(0.0)
            share = (layer[y, x, 3] + behind) * (1 - hidden) + hidden
            for c in range(3):
                colour = layer[y, x, c] * (1 - hidden) + (behind * (1 - hidden) + hidden) * filled[y, x, c]
                colour += (1 - share) * background[y, x, c]
                picture[y, x, c] = np.uint8(min(max(np.rint(colour), 0.0), 255.0))
            alpha[y, x] = np.uint8(min(max(np.rint(share * 255), 0.0), 255.0))
            if body:
                validity[y, x] = _VISIBLE if hidden < 0.5 else _HIDDEN
            elif share > 0.5 or (share > 0 and matte[y, x] == 0):
                validity[y, x] = _CONTINUED
            else:
                validity[y, x] = _BACKGROUND if matte[y, x] == 0 else _HIDDEN
