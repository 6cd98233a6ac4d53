"""Raking: weights near 1 with which the data has the wanted margins, none above a bound.

Of all weights that meet the margins those nearest to equal weights (least relative entropy) are
taken, which is what iterative proportional fitting converges to (Deming & Stephan 1940; Ireland &
Kullback 1968); the bound makes it the truncated form of Deville & Särndal (1992, case 6 of table 1).
It is solved in its dual, so that several overlapping and joint margins are no special case. Whether
there are such weights at all is decided beforehand by a linear programme, which also says how near
one can come and what is in the way.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog, lsq_linear, minimize

from transforms.balance.candidates import Cells, Floats
from transforms.balance.margins import Margins

# Margins are met to a thousandth of a percent of the mass, far below what whole clips allow.
TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class Raked:
    """Weights (k) of the cells; groups (numbers) that miss their share; cells at the bound."""

    weights: Floats
    missed: tuple[int, ...]
    bounded: tuple[int, ...]


def rake(cells: Cells, margins: Margins, max_weight: float) -> Raked:
    """Return weights of average 1 over clips, at most `max_weight`, that meet the margins or come nearest.

    Nearest is the least sum over groups of the squared share by which they miss.
    """
    if not margins.groups:
        return Raked(np.ones(len(cells.values)), (), ())
    rows = margins.rows * cells.mass / cells.mass.sum()
    base = cells.num_clips / cells.num_clips.sum()
    nearest = feasible_weights(rows, base, max_weight)
    gaps = np.zeros(len(rows))
    if nearest is None:
        nearest = _compromise(rows, base, max_weight)
        gaps = rows @ nearest
    weights = least_entropy(rows, gaps, base, max_weight)
    if np.max(np.abs(rows @ weights - gaps)) > 10 * TOLERANCE:
        weights = nearest  # at a corner of what is possible there is nothing left to choose
    missed = np.flatnonzero(np.abs(gaps) > TOLERANCE)
    bounded = np.flatnonzero(weights > max_weight * (1 - 1e-3))
    return Raked(weights, tuple(missed.tolist()), tuple(bounded.tolist()))


def feasible_weights(rows: Floats, base: Floats, max_weight: float) -> Floats | None:
    """Return some weights (k) with `rows @ weights = 0`, `base @ weights = 1`; None if there are none."""
    found = linprog(
        np.zeros(len(base)),
        A_eq=np.vstack([rows, base]),
        b_eq=np.r_[np.zeros(len(rows)), 1.0],
        bounds=(0.0, max_weight),
        method="highs",
    )
    if found.status not in (0, 2):
        raise RuntimeError(f"the linear programme of the weights failed: {found.message}")
    return found.x if found.status == 0 else None


def _compromise(rows: Floats, base: Floats, max_weight: float) -> Floats:
    """Return the bounded weights (k) of average 1 that miss the margins least."""
    average = 1e3  # how much an average other than 1 counts against a missed share
    equations = np.vstack([rows, average * base])
    wanted = np.r_[np.zeros(len(rows)), average]
    found = lsq_linear(equations, wanted, bounds=(0.0, max_weight), method="bvls", tol=1e-12)
    return found.x / (base @ found.x)


def least_entropy(rows: Floats, gaps: Floats, base: Floats, max_weight: float) -> Floats:
    """Return the bounded weights (k) of least relative entropy with `rows @ weights = gaps` and average 1.

    Stationarity makes a weight exp(its equations' multipliers), cut at the bound; the multipliers
    minimise a smooth convex function.
    """
    equations = np.vstack([rows, base])
    wanted = np.r_[gaps, 1.0]
    scaled = equations / base
    bound = np.log(max_weight)

    def dual(multipliers: Floats) -> tuple[float, Floats]:
        exponent = multipliers @ scaled
        weights = np.exp(np.minimum(exponent, bound))
        # Above the bound the conjugate goes on as a straight line.
        value = base @ (weights + max_weight * np.maximum(exponent - bound, 0.0))
        return float(value - multipliers @ wanted), equations @ weights - wanted

    def curvature(multipliers: Floats) -> Floats:
        exponent = multipliers @ scaled
        return (equations * np.where(exponent < bound, np.exp(np.minimum(exponent, bound)), 0.0)) @ scaled.T

    options = {"maxiter": 500, "gtol": TOLERANCE / 100}
    start = np.zeros(len(wanted))
    found = minimize(dual, start, jac=True, hess=curvature, method="trust-exact", options=options)
    return np.exp(np.minimum(found.x @ scaled, bound))
