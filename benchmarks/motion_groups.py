"""The motion benchmark by group of people: whose mouths the model hears better, whose worse."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.motion_rows import Row
from benchmarks.motion_table import cell, summary
from commands.evaluation_figures import groups_shown, labels_of
from models.data.records import Window

_SCORES = ("jaw r", "lips r", "jaw amplitude", "lip_opening amplitude")
Group = dict[str, Any]


def by_group(row: Row, judged: Sequence[Window], min_people: int) -> list[Group]:
    """Return the scores of mouths by group, as plain values; groups are shown as in the bias report."""
    labels = {window.key: labels_of(window.about) for window in judged}
    person_of = dict(zip(row.keys, row.people, strict=True))
    shown = [("", "everybody", set(row.keys)), *groups_shown(person_of, labels, min_people)]
    return [
        {"attribute": attribute, "group": group, **summary([_mouths(row, keys)])[0]}
        for attribute, group, keys in shown
    ]


def _mouths(row: Row, keys: set[str]) -> Row:
    """Return the scores of mouths of some clips."""
    places = [place for place, key in enumerate(row.keys) if key in keys]
    return Row(
        name=row.name,
        keys=tuple(row.keys[place] for place in places),
        people=tuple(row.people[place] for place in places),
        scores={score: tuple(row.scores[score][place] for place in places) for score in _SCORES},
        motions=(),
    )


def print_groups(groups: Sequence[Group], console: Console) -> None:
    """Print the table: a line a group."""
    table = Table(title=f"{groups[0]['name']}, by group: medians over clips (95 % interval)")
    for column in ("group", "people", "clips", *_SCORES):
        table.add_column(column, justify="left" if column == "group" else "right")
    for group in groups:
        cells = [cell(**group["scores"][score]) for score in _SCORES]
        whose = f"{group['attribute']} {group['group']}".strip()
        table.add_row(whose, str(group["num_people"]), str(group["num_clips"]), *cells)
    console.print(table)
