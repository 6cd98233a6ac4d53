"""How much there is of every group and of every intersection of two attributes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.attributes import NOT_MEASURED, UNKNOWN
from schemas.bias import TOGETHER, BiasCell, Scope
from transforms.summarise_bias.collapse import collapse, has_few
from transforms.summarise_bias.columns import CODES, Clips, Column, Ints, num_people, total
from transforms.summarise_bias.confusion import Confusion
from transforms.summarise_bias.corrected import Corrected, corrected_counts
from transforms.summarise_bias.disclosure import Hidden, Shown
from transforms.summarise_bias.rows import Row


@dataclass(frozen=True, slots=True)
class Scoped:
    """The clips of a scope: `index` (n) are their places among all, `step` is where all are that are left.

    `weighted` tells whether they count by their weights.
    """

    scope: Scope
    step: int
    index: Ints
    weighted: bool


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of all clips and what may be shown of it."""

    column: Column
    shown: Shown

    def hidden_at(self, step: int) -> Hidden | None:
        """Return the groups that are counted as one at a step, None if nothing may be shown."""
        return self.shown.together[step]

    def recoded(self, codes: Ints, hidden: Hidden) -> tuple[tuple[str, ...], Ints]:
        """Return the groups that are shown and each clip's (n) among them, below 0 for those of no group."""
        alone = [i for i in range(len(self.column.groups)) if i not in hidden]
        return _as_shown(self.column.groups, alone, codes)


def _as_shown(groups: Sequence[str], alone: Sequence[int], codes: Ints) -> tuple[tuple[str, ...], Ints]:
    """Return the groups of these numbers, and all others as one if there are any, with codes of them."""
    kept = tuple(groups[i] for i in alone)
    number = np.full(len(groups) + len(CODES), len(kept), np.int64)
    number[list(CODES.values())] = list(CODES.values())  # these are negative: the array's last places
    number[list(alone)] = np.arange(len(kept))
    return kept + ((TOGETHER,) if len(alone) < len(groups) else ()), number[codes]


def attributes_in(rows: Sequence[Row], chosen: Sequence[str]) -> list[str]:
    """Return the attributes to report: those chosen, else all that any clip has."""
    return list(chosen) or sorted({name for row in rows for name in row.labels})


def marginal_cells(
    clips: Clips, scoped: Scoped, attribute: Attribute, confusions: Mapping[str, Confusion]
) -> list[BiasCell]:
    """Return the cells of one attribute; what is hidden has a cell without numbers."""
    column, hidden = attribute.column, attribute.hidden_at(scoped.step)
    names = [*column.groups, *(name for name, code in CODES.items() if (column.codes == code).any())]
    if hidden is None:
        return [_blank(scoped, (column.name, name), None) for name in names]
    codes = column.codes[scoped.index]
    shown, codes = attribute.recoded(codes, hidden)
    corrected: Corrected = {}
    if not hidden and attribute.shown.by_source:
        corrected = corrected_counts(_counted(clips, scoped), column.name, None, confusions)
    known = _amount(clips, scoped, codes >= 0)
    declared = column.declared[scoped.index] if attribute.shown.by_source else None
    blank = [_blank(scoped, (column.name, column.groups[i]), None) for i in sorted(hidden)]
    more = sorted({value for value, _ in corrected} - set(names))
    places = {name: i for i, name in enumerate(shown)} | {n: c for n, c in CODES.items() if n in names}
    cells = [
        _cell(
            clips, scoped, (column.name, name), None, codes == place, declared, known,
            corrected.get((name, "")),
        )
        for name, place in [*places.items(), *((name, len(shown)) for name in more)]
    ]  # fmt: skip
    return sorted(cells + blank, key=lambda cell: cell.value)


def joint_cells(
    clips: Clips, scoped: Scoped, pair: tuple[Attribute, Attribute], confusions: Mapping[str, Confusion],
    min_people: int,
) -> list[BiasCell]:  # fmt: skip
    """Return the cells of two attributes, of clips whose value is known in both.

    Rows and columns of cells that show few people are joined, see `collapse`.
    """
    columns = [attribute.column for attribute in pair]
    names = columns[0].name, columns[1].name
    joined = joined_codes(clips, scoped, pair, min_people)
    if joined is None:
        every = [(a, b) for a in columns[0].groups for b in columns[1].groups]
        return [_blank(scoped, (names[0], a), (names[1], b)) for a, b in every]
    shown, codes, known = joined
    sources = [attribute.shown.by_source for attribute in pair]
    declared = columns[0].declared & columns[1].declared if all(sources) else None
    declared = None if declared is None else declared[scoped.index]
    corrected: Corrected = {}
    whole = all(TOGETHER not in part for part in shown)
    if declared is not None and whole and not _few_of_a_source(clips, scoped, columns, known, min_people):
        corrected = corrected_counts(_counted(clips, scoped), *names, confusions)
    amount = _amount(clips, scoped, known)
    cells = [
        _cell(
            clips, scoped, (names[0], a), (names[1], b), known & (codes[0] == i) & (codes[1] == j), declared,
            amount, corrected.get((a, b)),
        )
        for i, a in enumerate(shown[0])
        for j, b in enumerate(shown[1])
    ]  # fmt: skip
    hidden = [
        _blank(scoped, (names[0], a), (names[1], b))
        for a in columns[0].groups
        for b in columns[1].groups
        if a not in shown[0] or b not in shown[1]
    ]
    return sorted(cells + hidden, key=lambda cell: (cell.value, cell.value_2 or ""))


