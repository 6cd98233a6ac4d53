"""What goes with what: Cramér's V between attributes, and between attributes and scores, over people.

Pairs of attributes grow with their square, and a manifest may declare hundreds. So every attribute is
compared with a bounded number of others, see `associated_pairs`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from schemas.attributes import CATEGORIES
from transforms.summarise_bias.cells import is_known, value_of
from transforms.summarise_bias.config import BiasConfig
from transforms.summarise_bias.rows import Row

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Column:
    """An attribute of n clips: its k known groups in order, and each clip's (n), -1 where not known."""

    groups: tuple[str, ...]
    codes: Ints


def column_of(rows: Sequence[Row], attribute: str) -> Column:
    """Return an attribute of rows (n)."""
    values = [value_of(row, attribute) for row in rows]
    groups = tuple(sorted({value for value in values if is_known(value)}))
    number = {value: i for i, value in enumerate(groups)}
    return Column(groups, np.array([number.get(value, -1) for value in values], np.int64))


def people_of(rows: Sequence[Row]) -> Ints:
    """Return whom each row (n) shows, as a number."""
    number: dict[str, int] = {}
    return np.array([number.setdefault(row.person, len(number)) for row in rows], np.int64)


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


def cramers_v(table: Floats) -> float | None:
    """Return Cramer's V of a contingency table, corrected for chance (Bergsma 2013); None if undefined."""
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    n, (r, c) = float(table.sum()), table.shape
    if min(r, c) < 2 or n <= 1:
        return None
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi2 = float(np.sum((table - expected) ** 2 / expected)) / n
    corrected = max(phi2 - (r - 1) * (c - 1) / (n - 1), 0.0)
    side = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    return float(min(np.sqrt(corrected / side), 1.0)) if side > 0 else None
