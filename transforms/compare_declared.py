"""Compare what is declared of people with how they are perceived. The declaration counts; nothing is mended.

A disagreement says that a manifest has a wrong row, or that the estimator errs for a group: both are worth
knowing, of groups. Of single people it is nobody's business, so estimates that a declaration overrules are
published in numbers alone, without small cells.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace
from typing import Any

import apache_beam as beam

from schemas.attributes import person_of
from schemas.bias import DeclaredPerceived
from schemas.records.clip import Clip

Place = tuple[str, str, str]  # attribute, declared, perceived


def compared(clip: Clip) -> Iterator[tuple[Place, str]]:
    """Yield what is declared and perceived of a clip, each time with whom it shows."""
    declared = {a.name: a.value for a in clip.attributes or () if a.source == "declared"}
    for perceived in clip.overruled:
        if perceived.name in declared:
            yield (perceived.name, declared[perceived.name], perceived.value), person_of(clip)


def counted(place: Place, people: Iterable[str]) -> DeclaredPerceived:
    """Return a cell of the table from the people of its clips, one for each clip."""
    attribute, declared, perceived = place
    found = list(people)
    return DeclaredPerceived(
        attribute=attribute, declared=declared, perceived=perceived, num_clips=len(found),
        num_people=len(set(found)), suppressed=False,
    )  # fmt: skip


def hide_small(cells: Iterable[DeclaredPerceived], min_people: int) -> list[DeclaredPerceived]:
    """Return the cells of all attributes with small ones suppressed, and as many others as it takes.

    Where only one cell of a line or column is hidden it would follow from the total, so the smallest other
    one is hidden too (complementary suppression; Willenborg & de Waal 2001, chapter 4). What is suppressed
    stays so, whatever the bound.
    """
    ordered = sorted(cells, key=lambda c: (c.attribute, c.declared, c.perceived))
    # What is hidden already counts as one person.
    people = [1 if c.suppressed else c.num_people or 0 for c in ordered]
    lines: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i, cell in enumerate(ordered):
        lines[cell.attribute, "declared", cell.declared].append(i)
        lines[cell.attribute, "perceived", cell.perceived].append(i)
    hidden = {i for i, num in enumerate(people) if ordered[i].suppressed or 0 < num < min_people}
    while more := {i for line in lines.values() if (i := _needed(line, hidden, people)) is not None}:
        hidden |= more
    return [
        replace(cell, num_clips=None, num_people=None, suppressed=True) if i in hidden else cell
        for i, cell in enumerate(ordered)
    ]


def _needed(line: Sequence[int], hidden: Set[int], people: Sequence[int]) -> int | None:
    """Return the cell to hide so that the only hidden one of a line does not follow from its total."""
    others = [i for i in line if i not in hidden]
    if len(line) - len(others) != 1 or not others:
        return None
    return min(others, key=lambda i: (people[i], i))


class CompareDeclared(beam.PTransform):
    """Clips in; cells out, not yet suppressed."""

    def expand(self, pcoll: Any) -> Any:
        """Return the PCollection of cells."""
        return (
            pcoll
            | "Compared" >> beam.FlatMap(compared)
            | "ByPlace" >> beam.GroupByKey()
            | "Counted" >> beam.MapTuple(counted)
        )


class HideSmall(beam.PTransform):
    """Cells in; cells out, the small ones suppressed. There are few: groups squared."""

    def __init__(self, min_people: int) -> None:
        super().__init__("HideSmall")
        self._min_people = min_people

    def expand(self, pcoll: Any) -> Any:
        """Return the PCollection of cells."""
        together: Any = pcoll | "Together" >> beam.combiners.ToList()
        return together | "Hide" >> beam.FlatMap(hide_small, self._min_people)
