"""Counts of groups corrected for an estimator's confusion; declared labels count as they are."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from schemas.attributes import NOT_MEASURED, UNKNOWN
from transforms.summarise_bias.confusion import Confusion, adjust
from transforms.summarise_bias.rows import Label, Row

Corrected = dict[tuple[str, str], tuple[float, float, float]]
ONE = ("",)


def corrected_counts(
    counted: Iterable[tuple[Row, float]], first: str, second: str | None, confusions: Mapping[str, Confusion]
) -> Corrected:
    """Return (count, low, high) by group, or by groups of two attributes.

    Where the measurement says how often the estimator answers 'unknown', clips of unknown value are among
    those counted. Empty if an estimated attribute's confusion was not measured. Errors of the parts add
    up as independent ones do.

    Args:
        counted: clips with how much each counts.
    """
    names = [first] if second is None else [first, second]
    parts: dict[tuple[bool, ...], list[tuple[Row, float]]] = defaultdict(list)
    for row, amount in counted:
        if all(_countable(row.labels.get(name), confusions.get(name)) for name in names):
            parts[tuple(row.labels[name].declared for name in names)].append((row, amount))
    if all(all(key) for key in parts):
        return {}
    total: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for key, rows in sorted(parts.items()):
        found = [_confusion_for(n, d, rows, confusions) for n, d in zip(names, key, strict=True)]
        present = [confusion for confusion in found if confusion is not None]
        if len(present) < len(names):
            return {}
        other = present[1] if second is not None else Confusion.certain(ONE)
        _add_part(total, rows, (first, second), present[0], other)
    return {
        values: (round(count, 3), round(max(count - below**0.5, 0), 3), round(count + above**0.5, 3))
        for values, (count, below, above) in total.items()
    }


def _countable(label: Label | None, confusion: Confusion | None) -> bool:
    if label is None:
        return False
    return label.value not in (UNKNOWN, NOT_MEASURED) or (
        not label.declared and confusion is not None and label.value in confusion.columns
    )


def _confusion_for(
    attribute: str,
    declared: bool,
    rows: Sequence[tuple[Row, float]],
    confusions: Mapping[str, Confusion],
) -> Confusion | None:
    values = {row.labels[attribute].value for row, _ in rows}
    if declared:
        return Confusion.certain(sorted(values))
    found = confusions.get(attribute)
    return found if found is not None and values <= set(found.columns) else None


def _add_part(
    total: dict[tuple[str, str], list[float]],
    rows: Sequence[tuple[Row, float]],
    names: tuple[str, str | None],
    first: Confusion,
    second: Confusion,
) -> None:
    """Correct the counts of clips whose labels have one kind of source, and add them up."""
    shape = len(first.columns), len(second.columns)
    observed, squares = np.zeros(shape), np.zeros(shape)
    people: dict[tuple[int, int], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row, amount in rows:
        place = first.columns.index(row.labels[names[0]].value)
        other = 0 if names[1] is None else second.columns.index(row.labels[names[1]].value)
        people[place, other][row.person] += amount
    for place, amounts in people.items():
        observed[place] = sum(sorted(amounts.values()))
        squares[place] = sum(sorted(n * n for n in amounts.values()))
    found = adjust(observed, squares, first, second)
    for i, value in enumerate(first.categories):
        for j, other_value in enumerate(second.categories):
            entry = total[value, other_value]
            entry[0] += found.count[i, j]
            entry[1] += (found.count[i, j] - found.low[i, j]) ** 2
            entry[2] += (found.high[i, j] - found.count[i, j]) ** 2
