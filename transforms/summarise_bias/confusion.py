"""Counts corrected for an estimator that confuses groups.

With the estimator's confusion P (rows: true group, columns: estimated) the expected estimated counts
are P' n for true counts n. Solving for n is the matrix method of Barron (1977, Biometrics 33:414) and
the generalisation of Rogan & Gladen (1978, Am J Epidemiol 107:71) to several groups; an intersection
of two attributes takes the Kronecker product of both, which assumes that errors in one do not depend
on the other once the true groups are known. Intervals are from the delta method and hold the chance
of the labels as well as that of P, which is itself measured on finitely many faces; labels of one
person's clips are taken to be wrong together.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from schemas.outcomes import BadInputError

Floats = npt.NDArray[np.float64]
Z_95 = 1.959964
EM_STEPS = 300


@dataclass(frozen=True, slots=True)
class Confusion:
    """An estimator's confusion of one attribute.

    `categories` (c) are true groups, `columns` (e) what the estimator may say; `counts` (c x e).
    """

    categories: tuple[str, ...]
    columns: tuple[str, ...]
    counts: Floats

    @property
    def probabilities(self) -> Floats:
        """P (c x e): the chance of each estimate for each true group."""
        return self.counts / self.counts.sum(axis=1, keepdims=True)

    @classmethod
    def certain(cls, categories: Sequence[str]) -> "Confusion":
        """Return the confusion of labels that are taken as true: none."""
        return cls(tuple(categories), tuple(categories), np.diag(np.full(len(categories), np.inf)))


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Corrected counts with the ends of their 95 % intervals; arrays of one shape."""

    count: Floats
    low: Floats
    high: Floats


def read_confusions(path: Path) -> dict[str, Confusion]:
    """Read a confusion file: {"model", "measured_on", "attributes": {name: {"categories", "counts"}}}.

    Groups that the measurement never saw are left out of the true groups.

    Raises:
        BadInputError: if the file is missing or not of that form.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = {
            str(name): _confusion(part["categories"], np.asarray(part["counts"], float))
            for name, part in content["attributes"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError(f"{path}: not a table of an estimator's confusion ({error!r})") from error
    return {name: confusion for name, confusion in found.items() if confusion.categories}


def _confusion(names: Sequence[str], counts: Floats) -> Confusion:
    if counts.shape != (len(names), len(names)) or np.any(counts < 0):
        raise ValueError(f"counts are {counts.shape} for {len(names)} categories, or negative")
    seen = counts.sum(axis=1) > 0
    return Confusion(tuple(n for n, s in zip(names, seen, strict=True) if s), tuple(names), counts[seen])


def adjust(observed: Floats, squares: Floats, first: Confusion, second: Confusion) -> Adjusted:
    """Correct a table of estimated counts (e1 x e2) for the confusion of rows and of columns.

    Args:
        observed: number of clips by both estimates.
        squares: the same with every person's clips squared: the sum over people of n^2.

    Returns:
        tables of true counts (c1 x c2): the most likely ones without negative cells. Their intervals are
        around the matrix method's solution, which may lie outside what is possible, and cut to it.
    """
    solve_1, p_1 = _solver(first)
    solve_2, p_2 = _solver(second)
    total = float(observed.sum())
    likely = most_likely(observed, p_1, p_2)
    grouped = likely * (squares.sum() / total) if total else likely
    spread_1, spread_2 = p_1 @ (solve_1**2).T, p_2 @ (solve_2**2).T
    variance = spread_1.T @ grouped @ spread_2 - grouped
    variance = variance + _measured(likely, solve_1, first) + _measured(likely.T, solve_2, second).T
    error = Z_95 * np.sqrt(np.maximum(variance, 0.0))
    centre = solve_1 @ observed @ solve_2.T
    low, high = np.clip(centre - error, 0.0, total), np.clip(centre + error, 0.0, total)
    return Adjusted(likely, np.minimum(low, likely), np.maximum(high, likely))


def most_likely(observed: Floats, p_1: Floats, p_2: Floats) -> Floats:
    """Return the table (c1 x c2) without negative cells that makes the observed one (e1 x e2) most likely.

    Expectation maximisation (Dempster, Laird & Rubin 1977); it keeps the total.
    """
    table = np.full((len(p_1), len(p_2)), observed.sum() / (len(p_1) * len(p_2)))
    for _ in range(EM_STEPS):
        expected = p_1.T @ table @ p_2
        ratio = np.divide(observed, expected, out=np.zeros_like(observed), where=expected > 0)
        table = table * (p_1 @ ratio @ p_2.T)
    return table


def _solver(confusion: Confusion) -> tuple[Floats, Floats]:
    """Return B (c x e) with B P' = 1, weighted least squares where there are more estimates than groups."""
    if np.isinf(confusion.counts).any():
        eye = np.eye(len(confusion.categories))
        return eye, eye
    p = confusion.probabilities
    usual = confusion.counts.sum(axis=0) + 0.5  # the estimates' variance is near their frequency
    weighted = p / usual
    return np.linalg.pinv(weighted @ p.T) @ weighted, p


def _measured(count: Floats, solve: Floats, confusion: Confusion) -> Floats:
    """Return the variance (c1 x c2) that comes from measuring the rows' confusion on finitely many faces."""
    if np.isinf(confusion.counts).any():
        return np.zeros_like(count)
    p, faces = confusion.probabilities, confusion.counts.sum(axis=1)
    # Variance of one face's contribution: of B's entries under each true group's estimates.
    spread = p @ (solve**2).T - (p @ solve.T) ** 2
    return spread.T @ (count**2 / faces[:, None])


def shipped_confusion(path: str | None, embedded: Path) -> Mapping[str, Confusion]:
    """Return the configured file's confusions, else the embedded ones, else none.

    Raises:
        BadInputError: if a configured file cannot be read.
    """
    if path is not None:
        return read_confusions(Path(path))
    return read_confusions(embedded) if embedded.is_file() else {}
