"""What lint finds of a run, gathered."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from lint.every import RULES
from lint.rules import Finding, Rule, findings_of

_MOST_OF_A_CODE = 1000


@dataclass(slots=True)
class Report:
    """What a run was found to be: findings by rule, how many each code has, what was looked at, remarks."""

    result: str
    findings: list[Finding] = field(default_factory=list[Finding])
    counts: Counter[str] = field(default_factory=Counter[str])
    looked_at: dict[str, int] = field(default_factory=dict[str, int])
    notes: list[str] = field(default_factory=list[str])

    def add(self, found: Iterable[Finding]) -> None:
        """Take findings; of one code only the first thousand are kept, all are counted."""
        for finding in found:
            self.counts[finding.code] += 1
            if self.counts[finding.code] <= _MOST_OF_A_CODE:
                self.findings.append(finding)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON holds it: findings by code, in the order of the rules."""
        by_code: dict[str, list[dict[str, str]]] = defaultdict(list)
        for f in self.findings:
            by_code[f.code].append({"file": f.file, "item": f.item, "says": f.says})
        return {
            "result": self.result,
            "looked_at": self.looked_at,
            "notes": self.notes,
            "findings": [
                {
                    "code": r.code,
                    "means": r.means,
                    "advice": r.advice,
                    "count": self.counts[r.code],
                    "places": by_code[r.code],
                }
                for r in RULES
                if self.counts[r.code]
            ],
        }

    def check(self, rules: Iterable[Rule], facts: Any) -> None:
        """Take what rules find in facts."""
        self.add(findings_of(rules, facts))
