"""Left and right exchanged: points, joints, rotations and coefficients of a body seen in a mirror.

The mirror is the plane x = 0 of the camera's axes, or of the picture. Points that mirror each other are
partners; a mirrored array takes each point from its partner.
"""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from body.model import BodyModel, Float
from body.topology import JOINT_NAMES

Int = npt.NDArray[np.int64]
_SIDES = {"left": "right", "right": "left"}


def other_side(name: str) -> str:
    """Return a name with left and right exchanged."""
    return re.sub("left|right", lambda side: _SIDES[side[0]], name)


JOINT_PARTNERS: Int = np.array([JOINT_NAMES.index(other_side(name)) for name in JOINT_NAMES])
"""Of each joint (55,) the one that mirrors it."""


def mirrored_rotations(axis_angle: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Return axis-angle vectors (..., 3) as a mirror shows them: S R S for S = diag(-1, 1, 1)."""
    return axis_angle * np.array([1, -1, -1], axis_angle.dtype)


def mirrored_points(points: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Return positions (..., 3) as a mirror shows them."""
    return points * np.array([-1, 1, 1], points.dtype)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CoefficientMirror:
    """Matrices by which a body model's coefficients are mirrored: betas @ shape, z @ expression.

    shape (S, S), expression (E, E): by least squares, where the model cannot show the mirror image.
    """

    model_id: str
    shape: Float
    expression: Float


def vertex_partners(model: BodyModel) -> Int:
    """Return of each vertex (V,) the one nearest to its mirror image in the rest pose."""
    points = model.points.template
    return np.asarray(KDTree(points).query(mirrored_points(points))[1], np.int64)


def coefficient_mirror(model: BodyModel) -> CoefficientMirror:
    """Return how the shape and expression coefficients of a model are mirrored."""
    partners = vertex_partners(model)
    return CoefficientMirror(
        model_id=model.model_id,
        shape=_mirror_of(model.points.shape_dirs, partners),
        expression=_mirror_of(model.points.expression_dirs, partners),
    )


def _mirror_of(directions: Float, partners: Int) -> Float:
    """Return M (D, D) with coefficients @ M mirrored, for directions (V, 3, D)."""
    flipped = directions[partners] * np.array([-1, 1, 1], np.float32)[:, None]
    flat, wanted = (d.reshape(-1, directions.shape[2]).astype(np.float64) for d in (directions, flipped))
    # The normal equations; flat @ solution[:, d] is direction d mirrored.
    solution = np.linalg.lstsq(flat.T @ flat, flat.T @ wanted, rcond=None)[0]
    return np.ascontiguousarray(solution.T, np.float32)
