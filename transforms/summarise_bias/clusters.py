"""Rates of groups when clips of one person are not independent: intervals and tests by person.

A group of clips is seen as a sample of people with several clips each. Intervals take the variance
between people (ratio estimator, Cochran 1977, section 11.2) into Wilson's formula through an effective
number of clips (Korn & Graubard 1998). Tests compare a group with the rest: if all clips of a person
are in the same group, by permuting groups over people, whose distribution is taken as Pearson's type
III with its exact first three moments (Mielke & Berry 2007, chapter 2); otherwise by a score test with
variance between people (Rao, Scott & Skinner 1998).
"""

from dataclasses import dataclass
from math import comb

import numpy as np
import numpy.typing as npt
from scipy.stats import pearson3, t

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of clips with its 95 % interval; `variance` of the share is between people."""

    value: float
    low: float
    high: float
    variance: float
    num_people: int


def group_rate(people: npt.NDArray[np.int64], hits: Bools) -> Rate:
    """Return the share of hits among clips (n, at least one) of people given by number (n)."""
    num, hit = _per_person(people, hits)
    total = float(num.sum())
    value = float(hit.sum()) / total
    k = len(num)
    variance = float(np.sum((hit - value * num) ** 2)) / total**2 * (k / (k - 1) if k > 1 else 1.0)
    if variance > 0 and k > 1:
        small = float(t.ppf(0.975, max(total - 1, 1)) / t.ppf(0.975, k - 1)) ** 2
        effective = value * (1 - value) / variance * small
    else:
        effective = float(k)  # all alike: as if every person were asked once
    low, high = _wilson(value, min(effective, total))
    return Rate(value, low, high, variance, k)


def _per_person(people: npt.NDArray[np.int64], hits: Bools) -> tuple[Floats, Floats]:
    """Return numbers of clips and of hits of each person who has clips."""
    num = np.bincount(people).astype(float)
    hit = np.bincount(people, weights=hits).astype(float)
    return num[num > 0], hit[num > 0]


def _wilson(value: float, n: float) -> tuple[float, float]:
    z = 1.959964
    centre = (value + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(value * (1 - value) / n + z * z / (4 * n * n))
    return max(float(centre - half), 0.0), min(float(centre + half), 1.0)


def ratio_interval(group: Rate, rest: Rate) -> tuple[float, float] | None:
    """Return the 95 % interval of group over rest by the delta method on logarithms, None at zero."""
    if not (group.value > 0 and rest.value > 0) or min(group.num_people, rest.num_people) < 2:
        return None
    error = np.sqrt(group.variance / group.value**2 + rest.variance / rest.value**2)
    error *= t.ppf(0.975, min(group.num_people, rest.num_people) - 1)
    middle = np.log(group.value / rest.value)
    return float(np.exp(middle - error)), float(np.exp(middle + error))


def compare(people: npt.NDArray[np.int64], hits: Bools, member: Bools) -> tuple[str, float] | None:
    """Test whether hits depend on being in a group; arrays of n clips.

    Returns:
        the test's name and its two-sided p; None with fewer than two people on either side.
    """
    num, inside = _per_person(people, member)
    constant = bool(np.all((inside == 0) | (inside == num)))
    if constant:
        in_group = inside > 0
        if min(in_group.sum(), (~in_group).sum()) < 2:
            return None
        _, hit = _per_person(people, hits)
        return "permutation", permutation_p(hit - hits.mean() * num, in_group)
    if len(num) < 3:
        return None
    score = (member - member.mean()) * (hits - hits.mean())
    per_person = np.bincount(people, weights=score)
    spread = float(np.sum(per_person**2)) * len(num) / (len(num) - 1)
    if spread == 0:
        return "score", 1.0
    return "score", float(2 * t.sf(abs(per_person.sum()) / np.sqrt(spread), len(num) - 1))


def permutation_p(scores: Floats, in_group: Bools) -> float:
    """Return the two-sided p of the group's sum of scores (c people) when membership is shuffled.

    No p is below one over the number of ways to choose the group.
    """
    c, k = len(scores), int(in_group.sum())
    centred = scores - scores.mean()
    second, third = float(np.mean(centred**2)), float(np.mean(centred**3))
    if second == 0:
        return 1.0
    variance = second * k * (c - k) / (c - 1)
    skew = 0.0 if c < 3 else third * k * (c - k) * (c - 2 * k) / ((c - 1) * (c - 2)) / variance**1.5
    z = float(centred[in_group].sum()) / np.sqrt(variance)
    upper, lower = float(pearson3.sf(z, skew)), float(pearson3.cdf(z, skew))
    floor = 1 / comb(c, k) if c < 1000 else 0.0
    return min(max(2 * min(upper, lower), floor), 1.0)


def holm(p_values: npt.NDArray[np.float64]) -> Floats:
    """Return Holm's (1979) adjusted p of all tests (m): they keep the chance of any false one."""
    m = len(p_values)
    order = np.argsort(p_values, kind="stable")
    stepped = np.minimum(np.maximum.accumulate(p_values[order] * np.arange(m, 0, -1)), 1.0)
    adjusted = np.empty(m)
    adjusted[order] = stepped
    return adjusted
