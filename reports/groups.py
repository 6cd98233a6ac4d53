"""Groups on the page: before and after, their intersections, and what goes with what."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import pyarrow as pa

from reports import formats, reasons
from reports.figures import round_step
from schemas.attributes import NOT_MEASURED, UNKNOWN
from schemas.bias import TOGETHER

SCOPES = ("candidates", "accepted", "selected", "weighted")
NOT_GROUPS = (UNKNOWN, NOT_MEASURED)
MAX_GROUPS = 24
_TITLES = {NOT_MEASURED: "Not measured", TOGETHER: "Hidden groups together"}
_MAX_STYLES = 10
_NUM_SHADES = 6

Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupRow:
    """One group of an attribute: texts for a table, places in percent for its figure.

    `marks` are (scope, x); `interval` the ends of the corrected share among all clips, if there is one;
    `target` the share it should have.
    """

    name: str
    style: str
    numbers: tuple[tuple[str, str], ...]
    marks: tuple[tuple[str, float], ...]
    interval: tuple[float, float] | None
    target: float | None
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupTable:
    """All groups of an attribute, and its remarks."""

    attribute: str
    title: str
    rows: tuple[GroupRow, ...]
    axis: tuple[tuple[float, str], ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatMap:
    """An intersection as a table: each cell has its text and a shade of 0 (none) to 5."""

    title: str
    rows: str
    columns: str
    column_names: tuple[str, ...]
    lines: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...]


def attribute_names(cells: pa.Table) -> list[str]:
    """Return the attributes that the report speaks of."""
    names = {
        r["attribute"] for r in cells.select(["attribute", "attribute_2"]).to_pylist() if not r["attribute_2"]
    }
    return sorted(names)


def hidden(cells: Rows, attribute: str) -> bool:
    """Return whether no group of an attribute is shown by itself in the data set."""
    apart = (TOGETHER, *NOT_GROUPS)
    of_groups = [cell for value, cell in marginal(cells, attribute, "selected").items() if value not in apart]
    return all(cell["suppressed"] for cell in of_groups)


def marginal(cells: Rows, attribute: str, scope: str) -> dict[str, dict[str, Any]]:
    """Return an attribute's cells in a scope by group."""
    return {
        c["value"]: c
        for c in cells
        if c["attribute"] == attribute and c["attribute_2"] is None and c["scope"] == scope
    }


def values_of(cells: Rows, attribute: str) -> list[str]:
    """Return an attribute's groups in their natural order, those that are none last."""
    found = {c["value"] for c in cells if c["attribute"] == attribute and c["attribute_2"] is None}
    last = (TOGETHER, *NOT_GROUPS)
    return [*sorted(found - set(last), key=natural), *[v for v in last if v in found]]


def group_title(value: str) -> str:
    """Return a group's name as people read it."""
    if value == TOGETHER:
        return "hidden groups together"
    return formats.printable(value.replace("_", " "), 60)


def natural(value: str) -> tuple[str, int, str]:
    """Return a key that sorts monk_2 before monk_10."""
    stem = value.rstrip("0123456789")
    digits = value[len(stem) :]
    return stem, int(digits) if digits else -1, value


def style_of(value: str, position: int) -> str:
    """Return the fill of a group: pattern and colour, so that it is known without colours."""
    if value in (TOGETHER, *NOT_GROUPS):
        return {TOGETHER: "rx", UNKNOWN: "cand"}.get(value, "rej")
    return f"r{position % _MAX_STYLES}"


def group_table(cells: Rows, targets: Rows, attribute: str) -> GroupTable:
    """Return what the page shows of one attribute."""
    by_scope = {scope: marginal(cells, attribute, scope) for scope in SCOPES}
    own = [t for t in targets if (t["kind"], t["name"], t["split"]) == ("target", attribute, "train")]
    wanted = {t["value"]: t["wanted"] for t in own}
    names = values_of(cells, attribute)[:MAX_GROUPS]
    shares = [c["share"] or 0.0 for scope in SCOPES for c in by_scope[scope].values()]
    intervals = _intervals(by_scope["candidates"])
    most = max([*shares, *wanted.values(), *(high for _, high in intervals.values()), 0.1])
    step = round_step(most / 4)
    limit = min(step * ceil(most * 1.02 / step), 1.0)
    rows = tuple(
        _group_row(name, style_of(name, i), by_scope, wanted.get(name), intervals.get(name), limit)
        for i, name in enumerate(names)
    )
    steps = [step * i for i in range(int(limit / step + 1e-9) + 1)]
    return GroupTable(
        attribute=attribute,
        title=reasons.title(attribute),
        rows=rows,
        axis=tuple((100 * s / limit, f"{100 * s:.0f} %") for s in steps),
        remarks=tuple(_remarks(by_scope)),
    )


def _intervals(cells: dict[str, dict[str, Any]]) -> dict[str, tuple[float, float]]:
    """Return the ends of the corrected share among the clips counted, by group."""
    known = sum(c["adjusted"] or 0.0 for c in cells.values())
    return {
        name: (c["adjusted_low"] / known, c["adjusted_high"] / known)
        for name, c in cells.items()
        if c["adjusted"] is not None and known
    }


