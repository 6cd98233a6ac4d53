"""Pool attributes: one person, one answer, from all clips of an identity.

An estimate errs in what is peculiar to a recording (light, camera, mood), which more recordings average out,
and in what is peculiar to the person, which no number of them does. So n recordings count as

    n / (1 + (n - 1) correlation)

independent ones (the design effect: Kish 1965, Survey Sampling, 8.2). Clips of one video count as one
recording. The chances of categories are multiplied, each to that power (a logarithmic pool: Genest and Zidek
1986, Combining probability distributions, Statistical Science 1, 3.2); ages are averaged, at the dates of the
recordings where these are declared. What is declared of a person goes before all estimates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import erf, inf, sqrt

import numpy as np
import numpy.typing as npt

from schemas.attributes import AGE_GROUPS, AGE_STARTS, CATEGORIES, GENDERS, UNKNOWN, age_group
from schemas.bounds import Positive, Share
from schemas.records.clip import Clip
from schemas.records.person import Attribute
from transforms.recordings import by_recording, years_apart

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolConfig:
    """How estimates of one person's recordings are put together.

    An estimated age's error has a standard deviation of `age_error_years` and `age_error_share` of the age
    (set on one half of labelled faces: 8 years at 25, 13 at 65). Ages of one person's press photos scatter by
    4.3 years, which leaves a correlation of 0.8 between errors. Gender is
    unknown below the chance that a clip's needs too, and for children.
    """

    correlation: Share = 0.8
    age_error_years: Positive = 5.0
    age_error_share: Share = 0.12
    min_gender_confidence: Share = 0.7


def pool_attributes(clips: Sequence[Clip], config: PoolConfig) -> list[Clip]:
    """Return the clips of one person with `person_attributes`: what all of them together say of the person.

    Of an attribute that is declared of some clips, and the same of all these, the others take the declared
    value. The answer is the same on all clips, but for ages where recordings have dates.
    """
    offsets = years_apart(clips)
    pooled: list[dict[str, Attribute]] = [{} for _ in clips]
    for name in CATEGORIES:
        for told, attribute in zip(pooled, _answers(name, clips, offsets, config), strict=True):
            if attribute is not None:
                told[name] = attribute
    for told in pooled:
        _leave_out_childrens_gender(told)
    return [
        replace(clip, person_attributes=tuple(told[name] for name in sorted(told)))
        for clip, told in zip(clips, pooled, strict=True)
    ]


def _answers(
    name: str, clips: Sequence[Clip], offsets: Floats, config: PoolConfig
) -> Sequence[Attribute | None]:
    """Return what is told of an attribute for each clip, None where nothing is."""
    found = [next((a for a in clip.attributes or () if a.name == name), None) for clip in clips]
    if agreed := _declared_answers(found, offsets):
        return agreed
    # What is left out of the pool is declared, or could not be told.
    told = {i: a for i, a in enumerate(found) if a is not None and a.source == "estimated"}
    if not told:
        return [None] * len(clips)
    if name == "age_group":
        return _ages(told, clips, offsets, config)
    return [_likeliest(name, told, clips, config)] * len(clips)


def _declared_answers(found: Sequence[Attribute | None], offsets: Floats) -> Sequence[Attribute]:
    """Return what declarations that agree say of each clip, ages at its date; nothing if they do not."""
    declared = [(a, float(o)) for a, o in zip(found, offsets, strict=True) if a and a.source == "declared"]
    known = [(a, o) for a, o in declared if a.value != UNKNOWN]
    if not known:
        return []
    first, years = known[0][0], [a.score - o for a, o in known if a.score is not None]
    if first.name != "age_group" or len(years) < len(known):
        return [first] * len(found) if len({a.value for a, _ in known}) == 1 else []
    if max(years) - min(years) > _AGREEING_YEARS:
        return []
    middle = float(np.mean(years))
    at = [middle + float(offset) for offset in offsets]
    return [replace(first, value=age_group(max(year, 0.0)), score=year) for year in at]


def _ages(
    told: Mapping[int, Attribute], clips: Sequence[Clip], offsets: Floats, config: PoolConfig
) -> Sequence[Attribute]:
    """Return each clip's pooled age: the mean over recordings, at the date of the clip's."""
    known = {i: a for i, a in told.items() if a.value != UNKNOWN and a.score is not None}
    first = next(iter(told.values()))
    if not known:
        return [replace(first, value=UNKNOWN, confidence=None, score=None)] * len(clips)
    at_mean = {i: (a.score or 0.0) - float(offsets[i]) for i, a in known.items()}
    recordings = [float(np.mean([at_mean[i] for i in part])) for part in by_recording(known, clips)]
    middle = float(np.mean(recordings))
    error = config.age_error_years + config.age_error_share * max(middle, 0.0)
    error /= sqrt(_effective(len(recordings), config.correlation))
    return [_age(first, middle + float(offset), error) for offset in offsets]


def _age(like: Attribute, years: float, error: float) -> Attribute:
    """Return an age with the chance that it lies in its group, when it errs by a normal distribution."""
    group = AGE_GROUPS.index(age_group(years))
    bounds = (-inf, *AGE_STARTS, inf)
    low, high = ((bounds[group + k] - years) / (error * sqrt(2)) for k in (0, 1))
    return replace(like, value=AGE_GROUPS[group], confidence=(erf(high) - erf(low)) / 2, score=years)


def _likeliest(
    name: str, told: Mapping[int, Attribute], clips: Sequence[Clip], config: PoolConfig
) -> Attribute:
    """Return the category that recordings together make likeliest, unknown if no clip tells."""
    first, categories = next(iter(told.values())), CATEGORIES[name]
    known = {i: p for i, a in told.items() if (p := _chances(a, categories)) is not None}
    if not known:
        return replace(first, value=UNKNOWN, confidence=None, score=None)
    logs = np.array(
        [np.mean([np.log(known[i]) for i in part], axis=0) for part in by_recording(known, clips)]
    )
    together = logs.mean(axis=0) * _effective(len(logs), config.correlation)
    chances = np.exp(together - together.max())
    chances /= chances.sum()
    best = int(chances.argmax())
    scores = [a.score for i, a in told.items() if i in known and a.score is not None]
    unsure = name == "gender" and chances[best] < config.min_gender_confidence
    return replace(
        first,
        value=UNKNOWN if unsure else categories[best],
        confidence=float(chances[best]),
        score=float(np.median(scores)) if scores else None,
    )


def _chances(attribute: Attribute, categories: Sequence[str]) -> Floats | None:
    """Return the chance of each category by a clip's estimate; None if it says nothing.

    Of a gender the score is its chance, told or not. Elsewhere what is not the value's chance is shared by
    the others.
    """
    if attribute.name == "gender" and attribute.score is not None:
        masculine = min(max(attribute.score, _LEAST), 1 - _LEAST)
        return np.array([masculine if name == GENDERS[1] else 1 - masculine for name in categories])
    if attribute.value not in categories or attribute.confidence is None:
        return None
    sure = min(max(attribute.confidence, _LEAST), 1 - _LEAST)
    chances = np.full(len(categories), (1 - sure) / (len(categories) - 1))
    chances[categories.index(attribute.value)] = sure
    return chances


# No estimate of one clip is surer than this of what is not so.
_LEAST = 0.01
# Ages that are declared in years differ by this much as birthdays and dates fall.
_AGREEING_YEARS = 2.0


def _effective(count: int, correlation: float) -> float:
    return count / (1 + (count - 1) * correlation)


def _leave_out_childrens_gender(told: dict[str, Attribute]) -> None:
    age, gender = told.get("age_group"), told.get("gender")
    if age is not None and gender is not None and age.value == AGE_GROUPS[0] and gender.source == "estimated":
        told["gender"] = replace(gender, value=UNKNOWN)
