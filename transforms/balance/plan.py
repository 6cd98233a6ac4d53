"""The whole of balancing, from what came through the filters to a selection with weights."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from schemas.bias import BalanceTarget
from schemas.outcomes import Rejection, clip_rejection
from schemas.records import Clip
from transforms.balance.candidates import Candidate, Cell, Cells, attribute_names, cell_of
from transforms.balance.config import STAGE, BalanceConfig, Quota
from transforms.balance.margins import Group, Margins, margins_of
from transforms.balance.rake import Raked, rake
from transforms.balance.select import (
    Decisions,
    apply_caps,
    apply_sizes,
    belongs,
    largest_balanced,
)

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class BalancePlan:
    """What balancing decided: who goes and why, the weight of each cell, what became of the targets."""

    names: tuple[str, ...]
    gone: Decisions
    weights: dict[Cell, float]
    targets: tuple[BalanceTarget, ...]

    def judge(self, clip: Clip) -> Clip | Rejection:
        """Return a clip with its sampling weight, or why it is not selected."""
        excess = self.gone.get(clip.clip_id)
        if excess is None:
            return replace(clip, sampling_weight=self.weights[cell_of(clip, self.names)])
        return clip_rejection(clip, STAGE, excess.reason, excess.score, excess.threshold)


def make_plan(candidates: Iterable[Candidate], config: BalanceConfig) -> BalancePlan:
    """Decide on all clips that came through the filters; their order plays no part."""
    names = attribute_names(config)
    all_of_them = sorted(candidates, key=lambda c: c.clip_id)
    if not all_of_them:
        return BalancePlan(names, {}, {}, ())
    gone = apply_caps(all_of_them, names, config)
    capped = [c for c in all_of_them if c.clip_id not in gone]
    limits: tuple[Cell, ...] = ()
    if config.method == "subsample" and config.targets and capped:
        surplus, limits = _subsample(capped, config)
        gone |= surplus
    left = [c for c in capped if c.clip_id not in gone]
    if not left:
        return BalancePlan(names, gone, {}, _quota_rows(all_of_them, left, names, config))
    cells = Cells.count(left, config)
    margins, empty = margins_of(cells, config.targets)
    raked = rake(cells, margins, config.max_weight)
    rows = _target_rows(all_of_them, cells, margins, empty, raked, limits, config)
    weights = {cell: float(w) for cell, w in zip(cells.values, _average_one(raked, cells), strict=True)}
    return BalancePlan(names, gone, weights, (*rows, *_quota_rows(all_of_them, left, names, config)))


def _average_one(raked: Raked, cells: Cells) -> np.ndarray:
    """Return the weights rounded to what numbers in a file are worth, so that platforms agree."""
    average = float(raked.weights @ cells.num_clips / cells.num_clips.sum())
    return np.round(raked.weights / average, 6)


def _subsample(candidates: Sequence[Candidate], config: BalanceConfig) -> tuple[Decisions, tuple[Cell, ...]]:
    """Return what is above the largest balanced set, and the cells that limit its size."""
    cells = Cells.count(candidates, config)
    margins, _ = margins_of(cells, config.targets)
    if not margins.groups:
        return {}, ()
    sizes, limits = largest_balanced(cells, margins)
    if not sizes.any():  # no set of clips meets the targets: keep all, and let weights come near
        return {}, ()
    wanted = {cell: int(n) for cell, n in zip(cells.values, sizes, strict=True)}
    available = {cell: int(n) for cell, n in zip(cells.values, cells.num_clips, strict=True)}
    return apply_sizes(candidates, wanted, available, config.salt), tuple(cells.values[i] for i in limits)


def _target_rows(
    before: Sequence[Candidate],
    cells: Cells,
    margins: Margins,
    empty: Sequence[Group],
    raked: Raked,
    limits: Sequence[Cell],
    config: BalanceConfig,
) -> list[BalanceTarget]:
    """Return what became of every group of every target."""
    all_cells = Cells.count(before, config)
    weighted = margins.shares(raked.weights * cells.mass)
    plain = margins.shares(cells.mass)
    rows: list[BalanceTarget] = []
    for number, group in enumerate(margins.groups):
        missed = number in raked.missed
        reason = _binding(group, margins, number, cells, raked, config) if missed else None
        row = BalanceTarget(
            kind="target",
            name=group.target,
            value=group.value,
            unit=config.unit,
            wanted=group.wanted,
            before=_share(all_cells, group, config),
            selected=float(plain[number]),
            achieved=float(weighted[number]),
            feasible=not missed,
            binding=reason or _scarce(cells, limits, margins, number),
        )
        rows.append(row)
    return rows + [_empty_row(group, config) for group in empty]


def _share(cells: Cells, group: Group, config: BalanceConfig) -> float:
    target = next(t for t in config.targets if t.name == group.target)
    mass: dict[str, float] = defaultdict(float)
    for value, amount in zip(cells.groups(target.attributes), cells.mass, strict=True):
        if value is not None and (not target.shares or value in target.shares):
            mass[value] += float(amount)
    return mass[group.value] / sum(mass.values())


def _empty_row(group: Group, config: BalanceConfig) -> BalanceTarget:
    return BalanceTarget(
        kind="target",
        name=group.target,
        value=group.value,
        unit=config.unit,
        wanted=group.wanted,
        before=0.0,
        selected=0.0,
        achieved=0.0,
        feasible=False,
        binding=group.reason,
    )


def _binding(
    group: Group, margins: Margins, number: int, cells: Cells, raked: Raked, config: BalanceConfig
) -> str:
    """Say what keeps a group from its share."""
    own = [i for i in raked.bounded if margins.members[number, i]] or list(raked.bounded)
    if own:
        return f"max_weight {config.max_weight:g} binds for {_named([cells.values[i] for i in own], cells)}"
    rivals = sorted({g.target for g in margins.groups} - {group.target})
    return f"the clips there are cannot meet it together with {', '.join(rivals) or 'the other groups'}"


def _scarce(cells: Cells, limits: Sequence[Cell], margins: Margins, number: int) -> str | None:
    """Say which scarce cells keep the selected set from being larger."""
    positions = {cell: i for i, cell in enumerate(cells.values)}
    own = [c for c in limits if c in positions and margins.members[number, positions[c]]]
    return f"the size is limited by {_named(own, cells)}" if own else None


def _named(chosen: Sequence[Cell], cells: Cells) -> str:
    # Without numbers: a group in the way is often a small one, and this is published.
    pairs = [zip(cells.names, cell, strict=True) for cell in chosen[:_MOST_NAMED]]
    named = [" & ".join(f"{name}={value}" for name, value in cell) for cell in pairs]
    return "; ".join(named) + (f"; and {len(chosen) - _MOST_NAMED} more" if len(chosen) > _MOST_NAMED else "")


def _quota_rows(
    before: Sequence[Candidate], left: Sequence[Candidate], names: Sequence[str], config: BalanceConfig
) -> tuple[BalanceTarget, ...]:
    """Return what became of every bound of every quota."""
    return tuple(
        _quota_row(quota, bound, wanted, unit, before, left, names)
        for quota in config.quotas
        for bound, wanted, unit in (
            ("max", quota.max_clips, "clips"),
            ("max", quota.max_seconds, "seconds"),
            ("min", quota.min_clips, "clips"),
            ("min", quota.min_seconds, "seconds"),
        )
        if wanted is not None
    )


def _quota_row(
    quota: Quota,
    bound: str,
    wanted: float,
    unit: str,
    before: Sequence[Candidate],
    left: Sequence[Candidate],
    names: Sequence[str],
) -> BalanceTarget:
    def amount(candidates: Sequence[Candidate]) -> float:
        members = [c for c in candidates if belongs(c, names, quota)]
        return float(len(members)) if unit == "clips" else sum(sorted(c.seconds for c in members))

    there, kept = amount(before), amount(left)
    feasible = kept >= wanted if bound == "min" else kept <= wanted + 1e-9
    scarce = f"only {there:g} {unit} came to balancing"
    taken = "caps, maxima or the targets' selection took the others"
    return BalanceTarget(
        kind="quota",
        name=quota.name,
        value=bound,
        unit="clips" if unit == "clips" else "seconds",
        wanted=float(wanted),
        before=there,
        selected=kept,
        achieved=kept,
        feasible=feasible,
        binding=None if feasible else scarce if there < wanted else taken,
    )
