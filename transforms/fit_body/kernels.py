"""Residuals of one frame's landmarks and their derivatives, summed into normal equations; compiled.

Every point is projected, weighted by one over its deviation and by Geman and McClure's robust factor, and
its rows of the Jacobian are analytic. A group's rows are multiplied at once (BLAS) and added to the frame's
matrix H (D + S, D + S), vector g (D + S,) and cost; the last S entries are betas.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from transforms.fit_body.kinematics import Frame, Skeleton
from transforms.fit_body.points import FacePoints, RigidPoints

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Room = tuple[Array, Array, Array]  # for rows of the Jacobian, residuals and slopes

_NEAR = 0.05  # metres; points nearer to the camera are treated as lying there


@njit(cache=True)
def add_group(
    rows: Array, residuals: Array, count: int, columns: Index, matrix: Array, vector: Array
) -> None:
    """Add J^T J and J^T r of `count` rows (R, C), whose columns are the parameters `columns` (C,)."""
    part = rows[:count]
    square = np.dot(part.T, part)
    slope = np.dot(part.T, residuals[:count])
    for i in range(len(columns)):
        vector[columns[i]] += slope[i]
        for j in range(len(columns)):
            matrix[columns[i], columns[j]] += square[i, j]


@njit(cache=True)
def project_rows(
    point: Array, target: Array, weight: float, camera: Array, robust: float, slopes: Array,
    rows: Array, residuals: Array, count: int,
) -> float:  # fmt: skip
    """Write a point's two rows from its slopes (C, 3); return its cost."""
    depth = max(point[2], _NEAR)
    u, v = point[0] / depth, point[1] / depth
    ru = (camera[0] * u + camera[1] - target[0]) * weight
    rv = (camera[0] * v + camera[2] - target[1]) * weight
    error = ru * ru + rv * rv
    pull = 1.0 / (1.0 + error / (robust * robust))
    scale = camera[0] / depth * weight * pull
    if point[2] < _NEAR:
        scale = 0.0
    residuals[count] = ru * pull
    residuals[count + 1] = rv * pull
    for c in range(slopes.shape[0]):
        rows[count, c] = (slopes[c, 0] - u * slopes[c, 2]) * scale
        rows[count + 1, c] = (slopes[c, 1] - v * slopes[c, 2]) * scale
    return error * pull


@njit(cache=True)
def turn(axes: Array, x: float, y: float, z: float, slopes: Array, first: int) -> None:
    """Write how a lever arm (x, y, z) moves about each of three axes (3, 3)."""
    for c in range(3):
        ex, ey, ez = axes[0, c], axes[1, c], axes[2, c]
        slopes[first + c, 0] = ey * z - ez * y
        slopes[first + c, 1] = ez * x - ex * z
        slopes[first + c, 2] = ex * y - ey * x


@njit(cache=True)
def face_group(  # noqa: C901
    x: Array, points: FacePoints, shaped: Array, skeleton: Skeleton, frame: Frame, camera: Array,
    robust: float, target: Array, weight: Array, columns: Index, room: Room, matrix: Array, vector: Array,
) -> float:  # fmt: skip
    """Add the face's points; returns their cost.

    Args:
        shaped: (P, 3) template of the clip's betas; target: (P, 2) px; weight: (P,); columns: (C,) of the
        first 30 parameters, expression, betas; room: (rows, residuals, slopes).
    """
    rows, residuals, slopes = room
    num_expression, num_betas = points.by_expression.shape[2], points.by_betas.shape[2]
    num_features = points.by_features.shape[2]
    first_face, first_betas = 30, 30 + num_expression
    expression = x[skeleton.expression_first : skeleton.expression_first + num_expression]
    v, y, blend = np.empty(3), np.empty((5, 3)), np.empty((3, 3))
    features, turns = np.empty(num_features), np.empty((num_features, 3))
    for k in range(num_features):
        j, r, c = points.feature_joint[k], points.feature_row[k], points.feature_column[k]
        features[k] = frame.local[j, r, c] - (1.0 if r == c else 0.0)
        for a in range(3):  # d R = [J_l e_a]_x R
            ax, ay, az = frame.jacobians[j, 0, a], frame.jacobians[j, 1, a], frame.jacobians[j, 2, a]
            if r == 0:
                turns[k, a] = ay * frame.local[j, 2, c] - az * frame.local[j, 1, c]
            elif r == 1:
                turns[k, a] = az * frame.local[j, 0, c] - ax * frame.local[j, 2, c]
            else:
                turns[k, a] = ax * frame.local[j, 1, c] - ay * frame.local[j, 0, c]
    cost, count = 0.0, 0
    point, arm = np.empty(3), np.empty(3)
    for p in range(len(weight)):
        if weight[p] <= 0.0:
            continue
        for a in range(3):
            v[a] = shaped[p, a]
            for e in range(num_expression):
                v[a] += points.by_expression[p, a, e] * expression[e]
            for k in range(num_features):
                v[a] += points.by_features[p, a, k] * features[k]
        point[:] = 0.0
        blend[:] = 0.0
        for k in range(5):
            share = points.weights[p, k]
            if share == 0.0:
                continue
            j = points.joints[k]
            for a in range(3):
                y[k, a] = frame.placed[j, a]
                for b in range(3):
                    y[k, a] += frame.turned[j, a, b] * (v[b] - frame.rest[j, b])
                    blend[a, b] += share * frame.turned[j, a, b]
                point[a] += share * y[k, a]
        slopes[:3] = 0.0
        slopes[0, 0] = slopes[1, 1] = slopes[2, 2] = 1.0
        for q, j in enumerate((0, 3, 6, 9, 12)):
            turn(frame.axes[j], point[0] - frame.placed[j, 0], point[1] - frame.placed[j, 1],
                 point[2] - frame.placed[j, 2], slopes, 3 + 3 * q)  # fmt: skip
        for q in range(1, 5):  # head, which carries jaw and eyes, then these
            arm[:] = 0.0
            j = points.joints[q]
            for k in range(1, 5):
                share = points.weights[p, k]
                if share > 0.0 and (q == 1 or k == q):
                    for a in range(3):
                        arm[a] += share * (y[k, a] - frame.placed[j, a])
            turn(frame.axes[j], arm[0], arm[1], arm[2], slopes, 15 + 3 * q)
        for k in range(num_features):
            j = points.feature_joint[k]
            first = 21 if j == points.joints[2] else (24 if j == points.joints[3] else 27)
            for a in range(3):
                moved = 0.0
                for b in range(3):
                    moved += blend[a, b] * points.by_features[p, b, k]
                for c in range(3):
                    slopes[first + c, a] += moved * turns[k, c]
        for e in range(num_expression):
            bx, by = points.by_expression[p, 0, e], points.by_expression[p, 1, e]
            bz = points.by_expression[p, 2, e]
            for a in range(3):
                slopes[first_face + e, a] = blend[a, 0] * bx + blend[a, 1] * by + blend[a, 2] * bz
        for s in range(num_betas):
            bx, by, bz = points.by_betas[p, 0, s], points.by_betas[p, 1, s], points.by_betas[p, 2, s]
            for a in range(3):
                slopes[first_betas + s, a] = blend[a, 0] * bx + blend[a, 1] * by + blend[a, 2] * bz
        for k in range(5):
            share = points.weights[p, k]
            if share == 0.0:
                continue
            j = points.joints[k]
            for s in range(num_betas):
                for a in range(3):
                    moved = frame.slopes[j, a, s]
                    for b in range(3):
                        moved -= frame.turned[j, a, b] * skeleton.by_betas[j, b, s]
                    slopes[first_betas + s, a] += share * moved
        cost += project_rows(point, target[p], weight[p], camera, robust, slopes, rows, residuals, count)
        count += 2
    if count:
        add_group(rows, residuals, count, columns, matrix, vector)
    return cost


