"""Where the surface that each pixel shows lies in another picture of the same mesh, and on the body."""

import functools

import numpy as np
import numpy.typing as npt
from numba import njit

from body.model import BodyModel, Float
from body.raster import Index, Pinhole, Raster

_EVEN = 0.7


def flow_from(
    raster: Raster,
    faces: npt.NDArray[np.integer],
    points: Float,
    camera: Pinhole,
    depth: Float,
    margin_px: int,
    depth_metres: float,
) -> tuple[Float, Float]:
    """Return the way (H, W, 2) px from each pixel to where the other picture has its surface, 0 off the mesh;
    and how far that is visible there (H, W) in [0, 1].

    Args:
        raster: (H, W) of the mesh as the camera sees it posed one way.
        points: (V, 3) m of its vertices posed as in the other picture.
        depth: (H + 2 margin, W + 2 margin) m of the other picture, which has a margin around the view.
        depth_metres: by how much the surface may lie behind what the other picture shows and be visible.
    """
    flow = np.zeros((*raster.face.shape, 2), np.float32)
    visible = np.zeros(raster.face.shape, np.float32)
    corners = np.ascontiguousarray(faces, np.int32)
    view = (camera.focal_px, camera.centre_x_px, camera.centre_y_px)
    tolerance = np.float32(depth_metres)
    _trace(
        raster.face, raster.barycentric, corners, points, *view, margin_px, tolerance, depth, flow, visible
    )
    return flow, visible


@functools.lru_cache(maxsize=2)
def position_codes(model: BodyModel) -> Float:
    """Return a place on the body (V, 3) in [0, 255] for each vertex, to be drawn as colours.

    Of each axis of the rest pose mostly the share of vertices that lie before, so that face and hands, where
    vertices are dense, have many codes; and some of the way across, so that no two places have one code.
    """
    template: Float = model.points.template
    low, high = template.min(0), template.max(0)
    across = (template - low) / np.maximum(high - low, 1e-9)
    order = np.linspace(0, 1, len(template))
    axes = [template[:, k] for k in range(3)]
    ranks = np.stack([np.interp(axis, np.sort(axis), order) for axis in axes], axis=1)
    codes = (255 * (_EVEN * ranks + (1 - _EVEN) * across)).astype(np.float32)
    codes.flags.writeable = False  # the next caller gets the same array
    return codes


@njit(cache=True, nogil=True)
def _trace(
    face: Index, barycentric: Float, faces: Index, points: Float, focal: float, centre_x: float,
    centre_y: float, margin: int, tolerance: np.float32, depth: Float, flow: Float, visible: Float,
) -> None:  # fmt: skip
    height, width = face.shape
    for y in range(height):
        for x in range(width):
            f = face[y, x]
            if f < 0:
                continue
            p, q = barycentric[y, x, 0], barycentric[y, x, 1]
            r = np.float32(1.0) - p - q
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            z = p * points[a, 2] + q * points[b, 2] + r * points[c, 2]
            if not z > 0.01:  # behind the camera there
                continue
            u = (p * points[a, 0] + q * points[b, 0] + r * points[c, 0]) / z * focal + centre_x - 0.5
            v = (p * points[a, 1] + q * points[b, 1] + r * points[c, 1]) / z * focal + centre_y - 0.5
            flow[y, x, 0], flow[y, x, 1] = u - x, v - y
            i, j = int(np.rint(v)) + margin, int(np.rint(u)) + margin
            if 0 <= i < depth.shape[0] and 0 <= j < depth.shape[1]:
                visible[y, x] = min(1.0, max(0.0, 2.0 - (z - depth[i, j]) / tolerance))
