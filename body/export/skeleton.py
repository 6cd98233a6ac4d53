"""What the formats with a skeleton share: axes, rest joints and rotations of a track, in double precision.

Tracks are in the camera's axes (y down, z forward). Files for animation have y up; half a turn about x
leads from one to the other, so that a person before the camera stands upright and looks along +z, and the
camera stays at the origin, looking along -z.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from body.model import BodyModel
from body.skinning import rest_joints
from body.track import BodyTrack, check_model

Array = npt.NDArray[np.float64]
Y_UP_FROM_CAMERA: Array = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SkeletonMotion:
    """A track as a skeleton moves: metres, y up.

    rest (55, 3): joints of the person at rest; offsets (55, 3) from each joint's parent, the pelvis's own 0;
    root (N, 3): where the pelvis is; rotations (N, 55, 4): unit quaternions x y z w against the parent,
    of which neighbouring frames lie in one half space.
    """

    rest: Array
    offsets: Array
    root: Array
    rotations: Array


def skeleton_motion(model: BodyModel, track: BodyTrack) -> SkeletonMotion:
    """Return a track's skeleton; what expressions do to rest joints is left out (3 um in the embedded model).

    Raises:
        BadInputError: if the track belongs to another model.
    """
    check_model(model, track)
    rest = rest_joints(model, track.betas[None], np.zeros((1, 1)))[0].astype(np.float64)
    offsets = rest - rest[model.parents]
    offsets[0] = 0
    rotations = quaternions(track.full_pose())
    half_turn_x = np.array([1.0, 0.0, 0.0, 0.0])
    rotations[:, 0] = quaternion_product(half_turn_x, rotations[:, 0])
    flips = np.where((rotations[1:] * rotations[:-1]).sum(-1) < 0, -1.0, 1.0)
    rotations[1:] *= np.cumprod(flips, axis=0)[..., None]
    rotations *= np.where(rotations[:1, :, 3:] < 0, -1.0, 1.0)
    root = (rest[0] + track.transl.astype(np.float64)) @ Y_UP_FROM_CAMERA.T
    return SkeletonMotion(rest=rest, offsets=offsets, root=root, rotations=rotations)


def quaternions(axis_angle: npt.ArrayLike) -> Array:
    """Return unit quaternions (..., 4), x y z w, of axis-angle vectors (..., 3) in radians."""
    vectors = np.asarray(axis_angle, np.float64)
    angle = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.concatenate([vectors * (0.5 * np.sinc(angle / (2 * np.pi))), np.cos(angle / 2)], axis=-1)


def quaternion_product(first: Array, second: Array) -> Array:
    """Return first * second, (..., 4) x y z w: the rotation `second`, then `first`."""
    a, b = first[..., :3], second[..., :3]
    w, v = first[..., 3:], second[..., 3:]
    imaginary = w * b + v * a + np.cross(a, b)
    return np.concatenate([imaginary, w * v - (a * b).sum(-1, keepdims=True)], axis=-1)


def matrices(rotations: Array) -> Array:
    """Return rotation matrices (..., 3, 3) of unit quaternions (..., 4), x y z w."""
    x, y, z, w = np.moveaxis(rotations, -1, 0)
    rows = [
        1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
        2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
        2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
    ]  # fmt: skip
    return np.stack(rows, axis=-1).reshape(*x.shape, 3, 3)


def axis_angles(rotations: Array) -> Array:
    """Return axis-angle vectors (..., 3), at most half a turn long, of unit quaternions (..., 4)."""
    turned = rotations * np.where(rotations[..., 3:] < 0, -1.0, 1.0)
    sine = np.linalg.norm(turned[..., :3], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, turned[..., 3:])
    return turned[..., :3] * np.where(sine > 1e-12, angle / np.maximum(sine, 1e-12), 2.0)
