"""A picture of a person taken apart once, for all the frames that are made of it.

Letters in shapes: h, w of a photo's arrays; V vertices. Points are metres in the camera's frame. Colours are
RGB.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from body.background import HEAD_PARTS, Image, MatteConfig, person_matte, without_person
from body.fill import Float
from body.model import BodyModel
from body.raster import Pinhole, Raster, part_mask, rasterise
from body.tints import part_tints
from body.windows import Box

_MARGIN = 4  # a window's photo reaches beyond it by one part in so many of its side, for what moves in


@dataclass(frozen=True, kw_only=True, slots=True)
class WarpConfig:
    """What counts as visible, how far motion reaches beyond the mesh, how a photo is taken apart.

    Set on 36 people of real videos by the PSNR of warped frames. Depths from 0.005 to 0.02 m differ by less
    than 0.1 dB; motion that reaches further beyond the body than this drags furniture along.
    """

    depth_metres: float = 0.01  # what lies behind the photo's surface by more is hidden
    hair_metres: float = 0.20  # so far from the head everything stays where it is
    clothes_metres: float = 0.06  # and so far from the rest of the body
    stray_metres: float = 0.025  # hair and clothes that the body beside them does not take along are left out
    edge_metres: float = 0.01  # background so close to the person is not filled from
    matte: MatteConfig = field(default_factory=MatteConfig)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Photo:
    """A picture of a person, or a window of one with a margin, taken apart.

    picture (h, w, 3); background (h, w, 3) without the person, to the bit the picture where matte is 0; matte
    (h, w) how much of a pixel is the person, 0 to 255; layer (h, w, 4) float32: the colours' part that is the
    person's, and the matte in [0, 1]; tints (14, 3) colours of `tint_groups`; raster of the mesh; fade (h, w)
    how much a pixel moves with the mesh beside it, in [0, 1]; inside (h, w) how many px from the mesh's
    outline it lies, 0 off the mesh; points (V, 3); camera of all of this; margin_px on each side that frames
    made of it do not show; metre_px how many px a metre is at the person's distance.
    """

    picture: Image
    background: Image
    matte: Image
    layer: Float
    tints: Float
    raster: Raster
    fade: Float
    inside: Float
    points: Float
    camera: Pinhole
    margin_px: int
    metre_px: float
    config: WarpConfig

    @property
    def view(self) -> Pinhole:
        """The camera of the frames that are made: without the margin."""
        camera, margin = self.camera, self.margin_px
        return Pinhole(
            focal_px=camera.focal_px,
            centre_x_px=camera.centre_x_px - margin,
            centre_y_px=camera.centre_y_px - margin,
            width_px=camera.width_px - 2 * margin,
            height_px=camera.height_px - 2 * margin,
        )

    @property
    def inner(self) -> tuple[slice, slice]:
        """The rows and columns of the arrays that frames show."""
        width, height, margin = self.camera.width_px, self.camera.height_px, self.margin_px
        return slice(margin, height - margin), slice(margin, width - margin)


def prepare_photo(
    picture: Image,
    points: Float,
    camera: Pinhole,
    model: BodyModel,
    config: WarpConfig | None = None,
    segmented: Image | None = None,
) -> Photo:
    """Return a picture (H, W, 3) taken apart into the person and the background.

    Args:
        points: (V, 3) the model's vertices as fitted to the picture.
        segmented: (H, W) how much of each pixel is a person, 0 to 255, as a network sees it; without it the
            outline is the mesh's with some margin.
    """
    tints = part_tints(picture, points, camera, model)
    return _prepared(picture, points, camera, 0, model, tints, config or WarpConfig(), segmented)


def prepare_window(
    picture: Image,
    points: Float,
    camera: Pinhole,
    model: BodyModel,
    box: Box,
    size_px: int,
    config: WarpConfig | None = None,
    segmented: Image | None = None,
) -> Photo:
    """Return a window of a picture taken apart: `prepare_photo` at the window's size, for less time.

    Args:
        picture: the whole one (H, W, 3); so are camera and segmented.
        size_px: of the window's side; a multiple of 4.
    """
    wide, margin, whole_px = _with_margin(box, size_px)
    tints = part_tints(picture, points, camera, model)
    cut = None if segmented is None else wide.cut(segmented, whole_px)
    seen_by = wide.camera(camera, whole_px)
    shown = wide.cut(picture, whole_px)
    return _prepared(shown, points, seen_by, margin, model, tints, config or WarpConfig(), cut)


def window_of(photo: Photo, box: Box, size_px: int, model: BodyModel) -> Photo:
    """Return a window of a whole photo, at size_px a side (a multiple of 4), antialiased."""
    wide, margin, whole_px = _with_margin(box, size_px)
    seen_by = wide.camera(photo.camera, whole_px)
    return _layered(
        picture=wide.cut(photo.picture, whole_px),
        background=wide.cut(photo.background, whole_px),
        matte=wide.cut(photo.matte, whole_px),
        tints=photo.tints,
        raster=rasterise(photo.points, model.faces, seen_by),
        points=photo.points,
        camera=seen_by,
        margin_px=margin,
        model=model,
        config=photo.config,
    )


def metre_px(points: Float, camera: Pinhole) -> float:
    """Return how many px a metre is at the distance of points (V, 3)."""
    ahead = points[points[:, 2] > 0, 2]
    return camera.focal_px / float(np.median(ahead)) if len(ahead) else 1.0


def fade_around(parts: Image, metre: float, config: WarpConfig) -> Float:
    """Return how much each pixel (h, w) moves with the mesh, whose Part it shows: 1 on it, 0 far from it."""
    reach = np.ones(parts.shape, np.float32)
    head = np.isin(parts, HEAD_PARTS)
    for mask, metres in ((head, config.hair_metres), (parts > 0, config.clothes_metres)):
        if mask.any():
            away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
            reach = np.minimum(reach, away * np.float32(1 / max(metres * metre, 1.0)))
    return np.float32(0.5) + np.float32(0.5) * np.cos(np.float32(np.pi) * reach)


def inside_outline(body: npt.NDArray[np.bool_]) -> Float:
    """Return how many px each pixel (h, w) of a body lies from where it ends; 0 off it."""
    return np.asarray(cv2.distanceTransform(body.astype(np.uint8), cv2.DIST_L2, 3), np.float32)


def _prepared(
    picture: Image,
    points: Float,
    camera: Pinhole,
    margin_px: int,
    model: BodyModel,
    tints: Float,
    config: WarpConfig,
    segmented: Image | None,
) -> Photo:
    raster = rasterise(points, model.faces, camera)
    metre = metre_px(points, camera)
    edge_px = max(1, round(config.edge_metres * metre))
    matte = person_matte(part_mask(raster, model.face_parts), metre, config.matte, segmented)
    background, matte = without_person(picture, matte, edge_px)
    return _layered(
        picture=picture,
        background=background,
        matte=matte,
        tints=tints,
        raster=raster,
        points=np.ascontiguousarray(points, np.float32),
        camera=camera,
        margin_px=margin_px,
        model=model,
        config=config,
    )


def _layered(
    *,
    picture: Image,
    background: Image,
    matte: Image,
    tints: Float,
    raster: Raster,
    points: Float,
    camera: Pinhole,
    margin_px: int,
    model: BodyModel,
    config: WarpConfig,
) -> Photo:
    metre, part = metre_px(points, camera), part_mask(raster, model.face_parts)
    layer = np.empty((*matte.shape, 4), np.float32)
    layer[..., 3] = matte * np.float32(1 / 255)
    # What is not the background's is the person's: laid over it unmoved, it gives the picture again.
    layer[..., :3] = picture - (1 - layer[..., 3:]) * background
    return Photo(
        picture=picture,
        background=background,
        matte=matte,
        layer=layer,
        tints=tints,
        raster=raster,
        fade=fade_around(part, metre, config),
        inside=inside_outline(part > 0),
        points=points,
        camera=camera,
        margin_px=margin_px,
        metre_px=metre,
        config=config,
    )


def _with_margin(box: Box, size_px: int) -> tuple[Box, int, int]:
    """Return the wider box, its margin in px of the window, and its size."""
    if size_px < _MARGIN or size_px % _MARGIN or box.side % _MARGIN:
        raise ValueError(f"a window of {box.side} px at {size_px} px: both must be multiples of {_MARGIN}")
    margin = size_px // _MARGIN
    return box.wider(box.side // _MARGIN), margin, size_px + 2 * margin
