"""The model's points that MediaPipe's landmarks are compared with, as arrays for the compiled kernels."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from body import pose_points
from body.face_mesh import BROWS, FACE_OVAL, INNER_LIPS, IRIS_CENTRES, LEFT_EYE, OUTER_LIPS, RIGHT_EYE
from body.model import BodyModel, JointPoints, landmark_points
from body.topology import JOINT_INDEX

Array = NDArray[np.float64]
Index = NDArray[np.int64]

_NOSE_AND_CHEEKS = (
    168, 6, 197, 195, 5, 4, 1, 2, 98, 327, 97, 326, 50, 280, 205, 425, 187, 411, 36, 266, 129, 358, 64, 294,
)  # fmt: skip
# Of the face mesh's 468 points a third, dense where the face moves: the rest interpolates these.
FACE_POINTS = tuple(
    sorted({*FACE_OVAL, *OUTER_LIPS, *INNER_LIPS, *RIGHT_EYE, *LEFT_EYE, *BROWS, *_NOSE_AND_CHEEKS})
)
# Of the body's 33: nose, ears, arms, hips, legs; hands' as long as no hand was found. Thumbs say nothing new.
_POSE_POINTS = {
    *(pose_points.NOSE, *pose_points.EARS, *pose_points.SHOULDERS, *pose_points.ELBOWS),
    *(*pose_points.WRISTS, *pose_points.PINKIES, *pose_points.INDEXES, *pose_points.HIPS),
    *(*pose_points.KNEES, *pose_points.ANKLES, *pose_points.HEELS, *pose_points.TOES),
}
# Joints that move the face; what weights a point has on others goes to the neck.
FACE_JOINTS = tuple(JOINT_INDEX[name] for name in ("neck", "head", "jaw", "left_eye", "right_eye"))


class FacePoints(NamedTuple):
    """P points: template (P, 3), directions by betas (P, 3, S), expression (P, 3, E) and pose features
    (P, 3, K), each feature's joint, row and column (K,); weights (P, 5) of FACE_JOINTS, which `joints` lists.
    """

    template: Array
    by_betas: Array
    by_expression: Array
    by_features: Array
    feature_joint: Index
    feature_row: Index
    feature_column: Index
    weights: Array
    joints: Index


class RigidPoints(NamedTuple):
    """L points: position of `frames` + its rotation @ (rest of `joints` - rest of `frames` + offsets).

    reference (L,): shares of the point that depths are counted from.
    """

    joints: Index
    frames: Index
    offsets: Array
    reference: Array


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ModelPoints:
    """All points, and the MediaPipe numbers of the face's and the body's."""

    face: FacePoints
    face_ids: NDArray[np.int32]
    pose: RigidPoints
    pose_ids: NDArray[np.int32]
    hands: tuple[RigidPoints, RigidPoints]


def build_points(model: BodyModel) -> ModelPoints:
    """Return the points of a body model; those that its landmarks lack are left out."""
    ids = [identity for identity in FACE_POINTS if identity in model.landmarks.mediapipe_ids]
    kept = [row for row, i in enumerate(model.pose_points.ids) if int(i) in _POSE_POINTS]
    pose_ids = model.pose_points.ids[kept].astype(np.int32)
    shoulders = np.isin(pose_ids, pose_points.SHOULDERS) * 0.5
    wrist = np.arange(pose_points.NUM_HAND_POINTS) == pose_points.HAND_WRIST
    return ModelPoints(
        face=_face_points(model, ids),
        face_ids=np.array([*ids, *IRIS_CENTRES], np.int32),
        pose=_rigid(model.pose_points, kept, shoulders),
        pose_ids=pose_ids,
        hands=(
            _rigid(model.hand_points[0], range(len(wrist)), wrist * 1.0),
            _rigid(model.hand_points[1], range(len(wrist)), wrist * 1.0),
        ),
    )


def _face_points(model: BodyModel, ids: list[int]) -> FacePoints:
    skin = landmark_points(model, ids)
    count = len(ids)
    weights = np.zeros((count + 2, len(FACE_JOINTS)))
    weights[:count] = skin.weights[:, FACE_JOINTS]
    weights[:count, 0] += 1 - weights[:count].sum(1)
    weights[weights < 1e-3] = 0
    weights[count, FACE_JOINTS.index(JOINT_INDEX["left_eye"])] = 1
    weights[count + 1, FACE_JOINTS.index(JOINT_INDEX["right_eye"])] = 1
    centres, eyes_shape, eyes_face = _irises(model)
    # SMPL-X's feature 9 (j - 1) + 3 r + c is row r, column c of joint j's rotation. Those of the jaw and the
    # eyes move the face's points; others' part in them is nil in the embedded model and small in SMPL-X.
    joint = model.pose_features // 9 + 1
    moving = np.flatnonzero(np.isin(joint, FACE_JOINTS[2:]))
    features = np.zeros((count + 2, 3, len(moving)))
    features[:count] = skin.pose_dirs[..., moving]
    return FacePoints(
        template=np.concatenate([skin.template, centres]).astype(np.float64),
        by_betas=np.concatenate([skin.shape_dirs, eyes_shape]).astype(np.float64),
        by_expression=np.concatenate([skin.expression_dirs, eyes_face]).astype(np.float64),
        by_features=features,
        feature_joint=joint[moving].astype(np.int64),
        feature_row=(model.pose_features[moving] % 9 // 3).astype(np.int64),
        feature_column=(model.pose_features[moving] % 3).astype(np.int64),
        weights=weights / weights.sum(1, keepdims=True),
        joints=np.array(FACE_JOINTS, np.int64),
    )


CORNEA = 0.0115  # metres from an eye's centre, where a model doesn't know its irises


def _irises(model: BodyModel) -> tuple[NDArray[np.floating], NDArray[np.float32], NDArray[np.float32]]:
    """Return centres of the irises (2, 3), fixed to the eyes' joints, and what moves these."""
    eyes = [JOINT_INDEX["left_eye"], JOINT_INDEX["right_eye"]]
    centres = model.joint_template[eyes] + np.array([0, 0, CORNEA])
    return centres, model.joint_shape_dirs[eyes], model.joint_expression_dirs[eyes]


def _rigid(points: JointPoints, rows: list[int] | range, reference: NDArray[np.floating]) -> RigidPoints:
    kept = list(rows)
    return RigidPoints(
        joints=points.joints[kept].astype(np.int64),
        frames=points.frames[kept].astype(np.int64),
        offsets=points.offsets[kept].astype(np.float64),
        reference=reference.astype(np.float64),
    )
