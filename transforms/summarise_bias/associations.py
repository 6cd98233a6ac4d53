"""What goes with what: Cramér's V between attributes, and between attributes and scores, over people.

Pairs of attributes grow with their square, and a manifest may declare hundreds. So every attribute is
compared with a bounded number of others, see `associated_pairs`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import chndtr, chndtrinc

from schemas.attributes import CATEGORIES
from transforms.summarise_bias.columns import Column, Floats, Ints
from transforms.summarise_bias.config import BiasConfig


@dataclass(frozen=True, slots=True)
class Association:
    """Cramér's V with its 95 % interval, and how many people it is of."""

    value: float
    low: float
    high: float
    num_people: int


def associated_pairs(
    attributes: Sequence[str], columns: Mapping[str, Column], config: BiasConfig
) -> list[tuple[str, str]]:
    """Return the pairs of attributes that are compared, in order; at most `associated` a attribute.

    Each is compared with those that the configured pairs name, the perceived ones, and of the others
    those known of most clips: `config.associated` in all, or as many as pairs name if that is more.
    """
    named = {name for pair in config.pairs for name in pair}
    ranked = sorted(
        attributes,
        key=lambda a: (a not in named, a not in CATEGORIES, -int((columns[a].codes >= 0).sum()), a),
    )
    named_here = sum(a in named for a in attributes)
    common = set(ranked[: max(config.associated, named_here)])
    if len(common) == len(attributes):
        return list(combinations(attributes, 2))
    return [(a, b) for i, a in enumerate(attributes) for b in _partners(a, attributes[i + 1 :], common)]


def _partners(attribute: str, later: Sequence[str], common: set[str]) -> Sequence[str]:
    return later if attribute in common else [name for name in later if name in common]


def people_table(people: Ints, first: Ints, second: Ints) -> Floats:
    """Return the contingency table (k, m) of two known numbers of each clip (n); every person counts once."""
    if not len(people):
        return np.zeros((0, 0))
    weights = 1.0 / np.bincount(people)[people]
    shape = int(first.max()) + 1, int(second.max()) + 1
    # In the order of the clips: a sum of floats depends on the order of its terms.
    counted = np.bincount(first * shape[1] + second, weights=weights, minlength=shape[0] * shape[1])
    return np.asarray(counted, np.float64).reshape(shape)


def cramers_v(table: Floats) -> Association | None:
    """Return Cramér's V of a contingency table of people (k, m), corrected for chance (Bergsma 2013).

    The interval holds the noncentralities of the chi-square distribution under which its value is neither
    among the 2.5 % largest nor the smallest (Smithson 2003, chapter 4). None if it is undefined.
    """
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    n, (r, c) = float(table.sum()), table.shape
    if min(r, c) < 2 or n <= 1:
        return None
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi2 = float(np.sum((table - expected) ** 2 / expected)) / n
    corrected = max(phi2 - (r - 1) * (c - 1) / (n - 1), 0.0)
    side = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    if side <= 0:
        return None
    value = float(min(np.sqrt(corrected / side), 1.0))
    freedom = (r - 1) * (c - 1)
    low, high = (
        float(min(np.sqrt(_noncentrality(n * phi2, freedom, p) / (n * (min(r, c) - 1))), 1.0))
        for p in (0.975, 0.025)
    )
    return Association(value, min(low, value), max(high, value), round(n))


def _noncentrality(chi2: float, freedom: int, p: float) -> float:
    """Return the noncentrality at which a chi-square is below `chi2` with chance p, 0 if there is none."""
    return float(chndtrinc(chi2, freedom, p)) if chndtr(chi2, freedom, 0.0) > p else 0.0
