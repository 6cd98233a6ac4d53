"""Package: select, balance, split and shard a finished run anew, from its tables and parts alone.

Clips come back from the clips table and are judged by the rules again; what passes goes through the
same end of the chain as in `curate`. No video is decoded, so a clip that an earlier run turned down
before it was decoded stays turned down even if the rule is looser now, and the run says how many.
"""

import dataclasses
import datetime
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
import pyarrow.parquet as pq

from pipelines.config import CurateConfig
from pipelines.ledger import TABLES, Ledger, ended
from pipelines.results import Result, readable
from pipelines.sender import of_this_mentor, this_mentor
from pipelines.steps import summary
from schemas.outcomes import BadInputError, Failure, Rejection, clip_rejection
from schemas.records.clip import Clip
from schemas.run import StageSummary
from schemas.stages import CLIP_STAGES, FILTER_STAGES, stage_names
from schemas.tables import from_row
from schemas.terms import no_longer
from transforms.filter_clips import NEVER_DECODED, Rule, judge_clip
from transforms.storage import read_bytes

_REDONE = stage_names(kind="finish")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A clip of an earlier run with how it ends by the present rules, or that it passes all of them."""

    clip: Clip
    rejection: Rejection | None = None
    failure: Failure | None = None
    stage: str | None = None


def package_inputs(
    pipeline: Any, earlier: Result, config: CurateConfig, today: datetime.date
) -> dict[str, Any]:
    """Return what Finish takes, read from the tables, without clips whose consent holds no more."""
    tables = {name: records_of_table(pipeline, earlier, name) for name in TABLES}
    keyed = {
        "clips": tables["clips"] | "ClipKey" >> beam.Map(lambda clip: (clip.clip_id, clip)),
        "rejections": tables["rejections"] | "WhyKey" >> beam.FlatMap(_of_clip),
        "failures": tables["failures"] | "FailureKey" >> beam.FlatMap(_of_clip),
    }
    judged = keyed | beam.CoGroupByKey() | "Judge" >> beam.FlatMap(_judge, config.filter.rules, today)
    ledger = Ledger()
    for name in ("videos", "shots", "face_tracks", "unused_declarations"):
        ledger.add(name, tables[name])
    for name in ("rejections", "failures"):
        ledger.add(name, tables[name] | f"Others_{name}" >> beam.Filter(lambda o: o.level != "clip"))
    ledger.add("rejections", judged | "Why" >> beam.FlatMap(lambda j: [j.rejection] if j.rejection else []))
    ledger.add("failures", judged | "Failed" >> beam.FlatMap(lambda j: [j.failure] if j.failure else []))
    ledger.add("clips", judged | "Ended" >> beam.FlatMap(_ended_clip))
    ledger.count(judged | "Counts" >> beam.FlatMap(_counts))
    ledger.count(pipeline | "Costs" >> beam.Create(_costs(earlier.read_summary().stages)))
    passed = judged | "Passed" >> beam.FlatMap(lambda j: [j.clip] if j.stage is None else [])
    merged = ledger.merged()
    # Estimates in whose place something is declared are in no table of clips, so they are not counted anew.
    compared = records_of_table(pipeline, earlier, "declared_perceived")
    return {"passed": passed, "declared_perceived": compared, **merged}


def records_of_table(pipeline: Any, result: Result, table: str) -> Any:
    """Return the PCollection of the records of one of a result's tables.

    Raises:
        BadInputError: if it is missing or of another version.
    """
    paths = result.table_files(table)
    if not paths:
        raise BadInputError(f"{result.folder}: the table {table} is missing; run curate again")
    result.check_table(table)
    files = pipeline | f"Paths_{table}" >> beam.Create(paths)
    ours = files | f"SameMentor_{table}" >> beam.Map(of_this_mentor, this_mentor())
    return ours | f"Read_{table}" >> beam.FlatMap(records_of_file, table)


def records_of_file(path: str, table: str) -> Iterator[Any]:
    """Yield the records of a table's file.

    Raises:
        BadInputError: if it is damaged, or has not the columns and values of this version.
    """
    with readable(path), pq.ParquetFile(io.BytesIO(read_bytes(path))) as source:
        for batch in source.iter_batches():
            for row in batch.to_pylist():
                yield from_row(table, row)


def _of_clip(outcome: Rejection | Failure) -> Iterator[tuple[str, Any]]:
    if outcome.level == "clip":
        yield outcome.subject_id, outcome


def _judge(
    grouped: tuple[str, Mapping[str, Any]], rules: tuple[Rule, ...], today: datetime.date
) -> Iterator[Judged]:
    found = grouped[1]
    for clip in found["clips"]:
        terms = clip.source.terms
        reason = no_longer(terms.expires_on, terms.withdrawn_on, today)
        again = judge_again(clip, list(found["rejections"]), list(found["failures"]), rules)
        yield again if reason is None else _refused(again.clip, reason)


def _refused(clip: Clip, reason: str) -> Judged:
    """Return a clip whose consent holds no more, turned down ahead of all rules."""
    stage = FILTER_STAGES[0]
    rejection = clip_rejection(clip, f"filter_{stage}", reason, None, None)
    return Judged(clip=clip, rejection=rejection, stage=stage)


def judge_again(
    clip: Clip, rejections: list[Rejection], failures: list[Failure], rules: tuple[Rule, ...]
) -> Judged:
    """Judge a clip of an earlier run by rules: the earliest stage that turns it down, now or then, counts.

    Args:
        rejections, failures: of this clip in the earlier run; those of balancing and writing do not count.
    """
    fresh = dataclasses.replace(clip, status="candidate", sampling_weight=None, split=None)
    failure = next((f for f in failures if f.stage not in _REDONE), None)
    before = next((r for r in rejections if r.stage not in _REDONE), None)
    last = (before.stage.removeprefix("filter_") if before else None) or (failure.stage if failure else None)
    for stage in FILTER_STAGES:
        if failure is not None and stage == last:
            return Judged(clip=fresh, failure=failure, stage=stage)
        if before is not None and before.stage == stage:  # turned down before the stage's rules
            return Judged(clip=fresh, rejection=before, stage=stage)
        rejection = judge_clip(fresh, rules, stage)
        if rejection is not None:
            return Judged(clip=fresh, rejection=rejection, stage=stage)
        # What the last rules turned down has been through all that comes before shards.
        if before is not None and stage == last != FILTER_STAGES[-1]:
            kept = dataclasses.replace(before, reason=NEVER_DECODED, score=None, threshold=None, also=())
            return Judged(clip=fresh, rejection=kept, stage=stage)
    if last is not None and last not in FILTER_STAGES:  # turned down by a step that has no rules
        return Judged(clip=fresh, rejection=before, failure=failure, stage=last)
    return Judged(clip=fresh)


def _ended_clip(judged: Judged) -> Iterator[Clip]:
    if judged.stage is not None:
        yield ended(judged.clip, "failed" if judged.failure else "rejected")


def _counts(judged: Judged) -> Iterator[Any]:
    """Yield a clip's part in the summary of every stage it went through."""
    for stage in CLIP_STAGES:
        if stage in _REDONE:
            return
        if stage != judged.stage:
            yield summary(stage, "clip", num_out=1, media_seconds=judged.clip.duration_seconds)
        elif judged.failure is not None:
            yield summary(stage, "clip", num_failed=1)
            return
        else:
            yield summary(stage, "clip", num_rejected=1, media_seconds=judged.clip.duration_seconds)
            return


def _costs(stages: Sequence[StageSummary]) -> list[tuple[tuple[str, str], StageSummary]]:
    """Return the earlier run's stages: of videos as they are, of clips what they cost."""
    nothing = {
        "num_in": 0,
        "num_out": 0,
        "num_rejected": 0,
        "num_failed": 0,
        "media_seconds": 0.0,
        "num_reused": 0,
    }
    kept = [
        s if s.level != "clip" else dataclasses.replace(s, **nothing)
        for s in stages
        if s.stage not in _REDONE
    ]
    return [((stage.stage, stage.level), stage) for stage in kept]
