"""The motion benchmark's table: medians over clips, means of what is rare, with intervals over people."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.motion_rows import Row

_DRAWS = 500
# Most clips of some seconds have none or one, whatever the rate: their median says nothing of it.
_RARE = ("blinks a minute",)


def interval(name: str, values: Sequence[float], people: Sequence[str]) -> tuple[float, float, float]:
    """Return the median over clips, of what is rare the mean, and its 95 % interval, from drawing people
    again with all their clips; NaN counts nowhere, and is the answer where there is nothing else.
    """
    middle = np.mean if name in _RARE else np.median
    by_person: dict[str, list[float]] = {}
    for value, person in zip(values, people, strict=True):
        if not np.isnan(value):
            by_person.setdefault(person, []).append(value)
    random, groups = np.random.default_rng(0), list(by_person.values())
    if not groups:
        return float("nan"), float("nan"), float("nan")
    middles = [
        float(middle([v for i in random.integers(len(groups), size=len(groups)) for v in groups[i]]))
        for _ in range(_DRAWS)
    ]
    low, high = np.percentile(middles, [2.5, 97.5])
    return float(middle([v for group in groups for v in group])), float(low), float(high)


def summary(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return rows as plain values: each score's value and interval, None where there is nothing to score."""
    return [
        {
            "name": row.name,
            "num_clips": len(row.people),
            "num_people": len(set(row.people)),
            "scores": {
                name: dict(
                    zip(("value", "low", "high"), _known(interval(name, values, row.people)), strict=True)
                )
                for name, values in row.scores.items()
            },
        }
        for row in rows
    ]


def _known(values: tuple[float, ...]) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values]


def cell(value: float | None, low: float | None, high: float | None) -> str:
    """Return an interval as a cell of a table; '-' where nothing is known."""
    return "-" if value is None or np.isnan(value) else f"{value:.2f} ({low:.2f}, {high:.2f})"


def print_rows(rows: Sequence[Row], console: Console) -> None:
    """Print the table: a line a score, a column a row."""
    number, people = len(rows[0].people), len(set(rows[0].people))
    table = Table(
        title=f"Motion of {number} clips of {people} people; median, of blinks mean (95 % interval)"
    )
    table.add_column("score")
    for row in rows:
        table.add_column(row.name, justify="right")
    for name in rows[0].scores:
        cells = []
        for row in rows:
            cells.append(cell(*interval(name, row.scores[name], row.people)))
        table.add_row(name, *cells)
    console.print(table)
