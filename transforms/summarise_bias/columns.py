"""Clips and their attributes as columns of numbers, n each: what the counting and testing works on."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np
import numpy.typing as npt

from schemas.attributes import NOT_MEASURED, UNKNOWN
from schemas.bias import TOGETHER
from transforms.summarise_bias.rows import Row

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# The step at which clips of the data set end that are not drawn in training.
HELD_OUT = "held out"
# Codes of what is no group.
CODES = {UNKNOWN: -1, NOT_MEASURED: -2}


@dataclass(frozen=True, slots=True)
class Steps:
    """Where clips end: `names` (f) of the steps at which any does, in order, '' last for those left.

    Of the data set those that are not for training end at the last step but one. `codes` (n) are each clip's;
    `accepted` is the step at which the filters are passed, `selected` that at which the data set is left.
    """

    names: tuple[str, ...]
    codes: Ints
    accepted: int
    selected: int

    @property
    def is_selected(self) -> Bools:
        """Which clips (n) are in the data set."""
        return self.codes >= self.selected


@dataclass(frozen=True, slots=True)
class Clips:
    """The clips (n) of a run, or its videos: `people` numbers whom each shows, `splits` what each is for."""

    rows: Sequence[Row]
    splits: Sequence[str]
    people: Ints
    seconds: Floats
    weights: Floats
    steps: Steps

    @property
    def young(self) -> Bools:
        """Which clips (n) show young adults."""
        return np.array([row.young for row in self.rows], bool)


@dataclass(frozen=True, slots=True)
class Column:
    """An attribute of n clips: its k known groups in order, each clip's code, and whether it is declared.

    Codes are numbers of groups; -1 is unknown and -2 not measured.
    """

    name: str
    groups: tuple[str, ...]
    codes: Ints
    declared: Bools


def steps_of(rows: Sequence[Row], stages: Sequence[str]) -> Steps:
    """Return where rows (n) end; stages that the order does not name come first in the order of names.

    Args:
        stages: in the order in which they are passed; the last two are balancing and writing.
    """
    ended = [_end_of(row) for row in rows]
    order = [*sorted(set(ended) - {*stages, HELD_OUT, ""}), *stages, HELD_OUT, ""]
    order = [name for name in order if not name or name in set(ended)]
    number = {name: i for i, name in enumerate(order)}
    accepted, selected = (
        next(i for i, name in enumerate(order) if name in passed)
        for passed in ((*stages[-2:], HELD_OUT, ""), (HELD_OUT, ""))
    )
    return Steps(tuple(order), np.array([number[name] for name in ended], np.int64), accepted, selected)


def _end_of(row: Row) -> str:
    return row.stage or ("" if row.split == "train" else HELD_OUT)


def clips_of(rows: Sequence[Row], stages: Sequence[str]) -> Clips:
    """Return rows (n) as columns."""
    return Clips(
        rows=rows,
        splits=[row.split for row in rows],
        people=numbered([row.person for row in rows]),
        seconds=np.array([row.seconds for row in rows], float),
        weights=np.array([row.weight for row in rows], float),
        steps=steps_of(rows, stages),
    )


def numbered(names: Sequence[str]) -> Ints:
    """Return a number for each name (n), the same for the same name."""
    number: dict[str, int] = {}
    return np.array([number.setdefault(name, len(number)) for name in names], np.int64)


def column_of(rows: Sequence[Row], attribute: str) -> Column:
    """Return an attribute of rows (n)."""
    labels = [row.labels.get(attribute) for row in rows]
    # A manifest may use our word for something else.
    values = [
        NOT_MEASURED if label is None else f"{TOGETHER}_" if label.value == TOGETHER else label.value
        for label in labels
    ]
    groups = tuple(sorted(set(values) - set(CODES)))
    number = {value: i for i, value in enumerate(groups)} | CODES
    declared = np.array([label is not None and label.declared for label in labels], bool)
    return Column(attribute, groups, np.array([number[value] for value in values], np.int64), declared)


def num_people(people: Ints) -> int:
    """Return how many people the clips (n) show."""
    return len(np.unique(people))


def total(amounts: Floats) -> float:
    """Return a sum that does not depend on the order of its terms."""
    return fsum(amounts.tolist())