def joined_codes(
    clips: Clips, scoped: Scoped, pair: tuple[Attribute, Attribute], min_people: int
) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], tuple[Ints, Ints], np.ndarray] | None:
    """Return the groups of two attributes in which no intersection shows few people; None if there are none.

    Returns:
        the groups of both, each clip's (n) among them, and whether both are known.
    """
    shown: list[tuple[str, ...]] = []
    codes: list[Ints] = []
    for attribute in pair:
        hidden = attribute.hidden_at(scoped.step)
        if hidden is None:
            return None
        names, own = attribute.recoded(attribute.column.codes[scoped.index], hidden)
        shown.append(names)
        codes.append(own)
    known = (codes[0] >= 0) & (codes[1] >= 0)
    people = clips.people[scoped.index[known]]
    places = collapse(people, codes[0][known], codes[1][known], min_people)
    if places is None:
        return None
    one, two = (joined_lines(*part) for part in zip(shown, codes, places, strict=True))
    return None if min(len(one[0]), len(two[0])) < 2 else ((one[0], two[0]), (one[1], two[1]), known)


def joined_lines(names: tuple[str, ...], codes: Ints, places: Ints) -> tuple[tuple[str, ...], Ints]:
    """Return names and codes in which lines that were joined, to whichever, are one group.

    Args:
        places: which line each of the first names is in.
    """
    times = np.bincount(places, minlength=len(places))
    alone = [i for i, place in enumerate(places) if times[place] == 1] + [*range(len(places), len(names))]
    return _as_shown(names, [i for i in alone if names[i] != TOGETHER], codes)


def _few_of_a_source(
    clips: Clips, scoped: Scoped, columns: Sequence[Column], known: np.ndarray, min_people: int
) -> bool:
    """Return whether an intersection has few people whose labels are declared or estimated alike."""
    index = scoped.index[known]
    codes = [2 * column.codes[index] + column.declared[index] for column in columns]
    return has_few(clips.people[index], codes[0], codes[1], min_people)


def _counted(clips: Clips, scoped: Scoped) -> list[tuple[Row, float]]:
    places: list[int] = scoped.index.tolist()
    return [(clips.rows[i], clips.rows[i].weight if scoped.weighted else 1.0) for i in places]


def _amount(clips: Clips, scoped: Scoped, there: np.ndarray) -> float:
    return total(clips.weights[scoped.index[there]]) if scoped.weighted else float(there.sum())


def _cell(
    clips: Clips,
    scoped: Scoped,
    first: tuple[str, str],
    second: tuple[str, str] | None,
    there: np.ndarray,
    declared: np.ndarray | None,
    known: float,
    corrected: tuple[float, float, float] | None,
) -> BiasCell:
    index = scoped.index[there]
    raw = _amount(clips, scoped, there)
    count, low, high = corrected or (None, None, None)
    return BiasCell(
        scope=scoped.scope,
        attribute=first[0],
        value=first[1],
        attribute_2=None if second is None else second[0],
        value_2=None if second is None else second[1],
        num_clips=len(index),
        num_seconds=round(total(clips.seconds[index]), 6),
        num_people=num_people(clips.people[index]),
        num_declared=None if declared is None else int(declared[there].sum()),
        raw=round(raw, 6),
        share=raw / known if known and first[1] not in (UNKNOWN, NOT_MEASURED) else None,
        adjusted=count,
        adjusted_low=low,
        adjusted_high=high,
        suppressed=False,
    )


def _blank(scoped: Scoped, first: tuple[str, str], second: tuple[str, str] | None) -> BiasCell:
    """Return a cell without its numbers."""
    return BiasCell(
        scope=scoped.scope, attribute=first[0], value=first[1],
        attribute_2=None if second is None else second[0], value_2=None if second is None else second[1],
        num_clips=None, num_seconds=None, num_people=None, num_declared=None, raw=None, share=None,
        adjusted=None, adjusted_low=None, adjusted_high=None, suppressed=True,
    )  # fmt: skip
