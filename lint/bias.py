"""Rules on the tables of the bias report: nothing about few people, numbers that agree."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lint.records import Rows
from lint.rules import Found, Rule
from schemas.groups import NOT_MEASURED, UNKNOWN

TABLES = ("bias_cells", "bias_metrics", "funnel", "representation", "declared_perceived", "balance_splits")
# Values that are no group of people, and the part of the data set that is none.
_NO_GROUP = (None, UNKNOWN, NOT_MEASURED)
_SPLIT = "split"
_SUPPRESSED = ("bias_cells", "bias_metrics", "funnel", "declared_perceived")
_TEXTS = ("scope", "metric", "level", "stage", "filter", "by", "part", "unit", "basis", "other", "test")
_NAMES = (
    "attribute",
    "value",
    "attribute_2",
    "value_2",
    "declared",
    "perceived",
    "explained_by",
    "suppressed",
)
_OFF = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class BiasFacts:
    """Rows of `TABLES`, the bound of the run's settings, and the accepted clips of each split."""

    rows: Mapping[str, Rows]
    min_people: int
    split_clips: Mapping[str, int]

    @property
    def num_accepted(self) -> int:
        """How many clips were accepted."""
        return sum(self.split_clips.values())


def _where(table: str, row: Mapping[str, Any]) -> tuple[str, str]:
    names = [row[n] for n in ("scope", "level", "stage", "filter", "by", "part", "split") if row.get(n)]
    group = [
        row[n]
        for n in ("attribute", "value", "attribute_2", "value_2", "declared", "perceived")
        if row.get(n)
    ]
    return f"tables/{table}", " ".join(str(n)[:60] for n in (*names, *group))


def _is_group(row: Mapping[str, Any]) -> bool:
    """Return whether a row tells of a group of people."""
    values = [row.get(name) for name in ("value", "value_2", "declared", "perceived")]
    return row.get("attribute") != _SPLIT and any(value not in _NO_GROUP for value in values)


def _small_group(facts: BiasFacts) -> Iterator[Found]:
    for table, rows in facts.rows.items():
        for row in rows:
            people = row.get("num_people")
            if people is not None and 0 < people < facts.min_people and _is_group(row):
                yield *_where(table, row), f"tells of {people} people; {facts.min_people} is the least"


def _suppressed_number(facts: BiasFacts) -> Iterator[Found]:
    for table in _SUPPRESSED:
        for row in facts.rows[table]:
            shown = [
                n for n, v in row.items() if v is not None and n not in (*_TEXTS, *_NAMES) and v is not False
            ]
            if row["suppressed"] and shown:
                yield *_where(table, row), f"is suppressed and shows {', '.join(shown[:4])}"


def _cell_sums(facts: BiasFacts) -> Iterator[Found]:
    """Clips of the data set by the groups of one attribute are all clips, where no group is hidden."""
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in facts.rows["bias_cells"]:
        if row["scope"] == "selected" and row["attribute_2"] is None:
            groups[row["attribute"]].append(row)
    for attribute, rows in sorted(groups.items()):
        if any(row["suppressed"] for row in rows):
            continue
        clips = sum(row["num_clips"] or 0 for row in rows)
        if clips != facts.num_accepted:
            yield (
                "tables/bias_cells",
                attribute,
                f"its groups have {clips} clips, the data set {facts.num_accepted}",
            )


def _funnel_rate(facts: BiasFacts) -> Iterator[Found]:
    for row in facts.rows["funnel"]:
        came, dropped, rate = row["num_in"], row["num_dropped"], row["rate"]
        if None in (came, dropped) or not came:
            continue
        if dropped > came or (rate is not None and abs(rate - dropped / came) > _OFF):
            yield *_where("funnel", row), f"{dropped} of {came} dropped, and the rate is {rate}"


def _split_counts(facts: BiasFacts) -> Iterator[Found]:
    said: Counter[str] = Counter()
    for row in facts.rows["balance_splits"]:
        said[row["split"]] += row["num_clips"]
    for split in sorted(facts.split_clips.keys() - said.keys()):
        yield "tables/balance_splits", split[:40], "is not there"
    for split, clips in sorted(said.items()):
        if clips < facts.split_clips.get(split, 0):  # what failed afterwards was counted too
            yield (
                "tables/balance_splits",
                split[:40],
                f"says {clips} clips, and {facts.split_clips[split]} are",
            )


_PACKAGE = "package again"
RULES: tuple[Rule, ...] = (
    Rule(code="small-group", means="a published table tells of fewer people than the settings allow",
         advice="do not pass the tables or the report on; package again with bias.min_people",
         check=_small_group),
    Rule(code="suppressed-number", means="a suppressed row shows numbers",
         advice="do not pass the tables or the report on; package again", check=_suppressed_number),
    Rule(code="cell-sums", means="the groups of an attribute are not all clips together", advice=_PACKAGE,
         check=_cell_sums),
    Rule(code="funnel-rate", means="a filter's rate for a group is not what it dropped of what came",
         advice=_PACKAGE, check=_funnel_rate),
    Rule(code="split-counts", means="balancing tells of fewer clips in a split than there are",
         advice=_PACKAGE, check=_split_counts),
)  # fmt: skip
