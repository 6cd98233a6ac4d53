"""SMPL-X's .npz format: reading a user's licensed file, writing ours for programs that use `smplx`."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from body.embedded import load_embedded
from body.face_mesh import IBUG68, NUM_CONTOUR
from body.model import BodyModel, HandSpace, JointPoints, PointSet, SurfacePoints
from body.parts import parts_from_weights
from body.pose_points import HAND_POINTS
from body.topology import (
    FINGERS,
    JOINT_INDEX,
    JOINT_NAMES,
    KEYPOINT_VERTICES,
    MAX_EXPRESSION,
    MAX_SHAPE,
    NUM_JOINTS,
    NUM_POSE_FEATURES,
    PARENTS,
    SIDES,
)
from schemas.ids import content_id
from schemas.npz import read_arrays
from schemas.outcomes import BadInputError

_REQUIRED = (
    "v_template", "shapedirs", "posedirs", "J_regressor", "weights", "kintree_table", "f",
    "hands_componentsl", "hands_componentsr", "hands_meanl", "hands_meanr",
    "lmk_faces_idx", "lmk_bary_coords",
)  # fmt: skip
_OPTIONAL = ("dynamic_lmk_faces_idx", "dynamic_lmk_bary_coords", "hands_coeffsl", "vt", "ft")
_ROOT = 2**32 - 1  # how files write the pelvis's missing parent
_MAX_VERTICES = 200_000
_LARGEST = np.finfo(np.float32).max  # as which numbers are held
_CONTOUR_WEIGHT = 0.5


def load_smplx(path: Path) -> BodyModel:
    """Return the model of a SMPLX_*.npz file.

    Its own landmarks (51 of the inner face, 17 of the contour for a frontal head) are matched with
    MediaPipe's points. Where MediaPipe sees joints comes from the embedded model's calibration, fingertips
    from this file's vertices.

    Raises:
        BadInputError: if the file is not a sound SMPL-X model.
    """
    arrays = read_arrays(path, (*_REQUIRED, *_OPTIONAL))
    absent = [name for name in _REQUIRED if name not in arrays]
    if absent:
        raise BadInputError(
            f"{path}: not a SMPL-X model, {', '.join(absent)} missing; give a SMPLX_*.npz of the SMPL-X "
            "website (not SMPL, SMPL-H or a .pkl)"
        )
    _check(arrays, path)
    with path.open("rb") as handle:
        digest, _ = content_id(iter(lambda: handle.read(1 << 20), b""))
    return _assemble(arrays, f"smplx-{digest}")


def _check(arrays: dict[str, np.ndarray], path: Path) -> None:
    """Raise BadInputError unless shapes, indices and numbers make sense together."""
    _check_numbers(arrays, path)
    vertices, faces = len(arrays["v_template"]), len(arrays["f"])
    shapes: dict[str, tuple[int, ...]] = {
        "v_template": (vertices, 3), "posedirs": (vertices, 3, NUM_POSE_FEATURES),
        "J_regressor": (NUM_JOINTS, vertices), "weights": (vertices, NUM_JOINTS),
        "kintree_table": (2, NUM_JOINTS), "f": (faces, 3), "hands_meanl": (45,), "hands_meanr": (45,),
        "hands_componentsl": (45, 45), "hands_componentsr": (45, 45),
        "lmk_faces_idx": (51,), "lmk_bary_coords": (51, 3),
    }  # fmt: skip
    if "dynamic_lmk_faces_idx" in arrays and "dynamic_lmk_bary_coords" in arrays:
        rows = max(len(arrays["dynamic_lmk_faces_idx"]), 1)
        shapes["dynamic_lmk_faces_idx"] = (rows, NUM_CONTOUR)
        shapes["dynamic_lmk_bary_coords"] = (rows, NUM_CONTOUR, 3)
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise BadInputError(f"{path}: {name} has shape {arrays[name].shape}, SMPL-X has {shape}")
    directions = arrays["shapedirs"].shape
    if not 4 <= vertices <= _MAX_VERTICES or not faces:
        raise BadInputError(f"{path}: {vertices} vertices and {faces} triangles are no body")
    if len(directions) != 3 or directions[:2] != (vertices, 3) or directions[2] < 20:
        raise BadInputError(
            f"{path}: shapedirs has shape {directions}, SMPL-X has ({vertices}, 3, 20 or 400)"
        )
    _check_indices(arrays, path, vertices, faces)


def _check_numbers(arrays: dict[str, np.ndarray], path: Path) -> None:
    for name, array in arrays.items():
        if array.dtype.kind not in "fiu":
            raise BadInputError(f"{path}: {name} holds no numbers ({array.dtype})")
        if array.dtype.kind == "f" and not (np.abs(array) <= _LARGEST).all():
            raise BadInputError(f"{path}: {name} has numbers that are not finite, or too large")
        if name in ("v_template", "f", "dynamic_lmk_faces_idx") and array.ndim != 2:
            raise BadInputError(f"{path}: {name} has shape {array.shape}, SMPL-X has two dimensions")


def _check_indices(arrays: dict[str, np.ndarray], path: Path, vertices: int, faces: int) -> None:
    limits = {"f": vertices, "lmk_faces_idx": faces, "dynamic_lmk_faces_idx": faces}
    for name, limit in limits.items():
        array = arrays.get(name)
        if array is not None and array.size and not (array.min() >= 0 and array.max() < limit):
            raise BadInputError(f"{path}: {name} points beyond {limit}")
    parents = arrays["kintree_table"][0].astype(np.int64)
    parents[parents == _ROOT] = -1
    if not np.array_equal(parents, PARENTS):
        raise BadInputError(f"{path}: its joints are not SMPL-X's")
    weights = arrays["weights"]
    if weights.min() < -1e-4 or np.abs(weights.sum(1) - 1).max() > 1e-2:
        raise BadInputError(f"{path}: its skinning weights don't sum to 1")
    if "vt" in arrays and "ft" in arrays:
        uv, corners = arrays["vt"], arrays["ft"]
        sound = uv.ndim == 2 and uv.shape[1] == 2 and corners.shape == (faces, 3) and corners.min() >= 0
        if not sound or corners.max() >= len(uv):
            raise BadInputError(f"{path}: its texture coordinates don't fit its triangles")


def _assemble(arrays: dict[str, np.ndarray], model_id: str) -> BodyModel:
    def numbers(name: str) -> np.ndarray:
        return np.ascontiguousarray(arrays[name], np.float32)

    directions, features = numbers("shapedirs"), numbers("posedirs")
    first = MAX_SHAPE if directions.shape[2] >= MAX_SHAPE + MAX_EXPRESSION else 10
    active = np.flatnonzero(np.abs(features).max((0, 1)) > 0).astype(np.int32)
    points = PointSet(
        template=numbers("v_template"),
        shape_dirs=directions[..., :first],
        expression_dirs=directions[..., first : first + (MAX_EXPRESSION if first > 10 else 10)],
        pose_dirs=np.ascontiguousarray(features[..., active]),
        weights=numbers("weights"),
    )
    regressor, faces = numbers("J_regressor"), arrays["f"].astype(np.int32)
    joints = regressor @ points.template
    calibrated = load_embedded()
    textured = "vt" in arrays and "ft" in arrays
    return BodyModel(
        model_id=model_id,
        points=points,
        faces=faces,
        face_parts=parts_from_weights(points.template, joints, points.weights, faces),
        parents=np.array(PARENTS, np.int32),
        pose_features=active,
        regressor=regressor,
        joint_template=joints,
        joint_shape_dirs=regress(regressor, points.shape_dirs),
        joint_expression_dirs=regress(regressor, points.expression_dirs),
        uv=numbers("vt") if textured else None,
        uv_faces=arrays["ft"].astype(np.int32) if textured else None,
        hands=_hands(arrays, calibrated.hands),
        landmarks=_landmarks(arrays),
        pose_points=calibrated.pose_points,
        hand_points=_with_own_tips(calibrated.hand_points, points.template, joints),
        arkit=None,
        detector_bias=None,
    )


def regress(regressor: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Return what directions (V, 3, D) do to the joints: (55, 3, D)."""
    flat = directions.reshape(len(directions), -1)
    return (regressor @ flat).reshape(len(regressor), 3, -1).astype(np.float32)


