"""Tables that several pages show, from one account: what lies in them is said in a language later."""

from collections.abc import Sequence
from typing import Any

from reports.account import Account, Part, Row, Turned, of_attribute
from reports.cells import Cell, Table, count, length, name, number, said, share, span
from schemas.groups import NOT_MEASURED, UNKNOWN

MAX_ROWS = 40
_NOT_GROUPS = (UNKNOWN, NOT_MEASURED)
_SCOPES = ("candidates", "accepted", "selected", "weighted")


def terms_tables(account: Account) -> list[Table]:
    """Return the accepted clips by licence and consent, by legal basis and uses where declared."""
    told = [("licences", "licence", account.licences), ("consents", "consent", account.consents)]
    told += [
        (title, column, parts)
        for title, column, parts in (("bases", "basis", account.bases), ("scopes", "scope", account.scopes))
        if any(name for part in parts for name in part.names)
    ]
    return [_parts_table(*one) for one in told]


def _parts_table(title: str, column: str, parts: Sequence[Part]) -> Table:
    columns = (column, "files", "clips", "people", "length")
    rows = tuple(
        (
            _part_name(p, column),
            count(p.num_sources),
            count(p.num_clips),
            count(p.num_people),
            length(p.seconds),
        )
        for p in parts[:MAX_ROWS]
    )
    return Table(title=title, columns=columns, rows=rows, num_more=max(0, len(parts) - MAX_ROWS))


def _part_name(part: Part, column: str) -> Cell:
    if len(part.names) > 1:
        return Cell("joined", part.names, column)
    declared = "".join(part.names)
    return Cell("words", declared, column) if declared else said("not_declared")


def turned_table(title: str, unit: str, rows: Sequence[Turned]) -> Table:
    """Return what was turned down by reason; `unit` heads the column of numbers."""
    cells = tuple(
        (name(row.reason), Cell("meaning", row.reason), count(row.num), length(row.seconds or None))
        for row in rows[:MAX_ROWS]
    )
    columns = ("reason", "meaning", unit, "length")
    return Table(title=title, columns=columns, rows=cells, num_more=max(0, len(rows) - MAX_ROWS))


def group_table(account: Account, attribute: str) -> Table:
    """Return an attribute's groups: how many before the filters, after them, in the data set, and drawn."""
    by_scope = {s: {r["value"]: r for r in of_attribute(account.groups, attribute, s)} for s in _SCOPES}
    found = {value: None for scope in _SCOPES for value in by_scope[scope]}
    values = sorted(found, key=lambda value: (value in _NOT_GROUPS, value.startswith("small"), value))
    shares = {
        row["value"]: row
        for row in account.shares
        if (row["attribute"], row["by"], row["unit"]) == (attribute, "all", "clips")
    }
    hidden = [v for v in values if all(v not in rows or rows[v]["suppressed"] for rows in by_scope.values())]
    shown = [value for value in values if value not in hidden]
    return Table(
        title=attribute,
        columns=("group", "cut", "passed", "kept", "declared_of_these", "people", "share_95", "drawn"),
        rows=tuple(_group_row(v, attribute, by_scope, shares.get(v)) for v in shown[:MAX_ROWS]),
        num_more=max(0, len(shown) - MAX_ROWS),
        hidden=tuple(name(value, attribute) for value in hidden),
    )


def _group_row(
    value: str, attribute: str, by_scope: dict[str, dict[str, Row]], shares: Row | None
) -> tuple[Cell, ...]:
    kept, drawn = by_scope["selected"].get(value), by_scope["weighted"].get(value)
    known = kept is not None and not kept["suppressed"] and value not in _NOT_GROUPS
    return (
        name(value, attribute),
        *(_number_of(by_scope[scope].get(value), "num_clips") for scope in _SCOPES[:3]),
        _number_of(kept, "num_declared"),
        _number_of(kept, "num_people"),
        _with_interval(kept if known else None, shares),
        said("hidden") if drawn and drawn["suppressed"] else share(drawn["share"] if drawn else None),
    )


def _number_of(row: Row | None, column: str) -> Cell:
    if row is None:
        return count(0)
    return said("hidden") if row["suppressed"] else count(row[column])


def _with_interval(row: Row | None, shares: Row | None) -> Cell:
    if row is None or row["share"] is None:
        return share(None)
    if shares is None:
        return share(row["share"])
    return share(row["share"], (shares["share_low"], shares["share_high"]))


