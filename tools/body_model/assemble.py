"""Putting the learnt spaces together into a BodyModel in SMPL-X's vertex order."""

import numpy as np

from body.detector_bias import NUM_IRIS_FEATURES, NUM_SKIN_FEATURES, DetectorBias
from body.embedded import pack, unpack
from body.model import ArkitUnits, BodyModel, HandSpace, JointPoints, PointSet, SurfacePoints
from body.smplx_format import regress
from body.topology import ARKIT_EXPRESSION_UNITS, PARENTS
from tools.body_model import face_space, hand_space, shape_space, vertices
from tools.body_model.anny_source import Mesh


def no_landmarks() -> SurfacePoints:
    """Return the landmarks of a model that is not calibrated yet."""
    return SurfacePoints(
        mediapipe_ids=np.zeros(0, np.int32),
        faces=np.zeros(0, np.int32),
        barycentric=np.zeros((0, 3), np.float32),
        weights=np.zeros(0, np.float32),
        contour=np.zeros(0, bool),
    )


def no_joint_points() -> JointPoints:
    """Return the joint points of a model that is not calibrated yet."""
    return JointPoints(
        ids=np.zeros(0, np.int32),
        joints=np.zeros(0, np.int32),
        frames=np.zeros(0, np.int32),
        offsets=np.zeros((0, 3), np.float32),
        spread=np.zeros(0, np.float32),
    )


def uncalibrated(
    mesh: Mesh, shape: shape_space.ShapeSpace, face: face_space.FaceSpace, hand: hand_space.HandSpace
) -> tuple[BodyModel, np.ndarray]:
    """Return the model without landmarks, rounded as its file rounds it, and the vertex order (V,) used."""
    picked = vertices.keypoint_vertices(mesh, shape)
    order = vertices.smplx_order(picked, len(shape.mean))
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    regressor = shape.regressor[:, order].astype(np.float32)
    points = PointSet(
        template=shape.mean[order].astype(np.float32),
        shape_dirs=shape.components[order].astype(np.float32),
        expression_dirs=face.components[order].astype(np.float32),
        pose_dirs=np.stack([c.offsets[order] for c in face.correctives], axis=-1).astype(np.float32),
        weights=mesh.weights[order].astype(np.float32),
    )
    model = BodyModel(
        model_id="uncalibrated",
        points=points,
        faces=position[mesh.faces].astype(np.int32),
        face_parts=vertices.face_parts(mesh, shape),
        parents=np.array(PARENTS, np.int32),
        pose_features=np.array([c.column for c in face.correctives], np.int32),
        regressor=regressor,
        joint_template=regressor @ points.template,
        joint_shape_dirs=regress(regressor, points.shape_dirs),
        joint_expression_dirs=regress(regressor, points.expression_dirs),
        uv=mesh.uv.astype(np.float32),
        uv_faces=mesh.uv_faces.astype(np.int32),
        hands=_both_hands(hand),
        landmarks=no_landmarks(),
        pose_points=no_joint_points(),
        hand_points=(no_joint_points(), no_joint_points()),
        arkit=ArkitUnits(
            names=ARKIT_EXPRESSION_UNITS,
            from_expression=face.to_units.astype(np.float32),
            to_expression=np.linalg.inv(face.to_units).astype(np.float32),
            angles=face.angles,
        ),
        detector_bias=no_bias(),
    )
    return unpack(pack(model), "uncalibrated"), order


def no_bias() -> DetectorBias:
    """Return the bias of a detector that was not asked yet: none."""
    return DetectorBias(
        ids=np.zeros(0, np.int32),
        skin=np.zeros((NUM_SKIN_FEATURES, 0, 2), np.float32),
        iris=np.zeros((NUM_IRIS_FEATURES, 2, 2), np.float32),
    )


def _both_hands(hand: hand_space.HandSpace) -> HandSpace:
    mirror = hand_space.MIRROR_AXIS_ANGLE
    return HandSpace(
        mean=np.stack([hand.mean, hand.mean * mirror]).astype(np.float32),
        components=np.stack([hand.components, hand.components * mirror]).astype(np.float32),
        deviations=hand.deviations.astype(np.float32),
    )
