"""The body model in memory: one structure for the embedded model and for a user's SMPL-X file.

Units are metres and radians; rest positions have x to the person's left, y up and z forward, as in SMPL-X.
Letters in shapes: V vertices, F triangles, S shape and E expression components, K active pose features.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from body.detector_bias import DetectorBias

Float = npt.NDArray[np.float32]
Int = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PointSet:
    """Points that shape, expression and pose move: all vertices, some of them, or points between them.

    template (P, 3) m; shape_dirs (P, 3, S) m per unit beta; expression_dirs (P, 3, E); pose_dirs (P, 3, K)
    per unit of each active pose feature; weights (P, 55) of the joints, rows sum to 1.
    """

    template: Float
    shape_dirs: Float
    expression_dirs: Float
    pose_dirs: Float
    weights: Float

    def take(self, indices: npt.ArrayLike) -> "PointSet":
        """Return some of the points."""
        rows = np.asarray(indices)
        return PointSet(
            template=self.template[rows],
            shape_dirs=self.shape_dirs[rows],
            expression_dirs=self.expression_dirs[rows],
            pose_dirs=self.pose_dirs[rows],
            weights=self.weights[rows],
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SurfacePoints:
    """Landmarks fixed to the skin: triangle and barycentric coordinates of each.

    mediapipe_ids (L,) say which of MediaPipe's 478 face points each is; weights (L,) in (0, 1] how well its
    place is known; contour (L,) marks points that slide along the outline of the face as the head turns.
    """

    mediapipe_ids: Int
    faces: Int
    barycentric: Float
    weights: Float
    contour: npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class JointPoints:
    """Where MediaPipe sees joints: joint position + rotation of `frames` @ offsets.

    ids (L,) number MediaPipe's points; joints and frames (L,) are SMPL-X joints; offsets (L, 3) metres in
    the rest pose's axes; spread (L,) metres, the typical distance left after the offset.
    """

    ids: Int
    joints: Int
    frames: Int
    offsets: Float
    spread: Float


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class HandSpace:
    """Hand poses, left then right: mean (2, 45) rad, components (2, C, 45), deviations (C,) of each."""

    mean: Float
    components: Float
    deviations: Float


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ArkitUnits:
    """How expression coefficients and rotations relate to ARKit's units.

    names (40,) of the units; from_expression (E, 40): activations = z @ from_expression; to_expression
    (40, E) the way back, exact when all 40 components are loaded; angles: radians that a joint turns at
    full activation of the unit named.
    """

    names: tuple[str, ...]
    from_expression: Float
    to_expression: Float
    angles: dict[str, float]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class BodyModel:
    """A body model in SMPL-X's format.

    points: its V vertices; faces (F, 3); parents (55,), -1 for the pelvis; pose_features (K,) which of
    SMPL-X's 486 pose features are not zero everywhere; regressor (55, V); joint_template (55, 3) and
    joint_shape_dirs (55, 3, S), joint_expression_dirs (55, 3, E): what the regressor makes of the points;
    uv (T, 2) and uv_faces (F, 3), None if the file has none; face_parts (F,) values of Part; detector_bias
    None: not known for these landmarks.
    """

    model_id: str
    points: PointSet
    faces: Int
    face_parts: npt.NDArray[np.uint8]
    parents: Int
    pose_features: Int
    regressor: Float
    joint_template: Float
    joint_shape_dirs: Float
    joint_expression_dirs: Float
    uv: Float | None
    uv_faces: Int | None
    hands: HandSpace
    landmarks: SurfacePoints
    pose_points: JointPoints
    hand_points: tuple[JointPoints, JointPoints]
    arkit: ArkitUnits | None
    detector_bias: DetectorBias | None

    @property
    def num_vertices(self) -> int:
        """V."""
        return len(self.points.template)


def with_components(model: BodyModel, num_betas: int, num_expression: int) -> BodyModel:
    """Return the model with at most so many shape and expression components."""
    shape, face = slice(0, num_betas), slice(0, num_expression)
    units = model.arkit
    if units is not None:
        kept, back = units.from_expression[face], units.to_expression[:, face]
        units = replace(units, from_expression=kept, to_expression=np.ascontiguousarray(back))
    return replace(
        model,
        points=replace(
            model.points,
            shape_dirs=np.ascontiguousarray(model.points.shape_dirs[..., shape]),
            expression_dirs=np.ascontiguousarray(model.points.expression_dirs[..., face]),
        ),
        joint_shape_dirs=np.ascontiguousarray(model.joint_shape_dirs[..., shape]),
        joint_expression_dirs=np.ascontiguousarray(model.joint_expression_dirs[..., face]),
        arkit=units,
    )


def between_vertices(points: PointSet, triangles: npt.ArrayLike, barycentric: npt.ArrayLike) -> PointSet:
    """Return points within triangles (L, 3) of vertex indices, at barycentric coordinates (L, 3).

    They are skinned as points of their own with blended weights, which is what a fitter differentiates; the
    same points taken from the skinned triangles differ where the weights within a triangle do.
    """
    rows, parts = np.asarray(triangles), np.asarray(barycentric, np.float32)

    def blend(values: Float) -> Float:
        return np.einsum("lk,lk...->l...", parts, values[rows]).astype(np.float32)

    return PointSet(
        template=blend(points.template),
        shape_dirs=blend(points.shape_dirs),
        expression_dirs=blend(points.expression_dirs),
        pose_dirs=blend(points.pose_dirs),
        weights=blend(points.weights),
    )


def landmark_points(model: BodyModel, ids: Sequence[int] | None = None) -> PointSet:
    """Return the points of the skin where MediaPipe's landmarks lie: those of some ids, or all."""
    marks = model.landmarks
    if ids is None:
        return between_vertices(model.points, model.faces[marks.faces], marks.barycentric)
    rows = {int(identity): row for row, identity in enumerate(marks.mediapipe_ids)}
    chosen = [rows[identity] for identity in ids]
    return between_vertices(model.points, model.faces[marks.faces[chosen]], marks.barycentric[chosen])
