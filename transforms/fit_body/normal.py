"""Normal equations of all frames: landmarks, priors and limits. N frames, D parameters, S betas."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from body.model import BodyModel
from transforms.fit_body.config import FitConfig
from transforms.fit_body.kernels import Room, face_group, rigid_group
from transforms.fit_body.kinematics import Skeleton, build_skeleton, fill_slopes, new_frame, place
from transforms.fit_body.layout import (
    ARM_SIZE,
    FACE_END,
    HEAD_END,
    LEFT_ARM,
    NUM_RIGID,
    RIGHT_ARM,
    SPINE_END,
    Layout,
    build_layout,
)
from transforms.fit_body.points import FacePoints, ModelPoints, RigidPoints, build_points

Array = NDArray[np.float64]


class Targets(NamedTuple):
    """What was seen on N frames: px (N, L, 2), weights (N, L) of 1/px, depths (N, L) m against the part's
    reference point with weights (N, L) of 1/m; nothing where the weight is 0. Hands have two in front.
    """

    face_px: Array
    face_weight: Array
    pose_px: Array
    pose_weight: Array
    pose_depth: Array
    pose_depth_weight: Array
    hand_px: Array
    hand_weight: Array
    hand_depth: Array
    hand_depth_weight: Array


class Columns(NamedTuple):
    """Parameters of the columns of each group's Jacobian, and columns (55,) of each joint's angles."""

    face: NDArray[np.int64]
    pose: NDArray[np.int64]
    left_hand: NDArray[np.int64]
    right_hand: NDArray[np.int64]
    pose_joints: NDArray[np.int64]
    left_joints: NDArray[np.int64]
    right_joints: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Problem:
    """Everything about a body model that fits share; made once a worker."""

    model: BodyModel
    config: FitConfig
    layout: Layout
    skeleton: Skeleton
    points: ModelPoints
    columns: Columns

    @property
    def num_betas(self) -> int:
        """S."""
        return self.skeleton.by_betas.shape[2]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Normal:
    """cost (N,), matrix (N, D + S, D + S) and vector (N, D + S): J^T J and J^T r of each frame."""

    cost: Array
    matrix: Array
    vector: Array


def build_problem(model: BodyModel, config: FitConfig) -> Problem:
    """Prepare a body model for fits."""
    layout = build_layout(model, config)
    skeleton = build_skeleton(model, layout)
    return Problem(
        model=model,
        config=config,
        layout=layout,
        skeleton=skeleton,
        points=build_points(model),
        columns=_columns(layout, skeleton),
    )


def _columns(layout: Layout, skeleton: Skeleton) -> Columns:
    num_betas: int = skeleton.by_betas.shape[2]
    betas = np.arange(layout.size, layout.size + num_betas)
    face = np.concatenate([np.arange(FACE_END), np.arange(layout.expression, layout.size), betas])
    pose = np.concatenate([np.arange(HEAD_END), np.arange(LEFT_ARM, NUM_RIGID), betas])
    left, right = (
        np.concatenate(
            [np.arange(SPINE_END), arm + np.arange(ARM_SIZE), first + np.arange(layout.num_hand), betas]
        )
        for arm, first in zip((LEFT_ARM, RIGHT_ARM), layout.hands, strict=True)
    )

    def joints(columns: NDArray[np.int64]) -> NDArray[np.int64]:
        where = {int(parameter): column for column, parameter in enumerate(columns)}
        found = np.full(55, -1, np.int64)
        found[:25] = [where.get(int(offset), -1) for offset in skeleton.offsets]
        return found

    return Columns(face, pose, left, right, joints(pose), joints(left), joints(right))


def linearise(
    problem: Problem,
    targets: Targets,
    x: Array,
    betas: Array,
    root: Array,
    camera: Array,
    active: NDArray[np.bool_],
    robust: float,
) -> Normal:
    """Return the normal equations of the landmarks at x (N, D), betas (S,).

    Args:
        root: (3, 3) mean orientation; camera: focal length, centre x and y in px; active: (4,) whether to
        use the points of face, body, left and right hand; robust: deviations at which pull is halved.
    """
    model, size = problem.points, problem.layout.size + problem.num_betas
    cost = np.zeros(len(x))
    matrix, vector = np.zeros((len(x), size, size)), np.zeros((len(x), size))
    skeleton = problem.skeleton
    _sum_frames(
        x, betas, root, camera, robust, active, skeleton, model.face, model.pose,
        model.hands[0], model.hands[1], problem.columns, targets,
        skeleton.rest + skeleton.by_betas @ betas, model.face.template + model.face.by_betas @ betas,
        cost, matrix, vector,
    )  # fmt: skip
    return Normal(cost=cost, matrix=matrix, vector=vector)


def add_priors(problem: Problem, x: Array, normal: Normal) -> Array:
    """Add priors and limits to the normal equations in place; return each frame's cost with them (N,)."""
    layout, size = problem.layout, problem.layout.size
    away = x - layout.mean
    pull = away * layout.precision
    cost = normal.cost + (away * pull).sum(1)
    diagonal = np.arange(size)
    normal.matrix[:, diagonal, diagonal] += layout.precision
    for i, j, precision in layout.ties:
        gap = x[:, i] - x[:, j]
        cost += precision * gap * gap
        pull[:, i] += precision * gap
        pull[:, j] -= precision * gap
        normal.matrix[:, [i, j], [i, j]] += precision
        normal.matrix[:, [i, j], [j, i]] -= precision
    limited = x[:, layout.limited]
    beyond = limited - np.clip(limited, layout.lowest, layout.highest)
    cost += layout.limit_precision * (beyond * beyond).sum(1)
    pull[:, layout.limited] += layout.limit_precision * beyond
    normal.matrix[:, layout.limited, layout.limited] += layout.limit_precision * (beyond != 0)
    normal.vector[:, :size] += pull
    return cost


