"""Levenberg-Marquardt over all frames of a clip at once, with an exact solution of each step.

The unknowns are each frame's parameters and the clip's betas. Frames are coupled by second differences
alone, so the frames' matrix has a band of twice a frame's size: LAPACK's banded Cholesky factorisation
solves it directly, and betas by their Schur complement (Triggs et al., Bundle Adjustment, 2000, section 6).
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.linalg import get_lapack_funcs

from transforms.fit_body.normal import Normal, Problem, Targets, add_priors, linearise

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Coupling:
    """Smoothness: precision (D,) of second differences between frames, zero where there is none."""

    precision: Array

    def cost(self, x: Array) -> float:
        """Return the cost of x (N, D)."""
        bend = np.diff(x, 2, axis=0)
        return float((bend * bend * self.precision).sum())

    def pull(self, x: Array) -> Array:
        """Return half the gradient (N, D)."""
        out = np.zeros_like(x)
        if len(x) >= 3:
            bend = np.diff(x, 2, axis=0) * self.precision
            out[2:] += bend
            out[1:-1] -= 2 * bend
            out[:-2] += bend
        return out


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Clip:
    """What stays the same while a clip is solved; betas_precision is that of the whole clip."""

    problem: Problem
    targets: Targets
    root: Array
    camera: Array
    coupling: Coupling
    betas_precision: float

    def normal(
        self, x: Array, betas: Array, active: NDArray[np.bool_], robust: float
    ) -> tuple[float, Normal]:
        """Return the cost and the normal equations at a point, priors and smoothness included."""
        found = linearise(self.problem, self.targets, x, betas, self.root, self.camera, active, robust)
        cost = add_priors(self.problem, x, found).sum()
        found.vector[:, : x.shape[1]] += self.coupling.pull(x)
        return float(cost + self.coupling.cost(x) + self.betas_precision * (betas @ betas)), found


def solve(
    clip: Clip,
    x: Array,
    betas: Array,
    free: NDArray[np.intp],
    active: NDArray[np.bool_],
    iterations: int,
    widening: float = 1.0,
    fit_betas: bool = True,
) -> tuple[Array, Array, int]:
    """Minimise over the parameters `free`; returns x (N, D), betas (S,) and how many iterations it took.

    Args:
        active: (4,) which groups of points to use: face, body, left and right hand.
        widening: times the robust scale, so that points far from where they should be still pull.
    """
    config = clip.problem.config
    damping, done = config.damping, 0
    robust = config.robust_scale * widening
    cost, normal = clip.normal(x, betas, active, robust)
    while done < iterations and damping < 1e6:
        done += 1
        step, turn = find_step(clip, normal, betas, free, damping, fit_betas)
        moved, shaped = x.copy(), betas + turn
        moved[:, free] += np.clip(step, -config.max_step, config.max_step)
        tried, found = clip.normal(moved, shaped, active, robust)
        if not tried < cost:
            damping *= 8
            continue
        gain = (cost - tried) / cost
        x, betas, cost, normal = moved, shaped, tried, found
        damping = max(damping * 0.3, 1e-6)
        if gain < config.tolerance:
            break
    return x, betas, done


def find_step(
    clip: Clip, normal: Normal, betas: Array, free: NDArray[np.intp], damping: float, fit_betas: bool
) -> tuple[Array, Array]:
    """Return the step of the free parameters (N, d) and of betas (S,)."""
    number, size, num_betas = len(normal.vector), len(free), len(betas)
    first = clip.problem.layout.size
    coupled = number >= 3 and bool(clip.coupling.precision.any())
    band = np.zeros((number * size, 2 * size + 1 if coupled else size))
    _fill_band(normal.matrix, free, damping, clip.coupling.precision[free], coupled, band)
    mixed: Array = normal.matrix[:, free, first:].reshape(number * size, num_betas)
    slope = normal.vector[:, free].reshape(-1, 1)
    factorise, back = get_lapack_funcs(("pbtrf", "pbtrs"), (band,))
    factor, failed = factorise(band.T, lower=1, overwrite_ab=1)
    if failed:
        raise FloatingPointError("the normal equations are not positive definite")
    right = np.concatenate([slope, mixed], axis=1) if fit_betas else slope
    answer: Array = back(factor, right, lower=1)[0]
    if not fit_betas:
        return -answer.reshape(number, size), np.zeros(num_betas)
    square: Array = normal.matrix[:, first:, first:].sum(0)
    square[np.diag_indices(num_betas)] = (np.diag(square) + clip.betas_precision) * (1 + damping)
    pull: Array = normal.vector[:, first:].sum(0) + clip.betas_precision * betas
    schur: Array = square - mixed.T @ answer[:, 1:]
    rest: Array = pull - mixed.T @ answer[:, 0]
    turn: Array = np.negative(np.linalg.solve(schur, rest))
    step: Array = answer[:, 0] + answer[:, 1:] @ turn
    return -step.reshape(number, size), turn


@njit(cache=True)
def _fill_band(
    matrix: Array, free: NDArray[np.int64], damping: float, coupling: Array, coupled: bool, band: Array
) -> None:
    """Write the lower band of the frames' matrix: band[j, i - j] = A[i, j]."""
    number, size = len(matrix), len(free)
    for n in range(number):
        curves = 0.0  # how the frame's own second differences add up: 1 for each it ends, 4 for its middle
        if coupled:
            curves += 1.0 if n >= 2 else 0.0
            curves += 4.0 if 1 <= n < number - 1 else 0.0
            curves += 1.0 if n < number - 2 else 0.0
        for c in range(size):
            row = band[n * size + c]
            for r in range(c, size):
                row[r - c] = matrix[n, free[r], free[c]]
            row[0] += damping * row[0] + 1e-9 + curves * coupling[c]
            if not coupled:
                continue
            if n + 1 < number:
                pairs = (1.0 if n >= 1 else 0.0) + (1.0 if n + 2 < number else 0.0)
                row[size] = -2.0 * pairs * coupling[c]
            if n + 2 < number:
                row[2 * size] = coupling[c]
