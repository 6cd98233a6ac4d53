"""Suppression of small cells, and of as many others as it takes that none follows from a total.

Numbers of very few people tell about these people. A cell with fewer than the minimum is blanked
(primary suppression); where in a row or column of published numbers only one cell is blank, its value
would follow from the total, so the smallest other cell is blanked too (complementary suppression; Willenborg
& de Waal 2001, chapter 4). Cells without anybody are shown.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from schemas.bias import BiasCell, BiasMetric, FunnelRow


def is_small(num_people: int | None, min_people: int) -> bool:
    """Return whether a number of people is too small to be published."""
    return num_people is not None and 0 < num_people < min_people


def suppress_cells(cells: Sequence[BiasCell], min_people: int) -> list[BiasCell]:
    """Return the cells of one table (one scope, one attribute or pair) with small ones blanked."""
    lines: dict[Hashable, list[int]] = defaultdict(list)
    for i, cell in enumerate(cells):
        if cell.attribute_2 is None:
            lines["all"].append(i)
        else:
            lines["row", cell.value].append(i)
            lines["column", cell.value_2].append(i)
    blank = _to_blank([cell.num_people or 0 for cell in cells], lines.values(), min_people)
    return [_blank_cell(cell) if i in blank else cell for i, cell in enumerate(cells)]


def suppress_funnel(rows: Sequence[FunnelRow], min_people: int) -> list[FunnelRow]:
    """Return funnel rows with small groups blanked; the groups of a filter and an attribute are a line."""
    lines: dict[Hashable, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        lines[row.level, row.stage, row.filter, row.attribute].append(i)
    blank = _to_blank([row.num_people or 0 for row in rows], lines.values(), min_people)
    return [_blank_funnel_row(row) if i in blank else row for i, row in enumerate(rows)]


def _to_blank(num_people: Sequence[int], lines: Iterable[Sequence[int]], min_people: int) -> set[int]:
    """Return which cells to blank, so that in no line with a known total a single one is."""
    blank = {i for i, num in enumerate(num_people) if is_small(num, min_people)}
    lines = list(lines)
    changed = bool(blank)
    while changed:
        changed = False
        for line in lines:
            others = [i for i in line if i not in blank and num_people[i]]
            if sum(i in blank for i in line) == 1 and others:
                blank.add(min(others, key=lambda i: (num_people[i], i)))
                changed = True
    return blank


def _blank_cell(cell: BiasCell) -> BiasCell:
    return replace(
        cell, num_clips=None, num_seconds=None, num_people=None, num_declared=None, raw=None, share=None,
        adjusted=None, adjusted_low=None, adjusted_high=None, suppressed=True,
    )  # fmt: skip


def blank_metric(metric: BiasMetric) -> BiasMetric:
    """Return a metric of a group without its number."""
    return replace(metric, result=None, num_clips=0, suppressed=True)


def _blank_funnel_row(row: FunnelRow) -> FunnelRow:
    """Return a funnel row without its numbers; its test says nothing about single people and stays."""
    return replace(
        row, num_in=None, num_dropped=None, num_dropped_first=None, num_people=None, rate=None, rate_low=None,
        rate_high=None, rest_rate=None, ratio=None, ratio_low=None, ratio_high=None, suppressed=True,
    )  # fmt: skip
