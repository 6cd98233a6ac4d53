"""How many clips of each group go how far: read from the tables, in which some of it is not shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from reports.groups import marginal
from schemas.bias import TOGETHER

Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """Stages, one or several in a row, with what each group (in order) loses there."""

    stages: tuple[str, ...]
    lost: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """Groups with their numbers of clips at the start, and the steps at which they lose some."""

    groups: tuple[str, ...]
    counts: tuple[int, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class _Left:
    """What is left at a place in the order of stages: clips by group, in all, and groups not shown."""

    place: int
    counts: dict[str, int]
    hidden: frozenset[str]

    def of(self, groups: Sequence[str]) -> tuple[int, ...]:
        """Return the numbers of some groups; those of all others are the last one's."""
        alone = [self.counts.get(group, 0) for group in groups if group != TOGETHER]
        rest = [sum(self.counts.values()) - sum(alone)] if TOGETHER in groups else []
        return tuple(alone + rest)


def flow_of(cells: Rows, funnel: Rows, attribute: str, order: Sequence[str]) -> Flow | None:
    """Return the flow of an attribute's groups, None if its start or its end may not be shown.

    Groups that may not be shown at every step flow as one. Stages are taken together where it may not be
    shown, or is not known, how what the groups lose divides between them.

    Args:
        order: the stages in which clips end.
    """
    mine = [row for row in funnel if row["level"] == "clip" and row["attribute"] == attribute]
    there = {row["stage"] for row in mine}
    stages = [*sorted(there - set(order)), *(stage for stage in order if stage in there)]
    first = _left(0, marginal(cells, attribute, "candidates").values())
    last = _left(len(stages), marginal(cells, attribute, "selected").values())
    if first is None or last is None:
        return None
    between = [
        _left(place, [row for row in mine if row["stage"] == stage and row["basis"] == "all"])
        for place, stage in enumerate(stages)
    ]
    known = [first, *(left for left in between if left is not None and left.place), last]
    return _flow(known, stages)


def _left(place: int, rows: Iterable[dict[str, Any]]) -> _Left | None:
    """Return what the rows of one place say, None if they do not say all of it."""
    counts: dict[str, int] = {}
    hidden: set[str] = set()
    for row in rows:
        number = row["num_clips"] if "num_clips" in row else row["num_in"]
        if number is None:
            hidden.add(row["value"])
        else:
            counts[row["value"]] = number
    # Filters of one stage see the same clips; a group may be shown at one of them alone.
    hidden -= set(counts)
    if not counts or (hidden and TOGETHER not in counts):
        return None
    if TOGETHER in counts and not hidden:
        del counts[TOGETHER]
    return _Left(place, counts, frozenset(hidden))


def _flow(known: Sequence[_Left], stages: Sequence[str]) -> Flow:
    hidden = frozenset().union(*(left.hidden for left in known)) | {TOGETHER}
    names = dict.fromkeys(name for left in known for name in left.counts if name not in hidden)
    groups = (*names, TOGETHER) if any(left.hidden for left in known) else tuple(names)
    steps = []
    for before, after in pairwise(known):
        lost = tuple(a - b for a, b in zip(before.of(groups), after.of(groups), strict=True))
        if any(lost):
            steps.append(Step(tuple(stages[before.place : after.place]), lost))
    return Flow(groups, known[0].of(groups), tuple(steps))
