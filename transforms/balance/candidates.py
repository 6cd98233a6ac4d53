"""What balancing needs to know of a clip, and how clips are counted together in cells."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from schemas.attributes import attributes_of, person_of
from schemas.groups import CATEGORIES, UNKNOWN, groups_of, share_in
from schemas.records.clip import Clip
from transforms.balance.config import BalanceConfig

Floats = npt.NDArray[np.float64]
Cell = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clip that may be selected; `values` belong to the attributes the configuration names.

    `known` are all that are declared, and those estimated of people.
    """

    clip_id: str
    person: str
    source: str
    seconds: float
    values: Cell
    split: str = "train"
    known: Mapping[str, str] = field(default_factory=dict[str, str])


def attribute_names(config: BalanceConfig) -> tuple[str, ...]:
    """Return the attributes that targets and quotas speak of, each once."""
    named = [name for target in config.targets for name in target.attributes]
    named += [name for quota in config.quotas for name in quota.where]
    return tuple(dict.fromkeys(named))


def cell_of(clip: Clip, names: Sequence[str]) -> Cell:
    """Return a clip's value of each attribute, 'unknown' where there is none."""
    known = attributes_of(clip)
    return tuple(known[name].value if name in known else UNKNOWN for name in names)


def candidate_of(clip: Clip, names: Sequence[str]) -> Candidate:
    """Return what balancing needs to know of a clip."""
    known = {
        name: a.value
        for name, a in attributes_of(clip).items()
        if a.value != UNKNOWN and (a.source == "declared" or name in CATEGORIES)
    }
    return Candidate(
        clip.clip_id, person_of(clip), clip.video_id, clip.duration_seconds, cell_of(clip, names),
        clip.split or "train", known,
    )  # fmt: skip


def share_of(candidate: Candidate, names: Sequence[str], group: Mapping[str, str]) -> float:
    """Return how much of a clip is in a group of one or more attributes, 0 to 1."""
    values = dict(zip(names, candidate.values, strict=True))
    wanted = [frozenset([value]) for value in group.values()]
    found = _shares([values[name] for name in group], list(group), wanted)
    return next(iter(found.values()), 0.0)


@dataclass(frozen=True, slots=True)
class Cells:
    """Clips counted by their values: k cells in sorted order.

    `num_clips` (k) and `mass` (k, clips or seconds) are totals of each cell.
    """

    names: tuple[str, ...]
    values: tuple[Cell, ...]
    num_clips: Floats
    mass: Floats

    @classmethod
    def count(cls, candidates: Iterable[Candidate], config: BalanceConfig) -> "Cells":
        """Count candidates."""
        seconds: dict[Cell, list[float]] = defaultdict(list)
        for candidate in candidates:
            seconds[candidate.values].append(candidate.seconds)
        values = tuple(sorted(seconds))
        num = np.array([len(seconds[v]) for v in values], float)
        # Sorted before adding: a sum of floats depends on the order of its terms.
        total = np.array([sum(sorted(seconds[v])) for v in values], float)
        return cls(attribute_names(config), values, num, num if config.unit == "clips" else total)

    def groups(self, attributes: Sequence[str]) -> list[str]:
        """Return all groups of some attributes that any cell is in, sorted."""
        columns = [self.names.index(name) for name in attributes]
        cells = {tuple(cell[c] for c in columns) for cell in self.values}
        return sorted({group for cell in cells for group in _shares(cell, attributes, None)})

    def shares(self, attributes: Sequence[str], groups: Sequence[str]) -> Floats:
        """Return how much of each cell (k) lies in groups (g) of some attributes, an array (g x k)."""
        columns = [self.names.index(name) for name in attributes]
        place = {group: number for number, group in enumerate(groups)}
        split = [group.split("|", len(attributes) - 1) for group in groups]
        wanted = [frozenset(parts[i] for parts in split if i < len(parts)) for i in range(len(attributes))]
        found = np.zeros((len(groups), len(self.values)))
        for number, cell in enumerate(self.values):
            shares = _shares([cell[c] for c in columns], attributes, wanted)
            for group in place.keys() & shares.keys():
                found[place[group], number] = shares[group]
        return found


def _shares(
    values: Sequence[str], attributes: Sequence[str], wanted: Sequence[frozenset[str]] | None
) -> dict[str, float]:
    """Return the groups that values of attributes lie in, with their shares; none where one is unknown.

    Of several attributes the shares are multiplied: nothing tells how the years of a range go with the rest.

    Args:
        wanted: for each attribute the groups to look for; None for those that there are.
    """
    if UNKNOWN in values:
        return {}
    found: dict[str, float] = {}
    for i, (name, value) in enumerate(zip(attributes, values, strict=True)):
        parts = groups_of(name, value) if wanted is None else _among(name, value, wanted[i])
        found = {
            f"{a}|{b}" if i else b: x * y for a, x in (found or {"": 1.0}).items() for b, y in parts.items()
        }
        if not found:
            break
    return found


def _among(attribute: str, value: str, groups: frozenset[str]) -> dict[str, float]:
    if attribute not in CATEGORIES:
        return {value: 1.0} if value in groups else {}
    shares = {group: share_in(attribute, value, group) for group in groups}
    return {group: share for group, share in shares.items() if share > 0}
