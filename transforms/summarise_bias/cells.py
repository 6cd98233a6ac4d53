"""How much there is of every group and of every intersection of two attributes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.attributes import NOT_MEASURED, UNKNOWN
from schemas.bias import BiasCell, Scope
from transforms.summarise_bias.confusion import Confusion, adjust
from transforms.summarise_bias.rows import Label, Row

ONE = ("",)


@dataclass(frozen=True, slots=True)
class ScopedRows:
    """The clips of a scope; `weighted` tells whether they count by their weights."""

    scope: Scope
    rows: Sequence[Row]
    weighted: bool


def attributes_in(rows: Sequence[Row], chosen: Sequence[str]) -> list[str]:
    """Return the attributes to report: those chosen, else all that any clip has."""
    return list(chosen) or sorted({name for row in rows for name in row.labels})


def value_of(row: Row, attribute: str) -> str:
    """Return a clip's group, 'not_measured' if nobody asked."""
    label = row.labels.get(attribute)
    return NOT_MEASURED if label is None else label.value


def is_known(value: str) -> bool:
    """Return whether a value is a group."""
    return value not in (UNKNOWN, NOT_MEASURED)


def marginal_cells(scoped: ScopedRows, attribute: str, confusions: Mapping[str, Confusion]) -> list[BiasCell]:
    """Return the cells of one attribute."""
    return _cells(scoped, attribute, None, confusions)


def joint_cells(
    scoped: ScopedRows, pair: tuple[str, str], confusions: Mapping[str, Confusion]
) -> list[BiasCell]:
    """Return the cells of two attributes, of clips whose value is known in both."""
    return _cells(scoped, pair[0], pair[1], confusions)


def _cells(
    scoped: ScopedRows, first: str, second: str | None, confusions: Mapping[str, Confusion]
) -> list[BiasCell]:
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in scoped.rows:
        values = value_of(row, first), "" if second is None else value_of(row, second)
        if second is None or (is_known(values[0]) and is_known(values[1])):
            groups[values].append(row)
    adjusted = _adjusted_counts(scoped, first, second, confusions)
    for values in adjusted:
        groups.setdefault(values, [])
    known = sum(_amount(scoped, rows) for values, rows in groups.items() if is_known(values[0]))
    return [
        _cell(scoped, first, second, values, groups[values], adjusted.get(values), known)
        for values in sorted(groups)
    ]


def _amount(scoped: ScopedRows, rows: Sequence[Row]) -> float:
    return sum(sorted(row.weight for row in rows)) if scoped.weighted else float(len(rows))


def _cell(
    scoped: ScopedRows,
    first: str,
    second: str | None,
    values: tuple[str, str],
    rows: Sequence[Row],
    adjusted: tuple[float, float, float] | None,
    known: float,
) -> BiasCell:
    raw = _amount(scoped, rows)
    names = [first] if second is None else [first, second]
    count, low, high = adjusted or (None, None, None)
    return BiasCell(
        scope=scoped.scope,
        attribute=first,
        value=values[0],
        attribute_2=second,
        value_2=None if second is None else values[1],
        num_clips=len(rows),
        num_seconds=round(sum(sorted(row.seconds for row in rows)), 6),
        num_people=len({row.person for row in rows}),
        num_declared=sum(all(n in row.labels and row.labels[n].declared for n in names) for row in rows),
        raw=round(raw, 6),
        share=raw / known if known and is_known(values[0]) else None,
        adjusted=count,
        adjusted_low=low,
        adjusted_high=high,
        suppressed=False,
    )


def _adjusted_counts(
    scoped: ScopedRows, first: str, second: str | None, confusions: Mapping[str, Confusion]
) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Return (count, low, high) by group; declared labels count as they are, estimated ones corrected.

    Where the measurement says how often the estimator answers 'unknown', clips of unknown value are among
    those counted. Empty if an estimated attribute's confusion was not measured. Errors of the parts add
    up as independent ones do.
    """
    names = [first] if second is None else [first, second]
    parts: dict[tuple[bool, ...], list[Row]] = defaultdict(list)
    for row in scoped.rows:
        if all(_countable(row.labels.get(name), confusions.get(name)) for name in names):
            parts[tuple(row.labels[name].declared for name in names)].append(row)
    if all(all(key) for key in parts):
        return {}
    total: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for key, rows in sorted(parts.items()):
        found = [_confusion_for(n, d, rows, confusions) for n, d in zip(names, key, strict=True)]
        present = [confusion for confusion in found if confusion is not None]
        if len(present) < len(names):
            return {}
        other = present[1] if second is not None else Confusion.certain(ONE)
        _add_part(total, scoped, rows, (first, second), present[0], other)
    return {
        values: (round(count, 3), round(max(count - below**0.5, 0), 3), round(count + above**0.5, 3))
        for values, (count, below, above) in total.items()
    }


def _countable(label: Label | None, confusion: Confusion | None) -> bool:
    if label is None:
        return False
    return is_known(label.value) or (
        not label.declared and confusion is not None and label.value in confusion.columns
    )


def _confusion_for(
    attribute: str, declared: bool, rows: Sequence[Row], confusions: Mapping[str, Confusion]
) -> Confusion | None:
    values = {row.labels[attribute].value for row in rows}
    if declared:
        return Confusion.certain(sorted(values))
    found = confusions.get(attribute)
    return found if found is not None and values <= set(found.columns) else None


def _add_part(
    total: dict[tuple[str, str], list[float]],
    scoped: ScopedRows,
    rows: Sequence[Row],
    names: tuple[str, str | None],
    first: Confusion,
    second: Confusion,
) -> None:
    """Correct the counts of clips whose labels have one kind of source, and add them up."""
    shape = len(first.columns), len(second.columns)
    observed, squares = np.zeros(shape), np.zeros(shape)
    people: dict[tuple[int, int], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in rows:
        place = first.columns.index(row.labels[names[0]].value)
        other = 0 if names[1] is None else second.columns.index(row.labels[names[1]].value)
        people[place, other][row.person] += row.weight if scoped.weighted else 1.0
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
