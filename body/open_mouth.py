"""The inside of a mouth from another moment: a frame with closed lips does not show it, one beside it does.

V vertices; H, W of a picture; h, w of a frame that is made.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from body.model import BodyModel
from body.raster import Float, Pinhole, part_mask, rasterise
from body.topology import Part
from body.warp import Seen, Warped

Image = npt.NDArray[np.uint8]
_DEPTH_METRES = 0.01  # as in `body.photo.WarpConfig`
_LEAST_PX = 6  # of the inside, or its colours are not known
_DARK_SHARE = 0.25  # of the inside: what lies behind the teeth


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class OpenMouth:
    """A picture (H, W, 3) of the person with an open mouth, its mesh (V, 3) and the mesh's depth (H, W) m.

    throat (3,): the colour of what no picture shows.
    """

    picture: Image
    points: Float
    depth: Float
    camera: Pinhole
    throat: Float


def open_mouth(picture: Image, points: Float, camera: Pinhole, model: BodyModel) -> OpenMouth | None:
    """Return a picture and its mesh as a source of what is inside the mouth; None if it is shut."""
    raster = rasterise(points, model.faces, camera)
    inside = picture[part_mask(raster, model.face_parts) == Part.MOUTH].astype(np.float32)
    if len(inside) < _LEAST_PX:
        return None
    dark = inside[np.argsort(inside.sum(1))][: max(1, round(_DARK_SHARE * len(inside)))]
    return OpenMouth(
        picture=picture,
        points=points,
        depth=raster.depth,
        camera=camera,
        throat=np.asarray(dark.mean(0), np.float32),
    )


def with_inside(warped: Warped, points: Float, view: Pinhole, source: OpenMouth, model: BodyModel) -> Warped:
    """Return a frame that was made with teeth, tongue and gums of a source where its own photo hides them.

    Args:
        points: (V, 3) the mesh of the frame, which `view` sees.
    """
    wanted = (warped.part == Part.MOUTH) & (warped.validity == Seen.HIDDEN)
    if not wanted.any():
        return warped
    raster = rasterise(points, model.faces, view)
    corners = model.faces[raster.face[wanted]]
    first, second = raster.barycentric[wanted].T[..., None]
    a, b, c = (source.points[corners[:, k]] for k in range(3))
    colours, share = _shown(source, first * a + second * b + (1 - first - second) * c, wanted)
    picture, validity = warped.picture.copy(), warped.validity.copy()
    picture[wanted] = np.rint(source.throat + share[:, None] * (colours - source.throat)).astype(np.uint8)
    validity[wanted] = np.where(share > 0.5, np.uint8(Seen.VISIBLE), validity[wanted])
    return replace(warped, picture=picture, validity=validity)


def _shown(source: OpenMouth, points: Float, place: npt.NDArray[np.bool_]) -> tuple[Float, Float]:
    """Return a source's colours (n, 3) at points (n, 3) of its mesh, and how far each is seen there (n,).

    Args:
        place: (h, w) where the points are wanted, n in all.
    """
    columns, rows = source.camera.project(points).T - np.float32(0.5)
    maps = np.zeros((2, *place.shape), np.float32)
    maps[0][place], maps[1][place] = columns, rows
    taken = cv2.remap(source.picture, maps[0], maps[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    height, width = source.depth.shape
    inside = (rows > -0.5) & (rows < height - 0.5) & (columns > -0.5) & (columns < width - 0.5)
    i, j = (np.clip(np.rint(x), 0, n - 1).astype(np.int64) for x, n in ((rows, height), (columns, width)))
    share = np.clip(2 - (points[:, 2] - source.depth[i, j]) / _DEPTH_METRES, 0, 1) * inside
    return np.asarray(taken[place], np.float32), np.asarray(share, np.float32)
