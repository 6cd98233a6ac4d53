"""The second page of a run: who is in the data, who is lost at which filter, what balancing did.

Made from the tables of the bias report and of balance alone, in which small groups are suppressed already:
the page cannot show what is not published. Nothing is fetched from anywhere.
"""

from collections.abc import Sequence
from typing import Any

from reports import associations, balance, formats, gallery, groups, minors, reasons, representation, sankey
from reports.flow import flow_of
from reports.run_data import RunData
from schemas.bias import TOGETHER

FILE_NAME = "bias.html"
MAX_FLAGS = 12
MAX_EFFECTS = 60
FIRST_EFFECTS = 10
_SCOPE_NAMES = {
    "candidates": "All clips",
    "accepted": "After the filters",
    "selected": "In the data set",
    "weighted": "As drawn in training",
}


def build_context(run: RunData) -> dict[str, Any]:
    """Return everything the template shows, as text and geometry."""
    tables = {name: run.tables[name].to_pylist() for name in ("bias_cells", "bias_metrics", "funnel")}
    cells, metrics, funnel = tables["bias_cells"], tables["bias_metrics"], tables["funnel"]
    targets = run.tables["balance_targets"].to_pylist()
    names = groups.attribute_names(run.tables["bias_cells"])
    # The first is open: one that shows something.
    attributes = sorted(names, key=lambda name: groups.hidden(cells, name))
    settings = run.summary.config.get("bias", {})
    alpha = float(settings.get("alpha", 0.05))
    flags = [row for row in funnel if row["flagged"]]
    return {
        "attributes": attributes,
        "tiles": tiles(run, metrics, funnel),
        "flags": [flag_text(row) for row in sorted(flags, key=_p)[:MAX_FLAGS]],
        "num_flags": len(flags),
        "num_tests": sum(row["p_value"] is not None for row in funnel),
        "alpha": f"{formats.number(100 * alpha)} %",
        "min_people": settings.get("min_people", 5),
        "sankeys": [flow(run, cells, funnel, attribute) for attribute in attributes],
        "legends": {a: legend(cells, a) for a in attributes},
        "tables": [groups.group_table(cells, targets, attribute) for attribute in attributes],
        "scopes": _SCOPE_NAMES,
        "heat_maps": groups.heat_maps(cells, "selected"),
        "effects": effects(funnel, alpha),
        "first_effects": FIRST_EFFECTS,
        "minors": minors.minors(run),
        "num_effects": sum(row["ratio"] is not None or row["suppressed"] for row in funnel),
        "balance": balance.balance_context(run),
        "representation": representation.tables(run.tables["representation"].to_pylist()),
        "associations": associations.associations(metrics, "selected"),
        "num_unsure": associations.num_unsure(metrics, "selected"),
        "min_associated": settings.get("min_people_associated", 20),
        "evenness": associations.evenness_rows(metrics, cells, attributes),
        "cards": gallery.build_cards(run)[:8] if settings.get("frames") else [],
        "config_hash": formats.printable(run.summary.config_hash, 80),
        "f": formats,
    }


def _p(row: dict[str, Any]) -> float:
    return 1.0 if row["p_value"] is None else row["p_value"]


def metric(metrics: Sequence[dict[str, Any]], scope: str, name: str) -> float | None:
    """Return a metric of a whole scope, None if it was not computed."""
    found = [m["result"] for m in metrics if (m["scope"], m["metric"], m["attribute"]) == (scope, name, None)]
    return found[0] if found else None


def tiles(
    run: RunData, metrics: Sequence[dict[str, Any]], funnel: Sequence[dict[str, Any]]
) -> list[tuple[str, str, str]]:
    """Return (label, number, remark) of the key numbers."""
    cut = run.tables["clips"].num_rows
    kept = sum(status == "accepted" for status in run.tables["clips"]["status"].to_pylist())
    names = ("effective_sample_size", "effective_people", "design_effect")
    effective, people, design = (metric(metrics, "weighted", name) for name in names)
    flags = sum(row["flagged"] for row in funnel)
    return [
        ("Clips cut", formats.count(cut), "before any rule"),
        ("In the data set", formats.count(kept), f"{formats.percent(kept, cut)} of the clips"),
        ("Worth as many clips", formats.count(effective), "of equal weight (effective sample size)"),
        ("Worth as many people", formats.number(people), "with equally many clips"),
        ("Design effect", formats.number(design), "1 is equal weights; more is the price of balance"),
        ("Filters flagged", formats.count(flags), "take more of a group than of the others"),
    ]


