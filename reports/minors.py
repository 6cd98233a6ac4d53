"""Who may be under age on the page: what is asked, and what that costs young adults.

The numbers are those of a table that holds none of few people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports import formats, reasons
from reports.groups import group_title, natural
from reports.run_data import RunData
from schemas.bias import TOGETHER

RULE = "may_be_minor"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A group of young adults as text and geometry; no numbers where they are hidden."""

    attribute: str
    group: str
    lost: str
    people: str
    rate: str
    rest: str
    bar: tuple[float, float] | None
    at: float
    rest_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Minors:
    """What the page says of the rule. `mode` is the rule's, 'none' without it."""

    mode: str
    years: str
    margin: str
    blind: bool
    lines: tuple[Line, ...]


def minors(run: RunData) -> Minors:
    """Return what the page says of who may be under age."""
    config = run.summary.config
    rule = next((r for r in reasons.rules_of(config) if r.name == RULE), None)
    return Minors(
        mode="none" if rule is None else rule.mode,
        years="" if rule is None or rule.minimum is None else formats.number(rule.minimum),
        margin=formats.number(float(config.get("minors", {}).get("margin_years", 0.0))),
        blind=not config.get("attributes", {}).get("enabled", True),
        lines=_lines(run.tables["young_adults"].to_pylist()),
    )


def _lines(rows: Sequence[dict[str, Any]]) -> tuple[Line, ...]:
    whole = next((row["rate"] for row in rows if row["attribute"] == "all"), None)
    order = sorted(
        rows,
        key=lambda r: (r["attribute"] != "all", r["attribute"], r["value"] == TOGETHER, natural(r["value"])),
    )
    return tuple(_line(row, whole) for row in order)


def _line(row: dict[str, Any], whole: float | None) -> Line:
    everybody = row["attribute"] == "all"
    names = {
        "attribute": "All" if everybody else reasons.title(row["attribute"]),
        "group": "all young adults" if everybody else group_title(row["value"]),
    }
    rest_at = 0.0 if whole is None else round(100 * whole, 2)
    rest = "" if whole is None else formats.percent(whole, 1)
    if row["suppressed"]:
        return Line(**names, lost="hidden", people="", rate="", rest=rest, bar=None, at=0.0, rest_at=rest_at)
    low, high = (round(100 * row[f"rate_{end}"], 2) for end in ("low", "high"))
    return Line(
        **names,
        lost=f"{formats.count(row['num_lost'])} of {formats.count(row['num_clips'])} clips",
        people=formats.count(row["num_people"]),
        rate=f"{100 * row['rate']:.0f} % ({low:.0f} to {high:.0f})",
        rest=rest,
        bar=(low, round(high - low, 2)),
        at=round(100 * row["rate"], 2),
        rest_at=rest_at,
    )
