"""Targets as linear equations on the cells' weights, and what of them cannot be met by any weights."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transforms.balance.candidates import Cells, Floats
from transforms.balance.config import Target


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a target: the share asked for, the share it should have, and why these differ, if so.

    `present` tells whether any clip is in it.
    """

    target: str
    value: str
    asked: float | None
    wanted: float
    note: str | None
    present: bool = True


@dataclass(frozen=True, slots=True)
class Margins:
    """Equations `rows @ weight = 0`, one for each group (g x k for k cells), and those of all others.

    With weights as 1, a row's product with the weights is by how much the group's share among those of its
    target is off, as long as the target's part of all is as it was. `members` (g x k) says how much of a cell
    is in the group, `inside` (g x k) in the target. The last `num_others` rows of `rows`, one for each target
    that does not cover all, are 0 where what lies outside it has the share of all that it had.
    """

    groups: tuple[Group, ...]
    rows: Floats
    members: Floats
    inside: Floats
    others: tuple[str, ...]

    @property
    def named(self) -> Floats:
        """The equations of the groups alone (g x k)."""
        return self.rows[: len(self.groups)]

    def shares(self, mass: Floats) -> Floats:
        """Return each group's share (g) when cells have this mass (k)."""
        total = self.inside @ mass
        return np.divide(self.members @ mass, total, out=np.zeros_like(total), where=total > 0)


def wanted_groups(target: Target, cells: Cells) -> tuple[list[Group], Floats]:
    """Return the groups of a target, those without clips too, and how much of the cells is in each (g x k).

    A target that names no groups has all that there are, equally. The share of a group without clips is
    divided among the target's others.
    """
    names = sorted(target.shares) or cells.groups(target.attributes)
    asked = target.shares or dict.fromkeys(names, 1.0)
    members = cells.shares(target.attributes, names)
    there = members.sum(axis=1) > 0
    total, left = (
        sum(asked.values()),
        sum(asked[n] for n, is_there in zip(names, there, strict=True) if is_there),
    )
    missing = [name for name, is_there in zip(names, there, strict=True) if not is_there]
    note = _note(target, total, missing)
    groups = [
        Group(
            target.name,
            name,
            asked[name] if target.shares else None,
            asked[name] / (left if is_there else total),
            note,
            bool(is_there),
        )
        for name, is_there in zip(names, there, strict=True)
    ]
    return groups, members


def _note(target: Target, total: float, missing: Sequence[str]) -> str | None:
    """Say why the shares wanted are not those asked for."""
    said: list[str] = []
    if target.shares and abs(total - 1) > 1e-9:
        said.append(f"the shares written add up to {total:g} and were scaled to 1")
    if missing and len(missing) < len(target.shares):
        named = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        said.append(f"what {named} should have is divided among the others")
    return "; ".join(said) or None


def margins_of(cells: Cells, targets: Sequence[Target]) -> tuple[Margins, tuple[Group, ...]]:
    """Return the equations of all targets, and the groups that have no clip at all."""
    kept: list[Group] = []
    empty: list[Group] = []
    size = len(cells.values)
    members, inside, rows, outside = (np.zeros((0, size)) for _ in range(4))
    others: list[str] = []
    for target in targets:
        groups, shares = wanted_groups(target, cells)
        empty += [group for group in groups if not group.present]
        if not groups:
            empty.append(Group(target.name, "", None, 1.0, None, present=False))
        own = shares[[group.present for group in groups]] if groups else shares
        here = [group for group in groups if group.present]
        within = np.minimum(own.sum(axis=0), 1.0)
        kept += here
        members = np.vstack([members, own])
        inside = np.vstack([inside, np.tile(within, (len(here), 1))])
        if here:
            wanted = np.array([group.wanted for group in here])[:, None]
            rows = np.vstack([rows, (own - wanted * within) * cells.mass / (within @ cells.mass)])
            rest = (1.0 - within) @ cells.mass / cells.mass.sum()
            if rest > 1e-12:
                others.append(target.name)
                outside = np.vstack([outside, (1.0 - within - rest) * cells.mass / cells.mass.sum()])
    return Margins(tuple(kept), np.vstack([rows, outside]), members, inside, tuple(others)), tuple(empty)
