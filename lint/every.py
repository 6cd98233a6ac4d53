"""All rules, in the order in which a run is looked through: what documents, pages and tests list."""

from lint import (
    bias,
    collection,
    consent,
    croissant,
    folder,
    published,
    records,
    samples,
    shards,
    summary,
    tables,
)
from lint.rules import Rule

RULES: tuple[Rule, ...] = (
    *folder.RULES,
    *summary.RULES,
    *tables.RULES,
    *records.RULES,
    *consent.RULES,
    *summary.COUNTED_RULES,
    *shards.RULES,
    *samples.RULES,
    *collection.RULES,
    *bias.RULES,
    *croissant.RULES,
    *published.RULES,
)
RULE: dict[str, Rule] = {rule.code: rule for rule in RULES}
