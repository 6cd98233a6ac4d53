"""What a run says about itself: run.json, gathered from the stages' summaries and the tables.

Tables are read a file at a time: the sender holds no collection.
"""

import datetime
import itertools
import platform
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import pyarrow.compute as pc

from backends.catalogue import describe_backends
from pipelines.age_notes import RULE, age_notes
from pipelines.balance_notes import NOTED, balance_notes
from pipelines.config import CurateConfig, config_dict, config_hash
from pipelines.results import Result
from schemas.records.person import AgeBasis
from schemas.run import ERASE, IgnoredInput, PeopleSummary, RunSummary, StageRecipe, StageSummary
from schemas.stages import ORDER
from schemas.tables import SCHEMA_VERSION
from schemas.version import VERSION
from transforms.filter_clips import NEVER_DECODED

_ERASED = (
    "clips were erased from this result and nothing was balanced anew; what balancing says of groups is "
    "empty until `package` or `curate` makes the next one"
)
_VERSIONED = ("apache-beam", "numpy", "av", "pyarrow", "mediapipe", "torch", "webdataset")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """A run that wrote the tables of its result, as its summary tells of it.

    `inputs_hash` names what the result was made from, None where no other run can be the same; `today` is the
    day on which consents were judged; `recipes` say with what each stage made what the result holds.
    """

    command: str
    config: CurateConfig
    ignored: Sequence[IgnoredInput]
    wall_seconds: float
    inputs_hash: str | None
    today: datetime.date
    recipes: Sequence[StageRecipe] = ()


def summarise(
    run: Ended, result: Result, stages: Sequence[StageSummary], people: PeopleSummary
) -> RunSummary:
    """Return the summary of a result whose tables are written.

    Args:
        stages: how many elements went into each and came out; people: what comparing people found.
    """
    config = run.config
    stages = sorted(stages, key=lambda s: ORDER[s.stage])
    rejected = count_rejections(result)
    failed = Counter(_values(result, "failures", "stage"))
    totals = _totals(result, stages, rejected.unread_seconds)
    return RunSummary(
        schema_version=SCHEMA_VERSION,
        command=run.command,
        config=config_dict(config),
        config_hash=config_hash(config),
        versions=_versions(),
        backends=describe_backends(),
        stages=stages,
        totals=totals,
        rejected_by_reason=dict(sorted(rejected.reasons.items())),
        rejected_seconds_by_reason=dict(sorted(rejected.seconds.items())),
        failed_by_stage=dict(sorted(failed.items())),
        ignored_inputs=list(run.ignored),
        wall_seconds=run.wall_seconds,
        people=people,
        problems=[
            *nothing_accepted(int(totals["accepted_clips"]), failed),
            *find_problems(stages, people, config),
        ],
        notes=_notes(run, result, rejected.reasons),
        inputs_hash=run.inputs_hash,
        consent_day=run.today.isoformat(),
        recipes=list(run.recipes),
    )


def _versions() -> dict[str, str]:
    ours = {"mentor": VERSION, "python": platform.python_version()}
    return ours | {name: version(name) for name in _VERSIONED}


def _notes(run: Ended, result: Result, reasons: Mapping[str, int]) -> list[str]:
    """Return what the user should know: what was erased, balance, declarations, rules that came too late, the
    platform, ages.
    """
    unused = (row for part in result.table_parts("unused_declarations") for row in part.to_pylist())
    notes = [_ERASED] if run.command == ERASE else []
    notes += balance_notes({name: result.read_table(name).to_pylist() for name in NOTED}, unused)
    if late := reasons.get(NEVER_DECODED, 0):
        notes.append(
            f"{late} clips pass the present rules, but earlier ones turned them down before they were "
            "decoded; curate into another folder to have them"
        )
    if sys.platform != "linux":
        notes.append(f"not tested on {sys.platform}")
    return [*notes, *age_notes(run.config, _minors_by_basis(result) if reasons.get(RULE) else {})]


@dataclass(slots=True)
class Rejected:
    """How many elements were turned down for which reason, and how many seconds they are."""

    reasons: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    unread_seconds: float = 0.0  # of sources that no video came of


