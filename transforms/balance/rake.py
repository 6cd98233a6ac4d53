"""Raking: weights near 1 with which the data has the wanted margins, between a floor and a ceiling.

Of all weights within the bounds that meet the margins those nearest to equal weights (least relative entropy)
are taken: without bounds that is what iterative proportional fitting converges to (Deming & Stephan 1940;
Ireland & Kullback 1968), with them it is calibration to bounded weights as in Deville & Särndal (1992,
section 2, truncated), solved as a whole and never cut afterwards. The dual is solved, so that overlapping and
joint margins are no special case. Where no weights within the bounds meet the margins, those that miss them
least are taken (bounded least squares; of equally good ones those near 1, the truncated linear case): what
groups should have comes first, that others keep what they have second.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import linprog, lsq_linear, minimize

from transforms.balance.candidates import Cells, Floats
from transforms.balance.margins import Margins

# Margins are met to a thousandth of a percent of the mass, far below what whole clips allow.
TOLERANCE = 1e-5
# A group is drawn as asked if its share is off by no more than half a point, or by a twentieth of itself.
_MISSED, _MISSED_OF_ITSELF = 0.005, 0.05
# How much missing a group's share, the others' and an equal weight count against each other, squared.
_NAMED, _OTHERS, _EQUAL, _MEAN = 1.0, 1e-2, 1e-4, 1e3
# Past this many margins second derivatives cost more than they bring.
_MANY = 400


@dataclass(frozen=True, slots=True)
class Raked:
    """Weights (k) of the cells, of average 1 over clips; each group's share (g) as drawn with them."""

    weights: Floats
    shares: Floats


def rake(cells: Cells, margins: Margins, min_weight: float, max_weight: float) -> Raked:
    """Return weights of average 1 over clips, within the bounds, that meet the margins or come nearest."""
    weights = np.ones(len(cells.values))
    if margins.groups and np.max(np.abs(margins.rows.sum(axis=1))) > TOLERANCE / 100:
        base = cells.num_clips / cells.num_clips.sum()
        weights = _rake(margins, base, min_weight, max_weight)
    return Raked(weights, margins.shares(weights * cells.mass))


def _rake(margins: Margins, base: Floats, low: float, high: float) -> Floats:
    rows, gaps = margins.rows, np.zeros(len(margins.rows))
    nearest = None
    # Of many margins trying is quicker than asking.
    if len(rows) <= _MANY and not is_feasible(rows, base, low, high):
        nearest = _nearest(margins, base, low, high)
        gaps = rows @ nearest
    weights = least_entropy(rows, gaps, base, low, high)
    off = max(float(np.max(np.abs(rows @ weights - gaps))), abs(float(base @ weights) - 1))
    if off > TOLERANCE:  # at a corner of what is possible there is nothing left to choose
        weights = _nearest(margins, base, low, high) if nearest is None else nearest
    return weights


def reached(share: float, wanted: float) -> bool:
    """Return whether a group is drawn as asked."""
    return abs(share - wanted) <= min(_MISSED, _MISSED_OF_ITSELF * wanted)


def is_feasible(rows: Floats, base: Floats, low: float, high: float) -> bool:
    """Return whether weights (k) within the bounds have `rows @ weights = 0` and `base @ weights = 1`."""
    found = linprog(
        np.zeros(len(base)),
        A_eq=np.vstack([rows, base]),
        b_eq=np.r_[np.zeros(len(rows)), 1.0],
        bounds=(low, high),
        method="highs",
    )
    if found.status not in (0, 2):
        raise RuntimeError(f"the linear programme of the weights failed: {found.message}")
    return found.status == 0


def _nearest(margins: Margins, base: Floats, low: float, high: float) -> Floats:
    """Return the bounded weights (k) of average 1 that miss the margins least."""
    if low == high:  # nothing to choose, which the solver refuses
        return np.full(len(base), low)
    counts = np.full(len(margins.rows), _NAMED)
    counts[len(margins.groups) :] = _OTHERS
    equal = _EQUAL * np.sqrt(base)
    equations = np.vstack([counts[:, None] * margins.rows, _MEAN * base, np.diag(equal)])
    wanted = np.r_[np.zeros(len(margins.rows)), _MEAN, equal]
    method: Literal["bvls", "trf"] = "bvls" if len(base) <= _MANY else "trf"
    found = lsq_linear(equations, wanted, bounds=(low, high), method=method, tol=1e-14)
    return np.asarray(found.x, np.float64)


def least_entropy(rows: Floats, gaps: Floats, base: Floats, low: float, high: float) -> Floats:
    """Return the bounded weights (k) of least relative entropy with `rows @ weights = gaps` and average 1.

    Stationarity makes a weight exp(its equations' multipliers), truncated at the bounds; the multipliers
    minimise a smooth convex function.
    """
    equations = np.vstack([rows, base])
    wanted = np.r_[gaps, 1.0]
    scaled = equations / base
    # No weight is that small: it stands for none where there is no floor.
    least, most = np.log(max(low, 1e-12)), np.log(high)

    def dual(multipliers: Floats) -> tuple[float, Floats]:
        exponent = multipliers @ scaled
        inside = np.clip(exponent, least, most)
        weights = np.exp(inside)
        # Past the bounds the conjugate goes on as a straight line.
        value = base @ (weights * (1 + exponent - inside))
        return float(value - multipliers @ wanted), equations @ weights - wanted

    def curvature(multipliers: Floats) -> Floats:
        exponent = multipliers @ scaled
        free = np.where((exponent > least) & (exponent < most), np.exp(np.clip(exponent, least, most)), 0.0)
        return (equations * free) @ scaled.T

    start = np.zeros(len(wanted))
    if len(wanted) > _MANY:
        options = {"maxiter": 1000, "maxfun": 2000, "maxcor": 30, "ftol": 1e-15, "gtol": TOLERANCE / 100}
        found = minimize(dual, start, jac=True, method="L-BFGS-B", options=options)
    else:
        options = {"maxiter": 100, "gtol": TOLERANCE / 100}
        found = minimize(dual, start, jac=True, hess=curvature, method="trust-exact", options=options)
    return np.exp(np.clip(found.x @ scaled, least, most))
