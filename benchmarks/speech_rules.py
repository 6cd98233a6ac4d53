"""False rejections: how many talkers each rule turns down, on either half of the people.

Bounds are set on the people of half 0; half 1 is what may be reported. A person counts as rejected if any
of their clips breaks the rule, whatever other rules say and whether the rule was on.
"""

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from benchmarks.material import expectation_of, expectations, source_of
from benchmarks.page import Part, Table
from benchmarks.runs import read_rows
from transforms.filter_clips import DEFAULT_RULES, Rule


def half_of(person: str) -> int:
    """Return 0 or 1, the half of the people that somebody belongs to."""
    return hashlib.sha256(person.encode()).digest()[-1] % 2


def rules_part(run: Path) -> Part:
    """Share of people whom a rule turns down though their sources show somebody who talks, with intervals."""
    expected = expectations()
    clips = [
        row
        for row in read_rows(run, "clips")
        if expectation_of(source_of(row["source_name"]), expected).expect == "clips"
    ]
    rows: list[tuple[Any, ...]] = []
    for rule in DEFAULT_RULES:
        rows.append((rule.name, *(_rate(clips, rule, half) for half in (0, 1))))
    return Part(
        name="rules",
        tables=[Table(title="People falsely rejected", columns=("rule", "half 0", "half 1"), rows=rows,
                      remark="95 % intervals after Wilson; clips whose score was not computed are left out")],
        values={name: halves for name, *halves in rows},
    )  # fmt: skip


def _rate(clips: list[dict[str, Any]], rule: Rule, half: int) -> str:
    broken: dict[str, bool] = defaultdict(bool)
    for row in clips:
        score = row.get(rule.field.replace(".", "_"))
        person = row["source_speaker_id"] or row["source_name"]
        if score is None or half_of(person) != half:
            continue
        low = rule.minimum is not None and score < rule.minimum
        broken[person] |= low or (rule.maximum is not None and score > rule.maximum)
    if not broken:
        return "-"
    hits = sum(broken.values())
    interval = binomtest(hits, len(broken)).proportion_ci(0.95, "wilson")
    return f"{hits} of {len(broken)} ({interval.low:.1%} to {interval.high:.1%})"