def count_rejections(result: Result) -> Rejected:
    """Return what the table of rejections adds up to; a file of it is in memory at a time."""
    found = Rejected()
    for part in result.table_parts("rejections", ["reason", "level", "seconds"]):
        for reason, level, seconds in zip(
            *(part[name].to_pylist() for name in part.column_names), strict=True
        ):
            found.reasons[reason] += 1
            found.seconds[reason] += seconds or 0.0
            found.unread_seconds += (seconds or 0.0) if level == "video" else 0.0
    return found


def _minors_by_basis(result: Result) -> Counter[AgeBasis]:
    """Return how many clips may show somebody under age, by how it is known how old they are."""
    ids = result.read_table("rejections", ["subject_id"], pc.field("reason") == RULE)["subject_id"]
    where = pc.field("clip_id").isin(ids.combine_chunks())
    return Counter(_values(result, "clips", "age_bound_basis", where))


def _values(result: Result, table: str, column: str, where: pc.Expression | None = None) -> Iterator[Any]:
    """Yield the values of a column, in order; a file of the table is in memory at a time."""
    for part in result.table_parts(table, [column], where):
        yield from part[column].to_pylist()


def _num_rows(result: Result, table: str, column: str) -> int:
    return sum(len(part) for part in result.table_parts(table, [column]))


def _totals(result: Result, stages: Sequence[StageSummary], unread_seconds: float) -> dict[str, float]:
    statuses: Counter[str] = Counter()
    seconds_out = 0.0
    for part in result.table_parts("clips", ["status", "num_frames", "fps"]):
        statuses.update(part["status"].to_pylist())
        accepted = part.filter(pc.field("status") == "accepted")
        for frames, fps in zip(accepted["num_frames"].to_pylist(), accepted["fps"].to_pylist(), strict=True):
            seconds_out += frames / fps
    return {
        "sources": next((s.num_in for s in stages if s.stage == "probe"), 0),
        "videos": _num_rows(result, "videos", "video_id"),
        "shots": _num_rows(result, "shots", "shot_id"),
        "face_tracks": _num_rows(result, "face_tracks", "track_id"),
        "clips": statuses.total(),
        "accepted_clips": statuses["accepted"],
        "rejected_clips": statuses["rejected"],
        "failed_clips": statuses["failed"],
        "hours_in": (sum(_values(result, "videos", "duration_seconds")) + unread_seconds) / 3600,
        "hours_out": seconds_out / 3600,
        "frames_decoded": sum(s.frames_decoded for s in stages),
        "cpu_seconds": sum(s.cpu_seconds for s in stages),
    }


def nothing_accepted(num_accepted: int, failed_by_stage: Mapping[str, int]) -> list[str]:
    """Return the problem of a run of which failures are all that is left, however few they are."""
    if num_accepted or not failed_by_stage:
        return []
    where = ", ".join(f"{count} in {stage}" for stage, count in sorted(failed_by_stage.items()))
    return [f"no clip was accepted and something failed ({where}); see tables/failures"]


def find_problems(stages: Sequence[StageSummary], people: PeopleSummary, config: CurateConfig) -> list[str]:
    """Return what makes a run suspect: counts that do not add up, failures, one person in two splits."""
    problems: list[str] = []
    for before, after in itertools.pairwise(stages):
        if before.level == after.level and before.num_out != after.num_in:
            problems.append(
                f"{before.stage} gave {before.num_out} but {after.stage} saw {after.num_in}: "
                "elements were lost or doubled; please report this"
            )
    for stage in stages:
        share = stage.num_failed / max(stage.num_in, 1)
        if stage.num_in >= config.run.min_elements_to_judge and share > config.run.max_failed_share:
            problems.append(
                f"{stage.num_failed} of {stage.num_in} elements failed in {stage.stage}, more than "
                f"run.max_failed_share = {config.run.max_failed_share}; see tables/failures"
            )
    if people.too_near:
        problems.append(
            "faces of two splits are nearer than identities.lookalike_distance = "
            f"{config.identities.lookalike_distance}: {', '.join(people.too_near)}"
        )
    return problems
