"""Pictures of the mesh: shaded renders, and overlays on the frame it was fitted to."""

import functools

import numpy as np
import numpy.typing as npt
from numba import njit

from body.model import BodyModel
from body.raster import Float, Index, Numbers, Pinhole, Raster, rasterise, vertex_normals
from body.topology import JOINT_INDEX, Part

Rgb = npt.NDArray[np.uint8]

# Directions the light comes from, in the camera's axes, and their strength: a key light above the camera's
# left and a weak fill from its other side.
_LIGHTS = np.array([[0.26, -0.43, -0.86, 0.75], [-0.78, -0.20, -0.59, 0.25]], np.float32)
_AMBIENT = 0.28

PART_COLOURS: dict[Part, tuple[float, float, float]] = {
    Part.BACKGROUND: (0.0, 0.0, 0.0),
    Part.FACE: (0.95, 0.78, 0.60),
    Part.HEAD: (0.75, 0.62, 0.70),
    Part.MOUTH: (0.45, 0.12, 0.14),
    Part.LEFT_EYE: (0.95, 0.95, 0.98),
    Part.RIGHT_EYE: (0.95, 0.95, 0.98),
    Part.TORSO: (0.55, 0.68, 0.88),
    Part.LEFT_ARM: (0.45, 0.78, 0.62),
    Part.RIGHT_ARM: (0.80, 0.72, 0.42),
    Part.LEFT_HAND: (0.30, 0.85, 0.85),
    Part.RIGHT_HAND: (0.95, 0.60, 0.35),
    Part.LEFT_LEG: (0.55, 0.62, 0.70),
    Part.RIGHT_LEG: (0.62, 0.55, 0.70),
}


_IRIS_COLOUR, _PUPIL_COLOUR = (0.25, 0.35, 0.45), (0.05, 0.05, 0.05)
_IRIS_RADIUS, _PUPIL_RADIUS = 0.0060, 0.0025  # metres


@functools.lru_cache(maxsize=2)
def part_colours(model: BodyModel) -> Float:
    """Return a colour (F, 3) in [0, 1] for each triangle, by part; eyes have irises, so that gaze shows."""
    palette = np.array([PART_COLOURS[part] for part in Part], np.float32)
    colours = palette[model.face_parts]
    centres = model.points.template[model.faces].mean(1)
    for part, name in ((Part.LEFT_EYE, "left_eye"), (Part.RIGHT_EYE, "right_eye")):
        offset = centres - model.joint_template[JOINT_INDEX[name]]
        front = (model.face_parts == part) & (offset[:, 2] > 0)
        for radius, colour in ((_IRIS_RADIUS, _IRIS_COLOUR), (_PUPIL_RADIUS, _PUPIL_COLOUR)):
            colours[front & (np.linalg.norm(offset[:, :2], axis=1) < radius)] = colour
    colours.flags.writeable = False  # the next caller gets the same array
    return colours


def shade(
    raster: Raster,
    faces: Numbers,
    normals: Float,
    colours: Float,
    image: Rgb,
    opacity: float = 1.0,
) -> Rgb:
    """Return the picture (H, W, 3) with the mesh drawn over it in matt colours.

    Args:
        normals: (V, 3) unit vectors in the camera's axes.
        colours: (V, 3) of vertices, blended within triangles, or (F, 3) of triangles; in [0, 1].
        opacity: 1 hides the picture, 0 the mesh.
    """
    out = np.array(image, np.uint8, copy=True, order="C")
    by_vertex = len(colours) == len(normals)
    corners = np.ascontiguousarray(faces, np.int32)
    _shade(raster.face, raster.barycentric, corners, normals, colours.astype(np.float32), by_vertex,
           np.float32(opacity), out)  # fmt: skip
    return out


def overlay(
    image: Rgb,
    vertices: Float,
    model: BodyModel,
    camera: Pinhole,
    opacity: float = 0.6,
    colours: Float | None = None,
) -> Rgb:
    """Return the picture (H, W, 3) with vertices (V, 3), given in the camera's frame, drawn over it."""
    raster = rasterise(vertices, model.faces, camera)
    normals = vertex_normals(vertices, model.faces)
    tints = part_colours(model) if colours is None else colours
    return shade(raster, model.faces, normals, tints, image, opacity)


def facing_camera(
    vertices: Numbers, target: Numbers, distance: float, yaw: float = 0.0, pitch: float = 0.0
) -> Float:
    """Return vertices (V, 3) from rest axes in the frame of a camera that looks at `target` (3,).

    The camera stands `distance` metres before it; yaw turns the body to its left, pitch nods it, radians.
    """
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    turn = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]]) @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    turned = (np.asarray(vertices) - target) @ turn.T
    return np.stack([turned[:, 0], -turned[:, 1], distance - turned[:, 2]], axis=1).astype(np.float32)


@njit(cache=True)
def _shade(
    face: Index, barycentric: Float, faces: Index, normals: Float, colours: Float, by_vertex: bool,
    opacity: np.float32, out: Rgb,
) -> None:  # fmt: skip
    height, width = face.shape
    colour = np.empty(3, np.float32)
    for y in range(height):
        for x in range(width):
            f = face[y, x]
            if f < 0:
                continue
            p, q = barycentric[y, x, 0], barycentric[y, x, 1]
            r = np.float32(1.0) - p - q
            a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
            nx = p * normals[a, 0] + q * normals[b, 0] + r * normals[c, 0]
            ny = p * normals[a, 1] + q * normals[b, 1] + r * normals[c, 1]
            nz = p * normals[a, 2] + q * normals[b, 2] + r * normals[c, 2]
            length = max(np.sqrt(nx * nx + ny * ny + nz * nz), np.float32(1e-6))
            light = np.float32(_AMBIENT)
            for k in range(2):
                facing = (nx * _LIGHTS[k, 0] + ny * _LIGHTS[k, 1] + nz * _LIGHTS[k, 2]) / length
                light += _LIGHTS[k, 3] * max(facing, np.float32(0.0))
            for k in range(3):
                if by_vertex:
                    colour[k] = p * colours[a, k] + q * colours[b, k] + r * colours[c, k]
                else:
                    colour[k] = colours[f, k]
                lit = min(colour[k] * light, np.float32(1.0)) * np.float32(255.0)
                out[y, x, k] = np.uint8(out[y, x, k] * (np.float32(1.0) - opacity) + lit * opacity)
