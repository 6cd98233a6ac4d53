"""What balancing needs to know of a clip, and how clips are counted together in cells."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas.attributes import UNKNOWN, attributes_of, person_of
from schemas.records import Clip
from transforms.balance.config import BalanceConfig

Floats = npt.NDArray[np.float64]
Cell = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clip that may be selected; `values` belong to the attributes the configuration names."""

    clip_id: str
    person: str
    source: str
    seconds: float
    values: Cell


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
    return Candidate(
        clip.clip_id, person_of(clip), clip.video_id, clip.duration_seconds, cell_of(clip, names)
    )


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

    def groups(self, attributes: Sequence[str]) -> list[str | None]:
        """Return each cell's group by some attributes, None where one of them is unknown."""
        columns = [self.names.index(name) for name in attributes]
        picked = [[cell[column] for column in columns] for cell in self.values]
        return [None if UNKNOWN in values else "|".join(values) for values in picked]
