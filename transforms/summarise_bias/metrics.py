"""Single numbers about who is in the data: how even it is, how far from its target, what goes with what.

All are computed of groups as they are shown (`disclosure`): those that are too small count as one.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy.stats import entropy, t

from schemas.bias import TOGETHER, BiasMetric
from transforms.summarise_bias.associations import Association, cramers_v, people_table
from transforms.summarise_bias.cells import Attribute, Scoped, joined_codes
from transforms.summarise_bias.columns import Clips, Floats, Ints, num_people, total
from transforms.summarise_bias.config import BiasConfig

_QUANTILES = (0.2, 0.4, 0.6, 0.8)


def hill_number(shares: Floats, order: int) -> float:
    """Return the effective number of groups of order 1 or 2 (Hill 1973) for shares that add up to 1."""
    positive = shares[shares > 0]
    if order == 1:
        return float(np.exp(-np.sum(positive * np.log(positive))))
    return float(1 / np.sum(positive**2))


def evenness(shares: Floats) -> float:
    """Return Pielou's (1966) evenness of at least two groups: 1 if all are equal, near 0 if one is all."""
    return float(np.log(hill_number(shares, 1)) / np.log(len(shares)))


def divergences(shares: Floats, target: Floats) -> dict[str, float]:
    """Return how far shares are from a target (both k, adding up to 1): in nats, and the share to move."""
    middle = (shares + target) / 2
    return {
        "kl_divergence": float(entropy(shares, target)),
        "js_divergence": float((entropy(shares, middle) + entropy(target, middle)) / 2),
        "total_variation": float(np.abs(shares - target).sum() / 2),
    }


def attribute_metrics(
    clips: Clips, scoped: Scoped, attribute: Attribute, target: Mapping[str, float], target_name: str
) -> list[BiasMetric]:
    """Return evenness, effective numbers of groups and divergence from the target of one attribute.

    Args:
        target: wanted share by group; groups outside of it are left out of the divergences. Groups of the
            target that are not shown are one in it too.
    """
    name, hidden = attribute.column.name, attribute.hidden_at(scoped.step)
    if hidden is None:
        return [_blank(scoped, "num_groups", name, None)]
    groups, codes = attribute.recoded(attribute.column.codes[scoped.index], hidden)
    there = codes >= 0
    amounts = clips.weights[scoped.index] if scoped.weighted else np.ones(len(codes))
    sums = {group: total(amounts[codes == i]) for i, group in enumerate(groups) if (codes == i).any()}
    found: list[tuple[str, str | None, float]] = [("num_groups", None, float(len(sums)))]
    if sum(sums.values()) > 0:
        shares = np.array([sums[v] for v in sorted(sums)]) / sum(sums.values())
        found += [(f"hill_{order}", None, hill_number(shares, order)) for order in (1, 2)]
        if len(sums) > 1:
            found.append(("evenness", None, evenness(shares)))
        found += [(metric, target_name, value) for metric, value in _distances(sums, groups, target)]
    sizes = int(there.sum()), num_people(clips.people[scoped.index[there]])
    return [_metric(scoped, metric, name, None, other, value, sizes) for metric, other, value in found]


def _distances(
    sums: Mapping[str, float], groups: Sequence[str], target: Mapping[str, float]
) -> Iterator[tuple[str, float]]:
    wanted: dict[str, float] = {}
    for group in sorted(target):
        place = group if group in groups or TOGETHER not in groups else TOGETHER
        wanted[place] = wanted.get(place, 0.0) + target[group]
    inside = np.array([sums.get(group, 0.0) for group in wanted])
    if inside.sum() > 0 and len(wanted) > 1:
        shares = np.array(list(wanted.values()))
        yield from divergences(inside / inside.sum(), shares / shares.sum()).items()


def association_metrics(
    clips: Clips, scoped: Scoped, pair: tuple[Attribute, Attribute], config: BiasConfig
) -> list[BiasMetric]:
    """Return Cramér's V between two attributes, over people, if there are enough of them."""
    joined = joined_codes(clips, scoped, pair, config.min_people)
    if joined is None:
        return []
    _, (first, second), known = joined
    people = clips.people[scoped.index[known]]
    found = cramers_v(people_table(people, first[known], second[known]))
    names = pair[0].column.name, pair[1].column.name
    return _associated(scoped, *names, found, len(people), config)


