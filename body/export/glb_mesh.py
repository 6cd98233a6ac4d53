"""The mesh of a GLB file: the person at rest, joints and weights, and what moves the skin besides joints."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from body.model import BodyModel, PointSet
from body.skinning import rotation_matrices
from body.topology import NUM_JOINTS
from body.track import BodyTrack

Floats = npt.NDArray[np.floating]
Integers = npt.NDArray[np.integer]
_NUM_WEIGHTS = 4  # what programs that draw glTF are bound to heed
_MAX_POSE_TARGETS = 16
_NEGLIGIBLE = 1e-6  # metres


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MorphTargets:
    """names of T targets; offsets (T, V, 3) m per unit; weights (N, T) of each frame."""

    names: tuple[str, ...]
    offsets: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]


def rest_points(model: BodyModel, track: BodyTrack) -> PointSet:
    """Return the model's vertices with the person's shape as template."""
    points, count = model.points, len(track.betas)
    template = points.template + points.shape_dirs[..., :count] @ track.betas
    return PointSet(
        template=template.astype(np.float32),
        shape_dirs=points.shape_dirs[..., :0],
        expression_dirs=points.expression_dirs,
        pose_dirs=points.pose_dirs,
        weights=points.weights,
    )


def four_weights(weights: Floats) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Return the four strongest joints of each vertex (V, 4) and their weights (V, 4), which sum to 1."""
    joints = np.argsort(-weights, axis=1, kind="stable")[:, :_NUM_WEIGHTS]
    kept = np.take_along_axis(weights, joints, axis=1).astype(np.float64)
    kept = (kept / kept.sum(1, keepdims=True)).astype(np.float32)
    return np.where(kept > 0, joints, 0).astype(np.uint8), kept


def full_weights(joints: Integers, weights: Floats) -> npt.NDArray[np.float32]:
    """Return (V, 55) of the strongest joints (V, 4) and their weights."""
    full = np.zeros((len(joints), NUM_JOINTS), np.float32)
    np.add.at(full, (np.arange(len(joints))[:, None], joints), weights)
    return full


def morph_targets(model: BodyModel, track: BodyTrack) -> MorphTargets:
    """Return the expression components of the track and the model's pose correctives as targets.

    Each is one target for positive and, where it occurs, one for negative coefficients.
    Correctives are linear in elements of the joints' rotation matrices, so that animated weights give
    them exactly. The embedded model has five (jaw, gaze up and down, sideways); a model with more than 16,
    as SMPL-X has, keeps none.
    """
    count = track.expression.shape[1]
    offsets = [model.points.expression_dirs[..., :count].transpose(2, 0, 1)]
    names = [f"expression{index:02d}" for index in range(count)]
    weights = [track.expression]
    if len(model.pose_features) <= _MAX_POSE_TARGETS:
        local = rotation_matrices(track.full_pose())[:, 1:] - np.eye(3, dtype=np.float32)
        offsets.append(model.points.pose_dirs.transpose(2, 0, 1))
        weights.append(local.reshape(track.num_frames, -1)[:, model.pose_features])
        names += [f"pose{feature:03d}" for feature in model.pose_features]
    moved = np.concatenate(offsets).astype(np.float32)
    moved[np.abs(moved).max(2) < _NEGLIGIBLE] = 0
    return _within_unit_range(names, moved, np.concatenate(weights, axis=1))


def _within_unit_range(names: list[str], offsets: Floats, weights: Floats) -> MorphTargets:
    """Return targets whose weights lie in [0, 1], to which Blender cuts them: one for each sign that occurs.

    A target whose weight would pass 1 holds as many units as its largest weight.
    """
    kept: list[tuple[str, Floats, Floats]] = []
    for index, name in enumerate(names):
        for sign, mark in ((1.0, "+"), (-1.0, "-")):
            part = np.maximum(sign * weights[:, index], 0)
            units = max(1.0, float(part.max()))
            if part.any() or sign > 0:
                kept.append((f"{name}{mark}", offsets[index] * (sign * units), part / units))
    return MorphTargets(
        names=tuple(name for name, _, _ in kept),
        offsets=np.stack([moved for _, moved, _ in kept]).astype(np.float32),
        weights=np.stack([part for _, _, part in kept], axis=1).clip(0, 1).astype(np.float32),
    )


def vertex_normals(points: Floats, faces: Integers) -> npt.NDArray[np.float32]:
    """Return unit normals (V, 3), means of the triangles' by area; +z where no triangle is."""
    corners = points.astype(np.float64)[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros((len(points), 3))
    for corner in range(3):
        np.add.at(normals, faces[:, corner], across)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    unit = np.where(length > 1e-12, normals / np.maximum(length, 1e-12), [0.0, 0.0, 1.0])
    return unit.astype(np.float32)


def split_at_seams(
    model: BodyModel,
) -> tuple[Integers, Integers, Floats | None]:
    """Return the vertex that each point stands for (P,), triangles (F, 3) and texture coordinates (P, 2).

    Files have one pair of texture coordinates a point; SMPL-X's vertices on seams have several.
    """
    if model.uv is None or model.uv_faces is None:
        return np.arange(model.num_vertices), model.faces, None
    pairs = model.faces.astype(np.int64) * len(model.uv) + model.uv_faces
    unique, triangles = np.unique(pairs, return_inverse=True)
    uv = model.uv[unique % len(model.uv)].astype(np.float32)
    flipped = np.stack([uv[:, 0], 1 - uv[:, 1]], axis=1)  # glTF counts v from the top
    return unique // len(model.uv), triangles.reshape(-1, 3), flipped
