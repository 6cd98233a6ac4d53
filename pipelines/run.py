"""What a run says about itself, and the runner it runs on by default."""

import io
import itertools
import json
import platform
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from backends.catalogue import describe_backends
from media import is_remote
from pipelines.config import CurateConfig, config_dict, config_hash
from schemas.run import PeopleSummary, RunSummary, StageSummary
from schemas.stages import ORDER
from schemas.tables import SCHEMA_VERSION
from transforms.filter_clips import NEVER_DECODED
from transforms.storage import join, read_bytes

_VERSIONED = ("apache-beam", "numpy", "av", "pyarrow", "mediapipe", "torch", "webdataset")


def runner_options(beam_flags: list[str]) -> PipelineOptions:
    """Return Beam options: what the user gives, else one Beam worker in this process.

    That worker queues a whole stage for the pool of isolated processes, which keeps every core busy
    (`pipelines.steps.VisitBundle`). FnApiRunner is named because DirectRunner first tries to fetch
    another runner over the network.
    """
    flags = list(beam_flags)
    if not any(flag.startswith("--runner") for flag in flags):
        flags += ["--runner=FnApiRunner", "--direct_running_mode=in_memory"]
    return PipelineOptions(flags)


def summarise(
    command: str, output: str, config: CurateConfig, ignored: list[str], wall_seconds: float
) -> RunSummary:
    """Gather run.json from the stage summaries and the tables."""
    stages = [StageSummary(**s) for s in json.loads(read_bytes(join(output, "work", "stages.json")))]
    people = PeopleSummary(**json.loads(read_bytes(join(output, "work", "people.json"))))
    stages.sort(key=lambda s: ORDER[s.stage])
    rejections = read_table(output, "rejections", ["reason", "level", "seconds"]).to_pylist()
    reasons = Counter(r["reason"] for r in rejections)
    seconds: dict[str, float] = defaultdict(float)
    for row in rejections:
        seconds[row["reason"]] += row["seconds"] or 0.0
    failed = Counter(_column(output, "failures", "stage"))
    return RunSummary(
        schema_version=SCHEMA_VERSION,
        command=command,
        config=config_dict(config),
        config_hash=config_hash(config),
        versions={
            "python": platform.python_version(),
            **{name: version(name) for name in _VERSIONED},
        },
        backends=describe_backends(),
        stages=stages,
        totals=_totals(output, stages, rejections),
        rejected_by_reason=dict(sorted(reasons.items())),
        rejected_seconds_by_reason=dict(sorted(seconds.items())),
        failed_by_stage=dict(sorted(failed.items())),
        ignored_inputs=ignored,
        wall_seconds=wall_seconds,
        people=people,
        problems=find_problems(stages, people, config),
        notes=_notes(output, reasons),
    )


def _notes(output: str, reasons: Mapping[str, int]) -> list[str]:
    """Return what the user should know: targets out of reach, rules that came too late, the platform."""
    rows = read_table(output, "balance_targets").to_pylist()
    notes = [
        f"balance {row['kind']} {row['name']} {row['value']}: wanted {row['wanted']:.4g}, "
        f"reached {row['achieved']:.4g}; {row['binding']}"
        for row in rows
        if not row["feasible"]
    ]
    if late := reasons.get(NEVER_DECODED, 0):
        notes.append(
            f"{late} clips pass the present rules, but earlier ones turned them down before they were "
            "decoded; curate into another folder to have them"
        )
    if sys.platform != "linux":
        notes.append(f"not tested on {sys.platform}")
    return notes


def _column(output: str, table: str, column: str) -> list:
    return read_table(output, table, [column])[column].to_pylist()


def read_table(output: str, table: str, columns: list[str] | None = None):
    """Read a table of a run, local or remote."""
    pattern = join(output, "tables", f"{table}-*.parquet")
    paths = sorted(m.path for m in FileSystems.match([pattern])[0].metadata_list)
    if not is_remote(output):
        return ds.dataset(paths).to_table(columns=columns)
    return pa.concat_tables([pq.read_table(io.BytesIO(read_bytes(p)), columns=columns) for p in paths])


def _totals(output: str, stages: list[StageSummary], rejections: list[dict[str, Any]]) -> dict[str, float]:
    videos = read_table(output, "videos", ["duration_seconds"])["duration_seconds"].to_pylist()
    clips = read_table(output, "clips", ["status", "num_frames", "fps"]).to_pylist()
    accepted = [c for c in clips if c["status"] == "accepted"]
    unread = [r["seconds"] or 0.0 for r in rejections if r["level"] == "video"]
    return {
        "sources": next((s.num_in for s in stages if s.stage == "probe"), 0),
        "videos": len(videos),
        "shots": len(_column(output, "shots", "shot_id")),
        "face_tracks": len(_column(output, "face_tracks", "track_id")),
        "clips": len(clips),
        "accepted_clips": len(accepted),
        "rejected_clips": sum(c["status"] == "rejected" for c in clips),
        "failed_clips": sum(c["status"] == "failed" for c in clips),
        "hours_in": (sum(videos) + sum(unread)) / 3600,
        "hours_out": sum(c["num_frames"] / c["fps"] for c in accepted) / 3600,
        "frames_decoded": sum(s.frames_decoded for s in stages),
        "cpu_seconds": sum(s.cpu_seconds for s in stages),
    }


def find_problems(stages: list[StageSummary], people: PeopleSummary, config: CurateConfig) -> list[str]:
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
