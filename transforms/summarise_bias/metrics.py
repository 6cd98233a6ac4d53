"""Single numbers about who is in the data: how even it is, how far from its target, what goes with what."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
from scipy.stats import entropy

from schemas.bias import BiasMetric
from transforms.summarise_bias.associations import Column, Floats, Ints, cramers_v, people_table
from transforms.summarise_bias.cells import ScopedRows, is_known, value_of
from transforms.summarise_bias.suppress import blank_metric, is_small

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
    scoped: ScopedRows, attribute: str, target: Mapping[str, float], target_name: str
) -> list[BiasMetric]:
    """Return evenness, effective numbers of groups and divergence from the target of one attribute.

    Args:
        target: wanted share by group; groups outside of it are left out of the divergences.
    """
    amounts: dict[str, list[float]] = defaultdict(list)
    for row in scoped.rows:
        if is_known(value := value_of(row, attribute)):
            amounts[value].append(row.weight if scoped.weighted else 1.0)
    sums = {value: sum(sorted(parts)) for value, parts in amounts.items()}
    num = sum(len(parts) for parts in amounts.values())
    found: list[tuple[str, str | None, float]] = [("num_groups", None, float(len(sums)))]
    if sums and sum(sums.values()) > 0:
        shares = np.array([sums[v] for v in sorted(sums)]) / sum(sums.values())
        found += [(f"hill_{order}", None, hill_number(shares, order)) for order in (1, 2)]
        if len(sums) > 1:
            found.append(("evenness", None, evenness(shares)))
        inside = np.array([sums.get(v, 0.0) for v in sorted(target)])
        if inside.sum() > 0 and len(target) > 1:
            wanted = np.array([target[v] for v in sorted(target)])
            measured = divergences(inside / inside.sum(), wanted / wanted.sum())
            found += [(name, target_name, value) for name, value in measured.items()]
    return [_metric(scoped, name, attribute, None, other, value, num) for name, other, value in found]


def association_metrics(
    scoped: ScopedRows, people: Ints, columns: Mapping[str, Column], pair: tuple[str, str]
) -> list[BiasMetric]:
    """Return Cramer's V between two attributes, over people.

    Args:
        people: (n) whom each of the scope's clips shows.
        columns: of the scope's clips.
    """
    first, second = columns[pair[0]].codes, columns[pair[1]].codes
    known = (first >= 0) & (second >= 0)
    result = cramers_v(people_table(people[known], first[known], second[known]))
    if result is None:
        return []
    return [_metric(scoped, "cramers_v", pair[0], None, pair[1], result, int(known.sum()))]


def score_metrics(
    scoped: ScopedRows, people: Ints, named: tuple[str, Column], score: tuple[str, Floats], min_people: int
) -> list[BiasMetric]:
    """Return Cramer's V between an attribute and a score's fifths, and the score's mean in each group.

    Args:
        people: (n) whom each of the scope's clips shows.
        named: the attribute and its column.
        score: its name and its values (n), NaN where not measured.
    """
    (attribute, column), (name, scores) = named, score
    there = (column.codes >= 0) & ~np.isnan(scores)
    if there.sum() < 2:
        return []
    codes, values, persons = column.codes[there], scores[there], people[there]
    fifths = np.searchsorted(np.quantile(values, _QUANTILES), values)
    result = cramers_v(people_table(persons, codes, fifths))
    found = [] if result is None else [
        _metric(scoped, "cramers_v", attribute, None, name, result, len(values))
    ]  # fmt: skip
    numbers: list[int] = np.unique(codes).tolist()
    for number in numbers:
        members = codes == number
        mean = float(np.mean(np.sort(values[members])))
        metric = _metric(
            scoped, "mean_score", attribute, column.groups[number], name, mean, int(members.sum())
        )
        small = is_small(len(np.unique(persons[members])), min_people)
        found.append(blank_metric(metric) if small else metric)
    return found


def size_metrics(scoped: ScopedRows) -> list[BiasMetric]:
    """Return Kish's (1965) effective sample size and design effect of the weights."""
    weights = np.sort([row.weight for row in scoped.rows]) if scoped.weighted else np.ones(len(scoped.rows))
    if not len(weights) or not weights.sum():
        return []
    effective = float(weights.sum() ** 2 / np.sum(weights**2))
    num = len(weights)
    return [
        _metric(scoped, "effective_sample_size", None, None, None, effective, num),
        _metric(scoped, "design_effect", None, None, None, num / effective, num),
    ]


def _metric(
    scoped: ScopedRows,
    metric: str,
    attribute: str | None,
    value: str | None,
    other: str | None,
    result: float,
    num_clips: int,
) -> BiasMetric:
    return BiasMetric(
        scope=scoped.scope, metric=metric, attribute=attribute, value=value, other=other,
        result=round(result, 9), num_clips=num_clips, suppressed=False,
    )  # fmt: skip
