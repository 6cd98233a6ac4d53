"""Errors of a fit against the true motion, as the literature reports them.

PA: after the best similarity transform (Procrustes) of each frame. Joints are those of the upper body.
"""

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from benchmarks.fit_sequences import Motion
from body.model import BodyModel
from body.skinning import forward_kinematics, rotation_matrices, skin
from body.topology import JOINT_INDEX
from transforms.fit_body import Fit

Array = npt.NDArray[np.floating]
UPPER_BODY = [3, 6, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]
_HANDS = ((20, list(range(25, 40))), (21, list(range(40, 55))))
_NECK, _HEAD = JOINT_INDEX["neck"], JOINT_INDEX["head"]
_JOINTS = {
    "spine": [3, 6, 9], "collar": [13, 14], "shoulder": [16, 17], "elbow": [18, 19], "wrist": [20, 21],
    "jaw": [22], "eyes": [23, 24], "fingers": list(range(25, 55)),
}  # fmt: skip


def procrustes(points: Array, target: Array) -> Array:
    """Return points (P, 3) after the similarity transform that brings them nearest to the target."""
    mean, goal = points.mean(0), target.mean(0)
    a, b = points - mean, target - goal
    u, s, vt = np.linalg.svd(a.T @ b)
    sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    return (s * sign).sum() / (a * a).sum() * a @ (u * sign @ vt) + goal


def pa_error_mm(points: Array, target: Array) -> float:
    """Return the mean distance in mm after Procrustes, over frames (N, P, 3)."""
    pairs = zip(points, target, strict=True)
    return 1000 * float(np.mean([np.linalg.norm(procrustes(p, t) - t, axis=-1).mean() for p, t in pairs]))


def angle_deg(a: Array, b: Array) -> Array:
    """Return angles between rotations given as axis-angle (..., 3)."""
    turn = Rotation.from_rotvec(a.reshape(-1, 3)).inv() * Rotation.from_rotvec(b.reshape(-1, 3))
    return np.degrees(turn.magnitude()).reshape(a.shape[:-1])


def face_vertices(model: BodyModel) -> npt.NDArray[np.intp]:
    """Return the vertices of the front of the head."""
    head = model.points.weights[:, [15, 22, 23, 24]].sum(1) > 0.9
    return np.flatnonzero(head & (model.points.template[:, 2] > model.joint_template[_HEAD, 2] + 0.03))


def compare(model: BodyModel, fit: Fit, motion: Motion, step: int = 5) -> dict[str, float]:
    """Return errors by name, units in the names; vertices on every `step`-th frame."""
    pose, some = fit.full_pose(), slice(0, None, step)
    mesh, joints = skin(model, pose[some], fit.betas, fit.expression[some], fit.transl[some])
    true_mesh, true_joints = skin(
        model, motion.pose[some], motion.betas, motion.expression[some], motion.transl[some]
    )
    weights = model.points.weights
    face = face_vertices(model)
    upper = np.flatnonzero(weights[:, [9, *range(12, 23), *range(25, 55)]].sum(1) > 0.5)[::7]
    row = {
        "PA-MPJPE mm": pa_error_mm(joints[:, UPPER_BODY], true_joints[:, UPPER_BODY]),
        "PA-PVE mm": pa_error_mm(mesh[:, upper], true_mesh[:, upper]),
        "face PVE mm": pa_error_mm(mesh[:, face], true_mesh[:, face]),
    }
    centred = joints - joints[:, [_NECK]], true_joints - true_joints[:, [_NECK]]
    row["MPJPE mm"] = 1000 * float(np.linalg.norm(centred[0] - centred[1], axis=-1)[:, UPPER_BODY].mean())
    for side, (wrist, fingers) in zip(("left", "right"), _HANDS, strict=True):
        hand = np.flatnonzero(weights[:, [wrist, *fingers]].sum(1) > 0.9)
        row[f"{side} hand PA-PVE mm"] = pa_error_mm(mesh[:, hand], true_mesh[:, hand])
    row["head deg"] = float(head_errors(model, pose[some], motion.pose[some]).mean())
    angles = angle_deg(pose.reshape(-1, 55, 3).astype(np.float64), motion.pose.reshape(-1, 55, 3))
    row |= {f"{name} deg": float(angles[:, group].mean()) for name, group in _JOINTS.items()}
    row["acceleration mm/frame^2"] = _acceleration_error(model, fit, motion)
    row["depth mm"] = 1000 * float(np.abs(fit.transl - motion.transl)[:, 2].mean())
    count = min(len(fit.betas), len(motion.betas))
    row["betas"] = float(np.abs(fit.betas[:count] - motion.betas[:count]).mean())
    return row


def head_errors(model: BodyModel, pose: Array, true: Array) -> Array:
    """Return how far the head's orientation is off (N,), degrees."""
    rest = np.broadcast_to(model.joint_template, (len(pose), 55, 3))
    turned = [
        forward_kinematics(rotation_matrices(p.reshape(-1, 55, 3)), rest, model.parents)[0][:, _HEAD]
        for p in (pose, true)
    ]
    trace = np.einsum("nab,nab->n", turned[0].astype(np.float64), turned[1])
    return np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))


def _acceleration_error(model: BodyModel, fit: Fit, motion: Motion) -> float:
    if len(fit.transl) < 3:
        return float("nan")
    from body.skinning import transform_joints

    moved = transform_joints(model, fit.full_pose(), fit.betas, fit.expression).positions
    true = transform_joints(model, motion.pose, motion.betas, motion.expression).positions
    gap = (moved + fit.transl[:, None])[:, UPPER_BODY] - (true + motion.transl[:, None])[:, UPPER_BODY]
    return 1000 * float(np.linalg.norm(np.diff(gap, 2, axis=0), axis=-1).mean())
