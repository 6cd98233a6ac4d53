"""What a run says about itself: run.json, gathered from the stages' summaries and the tables."""

import datetime
import itertools
import platform
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from backends.catalogue import describe_backends
from pipelines.age_notes import RULE, age_notes
from pipelines.balance_notes import NOTED, balance_notes
from pipelines.config import CurateConfig, config_dict, config_hash
from pipelines.results import Result
from pipelines.run_folder import ERASE
from schemas.records import AgeBasis
from schemas.run import IgnoredInput, PeopleSummary, RunSummary, StageRecipe, StageSummary
from schemas.stages import ORDER
from schemas.tables import SCHEMA_VERSION
from schemas.version import VERSION
from transforms.filter_clips import NEVER_DECODED

_ERASED = (
    "clips were erased from this result and nothing was balanced anew; what balancing says of groups is "
    "empty until `package` or `curate` makes the next one"
)
_VERSIONED = ("apache-beam", "numpy", "av", "pyarrow", "mediapipe", "torch", "webdataset")


def summarise(
    command: str,
    result: Result,
    config: CurateConfig,
    stages: Sequence[StageSummary],
    people: PeopleSummary,
    *,
    ignored: Sequence[IgnoredInput],
    wall_seconds: float,
    inputs_hash: str | None,
    today: datetime.date,
    recipes: Sequence[StageRecipe] = (),
) -> RunSummary:
    """Return the summary of a result whose tables are written; `today` is the day consents were judged on."""
    stages = sorted(stages, key=lambda s: ORDER[s.stage])
    rejections = result.read_table("rejections", ["reason", "level", "seconds", "subject_id"]).to_pylist()
    reasons = Counter(r["reason"] for r in rejections)
    seconds: dict[str, float] = defaultdict(float)
    for row in rejections:
        seconds[row["reason"]] += row["seconds"] or 0.0
    failed = Counter(_column(result, "failures", "stage"))
    totals = _totals(result, stages, rejections)
    return RunSummary(
        schema_version=SCHEMA_VERSION,
        command=command,
        config=config_dict(config),
        config_hash=config_hash(config),
        versions={
            "mentor": VERSION,
            "python": platform.python_version(),
            **{name: version(name) for name in _VERSIONED},
        },
        backends=describe_backends(),
        stages=stages,
        totals=totals,
        rejected_by_reason=dict(sorted(reasons.items())),
        rejected_seconds_by_reason=dict(sorted(seconds.items())),
        failed_by_stage=dict(sorted(failed.items())),
        ignored_inputs=list(ignored),
        wall_seconds=wall_seconds,
        people=people,
        problems=[
            *nothing_accepted(int(totals["accepted_clips"]), failed),
            *find_problems(stages, people, config),
        ],
        notes=[
            *([_ERASED] if command == ERASE else []),
            *_notes(result, reasons),
            *age_notes(config, _bases_of_minors(result, rejections)),
        ],
        inputs_hash=inputs_hash,
        consent_day=today.isoformat(),
        recipes=list(recipes),
    )


def _notes(result: Result, reasons: Mapping[str, int]) -> list[str]:
    """Return what the user should know: balance, declarations, rules that came too late, the platform."""
    notes = balance_notes({name: result.read_table(name).to_pylist() for name in NOTED})
    if late := reasons.get(NEVER_DECODED, 0):
        notes.append(
            f"{late} clips pass the present rules, but earlier ones turned them down before they were "
            "decoded; curate into another folder to have them"
        )
    if sys.platform != "linux":
        notes.append(f"not tested on {sys.platform}")
    return notes


def _bases_of_minors(result: Result, rejections: list[dict[str, Any]]) -> list[AgeBasis]:
    """Return of each clip that may show somebody under age how it is known how old they are."""
    gone = {r["subject_id"] for r in rejections if r["reason"] == RULE}
    clips = result.read_table("clips", ["clip_id", "age_bound_basis"]).to_pylist() if gone else []
    return [clip["age_bound_basis"] for clip in clips if clip["clip_id"] in gone]


def _column(result: Result, table: str, column: str) -> list[Any]:
    return result.read_table(table, [column])[column].to_pylist()


def _totals(
    result: Result, stages: Sequence[StageSummary], rejections: list[dict[str, Any]]
) -> dict[str, float]:
    videos = result.read_table("videos", ["duration_seconds"])["duration_seconds"].to_pylist()
    clips = result.read_table("clips", ["status", "num_frames", "fps"]).to_pylist()
    accepted = [c for c in clips if c["status"] == "accepted"]
    unread = [r["seconds"] or 0.0 for r in rejections if r["level"] == "video"]
    return {
        "sources": next((s.num_in for s in stages if s.stage == "probe"), 0),
        "videos": len(videos),
        "shots": len(_column(result, "shots", "shot_id")),
        "face_tracks": len(_column(result, "face_tracks", "track_id")),
        "clips": len(clips),
        "accepted_clips": len(accepted),
        "rejected_clips": sum(c["status"] == "rejected" for c in clips),
        "failed_clips": sum(c["status"] == "failed" for c in clips),
        "hours_in": (sum(videos) + sum(unread)) / 3600,
        "hours_out": sum(c["num_frames"] / c["fps"] for c in accepted) / 3600,
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