@njit(cache=True)
def rigid_group(  # noqa: C901
    points: RigidPoints, shaped: Array, skeleton: Skeleton, frame: Frame, column_of: Index, first_betas: int,
    fingers: tuple[int, int], camera: Array, robust: float, target: Array, weight: Array, depth: Array,
    depth_weight: Array, columns: Index, room: Room, matrix: Array, vector: Array,
) -> float:  # fmt: skip
    """Add points fixed to joints: the body's, or one hand's; returns their cost.

    Args:
        shaped: (55, 3) rest joints of the clip's betas; column_of: (55,) first Jacobian column of each
        joint's angles, -1 if it has none here; first_betas: column; fingers: (side, first column) of the
        hand's coefficients, side -1 if these points are the body's; depth: (L,) m against the reference
        point; columns: (C,) parameters.
    """
    rows, residuals, slopes = room
    number, num_betas = len(weight), skeleton.by_betas.shape[2]
    side, first_hand = fingers
    num_hand = skeleton.hand_components.shape[1]
    point, lever, turned = np.empty(3), np.empty(3), np.empty((3, 3))
    heights, deep = np.zeros(number), np.zeros((number, len(columns)))
    cost, count = 0.0, 0
    for p in range(number):
        if weight[p] <= 0.0 and depth_weight[p] <= 0.0 and points.reference[p] == 0.0:
            continue
        j, k = points.joints[p], points.frames[p]
        for a in range(3):
            lever[a] = shaped[j, a] - shaped[k, a] + points.offsets[p, a]
        for a in range(3):
            point[a] = frame.placed[k, a]
            for b in range(3):
                point[a] += frame.turned[k, a, b] * lever[b]
        slopes[:] = 0.0
        slopes[0, 0] = slopes[1, 1] = slopes[2, 2] = 1.0
        above: int = k
        while above >= 0:
            ax, ay = point[0] - frame.placed[above, 0], point[1] - frame.placed[above, 1]
            az = point[2] - frame.placed[above, 2]
            if column_of[above] >= 0:
                turn(frame.axes[above], ax, ay, az, slopes, column_of[above])
            elif above >= 25 and side >= 0:
                turn(frame.axes[above], ax, ay, az, turned, 0)
                finger = 3 * (above - 25 - 15 * side)
                for h in range(num_hand):
                    for c in range(3):
                        share = skeleton.hand_components[side, h, finger + c]
                        for a in range(3):
                            slopes[first_hand + h, a] += share * turned[c, a]
            above = skeleton.parents[above]
        for s in range(num_betas):
            for a in range(3):
                moved = frame.slopes[k, a, s]
                for b in range(3):
                    moved += frame.turned[k, a, b] * (skeleton.by_betas[j, b, s] - skeleton.by_betas[k, b, s])
                slopes[first_betas + s, a] = moved
        heights[p] = point[2]
        deep[p] = slopes[:, 2]
        if weight[p] > 0.0:
            cost += project_rows(point, target[p], weight[p], camera, robust, slopes, rows, residuals, count)
            count += 2
    base = np.dot(points.reference, heights)
    slope = np.dot(points.reference, deep)
    for p in range(number):
        if depth_weight[p] > 0.0:
            gap = (heights[p] - base - depth[p]) * depth_weight[p]
            pull = 1.0 / (1.0 + gap * gap / (robust * robust))
            cost += gap * gap * pull
            residuals[count] = gap * pull
            for c in range(len(columns)):
                rows[count, c] = (deep[p, c] - slope[c]) * depth_weight[p] * pull
            count += 1
    if count:
        add_group(rows, residuals, count, columns, matrix, vector)
    return cost
