"""Rules on run.json: that it is one, and that its counts add up and are those of the tables."""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lint.rules import Found, Rule
from schemas.layout import RUN_JSON
from schemas.run import RunSummary
from schemas.stages import ORDER, STAGE
from schemas.tables import SCHEMA_VERSION

_SECONDS_OFF = 0.01
# A video of which no clip came counts as rejected; its rows tell of the spans that it lost.
_LOSES_WHOLE_VIDEOS = ("survey",)


@dataclass(frozen=True, kw_only=True, slots=True)
class SummaryFacts:
    """What run.json says.

    `version` is the schema version it names; `summary` is None where it cannot be read, and `fault` says
    why. `config_hash` is that of its settings as this code finds it, None where they are none.
    """

    version: str | None
    summary: RunSummary | None
    fault: str
    config_hash: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CountedFacts:
    """run.json beside the tables: rows of each table, clips by status, rejections and failures.

    `rejections` counts (stage, level, reason), `failures` (stage, level); `rejected_seconds` are by reason.
    """

    summary: RunSummary
    num_rows: Mapping[str, int]
    statuses: Mapping[str, int]
    rejections: Mapping[tuple[str, str, str], int]
    rejected_seconds: Mapping[str, float]
    failures: Mapping[tuple[str, str], int]
    accepted_hours: float


def _run_json(facts: SummaryFacts) -> Iterator[Found]:
    if facts.summary is None and facts.version in (SCHEMA_VERSION, None):
        yield RUN_JSON, "", facts.fault


def _schema_version(facts: SummaryFacts) -> Iterator[Found]:
    if facts.version not in (SCHEMA_VERSION, None):
        yield RUN_JSON, "schema_version", f"is {facts.version[:40]!r}, and this is {SCHEMA_VERSION!r}"


def _config_hash(facts: SummaryFacts) -> Iterator[Found]:
    if facts.summary is None:
        return
    if facts.config_hash is None:
        yield RUN_JSON, "config", "holds no settings of this version"
    elif facts.config_hash != facts.summary.config_hash:
        yield RUN_JSON, "config_hash", f"is {facts.summary.config_hash[:40]!r}, not {facts.config_hash!r}"


def _stage_counts(facts: SummaryFacts) -> Iterator[Found]:
    stages = facts.summary.stages if facts.summary else []
    for stage in stages:
        if stage.stage not in STAGE or stage.num_in != stage.num_out + stage.num_rejected + stage.num_failed:
            yield (
                RUN_JSON,
                stage.stage[:40],
                f"{stage.num_in} in, {stage.num_out} out, {stage.num_rejected} rejected, "
                f"{stage.num_failed} failed",
            )
    known = sorted((s for s in stages if s.stage in ORDER), key=lambda s: ORDER[s.stage])
    for before, after in itertools.pairwise(known):
        if before.level == after.level and before.num_out != after.num_in:
            yield (
                RUN_JSON,
                after.stage,
                f"saw {after.num_in}, and {before.stage} before it gave {before.num_out}",
            )


def _totals(facts: CountedFacts) -> Iterator[Found]:
    counted: dict[str, float] = {name: facts.num_rows[name] for name in ("videos", "shots", "face_tracks")}
    counted["clips"] = facts.num_rows["clips"]
    for status in ("accepted", "rejected", "failed"):
        counted[f"{status}_clips"] = facts.statuses.get(status, 0)
    counted["hours_out"] = facts.accepted_hours
    for name, found in counted.items():
        said = facts.summary.totals.get(name)
        if said is None or abs(said - found) > 1e-6 * max(1.0, found):
            yield RUN_JSON, f"totals.{name}", f"says {said}, and the tables {found:g}"


def _reason_counts(facts: CountedFacts) -> Iterator[Found]:
    reasons: Counter[str] = Counter()
    for (_, _, reason), number in facts.rejections.items():
        reasons[reason] += number
    failed: Counter[str] = Counter()
    for (stage, _), number in facts.failures.items():
        failed[stage] += number
    for name, found, said in (
        ("rejected_by_reason", reasons, facts.summary.rejected_by_reason),
        ("failed_by_stage", failed, facts.summary.failed_by_stage),
    ):
        for key in sorted(found.keys() | said.keys()):
            if found.get(key, 0) != said.get(key, 0):
                yield (
                    RUN_JSON,
                    f"{name}.{key[:60]}",
                    f"says {said.get(key, 0)}, the table {found.get(key, 0)}",
                )
    seconds = facts.summary.rejected_seconds_by_reason
    for key in sorted(facts.rejected_seconds.keys() | seconds.keys()):
        if abs(facts.rejected_seconds.get(key, 0.0) - seconds.get(key, 0.0)) > _SECONDS_OFF:
            yield RUN_JSON, f"rejected_seconds_by_reason.{key[:60]}", f"says {seconds.get(key, 0.0):g} s"


def _stage_rows(facts: CountedFacts) -> Iterator[Found]:
    """Compare what stages of run.json lost with the rows that tell of it, element by element."""
    for stage in facts.summary.stages:
        names = {stage.stage, f"filter_{stage.stage}"}
        rejected = sum(
            n for (at, level, _), n in facts.rejections.items() if at in names and level == stage.level
        )
        failed = sum(n for (at, level), n in facts.failures.items() if at in names and level == stage.level)
        if stage.stage in _LOSES_WHOLE_VIDEOS:
            rejected = stage.num_rejected
        if (rejected, failed) != (stage.num_rejected, stage.num_failed):
            yield (
                RUN_JSON,
                stage.stage[:40],
                f"lost {stage.num_rejected} and failed {stage.num_failed}; the tables tell of "
                f"{rejected} and {failed}",
            )


_AGAIN = "run curate again; if it comes back, report it: elements were lost or counted twice"
RULES: tuple[Rule, ...] = (
    Rule(
        code="run-json",
        means="run.json is not the summary of a run",
        advice="run curate again",
        check=_run_json,
    ),
    Rule(
        code="schema-version",
        means="run.json is of another version of Mentor",
        advice="lint with the Mentor that made it, or run curate again",
        check=_schema_version,
    ),
    Rule(
        code="config-hash",
        means="the settings in run.json are not those that its hash names",
        advice="do not trust the settings: somebody changed them after the run; run curate again",
        check=_config_hash,
    ),
    Rule(
        code="stage-counts",
        means="a stage's in is not out + rejected + failed, or not what the stage before gave",
        advice=_AGAIN,
        check=_stage_counts,
    ),
)
COUNTED_RULES: tuple[Rule, ...] = (
    Rule(
        code="totals",
        means="a total of run.json is not what the tables hold",
        advice=_AGAIN,
        check=_totals,
    ),
    Rule(
        code="reason-counts",
        means="rejections by reason or failures by stage are not those of the tables",
        advice=_AGAIN,
        check=_reason_counts,
    ),
    Rule(
        code="stage-rows",
        means="a stage lost more or fewer elements than tables tell of",
        advice=_AGAIN,
        check=_stage_rows,
    ),
)
