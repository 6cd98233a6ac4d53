"""A z-buffer rasteriser for one CPU core: depth, triangle and barycentric coordinates of every pixel.

Cameras are pinholes in OpenCV's axes (x right, y down, z forward). The pixel in column i and row j has its
centre at (i + 0.5, j + 0.5), as landmarks given as fractions of the picture's size imply.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Float = npt.NDArray[np.float32]
Index = npt.NDArray[np.int32]
Numbers = npt.NDArray[Any]  # of a type that the caller chooses
_NEAR = 0.01  # metres; triangles that reach closer to the camera are left out


@dataclass(frozen=True, kw_only=True, slots=True)
class Pinhole:
    """A camera without distortion, all in px."""

    focal_px: float
    centre_x_px: float
    centre_y_px: float
    width_px: int
    height_px: int

    @classmethod
    def for_picture(cls, width_px: int, height_px: int, focal_px: float | None = None) -> "Pinhole":
        """Return a centred camera; a focal length that is not known is taken as 1.2 of the longer side."""
        focal = 1.2 * max(width_px, height_px) if focal_px is None else focal_px
        return cls(
            focal_px=focal,
            centre_x_px=width_px / 2,
            centre_y_px=height_px / 2,
            width_px=width_px,
            height_px=height_px,
        )

    def project(self, points: Numbers) -> Numbers:
        """Return px (..., 2) of points (..., 3) in the camera's frame."""
        centre = np.array([self.centre_x_px, self.centre_y_px], points.dtype)
        return points[..., :2] / points[..., 2:] * points.dtype.type(self.focal_px) + centre

    def scaled(self, factor: int) -> "Pinhole":
        """Return the camera of the same view at `factor` times the resolution."""
        return Pinhole(
            focal_px=self.focal_px * factor,
            centre_x_px=self.centre_x_px * factor,
            centre_y_px=self.centre_y_px * factor,
            width_px=self.width_px * factor,
            height_px=self.height_px * factor,
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Raster:
    """What each pixel sees: depth (H, W) m, inf where nothing; face (H, W), -1 where nothing; barycentric
    (H, W, 2), the perspective-correct shares of the triangle's first two corners.
    """

    depth: Float
    face: Index
    barycentric: Float


def rasterise(vertices: Numbers, faces: Numbers, camera: Pinhole, cull: bool = True) -> Raster:
    """Draw triangles (F, 3) of vertices (V, 3) in the camera's frame, metres.

    cull leaves out triangles seen from behind (corners clockwise as seen from outside the body), which a
    closed surface hides anyway.
    """
    size = (camera.height_px, camera.width_px)
    depth = np.full(size, np.inf, np.float32)
    face = np.full(size, -1, np.int32)
    barycentric = np.zeros((*size, 2), np.float32)
    points = np.ascontiguousarray(vertices, np.float32)
    view = (camera.focal_px, camera.centre_x_px, camera.centre_y_px)
    _fill(points, np.ascontiguousarray(faces, np.int32), *view, cull, depth, face, barycentric)
    return Raster(depth=depth, face=face, barycentric=barycentric)


def interpolate(raster: Raster, faces: Numbers, values: Numbers, fill: float = np.nan) -> Float:
    """Return a map (H, W, C) of vertex values (V, C): positions, normals; `fill` where nothing is."""
    out = np.full((*raster.face.shape, values.shape[1]), fill, np.float32)
    flat = np.ascontiguousarray(values, np.float32)
    _spread(raster.face, raster.barycentric, np.ascontiguousarray(faces, np.int32), flat, out)
    return out


def part_mask(raster: Raster, face_parts: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the Part of every pixel (H, W), 0 where nothing is."""
    return np.where(raster.face >= 0, face_parts[raster.face], np.uint8(0)).astype(np.uint8)


def vertex_normals(vertices: Numbers, faces: Numbers) -> Float:
    """Return unit normals (V, 3), the triangles' weighted by their area; pointing out of the body."""
    points = np.ascontiguousarray(vertices, np.float32)
    normals = np.zeros_like(points)
    _add_normals(points, np.ascontiguousarray(faces, np.int32), normals)
    return normals


@njit(cache=True, nogil=True)
def _fill(
    points: Float, faces: Index, focal: float, centre_x: float, centre_y: float, cull: bool,
    depth: Float, face: Index, barycentric: Float,
) -> None:  # fmt: skip
    height, width = depth.shape
    pixels = np.empty((len(points), 2), np.float32)
    for i in range(len(points)):
        z = max(points[i, 2], _NEAR)
        pixels[i, 0] = points[i, 0] / z * focal + centre_x - 0.5
        pixels[i, 1] = points[i, 1] / z * focal + centre_y - 0.5
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        if points[a, 2] <= _NEAR or points[b, 2] <= _NEAR or points[c, 2] <= _NEAR:
            continue
        x0, y0 = np.float64(pixels[a, 0]), np.float64(pixels[a, 1])
        x1, y1 = np.float64(pixels[b, 0]), np.float64(pixels[b, 1])
        x2, y2 = np.float64(pixels[c, 0]), np.float64(pixels[c, 1])
        area = (y1 - y2) * (x0 - x2) + (x2 - x1) * (y0 - y2)
        if abs(area) < 1e-12 or (cull and area > 0):
            continue
        left, right = max(0, int(np.ceil(min(x0, x1, x2)))), min(width - 1, int(np.floor(max(x0, x1, x2))))
        top, low = max(0, int(np.ceil(min(y0, y1, y2)))), min(height - 1, int(np.floor(max(y0, y1, y2))))
        i0, i1, i2 = 1.0 / points[a, 2], 1.0 / points[b, 2], 1.0 / points[c, 2]
        step0, step1 = (y1 - y2) / area, (y2 - y0) / area
        for y in range(top, low + 1):
            share0 = ((y1 - y2) * (left - x2) + (x2 - x1) * (y - y2)) / area
            share1 = ((y2 - y0) * (left - x2) + (x0 - x2) * (y - y2)) / area
            for x in range(left, right + 1):
                # On an edge both triangles answer, so that no pixel falls between them; depth decides.
                if share0 >= -1e-9 and share1 >= -1e-9 and share0 + share1 <= 1.0 + 1e-9:
                    nearness = share0 * i0 + share1 * i1 + (1.0 - share0 - share1) * i2
                    z = np.float32(1.0 / nearness)
                    if z < depth[y, x]:
                        depth[y, x] = z
                        face[y, x] = f
                        barycentric[y, x, 0] = share0 * i0 * z
                        barycentric[y, x, 1] = share1 * i1 * z
                share0 += step0
                share1 += step1


@njit(cache=True, nogil=True)
def _spread(face: Index, barycentric: Float, faces: Index, values: Float, out: Float) -> None:
    height, width = face.shape
    for y in range(height):
        for x in range(width):
            f = face[y, x]
            if f < 0:
                continue
            p, q = barycentric[y, x, 0], barycentric[y, x, 1]
            r = np.float32(1.0) - p - q
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            for k in range(values.shape[1]):
                out[y, x, k] = p * values[a, k] + q * values[b, k] + r * values[c, k]


@njit(cache=True, nogil=True)
def _add_normals(points: Float, faces: Index, normals: Float) -> None:
    for f in range(len(faces)):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for i in (a, b, c):
            normals[i, 0] += nx
            normals[i, 1] += ny
            normals[i, 2] += nz
    for i in range(len(normals)):
        length = np.sqrt(normals[i, 0] ** 2 + normals[i, 1] ** 2 + normals[i, 2] ** 2)
        if length > 0:
            normals[i] /= length