def _hands(arrays: dict[str, np.ndarray], embedded: HandSpace) -> HandSpace:
    sample = arrays.get("hands_coeffsl")
    known = sample is not None and sample.ndim == 2 and sample.shape[1] == 45 and len(sample) > 1
    deviations = sample.std(0) if known and sample is not None else embedded.deviations
    return HandSpace(
        mean=np.stack([arrays["hands_meanl"], arrays["hands_meanr"]]).astype(np.float32),
        components=np.stack([arrays["hands_componentsl"], arrays["hands_componentsr"]]).astype(np.float32),
        deviations=deviations.astype(np.float32),
    )


def _landmarks(arrays: dict[str, np.ndarray]) -> SurfacePoints:
    faces, shares = arrays["lmk_faces_idx"], arrays["lmk_bary_coords"]
    ids = np.array(IBUG68, np.int32)
    contour = np.arange(len(ids)) < NUM_CONTOUR
    if "dynamic_lmk_faces_idx" in arrays and "dynamic_lmk_bary_coords" in arrays:
        frontal = 0  # rows are indexed by the head's yaw in degrees
        faces = np.concatenate([arrays["dynamic_lmk_faces_idx"][frontal], faces])
        shares = np.concatenate([arrays["dynamic_lmk_bary_coords"][frontal], shares])
    else:
        ids, contour = ids[NUM_CONTOUR:], contour[NUM_CONTOUR:]
    return SurfacePoints(
        mediapipe_ids=ids,
        faces=faces.astype(np.int32),
        barycentric=shares.astype(np.float32),
        weights=np.where(contour, _CONTOUR_WEIGHT, 1.0).astype(np.float32),
        contour=contour,
    )


