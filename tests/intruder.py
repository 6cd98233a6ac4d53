"""Somebody who has a run's published tables and wants the numbers that are hidden there.

Unknowns are the numbers of clips by group and by how they end (which reasons, which split). What is
published of an attribute are equations in them, and so are the totals that other pages give. An integer
programme says how small and how large a hidden number may be.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from schemas.attributes import NOT_MEASURED, UNKNOWN
from schemas.bias import TOGETHER
from transforms.summarise_bias import BiasTables
from transforms.summarise_bias.rows import Row

End = tuple[str, tuple[str, ...], str]
NO_GROUPS = (UNKNOWN, NOT_MEASURED)


def end_of(row: Row) -> End:
    return row.stage, tuple(sorted(row.reasons)), "" if row.stage else row.split


def value_of(row: Row, attribute: str) -> str:
    return row.labels[attribute].value if attribute in row.labels else NOT_MEASURED


@dataclass
class Intruder:
    """Knows the published tables of `rows`, the totals, and which stages there are."""

    rows: Sequence[Row]
    stages: Sequence[str]
    attribute: str
    tables: BiasTables

    def __post_init__(self) -> None:
        self.groups = sorted({value_of(row, self.attribute) for row in self.rows})
        self.ends = sorted({end_of(row) for row in self.rows})
        self.unknowns = [(group, end) for group in self.groups for end in self.ends]
        self.equations: list[tuple[np.ndarray, float]] = []
        for end in self.ends:
            self._know(self.groups, lambda e, end=end: e == end, sum(end_of(r) == end for r in self.rows))
        self._know_cells()
        self._know_funnel()

    def place(self, stage: str) -> int:
        return list(self.stages).index(stage) if stage else len(self.stages)

    def at_scope(self, scope: str) -> Callable[[End], bool]:
        return {
            "candidates": lambda end: True,
            "accepted": lambda end: not end[0] or end[0] in self.stages[-2:],
            "selected": lambda end: not end[0],
            "weighted": lambda end: not end[0] and end[2] == "train",
        }[scope]

    def at_filter(self, stage: str, name: str) -> tuple[Callable[[End], bool], Callable[[End], bool]]:
        """Return which ends reach a filter, and which are turned down by it."""
        return (
            lambda end: self.place(end[0]) >= self.place(stage),
            lambda end: end[0] == stage and name in end[1],
        )

    def _know(self, groups: Sequence[str], there: Callable[[End], bool], number: float) -> None:
        self.equations.append((self._sum(groups, there), number))

    def _sum(self, groups: Sequence[str], there: Callable[[End], bool]) -> np.ndarray:
        return np.array([float(g in groups and there(end)) for g, end in self.unknowns])

    def _know_cells(self) -> None:
        for scope in ("candidates", "accepted", "selected", "weighted"):
            cells = [
                c
                for c in self.tables.cells
                if (c.scope, c.attribute, c.attribute_2) == (scope, self.attribute, None)
            ]
            hidden = [c.value for c in cells if c.suppressed]
            for cell in cells:
                if cell.num_clips is not None:
                    groups = hidden if cell.value == TOGETHER else [cell.value]
                    self._know(groups, self.at_scope(scope), cell.num_clips)

    def _know_funnel(self) -> None:
        mine = [r for r in self.tables.funnel if r.level == "clip" and r.attribute == self.attribute]
        for row in mine:
            if row.num_in is None or row.num_dropped is None:
                continue
            hidden = [
                r.value for r in mine if (r.stage, r.filter) == (row.stage, row.filter) and r.suppressed
            ]
            groups = hidden if row.value == TOGETHER else [row.value]
            reach, dropped = self.at_filter(row.stage, row.filter)
            self._know(groups, reach, row.num_in)
            self._know(groups, dropped, row.num_dropped)

    def interval(self, group: str, there: Callable[[End], bool]) -> tuple[int, int]:
        """Return the smallest and the largest number of clips of a group that all that is known allows."""
        wanted = self._sum([group], there)
        left = np.array([equation for equation, _ in self.equations])
        right = np.array([number for _, number in self.equations])
        ends = []
        for sign in (1.0, -1.0):
            found = milp(
                sign * wanted,
                constraints=LinearConstraint(left, right, right),
                integrality=np.ones(len(wanted)),
                bounds=Bounds(0, np.inf),
            )
            assert found.status == 0, found.message
            ends.append(round(sign * found.fun))
        return ends[0], ends[1]

    def secrets(self, min_people: int) -> list[tuple[str, str, Callable[[End], bool]]]:
        """Return (group, where, ends) of every place at which few people of a group are left, but some.

        Of groups that are small from the start, what each filter takes too.
        """
        left: list[tuple[str, Callable[[End], bool]]] = [
            (scope, self.at_scope(scope)) for scope in ("candidates", "accepted", "selected", "weighted")
        ]
        left.append(("held out", lambda end: not end[0] and end[2] != "train"))
        taken: list[tuple[str, Callable[[End], bool]]] = []
        for stage, name in sorted({(r.stage, reason) for r in self.rows for reason in r.reasons}):
            reach, dropped = self.at_filter(stage, name)
            left.append((f"in {stage}", reach))
            taken.append((f"by {name} in {stage}", dropped))
        found = []
        for group in sorted(set(self.groups) - set(NO_GROUPS)):
            own = [row for row in self.rows if value_of(row, self.attribute) == group]
            small = len({row.person for row in own}) < min_people
            for what, there in [*left, *(taken if small else ())]:
                people = {row.person for row in own if there(end_of(row))}
                if 0 < len(people) < min_people:
                    found.append((group, what, there))
        return found
