"""Means of scores with their intervals over people, for everybody and by group of people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from commands.judge_clips import Score
from models.video.ways import WARP
from schemas.bias import TOGETHER
from schemas.groups import CATEGORIES, UNKNOWN
from transforms.summarise_bias.columns import Column, Steps, numbered
from transforms.summarise_bias.disclosure import plan

_DRAWS = 500
Labels = Mapping[str, tuple[str, bool]]
"""What is known of the person of a clip, by attribute, and whether that is declared."""
Interval = tuple[float, float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """The mean over clips of a score, and its 95 % interval from drawing people again with all their clips.

    `over_warp`: the mean of the differences from the warp on the same clips; None where there is none.
    `attribute` and `group` are "" for everybody.
    """

    view: str
    name: str
    way: str
    attribute: str
    group: str
    mean: float
    low: float
    high: float
    over_warp: float | None
    over_warp_low: float | None
    over_warp_high: float | None
    num_clips: int
    num_people: int


def figures(scores: Sequence[Score], labels: Mapping[str, Labels], min_people: int) -> list[Figure]:
    """Return the figures of scores.

    Groups are published as in the bias report (`transforms.summarise_bias.disclosure`): those with fewer than
    `min_people` people are counted together with others, or not at all.

    Args:
        labels: by clip.
    """
    found: list[Figure] = []
    measures = dict.fromkeys((score.view, score.name) for score in scores)
    for view, name in measures:
        mine = [score for score in scores if (score.view, score.name) == (view, name)]
        found += _of_group(mine, "", "")
        person_of = {score.key: score.person for score in mine}
        for attribute, group, keys in groups_shown(person_of, labels, min_people):
            found += _of_group([score for score in mine if score.key in keys], attribute, group)
    return found


def _of_group(scores: Sequence[Score], attribute: str, group: str) -> Iterator[Figure]:
    under = {score.key: score.value for score in scores if score.way == WARP}
    for way in dict.fromkeys(score.way for score in scores):
        mine = [score for score in scores if score.way == way]
        paired = [score for score in mine if score.key in under] if way != WARP else []
        mean, low, high = mean_interval([s.value for s in mine], [s.person for s in mine])
        over: tuple[float | None, ...] = (None, None, None)
        if paired:
            over = mean_interval([s.value - under[s.key] for s in paired], [s.person for s in paired])
        yield Figure(
            view=mine[0].view,
            name=mine[0].name,
            way=way,
            attribute=attribute,
            group=group,
            mean=mean,
            low=low,
            high=high,
            over_warp=over[0],
            over_warp_low=over[1],
            over_warp_high=over[2],
            num_clips=len({s.key for s in mine}),
            num_people=len({s.person for s in mine}),
        )


def mean_interval(values: Sequence[float], people: Sequence[str]) -> Interval:
    """Return the mean of values and its interval of 95 %, people drawn again with all their values."""
    person = numbered(people)
    sums = np.bincount(person, values)
    counts = np.bincount(person)
    drawn = np.random.default_rng(0).integers(len(sums), size=(_DRAWS, len(sums)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(np.mean(values)), float(low), float(high)


def groups_shown(
    person_of: Mapping[str, str], labels: Mapping[str, Labels], min_people: int
) -> Iterator[tuple[str, str, set[str]]]:
    """Yield attribute, group and clips of each group of which figures may be shown.

    Args:
        person_of: by clip; labels: by clip.
    """
    for attribute in CATEGORIES:
        for group, keys in _groups(person_of, attribute, labels, min_people).items():
            yield attribute, group, keys


def _groups(
    person_of: Mapping[str, str], attribute: str, labels: Mapping[str, Labels], min_people: int
) -> dict[str, set[str]]:
    keys = list(person_of)
    known = [labels.get(key, {}).get(attribute, (UNKNOWN, False)) for key in keys]
    names = tuple(sorted({value for value, _ in known} - {UNKNOWN}))
    if not names:
        return {}
    codes = np.array([names.index(value) if value in names else -1 for value, _ in known], np.int64)
    declared = np.array([is_declared for _, is_declared in known], bool)
    column = Column(attribute, names, codes, declared)
    one_step = Steps(("",), np.zeros(len(keys), np.int64), 0, 0)
    people = numbered([person_of[key] for key in keys])
    together = plan(people, column, one_step, min_people).together[0]
    if together is None:
        return {}
    shown = [(name, {code}) for code, name in enumerate(names) if code not in together]
    shown += [(TOGETHER, set(together))] if together else []
    return {name: _with_codes(keys, codes, wanted) for name, wanted in shown}


def _with_codes(keys: Sequence[str], codes: npt.NDArray[np.int64], wanted: set[int]) -> set[str]:
    return {key for key, code in zip(keys, codes.tolist(), strict=True) if code in wanted}


def labels_of(about: Mapping[str, Any]) -> Labels:
    """Return what a sample says of its person: what is declared, then what all clips say, then the clip."""
    told = [*(about.get("attributes") or ()), *(about.get("person_attributes") or ())]
    told.sort(key=lambda attribute: attribute["source"] == "declared")
    return {a["name"]: (str(a["value"]), a["source"] == "declared") for a in told}
