"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

# Which file, which row or key of it ('' for the file as a whole), and what is wrong there.
Found = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One thing that must hold of a finished run.

    `code` names it for ever; `means` says what is wrong where it does not hold, `advice` what to do then.
    `check` takes the facts of its level.
    """

    code: str
    means: str
    advice: str
    check: Callable[[Any], Iterable[Found]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Where a rule does not hold."""

    code: str
    file: str
    item: str
    says: str


def findings_of(rules: Iterable[Rule], facts: Any) -> Iterator[Finding]:
    """Yield what rules find in facts, rule by rule."""
    for rule in rules:
        for file, item, says in rule.check(facts):
            yield Finding(code=rule.code, file=file, item=item, says=says)
