"""The page of an evaluation: films side by side, scores of everybody and by group, pictures of heads."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports import formats
from reports.summary import render


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """A video of the page, MP4, and a picture of it, PNG."""

    caption: str
    mp4: bytes
    png: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A value with its 95 % interval, and how far it is from the warp's; None where there is none."""

    mean: float
    low: float
    high: float
    over_warp: float | None
    over_warp_low: float | None
    over_warp_high: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """A table: what it is of, its columns, and a row a measure with a cell a column."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell | None, ...]], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A group of people: whose, how many, and what was measured of them."""

    attribute: str
    group: str
    num_people: int
    num_clips: int
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Groups:
    """Figures by group of people; columns name measure and way."""

    columns: tuple[str, ...]
    rows: tuple[Group, ...]
    min_people: int


def page(
    facts: Sequence[tuple[str, str]],
    films: Sequence[Clip],
    heads: Sequence[tuple[str, bytes]],
    tables: Sequence[Scores],
    groups: Groups,
) -> bytes:
    """Return the page, UTF-8.

    Args:
        facts: names and values that say what was judged.
        heads: captions and pictures (PNG).
    """
    return render(
        "evaluation.html.j2",
        {
            "facts": [(formats.printable(n, 80), formats.prose(v, 400)) for n, v in facts],
            "films": [(formats.prose(f.caption, 300), _base64(f.mp4), _base64(f.png)) for f in films],
            "heads": [(formats.prose(caption, 300), _base64(png)) for caption, png in heads],
            "tables": [_table(table) for table in tables],
            "groups": _groups(groups),
        },
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _table(table: Scores) -> Mapping[str, Any]:
    return {
        "title": table.title,
        "note": table.note,
        "columns": [formats.printable(name, 60) for name in table.columns],
        "rows": [(name, [_cell(cell) for cell in cells]) for name, cells in table.rows],
    }


def _groups(groups: Groups) -> Mapping[str, Any]:
    rows = [
        {
            "attribute": formats.printable(row.attribute.replace("_", " "), 60),
            "group": formats.printable(row.group.replace("_", " "), 60),
            "num_people": formats.count(row.num_people),
            "num_clips": formats.count(row.num_clips),
            "cells": [_cell(cell) for cell in row.cells],
        }
        for row in groups.rows
    ]
    return {"columns": groups.columns, "rows": rows, "min_people": groups.min_people}


def _cell(cell: Cell | None) -> tuple[str, str, str]:
    """Return the mean, its interval, and the difference from the warp with its interval, as text."""
    if cell is None:
        return formats.MISSING, "", ""
    over = ""
    if cell.over_warp is not None:
        low, high = formats.number(cell.over_warp_low), formats.number(cell.over_warp_high)
        over = f"{_signed(cell.over_warp)} ({low} to {high})"
    interval = f"{formats.number(cell.low)} to {formats.number(cell.high)}"
    return formats.number(cell.mean), interval, over


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + formats.number(value)
