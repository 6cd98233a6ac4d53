"""The whole of balancing, from what came through the filters to a selection with weights."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from schemas.bias import BalanceSplit, BalanceTarget, BalanceWarning
from schemas.outcomes import Rejection, clip_rejection
from schemas.records.clip import Clip
from transforms.balance.candidates import Candidate, Cell, Cells, Floats, attribute_names, cell_of
from transforms.balance.config import STAGE, BalanceConfig
from transforms.balance.margins import Group, Margins, margins_of
from transforms.balance.rake import Raked, rake
from transforms.balance.select import Decisions, apply_caps, apply_sizes, largest_balanced
from transforms.balance.splits import describe_split, warnings_of
from transforms.balance.targets import Asked, quota_rows, target_rows


@dataclass(frozen=True, slots=True)
class BalancePlan:
    """What balancing decided: who goes and why, each cell's weight in each split, what became of it all."""

    names: tuple[str, ...]
    gone: Decisions
    weights: Mapping[str, Mapping[Cell, float]]
    targets: tuple[BalanceTarget, ...] = ()
    splits: tuple[BalanceSplit, ...] = ()
    warnings: tuple[BalanceWarning, ...] = ()

    def judge(self, clip: Clip) -> Clip | Rejection:
        """Return a clip with its sampling weight, or why it is not selected."""
        excess = self.gone.get(clip.clip_id)
        if excess is None:
            weight = self.weights[clip.split or "train"][cell_of(clip, self.names)]
            return replace(clip, sampling_weight=weight)
        return clip_rejection(clip, STAGE, excess.reason, excess.score, excess.threshold)


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """What balancing decided on one split: `gone` is what the targets' selection takes away."""

    gone: Decisions
    weights: Mapping[Cell, float]
    targets: tuple[BalanceTarget, ...]
    split: BalanceSplit


def make_plan(candidates: Iterable[Candidate], config: BalanceConfig) -> BalancePlan:
    """Decide on all clips that came through the filters; their order plays no part."""
    names = attribute_names(config)
    came = sorted(candidates, key=lambda c: c.clip_id)
    if not came:
        return BalancePlan(names, {}, {})
    gone = apply_caps(came, names, config)
    config = _resolved(config, came)
    plans: dict[str, SplitPlan] = {}
    for split in sorted({c.split for c in came}):
        here = [c for c in came if c.split == split]
        capped = [c for c in here if c.clip_id not in gone]
        if capped:
            plans[split] = plan_split(split, here, capped, config)
            gone |= plans[split].gone
    left = [c for c in came if c.clip_id not in gone]
    weights = {split: plan.weights for split, plan in plans.items()}
    return BalancePlan(
        names,
        gone,
        weights,
        (*(row for plan in plans.values() for row in plan.targets), *quota_rows(came, left, names, config)),
        tuple(plan.split for plan in plans.values()),
        warnings_of(came, left, weights, config),
    )


def _resolved(config: BalanceConfig, came: Sequence[Candidate]) -> BalanceConfig:
    """Return a configuration whose targets name their groups: those of the collection, where they name none.

    A split that has nobody of one then says so.
    """
    cells = Cells.count(came, config)
    found = {target.name: cells.groups(target.attributes) for target in config.targets if not target.shares}
    equal = {name: dict.fromkeys(groups, 1 / len(groups)) for name, groups in found.items() if groups}
    return replace(
        config, targets=tuple(replace(t, shares=equal.get(t.name, t.shares)) for t in config.targets)
    )


def plan_split(
    split: str, came: Sequence[Candidate], capped: Sequence[Candidate], config: BalanceConfig
) -> SplitPlan:
    """Decide on the clips of one split.

    Args:
        came: all of the split that came to balancing.
        capped: those, at least one, that caps and quotas leave.
    """
    gone: Decisions = {}
    limits: tuple[Cell, ...] = ()
    if config.method == "subsample" and config.targets:
        gone, limits = _subsample(capped, config)
    left = [c for c in capped if c.clip_id not in gone]
    cells = Cells.count(left, config)
    margins, empty = margins_of(cells, config.targets)
    raked = rake(cells, margins, config.min_weight, config.max_weight)
    unbounded = _without_floor(cells, margins, raked, config)
    weights = {cell: float(w) for cell, w in zip(cells.values, _rounded(raked, config), strict=True)}
    asked = Asked(split, cells, margins, empty, raked, unbounded, limits, config)
    described = describe_split(split, left, weights, config)
    distances = [_distance(margins, empty, r.shares) for r in (raked, unbounded)]
    described = replace(described, distance=distances[0], distance_without_floor=distances[1])
    return SplitPlan(gone, weights, tuple(target_rows(asked, Cells.count(came, config))), described)


def _rounded(raked: Raked, config: BalanceConfig) -> Floats:
    """Return the weights rounded to what numbers in a file are worth, so that platforms agree."""
    return np.clip(np.round(raked.weights, 6), config.min_weight, config.max_weight)


def _without_floor(cells: Cells, margins: Margins, raked: Raked, config: BalanceConfig) -> Raked:
    """Return what raking would give if weights could be as small as they like: the floor's cost."""
    if raked.weights.min() > config.min_weight * (1 + 1e-6):
        return raked
    return rake(cells, margins, 0.0, config.max_weight)


def _distance(margins: Margins, empty: Sequence[Group], shares: Floats) -> float | None:
    """Return the largest total variation of a target from what was asked; None without targets."""
    away: dict[str, float] = {}
    asked = {g.target: 1.0 for g in margins.groups}
    for group in empty:
        asked[group.target] = asked.get(group.target, 1.0) - group.wanted
        away[group.target] = away.get(group.target, 0.0) + group.wanted / 2
    for group, share in zip(margins.groups, shares, strict=True):
        off = abs(float(share) - group.wanted * asked[group.target])
        away[group.target] = away.get(group.target, 0.0) + off / 2
    return round(max(away.values()), 6) if away else None


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