@njit(cache=True)
def _room(rows: int, columns: int) -> Room:
    return np.zeros((rows, columns)), np.zeros(rows), np.zeros((columns, 3))


@njit(cache=True)
def _sum_frames(
    x: Array, betas: Array, root: Array, camera: Array, robust: float, active: NDArray[np.bool_],
    skeleton: Skeleton, face: FacePoints, pose: RigidPoints, left: RigidPoints, right: RigidPoints,
    columns: Columns, targets: Targets, shaped: Array, shaped_face: Array, cost: Array, matrix: Array,
    vector: Array,
) -> None:  # fmt: skip
    frame, scratch = new_frame(len(betas)), np.empty((3, 3))
    face_room = _room(2 * len(face.template), len(columns.face))
    pose_room = _room(3 * len(pose.joints), len(columns.pose))
    hand_room = _room(3 * len(left.joints), len(columns.left_hand))
    num_betas = len(betas)
    first_hand = len(columns.left_hand) - num_betas - skeleton.hand_components.shape[1]
    hands = np.zeros(2, np.bool_)
    for n in range(len(x)):
        for side in range(2):
            seen = (targets.hand_weight[side, n] > 0).any()
            hands[side] = active[2 + side] and seen
        place(x[n], root, shaped, skeleton, frame, hands, scratch)
        fill_slopes(skeleton, frame, hands)
        if active[0]:
            cost[n] += face_group(
                x[n], face, shaped_face, skeleton, frame, camera, robust, targets.face_px[n],
                targets.face_weight[n], columns.face, face_room, matrix[n], vector[n],
            )  # fmt: skip
        if active[1]:
            cost[n] += rigid_group(
                pose, shaped, skeleton, frame, columns.pose_joints, len(columns.pose) - num_betas, (-1, 0),
                camera, robust, targets.pose_px[n], targets.pose_weight[n], targets.pose_depth[n],
                targets.pose_depth_weight[n], columns.pose, pose_room, matrix[n], vector[n],
            )  # fmt: skip
        for side in range(2):
            if hands[side]:
                cost[n] += rigid_group(
                    left if side == 0 else right, shaped, skeleton, frame,
                    columns.left_joints if side == 0 else columns.right_joints,
                    len(columns.left_hand) - num_betas, (side, first_hand), camera, robust,
                    targets.hand_px[side, n], targets.hand_weight[side, n], targets.hand_depth[side, n],
                    targets.hand_depth_weight[side, n],
                    columns.left_hand if side == 0 else columns.right_hand, hand_room, matrix[n], vector[n],
                )  # fmt: skip
