"""Which filter turns down whom: every filter's effect on every group, tested with people as the units."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from schemas.attributes import NOT_MEASURED
from schemas.bias import FunnelRow
from transforms.summarise_bias.cells import is_known, value_of
from transforms.summarise_bias.clusters import compare, group_rate, holm, ratio_interval
from transforms.summarise_bias.rows import Row
from transforms.summarise_bias.suppress import suppress_funnel

# Balancing is there to treat groups differently: that is no finding.
MEANT = ("balance",)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What reached a filter: rows (n) with whether each is turned down, alone or with others, and first.

    `people` (n) numbers whom each row shows.
    """

    stage: str
    filter: str
    rows: list[Row]
    dropped: np.ndarray
    first: np.ndarray
    people: np.ndarray


def arrivals_of(rows: Sequence[Row], stages: Sequence[str]) -> list[Arrivals]:
    """Return every filter that turned anything down, with what reached it, in the order of stages.

    A filter's arrivals are all that no earlier stage turned down; filters of one stage see the same.
    Stages that the order does not name come first in the order of their names.
    """
    ended_in = {row.stage for row in rows if row.stage}
    order = [*sorted(ended_in - set(stages)), *stages]
    place = {stage: i for i, stage in enumerate(order)} | {"": len(order)}
    found: list[Arrivals] = []
    for stage in order:
        here = [row for row in rows if place[row.stage] >= place[stage]]
        ending = [row.stage == stage for row in here]
        numbers = {person: i for i, person in enumerate(sorted({row.person for row in here}))}
        people = np.array([numbers[row.person] for row in here])
        names = {reason for row, ends in zip(here, ending, strict=True) if ends for reason in row.reasons}
        for name in sorted(names):
            dropped = np.array([e and name in r.reasons for r, e in zip(here, ending, strict=True)])
            first = np.array([e and r.reasons[0] == name for r, e in zip(here, ending, strict=True)])
            found.append(Arrivals(stage, name, here, dropped, first, people))
    return found


@dataclass(frozen=True, slots=True)
class Compared:
    """A row of the funnel with the arrivals it was made from."""

    row: FunnelRow
    found: Arrivals


def compare_groups(
    level: Literal["clip", "video"], rows: Sequence[Row], stages: Sequence[str], attributes: Sequence[str]
) -> list[Compared]:
    """Return all comparisons of one level, not yet corrected for their number."""
    return [
        Compared(row, found)
        for found in arrivals_of(rows, stages)
        for attribute in attributes
        for row in _filter_rows(level, found, attribute)
    ]


def _filter_rows(level: Literal["clip", "video"], found: Arrivals, attribute: str) -> Iterable[FunnelRow]:
    """Yield what a filter does to the groups of an attribute.

    An estimated label may be used only if those turned down have been estimated too: otherwise whose
    label is known depends on the filter itself.
    """
    gone = [row for row, dropped in zip(found.rows, found.dropped, strict=True) if dropped]
    usable = all(attribute in row.labels for row in gone)
    values = [
        value_of(row, attribute) if usable or _declared(row, attribute) else NOT_MEASURED
        for row in found.rows
    ]
    known = np.array([is_known(value) for value in values])
    for value in sorted(set(values)):
        member = np.array([v == value for v in values])
        yield _row(level, found, attribute, value, "all" if usable else "declared", member, known)


def _declared(row: Row, attribute: str) -> bool:
    label = row.labels.get(attribute)
    return label is not None and label.declared


def _row(
    level: Literal["clip", "video"],
    found: Arrivals,
    attribute: str,
    value: str,
    basis: Literal["declared", "all"],
    member: np.ndarray,
    known: np.ndarray,
) -> FunnelRow:
    rate = group_rate(found.people[member], found.dropped[member])
    row = FunnelRow(
        level=level, stage=found.stage, filter=found.filter, attribute=attribute, value=value, basis=basis,
        num_in=int(member.sum()), num_dropped=int(found.dropped[member].sum()),
        num_dropped_first=int(found.first[member].sum()), num_people=rate.num_people,
        rate=rate.value, rate_low=rate.low, rate_high=rate.high, rest_rate=None, ratio=None,
        ratio_low=None, ratio_high=None, test=None, p_value=None, p_adjusted=None, flagged=False,
        explained_by=None, suppressed=False,
    )  # fmt: skip
    rest = known & ~member
    if not is_known(value) or not rest.any() or found.stage in MEANT:
        return row
    others = group_rate(found.people[rest], found.dropped[rest])
    interval = ratio_interval(rate, others)
    tested = compare(found.people[known], found.dropped[known], member[known])
    return replace(
        row,
        rest_rate=others.value,
        ratio=rate.value / others.value if others.value > 0 else None,
        ratio_low=interval[0] if interval else None,
        ratio_high=interval[1] if interval else None,
        test=tested[0] if tested else None,
        p_value=tested[1] if tested else None,
    )


def judge(compared: Sequence[Compared], alpha: float, min_people: int) -> list[FunnelRow]:
    """Return the rows with Holm's adjusted p over all tests, flags, and small groups blanked.

    A group is flagged if it loses more than the others; that it loses less is the others' flag.
    """
    tested = [i for i, pair in enumerate(compared) if pair.row.p_value is not None]
    adjusted = dict(
        zip(tested, holm(np.array([compared[i].row.p_value for i in tested], float)), strict=True)
    )
    judged: list[Compared] = []
    for i, pair in enumerate(compared):
        row, p = pair.row, float(adjusted[i]) if i in adjusted else None
        more = row.rate is not None and row.rest_rate is not None and row.rate > row.rest_rate
        flag = p is not None and p <= alpha and more
        judged.append(Compared(replace(row, p_adjusted=p, flagged=flag), pair.found))
    return suppress_funnel(_explain(judged, alpha), min_people)


def _explain(judged: Sequence[Compared], alpha: float) -> list[FunnelRow]:
    """Return the rows; of flags of one filter only those stay that stronger ones do not account for.

    Groups of different attributes overlap, by chance or because they go together. A weaker flag stays
    if the group loses more also among those who are in none of the stronger flagged groups.
    """
    rows = [pair.row for pair in judged]
    flags = [i for i, row in enumerate(rows) if row.flagged]
    flags.sort(key=lambda i: (rows[i].p_value, -(rows[i].ratio or np.inf), rows[i].attribute, rows[i].value))
    kept: dict[tuple[str, str, str], list[FunnelRow]] = {}
    for i in flags:
        row = rows[i]
        stronger = kept.setdefault((row.level, row.stage, row.filter), [])
        others = [r for r in stronger if r.attribute != row.attribute]
        if others and not _stands_alone(row, judged[i].found, others, alpha):
            rows[i] = replace(row, flagged=False, explained_by=f"{others[0].attribute}={others[0].value}")
        else:
            stronger.append(row)
    return rows


def _stands_alone(row: FunnelRow, found: Arrivals, others: Sequence[FunnelRow], alpha: float) -> bool:
    """Return whether a group loses more among those who are in none of the other groups."""
    values = [value_of(r, row.attribute) for r in found.rows]
    apart = [all(value_of(r, o.attribute) != o.value for o in others) for r in found.rows]
    left = np.array([known and a for known, a in zip(map(is_known, values), apart, strict=True)])
    member = np.array([value == row.value for value in values])[left]
    dropped = found.dropped[left]
    if not member.any() or member.all() or dropped[member].mean() <= dropped[~member].mean():
        return False
    tested = compare(found.people[left], dropped, member)
    return tested is not None and tested[1] <= alpha
