"""The embedded model's file: SMPL-X's content packed to a fraction of its size.

Directions are int16 with one scale per component (error below 1 um per unit coefficient), weights and the
regressor keep only what is not zero. body/data/README.md says where the data come from.
"""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import numpy as np

from body.detector_bias import DetectorBias
from body.model import ArkitUnits, BodyModel, HandSpace, JointPoints, PointSet, SurfacePoints
from body.topology import ARKIT_EXPRESSION_UNITS, NUM_JOINTS, PARENTS
from schemas.ids import content_id
from schemas.npz import read_arrays

FILE_NAME = "body_model.npz"
_DIRECTIONS = ("shape_dirs", "expression_dirs", "pose_dirs")
_JOINT_SETS = ("pose", "left_hand", "right_hand")
_JOINT_KEYS = ("ids", "joints", "frames", "offsets", "spread")
_LANDMARK_KEYS = ("mediapipe_ids", "faces", "barycentric", "weights", "contour")
_BIAS_KEYS = ("ids", "skin", "iris")
ARRAY_NAMES: tuple[str, ...] = (
    "template", *_DIRECTIONS, *(f"{name}_scale" for name in _DIRECTIONS), "weight_joints", "weight_values",
    "faces", "face_parts", "pose_features", "regressor_vertices", "regressor_values", "regressor_lengths",
    "uv", "uv_faces", "hand_mean", "hand_components", "hand_deviations", "units_from_expression",
    "unit_angles", "unit_angle_names", *(f"landmarks_{key}" for key in _LANDMARK_KEYS),
    *(f"{name}_{key}" for name in _JOINT_SETS for key in _JOINT_KEYS), *(f"bias_{key}" for key in _BIAS_KEYS),
)  # fmt: skip


def embedded_path() -> Path:
    """Return the file that ships with the program."""
    return Path(str(resources.files("body"))) / "data" / FILE_NAME


def load_embedded() -> BodyModel:
    """Return the embedded model with all its components."""
    path = embedded_path()
    digest, _ = content_id([path.read_bytes()])
    return unpack(read_arrays(path, ARRAY_NAMES), f"mentor-{digest}")


def pack(model: BodyModel) -> dict[str, np.ndarray]:
    """Return the arrays of the file; `unpack` is the way back."""
    if model.arkit is None or model.uv is None or model.uv_faces is None or model.detector_bias is None:
        raise ValueError("the embedded model has ARKit units, texture coordinates and the detector's bias")
    rows = [np.flatnonzero(row) for row in model.regressor]
    arrays = {
        "template": model.points.template,
        **_quantised("shape_dirs", model.points.shape_dirs),
        **_quantised("expression_dirs", model.points.expression_dirs),
        **_quantised("pose_dirs", model.points.pose_dirs),
        **_sparse_weights(model.points.weights),
        "faces": model.faces.astype(np.uint16),
        "face_parts": model.face_parts,
        "pose_features": model.pose_features.astype(np.uint16),
        "regressor_vertices": np.concatenate(rows).astype(np.uint16),
        "regressor_values": np.concatenate([w[r] for w, r in zip(model.regressor, rows, strict=True)]),
        "regressor_lengths": np.array([len(r) for r in rows], np.uint16),
        "uv": np.round(model.uv * 65535).astype(np.uint16),
        "uv_faces": model.uv_faces.astype(np.uint16),
        "hand_mean": model.hands.mean,
        "hand_components": model.hands.components,
        "hand_deviations": model.hands.deviations,
        "units_from_expression": model.arkit.from_expression.astype(np.float64),
        "unit_angles": np.array(list(model.arkit.angles.values()), np.float64),
        "unit_angle_names": np.array(list(model.arkit.angles), "U16"),
    }
    arrays |= {f"landmarks_{key}": getattr(model.landmarks, key) for key in _LANDMARK_KEYS}
    for name, points in zip(_JOINT_SETS, (model.pose_points, *model.hand_points), strict=True):
        arrays |= {f"{name}_{key}": getattr(points, key) for key in _JOINT_KEYS}
    return arrays | {f"bias_{key}": getattr(model.detector_bias, key) for key in _BIAS_KEYS}


