"""What a run's tables say of a data set as a whole: the one source of the numbers that pages tell.

Datasheet, governance page, statements and croissant.json take their numbers from here, so that none says what
another does not. Nothing here names a person or a file, and what tells of few people is joined.
"""

# pyright: reportAttributeAccessIssue=false
# (pyarrow.compute makes its functions when it is imported; a type checker sees none of them)

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reports import metrics
from reports.run_data import RunData
from schemas.dataset import DatasetConfig
from schemas.files import fingerprint
from schemas.groups import NOT_MEASURED, UNKNOWN
from schemas.plain import from_plain
from schemas.run import ERASE

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part of the accepted clips: under a licence, or with a word of consent ('' where none is declared).

    Several `names` are parts of few people, told together.
    """

    names: tuple[str, ...]
    num_sources: int
    num_clips: int
    num_people: int
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Turned:
    """What one reason turned down: whole files, or clips and spans of files."""

    reason: str
    stage: str
    num: int
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A run as a whole.

    `bases` and `scopes` are the accepted clips by the legal basis and the uses that are declared.
    `refused` are whole files, `spans` parts of files of which no clip was cut, `dropped` clips, `balanced`
    those of them that balancing turned down. `groups` are the attributes' rows of `bias_cells` without
    intersections, `effects` the comparisons of `funnel` that were tested, the least likely by chance first.
    `is_balanced` is false where clips were erased since: what balancing reached is not known then.
    """

    about: DatasetConfig
    fingerprint: str
    numbers: metrics.KeyNumbers
    num_people: int
    licences: tuple[Part, ...]
    consents: tuple[Part, ...]
    bases: tuple[Part, ...]
    scopes: tuple[Part, ...]
    refused: tuple[Turned, ...]
    spans: tuple[Turned, ...]
    dropped: tuple[Turned, ...]
    balanced: tuple[Turned, ...]
    failures: tuple[tuple[str, int], ...]
    num_ignored: int
    groups: tuple[Row, ...]
    funnel: tuple[Row, ...]
    effects: tuple[Row, ...]
    splits: tuple[Row, ...]
    targets: tuple[Row, ...]
    warnings: tuple[Row, ...]
    compared: tuple[Row, ...]
    shares: tuple[Row, ...]
    metrics: tuple[Row, ...]
    num_unused: int
    num_tests: int
    num_flags: int
    is_balanced: bool = True

    @property
    def attributes(self) -> list[str]:
        """The attributes by which groups are told."""
        return sorted({row["attribute"] for row in self.groups})


def account_of(run: RunData) -> Account:
    """Return what a run's tables say as a whole."""
    tables = {name: table.to_pylist() for name, table in run.tables.items() if name in _SMALL}
    funnel = tables["funnel"]
    dropped = _turned(run, "clip")
    splits = tables["balance_splits"]
    kept = metrics.accepted(run.tables["clips"])
    least = run.summary.config.get("bias", {}).get("min_people", 5)
    return Account(
        about=about_of(run),
        fingerprint=fingerprint(run.files),
        numbers=metrics.key_numbers(run),
        num_people=sum(row["num_people"] for row in splits),
        licences=_parts(kept, "source_licence", least),
        consents=_parts(kept, "source_consent", least),
        bases=_parts(kept, "source_terms_basis", least),
        scopes=_parts(kept, "source_terms_scope", least),
        refused=_turned(run, *metrics.SOURCE_LEVELS),
        spans=_turned(run, "span"),
        dropped=dropped,
        balanced=tuple(row for row in dropped if row.stage == "balance"),
        failures=tuple(metrics.failures_by_stage(run)),
        num_ignored=len(run.summary.ignored_inputs),
        groups=tuple(row for row in tables["bias_cells"] if row["attribute_2"] is None),
        funnel=tuple(funnel),
        effects=tuple(_tested(funnel)),
        splits=tuple(splits),
        targets=tuple(tables["balance_targets"]),
        warnings=tuple(tables["balance_warnings"]),
        compared=tuple(tables["declared_perceived"]),
        shares=tuple(tables["representation"]),
        metrics=tuple(tables["bias_metrics"]),
        num_unused=len(tables["unused_declarations"]),
        num_tests=sum(row["p_value"] is not None for row in funnel),
        num_flags=sum(row["flagged"] for row in funnel),
        is_balanced=is_balanced(run),
    )


