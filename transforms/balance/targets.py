"""What became of every target and quota, and what is in the way of those that are not met."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.bias import BalanceTarget
from transforms.balance.candidates import Candidate, Cell, Cells, Floats, share_of
from transforms.balance.config import BalanceConfig, Quota
from transforms.balance.margins import Group, Margins, margins_of
from transforms.balance.rake import Raked, reached

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A split's targets as equations on its cells, their solution, and that without a floor.

    `empty` are groups without a clip, `limits` cells that keep the selected set from being larger.
    """

    split: str
    cells: Cells
    margins: Margins
    empty: Sequence[Group]
    raked: Raked
    without_floor: Raked
    limits: Sequence[Cell]
    config: BalanceConfig

    def missed(self, number: int) -> bool:
        """Return whether a group is not drawn as asked."""
        return not reached(float(self.raked.shares[number]), self.margins.groups[number].wanted)


def target_rows(asked: Asked, came: Cells) -> Iterator[BalanceTarget]:
    """Yield what became of every group of every target; `came` are the split's clips before balancing."""
    margins, mass = asked.margins, asked.cells.mass
    plain = margins.shares(mass)
    before = _before(came, asked)
    missed = {g.target for i, g in enumerate(margins.groups) if asked.missed(i)}
    missed |= {group.target for group in asked.empty}
    for number, group in enumerate(margins.groups):
        rest = 1.0 - margins.inside[number]
        yield _row(
            asked,
            group,
            before=before.get((group.target, group.value), 0.0),
            selected=float(plain[number]),
            achieved=float(asked.raked.shares[number]),
            without_floor=float(asked.without_floor.shares[number]),
            others=float(rest @ mass / mass.sum()),
            others_achieved=float(rest @ (mass * asked.raked.weights) / (mass @ asked.raked.weights)),
            feasible=group.target not in missed,
            binding=_binding(group, number, asked, group.target in missed),
        )
    for group in asked.empty:
        of = f" = {group.value}" if group.value else ""
        has = "no clip has" if of else "no clip has a known"
        yield _row(asked, group, feasible=False, binding=f"{has} {group.target}{of}")


def _row(
    asked: Asked,
    group: Group,
    *,
    feasible: bool,
    binding: str | None,
    before: float = 0.0,
    selected: float = 0.0,
    achieved: float = 0.0,
    without_floor: float = 0.0,
    others: float = 0.0,
    others_achieved: float = 0.0,
) -> BalanceTarget:
    return BalanceTarget(
        kind="target", split=asked.split, name=group.target, value=group.value, unit=asked.config.unit,
        asked=group.asked, wanted=group.wanted, before=before, selected=selected, achieved=achieved,
        without_floor=without_floor, others=others, others_achieved=others_achieved, feasible=feasible,
        binding=binding, note=group.note,
    )  # fmt: skip


def _before(came: Cells, asked: Asked) -> dict[tuple[str, str], float]:
    """Return each group's share among the clips that came to balancing."""
    margins, _ = margins_of(came, asked.config.targets)
    shares = margins.shares(came.mass)
    return {(g.target, g.value): float(s) for g, s in zip(margins.groups, shares, strict=True)}


def _binding(group: Group, number: int, asked: Asked, target_missed: bool) -> str | None:
    """Say what keeps a group from its share, its target from being met or the selection from growing."""
    if asked.missed(number):
        return _in_the_way(group, number, asked)
    if target_missed:
        return "drawn as asked, but other groups of this target are not"
    positions = {cell: i for i, cell in enumerate(asked.cells.values)}
    members = asked.margins.members[number]
    own = [c for c in asked.limits if c in positions and members[positions[c]] > 0]
    return f"the size is limited by {_named(own, asked.cells)}" if own else None


def _in_the_way(group: Group, number: int, asked: Asked) -> str:
    config, weights = asked.config, asked.raked.weights
    too_few = asked.raked.shares[number] < group.wanted
    at_most = np.flatnonzero(weights > config.max_weight * (1 - 1e-3))
    at_least = np.flatnonzero(weights < config.min_weight * (1 + 1e-3))
    ways = [("max_weight", config.max_weight, at_most), ("min_weight", config.min_weight, at_least)]
    for own in (True, False):
        for name, bound, cells in ways if too_few else reversed(ways):
            bound_cells = _of_group(cells, asked.margins.members[number]) if own else cells.tolist()
            if bound_cells:
                named = _named([asked.cells.values[i] for i in bound_cells], asked.cells)
                return f"{name} {bound:g} binds for {named}"
    rivals = sorted({g.target for g in asked.margins.groups} - {group.target})
    return f"the clips there are cannot meet it together with {', '.join(rivals) or 'the other groups'}"


def _of_group(cells: np.ndarray, members: Floats) -> list[int]:
    return [int(i) for i in cells if members[i] > 0]


def _named(chosen: Sequence[Cell], cells: Cells) -> str:
    # Without numbers: a group in the way is often a small one, and this is published.
    pairs = [zip(cells.names, cell, strict=True) for cell in chosen[:_MOST_NAMED]]
    named = [" & ".join(f"{name}={value}" for name, value in cell) for cell in pairs]
    return "; ".join(named) + (f"; and {len(chosen) - _MOST_NAMED} more" if len(chosen) > _MOST_NAMED else "")


def quota_rows(
    came: Sequence[Candidate], left: Sequence[Candidate], names: Sequence[str], config: BalanceConfig
) -> Iterator[BalanceTarget]:
    """Yield what became of every bound of every quota."""
    for quota in config.quotas:
        parts = {c.clip_id: share_of(c, names, quota.where) for c in came}
        for bound, wanted, unit in (
            ("max", quota.max_clips, "clips"),
            ("max", quota.max_seconds, "seconds"),
            ("min", quota.min_clips, "clips"),
            ("min", quota.min_seconds, "seconds"),
        ):
            if wanted is not None:
                amounts = [
                    sum(sorted(parts[c.clip_id] * (1.0 if unit == "clips" else c.seconds) for c in clips))
                    for clips in (came, left)
                ]
                yield _quota_row(quota, bound, wanted, unit, *amounts)


def _quota_row(
    quota: Quota, bound: str, wanted: float, unit: str, there: float, kept: float
) -> BalanceTarget:
    feasible = kept >= wanted - 1e-9 if bound == "min" else kept <= wanted + 1e-9
    scarce = f"only {there:g} {unit} came to balancing"
    taken = "caps, maxima or the targets' selection took the others"
    return BalanceTarget(
        kind="quota", split="", name=quota.name, value=bound, unit="clips" if unit == "clips" else "seconds",
        asked=float(wanted), wanted=float(wanted), before=there, selected=kept, achieved=kept,
        without_floor=kept, others=0.0, others_achieved=0.0, feasible=feasible,
        binding=None if feasible else scarce if there < wanted else taken, note=None,
    )  # fmt: skip