def effects_table(account: Account, most: int = MAX_ROWS) -> Table:
    """Return what each filter does to each group, beside the others, the least likely by chance first."""
    shown = account.effects[:most]
    columns = ("filter", "group", "turned_down", "rate_95", "rest", "ratio_95", "p_holm", "finding")
    return Table(
        title="effects", columns=columns, rows=tuple(map(_effect, shown)),
        num_more=len(account.effects) - len(shown),
    )  # fmt: skip


def _effect(row: Row) -> tuple[Cell, ...]:
    of = Cell("group", row["attribute"], row["value"])
    if row["rate"] is None:
        few = said("hidden")
        return name(row["filter"]), of, few, few, few, few, number(row["p_adjusted"]), _finding(row)
    return (
        name(row["filter"]),
        of,
        Cell("of", row["num_dropped"], row["num_in"]),
        share(row["rate"], (row["rate_low"], row["rate_high"])),
        share(row["rest_rate"]),
        number(row["ratio"], None if row["ratio_low"] is None else (row["ratio_low"], row["ratio_high"])),
        number(row["p_adjusted"]),
        _finding(row),
    )


def _finding(row: Row) -> Cell:
    if row["flagged"]:
        return said("takes_more")
    return said("explained" if row["explained_by"] else "not_more")


def dropped_groups_table(account: Account) -> Table:
    """Return how many clips of each group every rule and cap turned down, where that may be shown."""
    found = [row for row in account.funnel if row["level"] == "clip" and row["num_dropped"]]
    rows = tuple(
        (
            name(row["filter"]),
            Cell("group", row["attribute"], row["value"]),
            Cell("of", row["num_dropped"], row["num_in"]),
            share(row["rate"], None if row["rate_low"] is None else (row["rate_low"], row["rate_high"])),
        )
        for row in found[:MAX_ROWS]
    )
    columns = ("filter", "group", "turned_down", "rate_95")
    return Table(title="dropped_groups", columns=columns, rows=rows, num_more=max(0, len(found) - MAX_ROWS))


def targets_table(account: Account) -> Table:
    """Return what was asked of balancing, group by group, and what it reached."""
    rows = tuple(map(_target, account.targets[:MAX_ROWS]))
    columns = ("split", "target", "wanted", "before", "kept", "as_drawn", "reached", "in_the_way")
    return Table(
        title="targets", columns=columns, rows=rows, num_more=max(0, len(account.targets) - MAX_ROWS)
    )


def _target(row: Row) -> tuple[Cell, ...]:
    def amount(value: float | None) -> Cell:
        if value is None:
            return said("hidden")
        if row["kind"] == "target":
            return share(value)
        return length(value) if row["unit"] == "seconds" else count(value)

    of = Cell("group", row["name"], row["value"])
    if row["kind"] == "quota":
        of = Cell("quota", row["value"], row["name"])
    return (
        name(row["split"]) if row["split"] else said("all_splits"),
        of,
        *(amount(row[column]) for column in ("wanted", "before", "selected", "achieved")),
        said("yes" if row["feasible"] else "no"),
        Cell("binding", row["binding"] or None),
    )


def splits_table(account: Account) -> Table:
    """Return what each split holds and what it is worth as drawn."""
    rows: list[tuple[Cell, ...]] = []
    for row in account.splits:
        hidden = row["effective_clips"] is None
        weights: Any = said("hidden") if hidden else span(row["smallest_weight"], row["largest_weight"])
        worth = [said("hidden") if hidden else number(row[f"effective_{of}"]) for of in ("clips", "people")]
        held = (count(row["num_clips"]), count(row["num_people"]), length(row["num_seconds"]))
        rows.append((name(row["split"]), *held, *worth, weights))
    columns = ("split", "clips", "people", "length", "worth_clips", "worth_people", "weights")
    return Table(title="splits", columns=columns, rows=tuple(rows))


def compared_table(account: Account) -> Table:
    """Return how many people are declared to be of one group and perceived as of another, or the same."""
    rows = tuple(
        (
            name(row["attribute"]),
            name(row["declared"], row["attribute"]),
            name(row["perceived"], row["attribute"]),
            said("hidden") if row["suppressed"] else count(row["num_people"]),
        )
        for row in account.compared[:MAX_ROWS]
    )
    columns = ("attribute", "declared", "perceived", "people")
    return Table(
        title="compared", columns=columns, rows=rows, num_more=max(0, len(account.compared) - MAX_ROWS)
    )
