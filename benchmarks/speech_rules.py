"""False rejections: how many talkers each rule turns down, on either half of the people.

People are halved by a hash of who they are. Half 0 says whether a bound stands where its people put it: the
worst score of each rule among them is told beside the bound. Half 1 is what may be reported. A person counts
as rejected if any of their clips breaks the rule, whatever other rules say and whether the rule was on.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from benchmarks.material import VIDEO_FOLDER, expectation_of, expectations, manifest_identities, source_of
from benchmarks.page import Part, Table
from benchmarks.runs import read_rows
from transforms.filter_clips import DEFAULT_RULES, Rule

Scores = dict[str, float]  # the worst of each person


def half_of(person: str) -> int:
    """Return 0 or 1, the half of the people that somebody belongs to."""
    return hashlib.sha256(person.encode()).digest()[-1] % 2


def rules_part(data: Path, run: Path) -> Part:
    """Share of people whom a rule turns down though their sources show somebody who talks, with intervals."""
    expected, people = expectations(), manifest_identities(data)
    clips: list[tuple[str, dict[str, Any]]] = []
    for row in read_rows(run, "clips"):
        source = source_of(row["source_name"])
        if expectation_of(source, expected).expect == "clips":
            clips.append((people.get(f"{VIDEO_FOLDER}/{source}", source), row))
    rows: list[tuple[Any, ...]] = []
    for rule in DEFAULT_RULES:
        set_on, others = (_worst(clips, rule, half) for half in (0, 1))
        rows.append(
            (rule.name, _bound(rule), _nearest(set_on, rule), _rate(set_on, rule), _rate(others, rule))
        )
    columns = ("rule", "bound", "worst of half 0", "half 0 rejected", "half 1 rejected")
    return Part(
        name="rules",
        tables=[Table(title="People falsely rejected", columns=columns, rows=rows,
                      remark="95 % intervals after Wilson; clips whose score was not computed are left out")],
        values={name: rest for name, *rest in rows},
    )  # fmt: skip


def _badness(rule: Rule) -> Callable[[float], float]:
    """Return how far a score lies beyond a rule's bounds; up to 0 it passes."""
    low, high = rule.minimum, rule.maximum
    return lambda score: max(
        float("-inf") if low is None else low - score, float("-inf") if high is None else score - high
    )


def _worst(clips: list[tuple[str, dict[str, Any]]], rule: Rule, half: int) -> Scores:
    bad, worst = _badness(rule), Scores()
    for person, row in clips:
        score = row.get(rule.field.replace(".", "_"))
        if score is not None and half_of(person) == half:
            worst[person] = max(worst.get(person, score), score, key=bad)
    return worst


def _nearest(scores: Scores, rule: Rule) -> float | None:
    return max(scores.values(), key=_badness(rule), default=None)


def _bound(rule: Rule) -> str:
    bounds = (("at least", rule.minimum), ("at most", rule.maximum))
    return ", ".join(f"{what} {bound:g}" for what, bound in bounds if bound is not None)


def _rate(scores: Scores, rule: Rule) -> str:
    if not scores:
        return "-"
    hits = sum(_badness(rule)(score) > 0 for score in scores.values())
    interval = binomtest(hits, len(scores)).proportion_ci(0.95, "wilson")
    return f"{hits} of {len(scores)} ({interval.low:.1%} to {interval.high:.1%})"
