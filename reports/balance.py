"""Balance on the page: what each split is worth, what became of targets, who is missing, what was declared.

Made from tables in which small groups are suppressed already.
"""

from collections.abc import Sequence
from typing import Any

from reports import formats, reasons
from reports.account import is_balanced
from reports.run_data import RunData

MAX_ROWS = 30
# The least share of the draws that is worth a word.
_LITTLE = 0.001

Row = dict[str, Any]


def balance_context(run: RunData) -> dict[str, Any]:
    """Return what the section on balance shows, as text."""
    names = (
        "balance_targets",
        "balance_splits",
        "balance_warnings",
        "unused_declarations",
        "declared_perceived",
    )
    targets, splits, warnings, unused, compared = (run.tables[name].to_pylist() for name in names)
    shown = [target_view(row, len(splits) > 1) for row in targets]
    return {
        "splits": [split_view(row) for row in splits],
        "floors": [floor_text(row) for row in splits if row["num_at_floor"]],
        "targets": shown[:MAX_ROWS],
        "erased": not is_balanced(run),
        "num_targets": len(shown),
        "notes": sorted({note_text(row, len(splits) > 1) for row in targets if row["note"]}),
        "warnings": [warning_text(row) for row in warnings[:MAX_ROWS]],
        "num_warnings": len(warnings),
        "unused": [unused_view(row) for row in unused[:MAX_ROWS]],
        "num_unused": len(unused),
        "compared": compared_views(compared),
    }


def split_view(row: Row) -> Row:
    """Return the numbers of one split as text."""
    return {
        "split": formats.printable(row["split"], 20),
        "clips": formats.count(row["num_clips"]),
        "people": formats.count(row["num_people"]),
        "worth_clips": formats.number(row["effective_clips"]),
        "worth_people": formats.number(row["effective_people"]),
        "weights": "hidden"
        if row["smallest_weight"] is None
        else f"{row['smallest_weight']:.2f} to {row['largest_weight']:.2f}",
        "distance": "" if row["distance"] is None else formats.percent(row["distance"], 1),
    }


def floor_text(row: Row) -> str:
    """Say what the smallest weight costs."""
    held = formats.plural(row["num_at_floor"], "clip")
    if row["distance"] is None or row["distance"] - row["distance_without_floor"] <= _LITTLE:
        return f"{row['split']}: {held} at the smallest weight; no target is farther off for it."
    away = [formats.percent(row[name], 1) for name in ("distance_without_floor", "distance")]
    return (
        f"{row['split']}: {held} at the smallest weight (balance.min_weight). Without it {away[0]} of "
        f"the draws would have to be of other groups to meet the farthest target; with it {away[1]}."
    )


def note_text(row: Row, several: bool) -> str:
    """Say why what is wanted is not what was asked for."""
    where = f" ({row['split']})" if several else ""
    return f"{reasons.title(row['name'])}{where}: {formats.printable(row['note'], 300)}."


def warning_text(row: Row) -> str:
    """Say that a group is missing, and what helps."""
    group = f"{reasons.title(row['attribute'])} {formats.printable(row['value'], 60)}"
    said = "nobody in the training data" if row["problem"] == "absent" else "hardly ever drawn in training"
    return f"{group}: {said}. {formats.printable(row['advice'], 200)}"


def unused_view(row: Row) -> Row:
    """Return a declaration that could not be used as text."""
    return {
        "row": formats.printable(row["row"] or "", 30),
        "name": formats.printable(row["source_name"], 80),
        "attribute": formats.printable(row["attribute"], 40),
        "declared": formats.printable(row["declared"], 80),
        "reason": formats.printable(row["reason"], 120),
    }


def compared_views(rows: Sequence[Row]) -> list[Row]:
    """Return for each attribute a table of declared (lines) by perceived (columns) numbers of people."""
    found: list[Row] = []
    for attribute in sorted({row["attribute"] for row in rows}):
        own = [row for row in rows if row["attribute"] == attribute]
        columns = sorted({row["perceived"] for row in own})[:MAX_ROWS]
        cells = {(row["declared"], row["perceived"]): row for row in own}
        lines = [
            (formats.printable(declared, 40), [_people(cells.get((declared, c))) for c in columns])
            for declared in sorted({row["declared"] for row in own})[:MAX_ROWS]
        ]
        named = [formats.printable(column, 40) for column in columns]
        found.append({"title": reasons.title(attribute), "columns": named, "lines": lines})
    return found


def _people(cell: Row | None) -> str:
    if cell is None:
        return "0"
    return "hidden" if cell["suppressed"] else f"{formats.count(cell['num_people'])}"


def target_view(row: Row, several: bool) -> Row:
    """Return what became of one target as text; `several` tells whether there is more than one split."""

    def amount(value: float | None) -> str:
        if value is None:
            return "hidden"
        if row["kind"] == "target":
            return formats.percent(value, 1) if value else "0 %"
        return f"{formats.number(value)} {row['unit']}"

    bound = {"max": "at most ", "min": "at least "}.get(row["value"], "") if row["kind"] == "quota" else ""
    name = formats.printable(row["name"].replace("|", " and "), 80)
    if row["kind"] == "target":
        name = f"{reasons.title(name)}: {formats.printable(row['value'], 80)}"
    asked = ""
    if row["kind"] == "target" and row["asked"] is not None and abs(row["asked"] - row["wanted"]) > 5e-4:
        asked = f" (asked: {formats.number(row['asked'])})"
    return {
        "name": f"{name} ({row['split']})" if several and row["split"] else name,
        "wanted": bound + amount(row["wanted"]) + asked,
        **{name: amount(row[name]) for name in ("before", "selected", "achieved")},
        "feasible": row["feasible"],
        "binding": formats.prose(row["binding"], 300) if row["binding"] else "",
    }