def score_metrics(
    clips: Clips, scoped: Scoped, attribute: Attribute, score: tuple[str, Floats], config: BiasConfig
) -> list[BiasMetric]:
    """Return Cramér's V between an attribute and a score's fifths, and the score's mean in each group.

    Args:
        score: its name and its values of all clips, NaN where not measured.
    """
    hidden = attribute.hidden_at(scoped.step)
    if hidden is None:
        return []
    name, groups_name = score[0], attribute.column.name
    groups, codes = attribute.recoded(attribute.column.codes[scoped.index], hidden)
    values, people = score[1][scoped.index], clips.people[scoped.index]
    there = (codes >= 0) & ~np.isnan(values)
    if there.sum() < 2:
        return []
    codes, values, people = codes[there], values[there], people[there]
    fifths = np.searchsorted(np.quantile(values, _QUANTILES), values)
    associated = cramers_v(people_table(people, codes, fifths))
    found = _associated(scoped, groups_name, name, associated, len(values), config)
    for number, group in enumerate(groups):
        member = codes == number
        if member.any() and num_people(people[member]) >= config.min_people:
            mean = _mean(values[member], people[member])
            sizes = int(member.sum()), num_people(people[member])
            found.append(_metric(scoped, "mean_score", groups_name, group, name, mean[0], sizes, mean[1:]))
    return found


def _mean(values: Floats, people: Ints) -> tuple[float, float | None, float | None]:
    """Return the mean of clips (n) with its 95 % interval, people being the units (Cochran 1977, 11.2)."""
    mean = total(values) / len(values)
    apart = np.bincount(people, weights=values - mean)
    k = num_people(people)
    if k < 2:
        return mean, None, None
    error = float(t.ppf(0.975, k - 1)) * float(np.sqrt(np.sum(apart**2) * k / (k - 1))) / len(values)
    return mean, mean - error, mean + error


def _associated(
    scoped: Scoped, first: str, second: str, found: Association | None, num_clips: int, config: BiasConfig
) -> list[BiasMetric]:
    if found is None:
        return []
    if found.num_people < max(config.min_people_associated, config.min_people):
        return [_blank(scoped, "cramers_v", first, second)]
    sizes, interval = (num_clips, found.num_people), (found.low, found.high)
    return [_metric(scoped, "cramers_v", first, None, second, found.value, sizes, interval)]


def size_metrics(clips: Clips, scoped: Scoped, split: str | None, may_show: bool) -> list[BiasMetric]:
    """Return Kish's (1965) effective sample size of clips and of people, and the design effect.

    A person's weight is that of their clips together, so many clips of one person are one person still.

    Args:
        split: of which the clips are; None for all.
        may_show: whether these numbers tell nothing of a hidden group.
    """
    rows, name = scoped.index, None if split is None else "split"
    if split is not None:
        rows = rows[np.array([clips.splits[i] == split for i in rows.tolist()], bool)]
    weights = clips.weights[rows] if scoped.weighted else np.ones(len(rows))
    if not len(weights) or not weights.sum():
        return []
    metrics = ("effective_sample_size", "effective_people", "design_effect")
    if not may_show:
        return [_blank(scoped, metric, name, None, split) for metric in metrics]
    by_person = np.bincount(clips.people[rows], weights=weights).astype(float)
    effective = _kish(weights)
    results = effective, _kish(by_person[by_person > 0]), len(rows) / effective
    sizes = len(rows), num_people(clips.people[rows])
    return [
        _metric(scoped, metric, name, split, None, result, sizes)
        for metric, result in zip(metrics, results, strict=True)
    ]


def _kish(weights: Floats) -> float:
    return total(weights) ** 2 / total(weights**2)


def weights_tell(clips: Clips, attribute: Attribute, step: int) -> bool:
    """Return whether the weights of an attribute that balancing weighs by would tell hidden groups apart.

    They do where hidden groups have different ones: what the groups weigh, and the effective sample size, are
    equations in how large they are.
    """
    hidden = attribute.hidden_at(step)
    there = clips.steps.codes >= step
    if hidden is None:
        there &= attribute.column.codes >= 0
    else:
        there &= np.isin(attribute.column.codes, list(hidden))
    return len(np.unique(clips.weights[there])) > 1


def _blank(
    scoped: Scoped, metric: str, attribute: str | None, other: str | None, value: str | None = None
) -> BiasMetric:
    """Return a metric without its number."""
    return BiasMetric(
        scope=scoped.scope, metric=metric, attribute=attribute, value=value, other=other, result=None,
        low=None, high=None, num_clips=None, num_people=None, suppressed=True,
    )  # fmt: skip


def _metric(
    scoped: Scoped,
    metric: str,
    attribute: str | None,
    value: str | None,
    other: str | None,
    result: float,
    sizes: tuple[int, int],
    interval: tuple[float | None, float | None] = (None, None),
) -> BiasMetric:
    low, high = (None if end is None else round(end, 9) for end in interval)
    return BiasMetric(
        scope=scoped.scope, metric=metric, attribute=attribute, value=value, other=other,
        result=round(result, 9), low=low, high=high, num_clips=sizes[0], num_people=sizes[1],
        suppressed=False,
    )  # fmt: skip