_SMALL = frozenset(
    (
        *("bias_cells", "bias_metrics", "funnel", "representation", "balance_targets", "balance_splits"),
        *("balance_warnings", "unused_declarations", "declared_perceived"),
    )
)


def is_balanced(run: RunData) -> bool:
    """Return whether it is known what balancing reached of what was asked: not once clips were erased."""
    asked = run.summary.config.get("balance", {})
    return run.summary.command != ERASE or not (asked.get("targets") or asked.get("quotas"))


def about_of(run: RunData) -> DatasetConfig:
    """Return what the publisher says of the data set; nothing where the run is of an earlier version."""
    return from_plain(DatasetConfig, run.summary.config.get("dataset", {}))


def _tested(funnel: Sequence[Row]) -> list[Row]:
    """Return the comparisons that were tested or flagged, the least likely by chance first."""
    rows = [row for row in funnel if row["p_value"] is not None or row["flagged"]]
    names = ("stage", "filter", "attribute", "value")
    return sorted(rows, key=lambda r: (_chance(r), *(r[name] for name in names)))


def _chance(row: Row) -> float:
    return 1.0 if row["p_value"] is None else row["p_value"]


def _turned(run: RunData, *levels: str) -> tuple[Turned, ...]:
    """Return what was turned down at some levels, by stage and reason, the most first."""
    table = run.tables["rejections"]
    table = table.append_column("lost", metrics.rejection_seconds(run))
    table = table.filter(pc.is_in(table["level"], value_set=pa.array(levels)))
    counted = table.group_by(["stage", "reason"]).aggregate([("reason", "count"), ("lost", "sum")])
    rows = [
        Turned(reason=r["reason"], stage=r["stage"], num=r["reason_count"], seconds=r["lost_sum"] or 0.0)
        for r in counted.to_pylist()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.num, row.stage, row.reason)))


def _parts(kept: pa.Table, column: str, least: int) -> tuple[Part, ...]:
    """Return the accepted clips by what a column says; parts of fewer people than `least` are joined."""
    person = pc.coalesce(kept["identity_identity_id"], kept["source_speaker_id"], kept["video_id"])
    told = pa.table(
        {
            "name": pc.fill_null(kept[column], ""),
            "source": kept["source_name"],
            "person": person,
            "seconds": metrics.clip_seconds(kept),
        }
    )
    by_name: dict[str, list[Row]] = {}
    for row in told.to_pylist():
        by_name.setdefault(row["name"], []).append(row)
    few = _too_few({name: {row["person"] for row in rows} for name, rows in by_name.items()}, least)
    found = [_part((name,), rows) for name, rows in sorted(by_name.items()) if name not in few]
    rest = [row for name in sorted(few) for row in by_name[name]]
    return (*found, *([_part(tuple(sorted(few)), rest)] if rest else []))


def _part(names: tuple[str, ...], rows: Sequence[Row]) -> Part:
    return Part(
        names=names,
        num_sources=len({row["source"] for row in rows}),
        num_clips=len(rows),
        num_people=len({row["person"] for row in rows}),
        seconds=sum(row["seconds"] for row in rows),
    )


def _too_few(people: dict[str, set[str]], least: int) -> set[str]:
    """Return the parts to join: those of few people, and others until they are many together."""
    ordered = sorted(people, key=lambda name: (len(people[name]), name))
    joined: set[str] = set()
    for name in ordered:
        together = set().union(*(people[one] for one in joined))
        if len(people[name]) < least or (joined and len(together) < least):
            joined.add(name)
    return joined if len(joined) < len(people) or len(joined) > 1 else set()


def of_attribute(rows: Sequence[Row], attribute: str, scope: str) -> list[Row]:
    """Return an attribute's rows in a scope, known groups in their order, then what is none."""
    last = (UNKNOWN, NOT_MEASURED)
    own = [row for row in rows if (row["attribute"], row["scope"]) == (attribute, scope)]
    return sorted(own, key=lambda row: (row["value"] in last, row["value"]))
