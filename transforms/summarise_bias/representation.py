"""How well groups are represented in the data set and its parts: beside a population, beside each other."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import t

from schemas.attributes import CATEGORIES
from schemas.bias import TOGETHER, Representation
from transforms.summarise_bias.cells import Attribute, Scoped, joined_lines
from transforms.summarise_bias.collapse import collapse
from transforms.summarise_bias.columns import Bools, Clips, Floats, Ints, num_people, numbered, total
from transforms.summarise_bias.config import BiasConfig, Population

By = Literal["all", "split", "licence", "consent"]
Unit = Literal["clips", "people", "hours", "drawn"]
NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class _Part:
    """The clips (n) of a part whose group is known: whom they show, and the code of their group."""

    by: By
    name: str
    index: Ints
    people: Ints
    codes: Ints
    groups: tuple[str, ...]


def represented(
    clips: Clips,
    selected: Scoped,
    attributes: Mapping[str, Attribute],
    telling: Collection[str],
    config: BiasConfig,
) -> Iterator[Representation]:
    """Yield how groups of perceived attributes, and of those with a population, are represented.

    Args:
        selected: the data set.
        telling: attributes whose hidden groups' weights would tell how large they are; not shown as drawn.
    """
    populations = {population.attribute: population for population in config.populations}
    for name, attribute in attributes.items():
        if name not in CATEGORIES and name not in populations:
            continue
        units: tuple[Unit, ...] = ("clips", "people", "hours", *(() if name in telling else ("drawn",)))
        reference = None
        for part in _parts(clips, selected, attribute, config.min_people):
            if part.by == "all":
                reference = _reference(part, populations.get(name))
            for unit in units:
                yield from _of_part(clips, part, name, unit, populations.get(name), reference)


def _parts(clips: Clips, scoped: Scoped, attribute: Attribute, min_people: int) -> Iterator[_Part]:
    """Yield the data set and its parts; groups and parts are joined until no number is of few people."""
    hidden = attribute.hidden_at(scoped.step)
    if hidden is None:
        return
    groups, codes = attribute.recoded(attribute.column.codes[scoped.index], hidden)
    index, codes = scoped.index[codes >= 0], codes[codes >= 0]
    people = clips.people[index]
    if not len(index):
        return
    yield _Part("all", "all", index, people, codes, groups)
    rows = [clips.rows[i] for i in index.tolist()]
    parts: dict[By, list[str]] = {
        "split": [row.split for row in rows],
        "licence": [row.licence or NOT_STATED for row in rows],
        "consent": [row.consent or NOT_STATED for row in rows],
    }
    for by, values in parts.items():
        names, numbers = tuple(dict.fromkeys(values)), numbered(values)
        places = collapse(people, codes, numbers, min_people)
        if places is None:
            continue
        shown, own = joined_lines(groups, codes, places[0])
        named, in_part = joined_lines(names, numbers, places[1])
        for number, name in sorted(enumerate(named), key=lambda part: part[1]):
            there = in_part == number
            if len(shown) > 1 and len(named) > 1:
                yield _Part(by, name, index[there], people[there], own[there], shown)


def _reference(part: _Part, population: Population | None) -> str | None:
    """Return the group that others are compared with: the chosen one if it is shown, else the largest."""
    if population is not None and population.reference is not None:
        return population.reference
    sizes = {group: num_people(part.people[part.codes == i]) for i, group in enumerate(part.groups)}
    named = [group for group in part.groups if group != TOGETHER]
    return max(named, key=lambda group: (sizes[group], group), default=None)


def _of_part(
    clips: Clips, part: _Part, name: str, unit: Unit, population: Population | None, reference: str | None
) -> Iterator[Representation]:
    amounts = _amounts(clips, part, unit)
    shares = _population_shares(population, part.groups)
    base = part.codes == part.groups.index(reference) if reference in part.groups else None
    for number, group in enumerate(part.groups):
        member = part.codes == number
        share = _with_interval(part.people, amounts * member, amounts)
        own, other = shares.get(group), shares.get(reference or "")
        scale = (1.0, 1.0) if population is None else (own, other)
        ratio = difference = (None, None, None)
        if base is not None and group != reference and scale[0] and scale[1]:
            mine, theirs = amounts * member / scale[0], amounts * base / scale[1]
            ratio = _ratio(part.people, mine, theirs)
            difference = _with_interval(part.people, mine - theirs, amounts)
        yield Representation(
            by=part.by, part=part.name, attribute=name, value=group, unit=unit,
            amount=round(total(amounts[member]), 9), share=share[0], share_low=max(share[1], 0.0),
            share_high=min(share[2], 1.0), num_people=num_people(part.people[member]), population=own,
            source=None if population is None else population.source,
            represented=share[0] / own if own else None, reference=reference,
            ratio=ratio[0], ratio_low=ratio[1], ratio_high=ratio[2],
            difference=difference[0], difference_low=difference[1], difference_high=difference[2],
        )  # fmt: skip


def _amounts(clips: Clips, part: _Part, unit: Unit) -> Floats:
    """Return what each clip (n) counts; a person's clips count one person together."""
    if unit == "people":
        return 1.0 / np.bincount(part.people)[part.people]
    if unit == "hours":
        return clips.seconds[part.index] / 3600
    return clips.weights[part.index] if unit == "drawn" else np.ones(len(part.index))


def _population_shares(population: Population | None, groups: tuple[str, ...]) -> dict[str, float]:
    """Return the population's shares of groups as they are shown, adding up to 1."""
    found: dict[str, float] = {}
    for group, share in () if population is None else population.shares.items():
        place = group if group in groups or TOGETHER not in groups else TOGETHER
        found[place] = found.get(place, 0.0) + share
    return {group: share / sum(found.values()) for group, share in found.items()}


def _per_person(people: Ints, amounts: Floats) -> Floats:
    there: Bools = np.bincount(people) > 0
    return np.bincount(people, weights=amounts).astype(float)[there]


def _with_interval(people: Ints, amounts: Floats, whole: Floats) -> tuple[float, float, float]:
    """Return a sum over another with its 95 % interval, people being the units (Cochran 1977, 11.2)."""
    size = total(whole)
    if not size:
        return 0.0, 0.0, 0.0
    value = total(amounts) / size
    error = _error(_per_person(people, amounts - value * whole)) / size
    return value, value - error, value + error


def _ratio(people: Ints, amounts: Floats, others: Floats) -> tuple[float | None, float | None, float | None]:
    """Return a ratio of sums with its 95 % interval by the delta method on logarithms, None at zero."""
    mine, theirs = total(amounts), total(others)
    if not theirs:
        return None, None, None
    value = mine / theirs
    if not mine:
        return value, None, None
    error = _error(_per_person(people, amounts - value * others)) / mine
    return value, float(value * np.exp(-error)), float(value * np.exp(error))


def _error(apart: Floats) -> float:
    """Return half the width of the 95 % interval of a sum over people (k) of deviations that add up to 0."""
    k = len(apart)
    if k < 2:
        return 0.0
    return float(t.ppf(0.975, k - 1)) * float(np.sqrt(np.sum(apart**2) * k / (k - 1)))