def unpack(arrays: Mapping[str, np.ndarray], model_id: str) -> BodyModel:
    """Return the model of the file's arrays."""
    count = len(arrays["template"])
    weights = np.zeros((count, NUM_JOINTS), np.float32)
    shares = arrays["weight_values"].astype(np.float32)
    np.add.at(weights, (np.arange(count)[:, None], arrays["weight_joints"]), shares)
    points = PointSet(
        template=arrays["template"],
        weights=weights / weights.sum(1, keepdims=True),
        **{name: arrays[name].transpose(2, 1, 0) * arrays[f"{name}_scale"] for name in _DIRECTIONS},
    )
    regressor = np.zeros((NUM_JOINTS, count), np.float32)
    owner = np.repeat(np.arange(NUM_JOINTS), arrays["regressor_lengths"])
    regressor[owner, arrays["regressor_vertices"]] = arrays["regressor_values"]
    exact = regressor.astype(np.float64)  # weights of both signs: float32 sums would lose a micrometre
    joints, by_shape, by_face = (
        np.tensordot(exact, values.astype(np.float64), 1).astype(np.float32)
        for values in (points.template, points.shape_dirs, points.expression_dirs)
    )
    sets = [_joint_points(arrays, name) for name in _JOINT_SETS]
    return BodyModel(
        model_id=model_id,
        points=points,
        faces=arrays["faces"].astype(np.int32),
        face_parts=arrays["face_parts"],
        parents=np.array(PARENTS, np.int32),
        pose_features=arrays["pose_features"].astype(np.int32),
        regressor=regressor,
        joint_template=joints,
        joint_shape_dirs=by_shape,
        joint_expression_dirs=by_face,
        uv=(arrays["uv"] / np.float32(65535)).astype(np.float32),
        uv_faces=arrays["uv_faces"].astype(np.int32),
        hands=HandSpace(
            mean=arrays["hand_mean"],
            components=arrays["hand_components"],
            deviations=arrays["hand_deviations"],
        ),
        landmarks=SurfacePoints(**{key: arrays[f"landmarks_{key}"] for key in _LANDMARK_KEYS}),
        pose_points=sets[0],
        hand_points=(sets[1], sets[2]),
        arkit=_arkit(arrays),
        detector_bias=DetectorBias(**{key: arrays[f"bias_{key}"] for key in _BIAS_KEYS}),
    )


def _quantised(name: str, directions: np.ndarray) -> dict[str, np.ndarray]:
    """Return directions (P, 3, D) as int16 (D, 3, P), in which zip finds its runs, and scales (D,)."""
    scale: np.ndarray = np.abs(directions).max((0, 1)) / 32767
    levels: np.ndarray = np.round(directions / scale).astype(np.int16)
    return {name: np.ascontiguousarray(levels.transpose(2, 1, 0)), f"{name}_scale": scale.astype(np.float32)}


def _sparse_weights(weights: np.ndarray) -> dict[str, np.ndarray]:
    width = int((weights > 0).sum(1).max())
    joints = np.argsort(-weights, axis=1, kind="stable")[:, :width]
    values = np.round(np.take_along_axis(weights, joints, axis=1) * 65535)
    values[:, 0] += 65535 - values.sum(1)  # the largest takes what rounding left
    return {"weight_joints": joints.astype(np.uint8), "weight_values": values.astype(np.uint16)}


def _joint_points(arrays: Mapping[str, np.ndarray], name: str) -> JointPoints:
    return JointPoints(**{key: arrays[f"{name}_{key}"] for key in _JOINT_KEYS})


def _arkit(arrays: Mapping[str, np.ndarray]) -> ArkitUnits:
    exact = arrays["units_from_expression"]
    names = [str(name) for name in arrays["unit_angle_names"]]
    return ArkitUnits(
        names=ARKIT_EXPRESSION_UNITS,
        from_expression=exact.astype(np.float32),
        to_expression=np.linalg.inv(exact).astype(np.float32),
        angles=dict(zip(names, arrays["unit_angles"].tolist(), strict=True)),
    )
