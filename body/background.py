"""A photo taken apart once: how much of each pixel is the person, and the background without them."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from body.fill import push_pull
from body.topology import Part

Image = npt.NDArray[np.uint8]
HEAD_PARTS = (Part.FACE, Part.HEAD, Part.MOUTH, Part.LEFT_EYE, Part.RIGHT_EYE)


@dataclass(frozen=True, kw_only=True, slots=True)
class MatteConfig:
    """How a person's outline follows from the mesh, and from a segmentation where there is one.

    Deeper than `inner_metres` inside the mesh everything is the person: fits are off by about that much at
    the outline. Shares of a segmentation below `low` are none and above `high` all: networks leave a veil.
    Without one, hair and clothes are taken to reach so far beyond the mesh.
    """

    inner_metres: float = 0.02
    low: float = 0.1
    high: float = 0.9
    hair_metres: float = 0.04
    clothes_metres: float = 0.02


def person_matte(parts: Image, metre_px: float, config: MatteConfig, segmented: Image | None = None) -> Image:
    """Return how much of each pixel (H, W) is the person, 0 to 255.

    Args:
        parts: (H, W) the Part that the mesh shows at each pixel.
        metre_px: how many px a metre is at the person's distance.
        segmented: (H, W) how much of each pixel is a person by a network's judgement, 0 to 255.
    """
    body = parts > 0
    inner = _inside(body) >= config.inner_metres * metre_px
    if segmented is None:
        head = np.isin(parts, HEAD_PARTS)
        outer = _spread(head, config.hair_metres * metre_px) | _spread(body, config.clothes_metres * metre_px)
        return cv2.blur((outer | inner).astype(np.uint8) * np.uint8(255), (3, 3)).astype(np.uint8)
    span = max(config.high - config.low, 1e-6)
    share = np.clip((np.arange(256) / 255 - config.low) / span, 0, 1)
    curve = np.rint(share * 255).astype(np.uint8)
    return np.where(inner, np.uint8(255), curve[segmented])


def without_person(picture: Image, matte: Image, edge_px: int) -> tuple[Image, Image]:
    """Return the picture (H, W, 3) with the person filled from around, and what was filled.

    What the photo shows of the background stays as it is, to the bit.

    Args:
        matte: (H, W) how much of each pixel is the person, 0 to 255; the one returned is 0 where nothing was
            filled.
        edge_px: pixels so close to the person are blurred with them: they are filled, but not from.
    """
    person = (matte > 0).astype(np.uint8)
    blurred = cv2.dilate(person, _disc(edge_px))
    filled = push_pull(picture.astype(np.float32), (blurred == 0).astype(np.float32))
    ground = np.where(blurred[..., None] > 0, np.clip(np.rint(filled), 0, 255).astype(np.uint8), picture)
    return ground, np.maximum(matte, blurred)


def _inside(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Return how far each pixel (H, W) is inside a mask, px; a body does not end where the picture does."""
    framed = np.pad(mask.astype(np.uint8), 1, mode="edge")
    return np.asarray(cv2.distanceTransform(framed, cv2.DIST_L2, 3)[1:-1, 1:-1], np.float32)


def _spread(mask: npt.NDArray[np.bool_], reach_px: float) -> npt.NDArray[np.bool_]:
    if not mask.any():
        return mask
    return cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3) <= reach_px


def _disc(radius_px: int) -> Image:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius_px + 1,) * 2), np.uint8)
