"""Which filter turns down whom: every filter's effect on every group, tested with people as the units.

Groups are compared as they are shown (`disclosure`): those that are too small count as one. `flags` says
which of the comparisons count.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from schemas.attributes import NOT_MEASURED
from schemas.bias import FunnelRow
from transforms.summarise_bias.cells import Attribute
from transforms.summarise_bias.clusters import compare, group_rate, ratio_interval
from transforms.summarise_bias.columns import CODES, Bools, Clips, Ints, clips_of, column_of, num_people
from transforms.summarise_bias.disclosure import Hidden, Shown, plan
from transforms.summarise_bias.rows import Row

Level = Literal["clip", "video"]
# Balancing is there to treat groups differently: that is no finding.
MEANT = ("balance",)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What reaches a filter: places (m) among all clips, whom each shows, and which are turned down.

    A filter turns down alone or with others; `ended` are those that its stage turns down.
    """

    stage: str
    filter: str
    step: int
    index: Ints
    people: Ints
    dropped: Bools
    ended: Bools


def arrivals_of(clips: Clips) -> list[Arrivals]:
    """Return every filter that turned anything down, with what reached it, in the order of stages.

    A filter's arrivals are all that no earlier stage turned down; filters of one stage see the same.
    """
    found: list[Arrivals] = []
    for step, stage in enumerate(clips.steps.names[: clips.steps.selected]):
        index = np.flatnonzero(clips.steps.codes >= step)
        reasons = [clips.rows[i].reasons if clips.steps.codes[i] == step else () for i in index.tolist()]
        names = sorted({reason for given in reasons for reason in given})
        ended = clips.steps.codes[index] == step
        for name in names:
            dropped = np.array([name in given for given in reasons], bool)
            found.append(Arrivals(stage, name, step, index, clips.people[index], dropped, ended))
    return found


@dataclass(frozen=True, slots=True)
class Compared:
    """A row of the funnel with the arrivals it was made from; those with the code `place` are in the group.

    `codes` (m) are below 0 where the group is not known. `nearly_gone` is a group of which too few people to
    be shown are left after the filter's stage.
    """

    row: FunnelRow
    found: Arrivals
    codes: npt.NDArray[np.int32]
    place: int
    nearly_gone: bool = False

    @property
    def member(self) -> Bools:
        """Which of the arrivals (m) are in the group."""
        return self.codes == self.place


def compare_groups(
    level: Level, rows: Sequence[Row], stages: Sequence[str], attributes: Sequence[str], min_people: int
) -> list[Compared]:
    """Return all comparisons of one level, not yet corrected for their number."""
    clips = clips_of(rows, stages)
    columns = {name: column_of(rows, name) for name in attributes}
    planned = {
        name: Attribute(column, plan(clips.people, column, clips.steps, min_people))
        for name, column in columns.items()
    }
    return compare_attributes(level, clips, planned, min_people)


def compare_attributes(
    level: Level, clips: Clips, attributes: Mapping[str, Attribute], min_people: int
) -> list[Compared]:
    """Return all comparisons of one level, with what may be shown of each attribute known."""
    return [
        row
        for found in arrivals_of(clips)
        for attribute in attributes.values()
        for row in _filter_rows(level, found, attribute, min_people)
    ]


def _filter_rows(level: Level, found: Arrivals, attribute: Attribute, min_people: int) -> Iterator[Compared]:
    """Yield what a filter does to the groups of an attribute; of what is hidden, rows without numbers.

    An estimated label may be used only if those turned down have been estimated too: otherwise whose
    label is known depends on the filter itself.
    """
    column, shown = attribute.column, attribute.shown
    codes, declared = column.codes[found.index], column.declared[found.index]
    measured = codes != CODES[NOT_MEASURED]
    usable = bool(measured[found.dropped].all())
    codes = codes if usable else np.where(declared, codes, CODES[NOT_MEASURED])
    hidden = _hidden_at(shown, found.step) if usable or shown.by_source else None
    gone = {column.groups[i]: n for i, n in _nearly_gone(shown, found, codes, hidden, min_people)}
    original = codes
    blank, names, codes = _seen(attribute, codes, hidden)
    shared = codes.astype(np.int32)
    for place, name in names.items():
        row = _blank(level, found, column.name, name, "all" if usable else "declared")
        pair = Compared(row, found, shared, place)
        if name in gone:
            yield _gone(pair, attribute, original, gone[name])
        elif name in blank:
            yield pair
        elif pair.member.any():
            yield _compared(pair)


