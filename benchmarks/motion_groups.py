"""The motion benchmark by group of people: whose mouths the model hears better, whose worse."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.motion_rows import Row
from benchmarks.motion_table import interval
from commands.evaluation_figures import groups_shown, labels_of
from models.data.records import Window

_SCORES = ("jaw r", "lips r", "jaw amplitude", "lip_opening amplitude")
Group = dict[str, Any]


def by_group(row: Row, judged: Sequence[Window], min_people: int) -> list[Group]:
    """Return the scores of mouths by group, as plain values; groups are shown as in the bias report."""
    labels = {window.key: labels_of(window.about) for window in judged}
    person_of = dict(zip(row.keys, row.people, strict=True))
    found = [_group(row, "", "everybody", set(row.keys))]
    return found + [_group(row, *shown) for shown in groups_shown(person_of, labels, min_people)]


def _group(row: Row, attribute: str, name: str, keys: set[str]) -> Group:
    places = [place for place, key in enumerate(row.keys) if key in keys]
    people = [row.people[place] for place in places]
    scores = {
        score: interval(score, [row.scores[score][place] for place in places], people) for score in _SCORES
    }
    return {
        "attribute": attribute,
        "group": name,
        "num_clips": len(places),
        "num_people": len(set(people)),
        "scores": {
            score: dict(zip(("value", "low", "high"), values, strict=True))
            for score, values in scores.items()
            if not np.isnan(values[0])
        },
    }


def print_groups(groups: Sequence[Group], name: str, console: Console) -> None:
    """Print the table: a line a group."""
    table = Table(title=f"{name}, by group: medians over clips (95 % interval)")
    for column in ("group", "people", "clips", *_SCORES):
        table.add_column(column, justify="left" if column == "group" else "right")
    for group in groups:
        cells = [
            "-" if found is None else f"{found['value']:.2f} ({found['low']:.2f}, {found['high']:.2f})"
            for found in (group["scores"].get(score) for score in _SCORES)
        ]
        whose = f"{group['attribute']} {group['group']}".strip()
        table.add_row(whose, str(group["num_people"]), str(group["num_clips"]), *cells)
    console.print(table)
