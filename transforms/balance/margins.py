"""Targets as linear equations on the cells' weights, and what of them cannot be met by any weights."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transforms.balance.candidates import Cells, Floats
from transforms.balance.config import Target


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a target: the share it should have, and why it cannot have any, if so."""

    target: str
    value: str
    wanted: float
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Margins:
    """Equations `rows @ (weight * mass) = 0`, one for each group (g x k for k cells).

    A row holds 1 - share on the group's cells, -share on the target's other cells, 0 outside it.
    `members` (g x k) says which cells are in the group, `inside` (g x k) which are in the target.
    """

    groups: tuple[Group, ...]
    rows: Floats
    members: Floats
    inside: Floats

    def shares(self, mass: Floats) -> Floats:
        """Return each group's share (g) when cells have this mass (k)."""
        total = self.inside @ mass
        return np.divide(self.members @ mass, total, out=np.zeros_like(total), where=total > 0)


def margins_of(cells: Cells, targets: Sequence[Target]) -> tuple[Margins, tuple[Group, ...]]:
    """Return the equations of all targets, and the groups that have no clip at all.

    The share of a group without clips is divided among the target's others.
    """
    kept: list[Group] = []
    empty: list[Group] = []
    members: list[Floats] = []
    inside: list[Floats] = []
    for target in targets:
        groups = cells.groups(target.attributes)
        present = sorted({g for g in groups if g is not None})
        wanted = target.shares or dict.fromkeys(present, 1.0)
        total = sum(wanted.values())
        known = [value for value in wanted if value in present]
        within = np.array([g in wanted for g in groups], float)
        left = sum(wanted[value] for value in known)
        for value in sorted(known):
            kept.append(Group(target.name, value, wanted[value] / left))
            members.append(np.array([g == value for g in groups], float))
            inside.append(within)
        empty += [
            Group(target.name, value, wanted[value] / total, f"no clip has {target.name} = {value}")
            for value in sorted(set(wanted) - set(known))
        ]
        if not present:
            empty.append(Group(target.name, "", 1.0, f"no clip has a known {target.name}"))
    size = (len(kept), len(cells.values))
    member_rows, inside_rows = np.reshape(members, size), np.reshape(inside, size)
    shares = np.array([group.wanted for group in kept])[:, None]
    return Margins(tuple(kept), member_rows - shares * inside_rows, member_rows, inside_rows), tuple(empty)
