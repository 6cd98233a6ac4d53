"""Representation on the page: shares beside a population and beside a reference group, whole and by part."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports import formats, reasons
from reports.groups import group_title, natural
from schemas.bias import TOGETHER

Rows = Sequence[dict[str, Any]]
UNITS = ("clips", "people", "hours", "drawn")
_PARTS = {"split": "By split", "licence": "By licence", "consent": "By consent"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A group, in a part or in all, as text."""

    part: str
    group: str
    shares: tuple[str, ...]
    population: str
    people: str
    ratio: str
    difference: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """An attribute's groups in the data set, and by its parts: (title, lines)."""

    title: str
    reference: str
    source: str
    lines: tuple[Line, ...]
    parts: tuple[tuple[str, tuple[Line, ...]], ...]


def tables(rows: Rows) -> list[Table]:
    """Return what the page says of each attribute."""
    names = sorted({row["attribute"] for row in rows})
    return [_table(name, [row for row in rows if row["attribute"] == name]) for name in names]


def _table(name: str, rows: Rows) -> Table:
    reference = next((row["reference"] for row in rows if row["reference"]), None)
    source = next((row["source"] for row in rows if row["source"]), None)
    by = {kind: _lines([row for row in rows if row["by"] == kind]) for kind in ("all", *_PARTS)}
    return Table(
        title=reasons.title(name),
        reference=group_title(reference) if reference else "",
        source=formats.prose(source, 300),
        lines=by["all"],
        parts=tuple((title, by[kind]) for kind, title in _PARTS.items() if by[kind]),
    )


def _lines(rows: Rows) -> tuple[Line, ...]:
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in rows:
        found.setdefault((row["part"], row["value"]), {})[row["unit"]] = row
    order = sorted(found, key=lambda place: (place[0], place[1] == TOGETHER, natural(place[1])))
    return tuple(_line(place, found[place]) for place in order)


def _line(place: tuple[str, str], units: dict[str, dict[str, Any]]) -> Line:
    people = units["people"]
    return Line(
        part="others together" if place[0] == TOGETHER else formats.printable(place[0], 60),
        group=group_title(place[1]),
        shares=tuple(_share(units.get(unit)) for unit in UNITS),
        population="" if people["population"] is None else _percent(people["population"]),
        people=formats.count(people["num_people"]),
        ratio=_with_interval(people, "ratio", formats.number),
        difference=_with_interval(people, "difference", _points if people["population"] is None else _plain),
    )


def _share(row: dict[str, Any] | None) -> str:
    if row is None:
        return "hidden"
    return f"{_percent(row['share'])} ({100 * row['share_low']:.0f} to {100 * row['share_high']:.0f})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _points(difference: float) -> str:
    return f"{100 * difference:+.0f}".replace("-", "\u2212")


def _plain(difference: float) -> str:
    return f"{difference:+.2f}".replace("-", "\u2212")


def _with_interval(row: dict[str, Any], name: str, as_text: Any) -> str:
    if row[name] is None:
        return ""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    interval = "" if low is None else f" ({as_text(low)} to {as_text(high)})"
    return f"{as_text(row[name])}{interval}"