def _with_own_tips(
    hands: tuple[JointPoints, JointPoints], template: np.ndarray, joints: np.ndarray
) -> tuple[JointPoints, JointPoints]:
    """Return the hand points with the fingertips of this mesh, if it has SMPL-X's vertices."""
    if len(template) <= max(KEYPOINT_VERTICES.values()):
        return hands
    left, right = (_own_tips(hand, side, template, joints) for hand, side in zip(hands, SIDES, strict=True))
    return left, right


def _own_tips(hand: JointPoints, side: str, template: np.ndarray, joints: np.ndarray) -> JointPoints:
    offsets = hand.offsets.copy()
    for row, (name, tip) in enumerate(HAND_POINTS):
        if tip and name[:-1] in FINGERS:
            vertex = KEYPOINT_VERTICES[f"{side}_{name[:-1]}"]
            offsets[row] = template[vertex] - joints[JOINT_INDEX[f"{side}_{name}"]]
    return replace(hand, offsets=offsets)


def write_smplx(model: BodyModel, path: Path) -> None:
    """Write the model as a .npz that `smplx.create` loads; the name should start with SMPLX_.

    The layout has 400 columns of shapedirs (300 of shape, 100 of expression), the missing ones zero: files
    with fewer columns are read as having ten of each.
    """
    shape, face = model.points.shape_dirs, model.points.expression_dirs
    directions = np.zeros((model.num_vertices, 3, MAX_SHAPE + MAX_EXPRESSION), np.float32)
    directions[..., : shape.shape[2]] = shape
    directions[..., MAX_SHAPE : MAX_SHAPE + face.shape[2]] = face
    features = np.zeros((model.num_vertices, 3, NUM_POSE_FEATURES), np.float32)
    features[..., model.pose_features] = model.points.pose_dirs
    parents = np.where(model.parents < 0, _ROOT, model.parents).astype(np.uint32)
    marks = _as_ibug68(model.landmarks)
    arrays = {
        "v_template": model.points.template,
        "shapedirs": directions,
        "posedirs": features,
        "J_regressor": model.regressor,
        "weights": model.points.weights,
        "kintree_table": np.stack([parents, np.arange(NUM_JOINTS, dtype=np.uint32)]),
        "f": model.faces.astype(np.uint32),
        "hands_componentsl": model.hands.components[0],
        "hands_componentsr": model.hands.components[1],
        "hands_meanl": model.hands.mean[0],
        "hands_meanr": model.hands.mean[1],
        "lmk_faces_idx": model.landmarks.faces[marks[NUM_CONTOUR:]],
        "lmk_bary_coords": model.landmarks.barycentric[marks[NUM_CONTOUR:]],
        "dynamic_lmk_faces_idx": np.tile(model.landmarks.faces[marks[:NUM_CONTOUR]], (79, 1)),
        "dynamic_lmk_bary_coords": np.tile(model.landmarks.barycentric[marks[:NUM_CONTOUR]], (79, 1, 1)),
        "joint_names": np.array(JOINT_NAMES),
    }
    if model.uv is not None and model.uv_faces is not None:
        arrays |= {"vt": model.uv, "ft": model.uv_faces.astype(np.uint32)}
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as handle:
        np.savez_compressed(handle, allow_pickle=False, **arrays)
    partial.replace(path)


def _as_ibug68(landmarks: SurfacePoints) -> list[int]:
    """Return the rows of the landmarks that stand for iBUG's 68 points."""
    rows = {int(identity): row for row, identity in enumerate(landmarks.mediapipe_ids)}
    return [rows[identity] for identity in IBUG68]