def shown_groups(found: Arrivals, attribute: Attribute) -> Iterator[tuple[str, Bools]]:
    """Yield the groups of an attribute that have numbers at a filter, and which arrivals (m) are in each."""
    hidden = _hidden_at(attribute.shown, found.step)
    if hidden is None:
        return
    blank, names, codes = _seen(attribute, attribute.column.codes[found.index], hidden)
    for place, name in names.items():
        if name not in blank and name not in CODES:
            yield name, codes == place


def _gone(pair: Compared, attribute: Attribute, codes: Ints, before: tuple[int, int]) -> Compared:
    """Return the row of a group that is nearly gone, with what there was of it before."""
    row = replace(pair.row, num_in=before[0], num_people=before[1])
    place = attribute.column.groups.index(row.value)
    return replace(pair, row=row, codes=codes.astype(np.int32), place=place, nearly_gone=True)


def _hidden_at(shown: Shown, step: int) -> Hidden | None:
    """Return the groups that are counted as one at a stage's filters: as before or after it."""
    before, after = shown.together[step : step + 2]
    return None if before is None or after is None else before | after


def _nearly_gone(
    shown: Shown, found: Arrivals, codes: Ints, hidden: Hidden | None, min_people: int
) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield groups that were shown before a stage and of which too few people are left, with what there was.

    That fewer people than may be shown are left, or none, is all that is said of what is left.
    """
    before = shown.together[found.step]
    for group in sorted((hidden or frozenset()) - before if before is not None else ()):
        member = codes == group
        if num_people(found.people[member & ~found.ended]) < min_people:
            yield group, (int(member.sum()), num_people(found.people[member]))


def _seen(attribute: Attribute, codes: Ints, hidden: Hidden | None) -> tuple[set[str], dict[int, str], Ints]:
    """Return the names that have no numbers, all names by code, and the codes (m) of those that have."""
    groups = attribute.column.groups
    others = {code: name for name, code in CODES.items() if (codes == code).any()}
    if hidden is None:
        names = {**dict(enumerate(groups)), **others}
        return set(names.values()), names, codes
    shown, codes = attribute.recoded(codes, hidden)
    blank = {groups[i] for i in hidden}
    names = {**dict(enumerate([*shown, *sorted(blank)])), **others}
    return blank, names, codes


def _blank(
    level: Level, found: Arrivals, attribute: str, value: str, basis: Literal["declared", "all"]
) -> FunnelRow:
    """Return a row without its numbers."""
    return FunnelRow(
        level=level, stage=found.stage, filter=found.filter, attribute=attribute, value=value, basis=basis,
        num_in=None, num_dropped=None, num_people=None, rate=None, rate_low=None, rate_high=None,
        rest_rate=None, ratio=None, ratio_low=None, ratio_high=None, test=None, p_value=None,
        p_adjusted=None, flagged=False, explained_by=None, suppressed=True,
    )  # fmt: skip


def _compared(pair: Compared) -> Compared:
    """Return a row with its numbers."""
    found, member = pair.found, pair.member
    rate = group_rate(found.people[member], found.dropped[member])
    row = replace(
        pair.row, num_in=int(member.sum()), num_dropped=int(found.dropped[member].sum()),
        num_people=rate.num_people, rate=rate.value, rate_low=rate.low, rate_high=rate.high, suppressed=False,
    )  # fmt: skip
    known = pair.codes >= 0
    rest = known & ~member
    if row.value in CODES or not rest.any() or found.stage in MEANT:
        return replace(pair, row=row)
    others = group_rate(found.people[rest], found.dropped[rest])
    interval = ratio_interval(rate, others)
    tested = compare(found.people[known], found.dropped[known], member[known])
    row = replace(
        row,
        rest_rate=others.value,
        ratio=rate.value / others.value if others.value > 0 else None,
        ratio_low=interval[0] if interval else None,
        ratio_high=interval[1] if interval else None,
        test=tested[0] if tested else None,
        p_value=tested[1] if tested else None,
    )
    return replace(pair, row=row)
