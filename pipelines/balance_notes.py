"""What a run says in words about balance and about what people were declared to be."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Rows = Sequence[Row]

# Tables of a few rows each.
NOTED = ("balance_targets", "balance_splits", "balance_warnings")
_MOST_NAMED = 5
# Nobody cares for less than a tenth of a percent.
_LITTLE = 0.001


def balance_notes(tables: Mapping[str, Rows], unused: Iterable[Row]) -> list[str]:
    """Return what the user should know.

    Args:
        tables: the rows of those in NOTED.
        unused: the rows of `unused_declarations`, which may be many; they are read once.
    """
    targets, splits = tables["balance_targets"], tables["balance_splits"]
    several = len(splits) > 1
    return [
        *_first([_missed(row, several) for row in targets if not row["feasible"]], "balance_targets"),
        *_scaled(targets),
        *(_worth(row) for row in splits if several or (row["design_effect"] or 1.0) > 1 + _LITTLE),
        *(_floor(row) for row in splits if _costs(row)),
        *_warned(tables["balance_warnings"]),
        *_unused(unused),
    ]


def _first(lines: Sequence[str], table: str) -> list[str]:
    rest = len(lines) - _MOST_NAMED
    return [*lines[:_MOST_NAMED], *([f"and {rest} more like this, see tables/{table}"] if rest > 0 else [])]


def _missed(row: Mapping[str, Any], several: bool) -> str:
    where = f" in {row['split']}" if several and row["split"] else ""
    return (
        f"balance {row['kind']} {row['name']} {row['value']}{where}: wanted {row['wanted']:.4g}, "
        f"reached {'hidden' if row['achieved'] is None else format(row['achieved'], '.4g')}; {row['binding']}"
    )


def _scaled(targets: Rows) -> list[str]:
    said = {(row["split"], row["name"]): row["note"] for row in targets if row["note"]}
    return [f"balance target {name} in {split}: {note}" for (split, name), note in sorted(said.items())]


def _worth(row: Mapping[str, Any]) -> str:
    there = f"{row['split']}: {row['num_clips']} clips of {row['num_people']} people"
    if row["effective_clips"] is None:
        return f"{there}; what they are worth as drawn is hidden, as it would tell of small groups"
    return (
        f"{there}, as drawn worth as many as {row['effective_clips']:.1f} of equal weight, "
        f"of {row['effective_people']:.1f} people"
    )


def _costs(row: Mapping[str, Any]) -> bool:
    if not row["num_at_floor"] or row["distance"] is None:
        return False
    return row["distance"] - row["distance_without_floor"] > _LITTLE


def _floor(row: Mapping[str, Any]) -> str:
    return (
        f"balance in {row['split']}: {row['num_at_floor']} clips are held at balance.min_weight; without "
        f"it {100 * row['distance_without_floor']:.1f} % of the draws would have to be of other groups to "
        f"meet the farthest target, with it {100 * row['distance']:.1f} %"
    )


def _warned(rows: Rows) -> Iterator[str]:
    for problem, said in (("absent", "has nobody of"), ("near_zero", "hardly ever draws")):
        found = [row for row in rows if row["problem"] == problem]
        if found:
            names = ", ".join(f"{row['attribute']} {row['value']}" for row in found[:_MOST_NAMED])
            more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
            yield f"training {said} {names}{more} (tables/balance_warnings): {found[0]['advice']}"


def _unused(rows: Iterable[Row]) -> Iterator[str]:
    count, first = 0, None
    for row in rows:
        count += 1
        if first is None or _named(row) < _named(first):
            first = row
    if first is not None:
        place = f"{first['row']}, " if first["row"] else ""
        yield (
            f"{count} declared values cannot be used and count as unknown (tables/unused_declarations); "
            f"the first: {place}{first['source_name']}, {first['attribute']} {first['declared']!r}: "
            f"{first['reason']}"
        )


def _named(row: Row) -> tuple[str, str]:
    return row["source_name"], row["attribute"]
