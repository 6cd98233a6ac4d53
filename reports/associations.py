"""Single numbers on the page: what goes with what, and how even the groups are."""

from collections.abc import Sequence
from typing import Any

from reports import formats, reasons, score_words
from schemas.bias import TOGETHER

Rows = Sequence[dict[str, Any]]


def associations(metrics: Rows, scope: str) -> list[dict[str, str]]:
    """Return what goes with what as text, the strongest first: Cramér's V, its interval and of how many."""
    rows = [m for m in _associated(metrics, scope) if m["result"] is not None]
    rows.sort(key=lambda m: (-m["result"], m["attribute"], m["other"]))
    return [
        {
            "attribute": reasons.title(m["attribute"]),
            "other": _score_title(m["other"]),
            "v": f"{m['result']:.2f}",
            "interval": f"{m['low']:.2f} to {m['high']:.2f}",
            "people": formats.count(m["num_people"]),
            "clips": formats.count(m["num_clips"]),
            "strength": _strength(m["result"], m["low"]),
        }
        for m in rows
    ]


def num_unsure(metrics: Rows, scope: str) -> int:
    """Return how many associations are of too few people to be shown."""
    return sum(m["result"] is None for m in _associated(metrics, scope))


def _associated(metrics: Rows, scope: str) -> list[dict[str, Any]]:
    return [m for m in metrics if m["metric"] == "cramers_v" and m["scope"] == scope]


def _score_title(name: str) -> str:
    return score_words.FIELDS.get(name.replace(".", "_"), (reasons.title(name),))[0]


def _strength(v: float, low: float) -> str:
    if v < 0.1:
        return "hardly any"
    if low <= 0:
        return "none shown"
    return "weak" if v < 0.3 else "medium" if v < 0.5 else "strong"


def evenness_rows(
    metrics: Rows, cells: Rows, attributes: Sequence[str]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return for each attribute its effective number of groups and distance to the target, by scope."""
    found = []
    joined = {(c["scope"], c["attribute"]) for c in cells if c["value"] == TOGETHER and not c["attribute_2"]}
    for attribute in attributes:
        own = [m for m in metrics if m["attribute"] == attribute]
        scopes = ("candidates", "selected", "weighted")
        line = [(s, _evenness([m for m in own if m["scope"] == s], (s, attribute) in joined)) for s in scopes]
        if any(text for _, text in line):
            found.append((reasons.title(attribute), line))
    return found


def _evenness(metrics: Rows, joined: bool) -> str:
    results = {m["metric"]: (m["result"], m["other"]) for m in metrics}
    if "hill_1" not in results:
        return "hidden" if results else ""
    count = results["num_groups"][0]
    one = ", hidden ones counted as one" if joined else ""
    text = f"{results['hill_1'][0]:.2f} of {formats.plural(count, 'group')}{one}"
    if "total_variation" not in results:
        return text
    away, goal = results["total_variation"]
    return (
        f"{text}; {formats.percent(away, 1)} away from {'the target' if goal == 'target' else 'equal shares'}"
    )