def flag_text(row: dict[str, Any]) -> str:
    """Say in a sentence what a flagged filter does to a group."""
    unit = "clips" if row["level"] == "clip" else "videos"
    group = f"{reasons.title(row['attribute'])} {_value(row)}"
    if row["rate"] is None:
        before = "" if row["num_people"] is None else f" of {formats.plural(row['num_people'], 'person')}"
        return f"{reasons.title(row['filter'])} takes more of {group}: too few{before} are left to show."
    times = "" if row["ratio"] is None else f", {formats.number(row['ratio'])} times as often"
    return (
        f"{reasons.title(row['filter'])} takes {formats.percent(row['rate'], 1)} of the {unit} of {group} "
        f"and {formats.percent(row['rest_rate'], 1)} of the others{times}."
    )


def _value(row: dict[str, Any]) -> str:
    value = row["value"]
    return groups.group_title(value) if value == TOGETHER else formats.printable(value, 60)


def flow(
    run: RunData, cells: Sequence[dict[str, Any]], funnel: Sequence[dict[str, Any]], attribute: str
) -> sankey.Sankey | None:
    """Return the flow of an attribute's groups through the stages, None if it may not be shown."""
    order = [stage.stage for stage in run.summary.stages if stage.level == "clip"]
    found = flow_of(cells, funnel, attribute, order)
    if found is None:
        return None
    names = groups.values_of(cells, attribute)
    styles = [groups.style_of(v, names.index(v) if v in names else 0) for v in found.groups]
    return sankey.build_sankey(attribute, found, styles)


def legend(cells: Sequence[dict[str, Any]], attribute: str) -> list[tuple[str, str]]:
    """Return (style, name) of an attribute's groups."""
    names = groups.values_of(cells, attribute)
    return [(groups.style_of(v, i), groups.group_title(v)) for i, v in enumerate(names)]


def effects(funnel: Sequence[dict[str, Any]], alpha: float) -> list[dict[str, Any]]:
    """Return the filters' effects on groups as text and geometry, the least likely by chance first."""
    rows = [row for row in funnel if row["p_value"] is not None and not row["suppressed"]]
    rows.sort(key=lambda r: (_p(r), r["stage"], r["filter"], r["attribute"], r["value"]))
    return [effect_view(row, alpha) for row in rows[:MAX_EFFECTS]]


def effect_view(row: dict[str, Any], alpha: float) -> dict[str, Any]:
    """Return one filter's effect on one group."""
    low, high = row["ratio_low"], row["ratio_high"]
    interval = "" if low is None else f" ({formats.number(low)} to {formats.number(high)})"
    return {
        "filter": reasons.title(row["filter"]),
        "level": "videos" if row["level"] == "video" else "clips",
        "group": f"{reasons.title(row['attribute'])}: {_value(row)}",
        "counts": f"{formats.count(row['num_dropped'])} of {formats.count(row['num_in'])}",
        "rate": formats.percent(row["rate"], 1) if row["rate"] else "0 %",
        "rest": formats.percent(row["rest_rate"], 1) if row["rest_rate"] else "0 %",
        "ratio": "" if row["ratio"] is None else f"{formats.number(row['ratio'])}{interval}",
        "bar": (round(100 * row["rate_low"], 2), round(100 * (row["rate_high"] - row["rate_low"]), 2)),
        "at": round(100 * row["rate"], 2),
        "rest_at": round(100 * row["rest_rate"], 2),
        "p": formats.number(row["p_adjusted"]),
        "verdict": verdict(row, alpha),
        "flagged": row["flagged"],
    }


def verdict(row: dict[str, Any], alpha: float) -> str:
    """Say what a comparison shows."""
    if row["flagged"]:
        return "loses more"
    if row["explained_by"]:
        other = formats.printable(row["explained_by"].replace("_", " ").replace("=", " "), 80)
        return f"loses more, as many of it are {other}"
    sure = row["p_adjusted"] is not None and row["p_adjusted"] <= alpha
    return "loses fewer" if sure and row["rate"] < row["rest_rate"] else "no difference shown"