def _group_row(
    name: str,
    style: str,
    by_scope: dict[str, dict[str, dict[str, Any]]],
    wanted: float | None,
    interval: tuple[float, float] | None,
    limit: float,
) -> GroupRow:
    found = {scope: by_scope[scope].get(name) for scope in SCOPES}
    marks, numbers = [], []
    for scope, cell in found.items():
        nothing = cell is None and name == TOGETHER  # nothing is hidden in that scope
        numbers.append((scope, "" if nothing else _number(cell, scope)))
        if cell is not None and cell["share"] is not None:
            marks.append((scope, round(100 * cell["share"] / limit, 2)))
    first = found["candidates"]
    if first is not None and first["adjusted"] is not None:
        low, high = first["adjusted_low"], first["adjusted_high"]
        numbers.append(("adjusted", f"{first['adjusted']:.0f} ({low:.0f} to {high:.0f})"))
    title = _TITLES.get(name) or formats.printable(name, 60)
    label = "; ".join(f"{scope} {text}" for scope, text in numbers if text)
    ends = None
    if interval is not None:
        ends = round(100 * interval[0] / limit, 2), round(100 * interval[1] / limit, 2)
    return GroupRow(
        name=title, style=style, numbers=tuple(numbers), marks=tuple(marks), interval=ends,
        target=None if wanted is None else round(100 * wanted / limit, 2), label=f"{title}: {label}",
    )  # fmt: skip


def _number(cell: dict[str, Any] | None, scope: str) -> str:
    if cell is None:
        return "0"
    if cell["suppressed"]:
        return "hidden"
    share = "" if cell["share"] is None else f" ({formats.percent(cell['share'], 1)})"
    if scope == "weighted":
        return share.strip(" ()") or formats.MISSING
    return f"{formats.count(cell['num_clips'])}{share}"


def _remarks(by_scope: dict[str, dict[str, dict[str, Any]]]) -> list[str]:
    cells = by_scope["candidates"]
    found = []
    for name, said in ((UNKNOWN, "asked, but nobody could tell"), (NOT_MEASURED, "never asked")):
        cell = cells.get(name)
        if cell is not None and cell["num_clips"]:
            found.append(f"{formats.plural(cell['num_clips'], 'clip')}: {said}.")
    hidden = {name for scope in SCOPES for name, c in by_scope[scope].items() if c["suppressed"]}
    if hidden - set(NOT_GROUPS):
        number = formats.plural(len(hidden - set(NOT_GROUPS)), "group")
        found.append(f"{number} hidden somewhere: too few people, or it would give another away.")
    if any(c["adjusted"] is not None for c in cells.values()):
        found.append("Corrected for the estimator's measured confusion, with 95 % intervals.")
    return found


def heat_maps(cells: Rows, scope: str) -> list[HeatMap]:
    """Return a table for every pair of attributes."""
    joint = [c for c in cells if c["scope"] == scope and c["attribute_2"] is not None]
    pairs = sorted({(c["attribute"], c["attribute_2"]) for c in joint if not c["suppressed"]})
    return [
        _heat_map(pair, [c for c in joint if (c["attribute"], c["attribute_2"]) == pair]) for pair in pairs
    ]


def _heat_map(pair: tuple[str, str], cells: Rows) -> HeatMap:
    # A row or column that is joined with others is in theirs.
    cells = [c for c in cells if not c["suppressed"]]
    rows = sorted({c["value"] for c in cells}, key=_together_last)
    columns = sorted({c["value_2"] for c in cells}, key=_together_last)
    by_place = {(c["value"], c["value_2"]): c for c in cells}
    most = max((c["num_clips"] or 0 for c in cells), default=0) or 1
    lines = tuple((_line_title(r), tuple(_heat(by_place.get((r, c)), most) for c in columns)) for r in rows)
    return HeatMap(
        title=f"{reasons.title(pair[0])} by {reasons.title(pair[1]).lower()}",
        rows=reasons.title(pair[0]),
        columns=reasons.title(pair[1]),
        column_names=tuple(_line_title(c) for c in columns),
        lines=lines,
    )


def _together_last(value: str) -> tuple[bool, tuple[str, int, str]]:
    return value == TOGETHER, natural(value)


def _line_title(value: str) -> str:
    return "all others" if value == TOGETHER else formats.printable(value, 40)


def _heat(cell: dict[str, Any] | None, most: int) -> tuple[str, str, str]:
    """Return (shade, number, remark) of a cell."""
    if cell is None or cell["num_clips"] == 0:
        return "h0", "0", "nobody"
    shade = 1 + min(int((_NUM_SHADES - 1) * (cell["num_clips"] / most) ** 0.5), _NUM_SHADES - 2)
    return f"h{shade}", formats.count(cell["num_clips"]), formats.plural(cell["num_people"], "person")
