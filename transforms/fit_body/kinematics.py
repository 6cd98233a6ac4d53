"""The skeleton of one frame and how it moves with each parameter; compiled.

Rotations are exp(x) in SO(3); their derivatives use the left Jacobian, which is exact: d exp(x) =
[J_l(x) dx]_x exp(x) (Chirikjian, Stochastic Models, Information Theory, and Lie Groups, 10.86).
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from body.model import BodyModel
from transforms.fit_body.layout import Layout, joint_offsets

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Skeleton(NamedTuple):
    """Constants: parents (55,); rest joints (55, 3) with slopes by betas (55, 3, S) and expression
    (55, 3, E); offsets (25,) of parameters; hand mean (2, 45), components (2, H, 45) and where their
    coefficients begin (2,); where expression begins.
    """

    parents: NDArray[np.int64]
    rest: Array
    by_betas: Array
    by_expression: Array
    offsets: NDArray[np.int64]
    hand_mean: Array
    hand_components: Array
    hand_first: NDArray[np.int64]
    expression_first: int


class Frame(NamedTuple):
    """One frame's state, overwritten by `place`: local rotations, their left Jacobians and global rotations
    (55, 3, 3), joints (55, 3) with translation, rest joints (55, 3), axes (55, 3, 3) about which each
    parameter turns, slopes of joints by betas (55, 3, S).
    """

    local: Array
    jacobians: Array
    turned: Array
    placed: Array
    rest: Array
    axes: Array
    slopes: Array


def build_skeleton(model: BodyModel, layout: Layout) -> Skeleton:
    """Return the model's skeleton in float64."""
    return Skeleton(
        parents=model.parents.astype(np.int64),
        rest=model.joint_template.astype(np.float64),
        by_betas=model.joint_shape_dirs.astype(np.float64),
        by_expression=model.joint_expression_dirs.astype(np.float64),
        offsets=joint_offsets(),
        hand_mean=model.hands.mean.astype(np.float64),
        hand_components=model.hands.components[:, : layout.num_hand].astype(np.float64),
        hand_first=np.array(layout.hands, np.int64),
        expression_first=layout.expression,
    )


@njit(cache=True)
def new_frame(num_betas: int) -> Frame:
    """Return room for one frame's state."""
    square = (55, 3, 3)
    return Frame(
        np.zeros(square), np.zeros(square), np.zeros(square), np.zeros((55, 3)), np.zeros((55, 3)),
        np.zeros(square), np.zeros((55, 3, num_betas)),
    )  # fmt: skip


@njit(cache=True)
def rotate(ax: float, ay: float, az: float, rotation: Array, jacobian: Array) -> None:
    """Write exp of an axis-angle vector and its left Jacobian, each (3, 3)."""
    square = ax * ax + ay * ay + az * az
    if square < 1e-8:
        s, c, d = 1.0 - square / 6.0, 0.5 - square / 24.0, 1.0 / 6.0 - square / 120.0
    else:
        angle = np.sqrt(square)
        s, c = np.sin(angle) / angle, (1.0 - np.cos(angle)) / square
        d = (1.0 - s) / square
    for i in range(3):
        a = ax if i == 0 else (ay if i == 1 else az)
        for j in range(3):
            b = ax if j == 0 else (ay if j == 1 else az)
            same = 1.0 if i == j else 0.0
            rotation[i, j] = same * (1.0 - c * square) + c * a * b
            jacobian[i, j] = same * (1.0 - d * square) + d * a * b
    rotation[0, 1] -= s * az
    rotation[1, 0] += s * az
    rotation[0, 2] += s * ay
    rotation[2, 0] -= s * ay
    rotation[1, 2] -= s * ax
    rotation[2, 1] += s * ax
    jacobian[0, 1] -= c * az
    jacobian[1, 0] += c * az
    jacobian[0, 2] += c * ay
    jacobian[2, 0] -= c * ay
    jacobian[1, 2] -= c * ax
    jacobian[2, 1] += c * ax


@njit(cache=True)
def joint_angles(x: Array, skeleton: Skeleton, joint: int) -> tuple[float, float, float]:
    """Return the axis-angle of a joint from a frame's parameters."""
    if joint < 25:
        first: int = skeleton.offsets[joint]
        if first < 0:
            return 0.0, 0.0, 0.0
        return x[first], x[first + 1], x[first + 2]
    side = 0 if joint < 40 else 1
    column = 3 * (joint - 25 - 15 * side)
    first = skeleton.hand_first[side]
    mean = skeleton.hand_mean
    a, b, c = mean[side, column], mean[side, column + 1], mean[side, column + 2]
    for h in range(skeleton.hand_components.shape[1]):
        z = x[first + h]
        a += z * skeleton.hand_components[side, h, column]
        b += z * skeleton.hand_components[side, h, column + 1]
        c += z * skeleton.hand_components[side, h, column + 2]
    return a, b, c


@njit(cache=True)
def multiply(a: Array, b: Array, out: Array) -> None:
    """Write the product of two (3, 3) matrices."""
    for i in range(3):
        for j in range(3):
            out[i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + a[i, 2] * b[2, j]


@njit(cache=True)
def place(
    x: Array, root: Array, shaped: Array, skeleton: Skeleton, frame: Frame, hands: Mask, scratch: Array
) -> None:
    """Fill the frame's state from its parameters.

    Args:
        root: (3, 3) the clip's mean orientation; shaped: (55, 3) rest joints of the clip's betas;
        hands: (2,) whether each hand's fingers are wanted; scratch: (3, 3).
    """
    for j in range(55):
        for a in range(3):
            value = shaped[j, a]
            for e in range(skeleton.by_expression.shape[2]):
                value += skeleton.by_expression[j, a, e] * x[skeleton.expression_first + e]
            frame.rest[j, a] = value
        if j >= 25 and not hands[0 if j < 40 else 1]:
            continue
        ax, ay, az = joint_angles(x, skeleton, j)
        rotate(ax, ay, az, frame.local[j], frame.jacobians[j])
        if j == 0:
            scratch[:] = frame.local[0]
            multiply(scratch, root, frame.turned[0])
            frame.local[0] = frame.turned[0]
            frame.axes[0] = frame.jacobians[0]
            for a in range(3):
                frame.placed[0, a] = frame.rest[0, a] + x[a]
            continue
        above = skeleton.parents[j]
        multiply(frame.turned[above], frame.local[j], frame.turned[j])
        multiply(frame.turned[above], frame.jacobians[j], frame.axes[j])
        for a in range(3):
            value = frame.placed[above, a]
            for b in range(3):
                value += frame.turned[above, a, b] * (frame.rest[j, b] - frame.rest[above, b])
            frame.placed[j, a] = value


@njit(cache=True)
def fill_slopes(skeleton: Skeleton, frame: Frame, hands: Mask) -> None:
    """Fill how joints move with betas; `place` comes first."""
    by_betas = skeleton.by_betas
    frame.slopes[0] = by_betas[0]
    for j in range(1, 55):
        if j >= 25 and not hands[0 if j < 40 else 1]:
            continue
        above = skeleton.parents[j]
        for s in range(by_betas.shape[2]):
            bx = by_betas[j, 0, s] - by_betas[above, 0, s]
            by = by_betas[j, 1, s] - by_betas[above, 1, s]
            bz = by_betas[j, 2, s] - by_betas[above, 2, s]
            for a in range(3):
                turn = frame.turned[above]
                moved = turn[a, 0] * bx + turn[a, 1] * by + turn[a, 2] * bz
                frame.slopes[j, a, s] = frame.slopes[above, a, s] + moved
