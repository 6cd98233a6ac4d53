"""Linear blend skinning in numpy, float32, for many frames at once.

Equations 2 to 5 of Loper et al., SMPL (2015), with SMPL-X's order of parameters. Positions come out in the
axes that global_orient turns to: with the camera's, metres in the camera's frame.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from body.model import BodyModel, Float, JointPoints, PointSet, SurfacePoints
from body.topology import NUM_JOINTS
from body.track import BodyTrack

_SMALL_ANGLE = 1e-4


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class JointTransforms:
    """Of N frames: rotations (N, 55, 3, 3) of each joint's frame against the rest pose; positions (N, 55, 3)
    without translation; shifts (N, 55, 3) with x = R x_rest + shift; features (N, K) active pose features.
    """

    rotations: Float
    positions: Float
    shifts: Float
    features: Float


def rotation_matrices(axis_angle: npt.ArrayLike) -> Float:
    """Return matrices (..., 3, 3) of axis-angle vectors (..., 3) in radians (Rodrigues' formula)."""
    vectors = np.asarray(axis_angle, np.float32)
    angle = np.sqrt((vectors * vectors).sum(-1))[..., None, None]
    small = angle < _SMALL_ANGLE
    safe = np.where(small, np.float32(1.0), angle)
    first = np.where(small, np.float32(1.0), np.sin(safe) / safe)
    second = np.where(small, np.float32(0.5), 2 * (np.sin(safe / 2) / safe) ** 2)
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*x.shape, 3, 3)
    matrices = np.eye(3, dtype=np.float32) + first * cross + second * (cross @ cross)
    return matrices.astype(np.float32, copy=False)


def rest_joints(model: BodyModel, betas: npt.ArrayLike, expression: npt.ArrayLike) -> Float:
    """Return (N, 55, 3) rest joints for betas (N, S') and expression (N, E') with S' <= S, E' <= E."""
    shape, face = np.asarray(betas, np.float32), np.asarray(expression, np.float32)
    moved = _blend(shape, model.joint_shape_dirs) + _blend(face, model.joint_expression_dirs)
    return (model.joint_template + moved).astype(np.float32, copy=False)


def forward_kinematics(
    rotations: Float, rest: Float, parents: npt.NDArray[np.integer]
) -> tuple[Float, Float]:
    """Return global rotations (N, 55, 3, 3) and joints (N, 55, 3) from local rotations and rest joints."""
    turned, placed = rotations.copy(), rest.copy()
    for level in joint_levels(tuple(int(parent) for parent in parents)):
        above = parents[level]
        turned[:, level] = turned[:, above] @ rotations[:, level]
        bones = (rest[:, level] - rest[:, above])[..., None]
        placed[:, level] = placed[:, above] + (turned[:, above] @ bones)[..., 0]
    return turned, placed


def joint_levels(parents: tuple[int, ...]) -> list[npt.NDArray[np.intp]]:
    """Return the joints below the pelvis, those of equal depth together, parents first."""
    depth = [0] * len(parents)
    for joint, parent in enumerate(parents):
        depth[joint] = depth[parent] + 1 if parent >= 0 else 0
    return [np.flatnonzero(np.equal(depth, level)) for level in range(1, max(depth) + 1)]


def transform_joints(
    model: BodyModel, pose: npt.ArrayLike, betas: npt.ArrayLike, expression: npt.ArrayLike
) -> JointTransforms:
    """Return the joints' transforms for full poses (N, 165) or (N, 55, 3), hand means included.

    betas and expression are (N, n) or (n,), the latter for all frames alike.
    """
    angles = np.asarray(pose, np.float32).reshape(-1, NUM_JOINTS, 3)
    local = rotation_matrices(angles)
    shape, face = per_frame(betas, len(local)), per_frame(expression, len(local))
    rest = rest_joints(model, shape, face)
    rotations, positions = forward_kinematics(local, rest, model.parents)
    features = (local[:, 1:] - np.eye(3, dtype=np.float32)).reshape(len(local), -1)
    return JointTransforms(
        rotations=rotations,
        positions=positions,
        shifts=np.asarray(positions - (rotations @ rest[..., None])[..., 0], np.float32),
        features=features[:, model.pose_features],
    )


def skin_points(
    points: PointSet,
    transforms: JointTransforms,
    betas: npt.ArrayLike,
    expression: npt.ArrayLike,
    transl: npt.ArrayLike | None = None,
) -> Float:
    """Return points (N, P, 3) in metres; transl (N, 3) or (3,) is added when given."""
    number = len(transforms.positions)
    shape, face = per_frame(betas, number), per_frame(expression, number)
    rest = points.template + _blend(shape, points.shape_dirs) + _blend(face, points.expression_dirs)
    rest += _blend(transforms.features, points.pose_dirs)
    matrices = np.concatenate([transforms.rotations, transforms.shifts[..., None]], axis=-1)
    blended = (points.weights @ matrices.reshape(number, NUM_JOINTS, 12)).reshape(number, -1, 3, 4)
    placed = np.einsum("npab,npb->npa", blended[..., :3], rest) + blended[..., 3]
    return placed if transl is None else placed + np.asarray(transl, np.float32).reshape(-1, 1, 3)


def skin(
    model: BodyModel,
    pose: npt.ArrayLike,
    betas: npt.ArrayLike,
    expression: npt.ArrayLike,
    transl: npt.ArrayLike | None = None,
) -> tuple[Float, Float]:
    """Return all vertices (N, V, 3) and the joints (N, 55, 3)."""
    transforms = transform_joints(model, pose, betas, expression)
    vertices = skin_points(model.points, transforms, betas, expression, transl)
    moved = 0.0 if transl is None else np.asarray(transl, np.float32).reshape(-1, 1, 3)
    return vertices, transforms.positions + moved


def track_vertices(
    model: BodyModel, track: BodyTrack, pose: Float | None = None, expression: Float | None = None
) -> Float:
    """Return the vertices (N, V, 3) of a body's frames.

    Args:
        pose: (N, 55, 3), expression: (N, E) instead of the track's own.
    """
    pose = track.full_pose() if pose is None else pose
    face = track.expression if expression is None else expression
    vertices, _ = skin(model, pose.reshape(len(pose), -1), track.betas, face, track.transl)
    return vertices.astype(np.float32, copy=False)


def surface_points(vertices: Float, faces: npt.NDArray[np.integer], points: SurfacePoints) -> Float:
    """Return landmarks (N, L, 3) from skinned vertices (N, V, 3)."""
    corners = vertices[:, faces[points.faces]]
    return np.einsum("lk,nlkc->nlc", points.barycentric, corners)


def joint_points(transforms: JointTransforms, points: JointPoints) -> Float:
    """Return (N, L, 3) where MediaPipe sees the joints, without translation."""
    turned = transforms.rotations[:, points.frames] @ points.offsets[..., None]
    return np.asarray(transforms.positions[:, points.joints] + turned[..., 0], np.float32)


def per_frame(coefficients: npt.ArrayLike, number: int) -> Float:
    """Return coefficients (number, n) from (n,), (1, n) or (number, n)."""
    array = np.atleast_2d(np.asarray(coefficients, np.float32))
    return np.broadcast_to(array, (number, array.shape[1]))


def _blend(coefficients: Float, directions: Float) -> Float:
    """Return (N, P, 3) = sum of the first n directions (P, 3, D) times coefficients (N, n)."""
    count = coefficients.shape[1]
    flat = directions[..., :count].reshape(-1, count)
    return (coefficients @ flat.T).reshape(len(coefficients), -1, 3)
