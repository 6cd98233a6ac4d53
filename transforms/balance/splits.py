"""What the clips of a split are worth, and which groups a training run would hardly ever meet."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np

from schemas.bias import BalanceSplit, BalanceWarning
from schemas.groups import groups_of
from transforms.balance.candidates import Candidate, Cell, Floats
from transforms.balance.config import BalanceConfig

TRAIN = "train"
Weights = Mapping[str, Mapping[Cell, float]]


def effective_size(weights: Floats) -> float:
    """Return how many equal weights (n) are worth as much as these (Kish 1965): (sum w)^2 / sum w^2."""
    return float(weights.sum() ** 2 / (weights @ weights))


def describe_split(
    split: str, clips: Sequence[Candidate], weights: Mapping[Cell, float], config: BalanceConfig
) -> BalanceSplit:
    """Return what the clips of a split, at least one, are worth as drawn by their cells' weights."""
    drawn = np.array([weights[c.values] for c in clips])
    people: dict[str, list[float]] = defaultdict(list)
    for clip, weight in zip(clips, drawn, strict=True):
        people[clip.person].append(float(weight))
    # Sorted before adding: a sum of floats depends on the order of its terms.
    of_people = np.sort([sum(sorted(parts)) for parts in people.values()])
    effective = effective_size(np.sort(drawn))
    return BalanceSplit(
        split=split,
        num_clips=len(clips),
        num_people=len(people),
        num_seconds=round(sum(sorted(c.seconds for c in clips)), 6),
        effective_clips=round(effective, 6),
        effective_people=round(effective_size(of_people), 6),
        design_effect=round(len(clips) / effective, 6),
        smallest_weight=float(drawn.min()),
        largest_weight=float(drawn.max()),
        num_at_floor=int((drawn <= config.min_weight * (1 + 1e-3)).sum()),
        distance=None,
        distance_without_floor=None,
    )


def warnings_of(
    came: Sequence[Candidate], left: Sequence[Candidate], weights: Weights, config: BalanceConfig
) -> tuple[BalanceWarning, ...]:
    """Return the groups that came to balancing and that training draws hardly ever or never.

    A group counts by the share of each clip that is in it; one whose attribute is not known does not.
    """
    there = _amounts(came, {})
    trained = [c for c in left if c.split == TRAIN]
    drawn = _amounts(trained, weights)
    kept = _amounts(left, {})
    return tuple(
        BalanceWarning(split=TRAIN, attribute=attribute, value=group, problem=problem, advice=advice)
        for attribute in sorted(there)
        for group, problem, advice in _missing(
            attribute, there[attribute], kept.get(attribute, {}), drawn.get(attribute, {}), config
        )
    )


def _amounts(clips: Sequence[Candidate], weights: Weights) -> dict[str, dict[str, float]]:
    """Return how much there is of each attribute's groups; every clip weighs 1 in a split without weights."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for clip in clips:
        weight = weights[clip.split][clip.values] if clip.split in weights else 1.0
        for attribute, value in clip.known.items():
            for group, share in groups_of(attribute, value).items():
                found[attribute][group].append(weight * share)
    return {a: {g: sum(sorted(parts)) for g, parts in groups.items()} for a, groups in found.items()}


def _missing(
    attribute: str,
    there: Mapping[str, float],
    kept: Mapping[str, float],
    drawn: Mapping[str, float],
    config: BalanceConfig,
) -> Iterator[tuple[str, Literal["absent", "near_zero"], str]]:
    """Yield the groups of an attribute that are missing in training, how, and what helps."""
    total = sum(sorted(drawn.values()))
    least = min(config.warn_below, 0.1 / len(there))
    for group in sorted(there):
        if group not in kept:
            yield group, "absent", "a cap, a quota or a target took all of it"
        elif group not in drawn:
            yield group, "absent", f"split.keep_in_train: [{{{attribute}: {group}}}] puts its people there"
        elif drawn[group] < least * total:
            yield group, "near_zero", "name it in a target, raise balance.min_weight, or collect more of it"
