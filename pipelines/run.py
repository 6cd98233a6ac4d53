"""Running a curation: the pipeline on its runner, then what the run says about itself."""

import dataclasses
import io
import itertools
import json
import logging
import platform
import sys
import time
from collections import Counter, defaultdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions
from rich.console import Console

from backends.catalogue import describe_backends
from pipelines import progress
from pipelines.config import CurateConfig, config_dict, config_hash
from pipelines.curate import Curate, sources_collection
from pipelines.discover import Inputs
from pipelines.print_summary import print_summary
from pipelines.thumbnails import write_thumbnails
from reports.summary import write_report
from schemas.outcomes import BadInputError
from schemas.run import RunSummary, StageSummary
from schemas.sample import to_json_bytes
from schemas.tables import SCHEMA_VERSION
from transforms.isolation import close_pools
from transforms.media import is_remote
from transforms.storage import join, read_bytes, write_bytes

STAGE_ORDER = ("probe", "deduplicate", "survey", "propose", "audio", "look", "sync", "words", "body", "check")
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


def curate(
    inputs: Inputs, output: str, config: CurateConfig, beam_flags: list[str], console: Console
) -> RunSummary:
    """Run the chain, write run.json and the report, print the summary.

    Raises:
        BadInputError: if the output folder holds another run's data.
    """
    _claim_output(output, config)
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    started = time.monotonic()
    local = not is_remote(output)
    if local:
        isolation = dataclasses.replace(config.isolation, log_folder=str(Path(output).absolute() / "logs"))
        config = dataclasses.replace(config, isolation=isolation)
    with progress.display(console):
        try:
            with beam.Pipeline(options=runner_options(beam_flags)) as pipeline:
                _ = sources_collection(pipeline, inputs.sources) | Curate(config, output)
        finally:
            close_pools()
    summary = summarise(output, config, inputs.ignored, time.monotonic() - started)
    write_bytes(join(output, "run.json"), to_json_bytes(dataclasses.asdict(summary)))
    if local:
        write_thumbnails(Path(output), config)
        report = write_report(Path(output))
        print_summary(summary, report, console)
    else:
        print_summary(summary, None, console)
    return summary


def _claim_output(output: str, config: CurateConfig) -> None:
    """Refuse to mix two configurations in one output folder."""
    if is_remote(output):
        return
    earlier = Path(output) / "run.json"
    if earlier.is_file():
        found = json.loads(earlier.read_text(encoding="utf-8")).get("config_hash")
        if found != config_hash(config):
            raise BadInputError(
                f"--output {output}: holds a run with another configuration ({found}); "
                "choose another folder or remove it"
            )
        for name in ("shards", "tables"):
            for stale in sorted((Path(output) / name).glob("*")):
                stale.unlink()


def summarise(output: str, config: CurateConfig, ignored: list[str], wall_seconds: float) -> RunSummary:
    """Gather run.json from the stage summaries and the tables."""
    stages = [StageSummary(**s) for s in json.loads(read_bytes(join(output, "work", "stages.json")))]
    stages.sort(key=lambda s: STAGE_ORDER.index(s.stage))
    rejections = read_table(output, "rejections", ["reason", "level", "seconds"]).to_pylist()
    reasons = Counter(r["reason"] for r in rejections)
    seconds: dict[str, float] = defaultdict(float)
    for row in rejections:
        seconds[row["reason"]] += row["seconds"] or 0.0
    failed = Counter(_column(output, "failures", "stage"))
    return RunSummary(
        schema_version=SCHEMA_VERSION,
        command="curate",
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
        problems=find_problems(stages, config),
    )


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


def find_problems(stages: list[StageSummary], config: CurateConfig) -> list[str]:
    """Return what makes a run suspect: counts that do not add up, too many failures."""
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
    if sys.platform != "linux":
        problems.append(f"not tested on {sys.platform}")
    return problems
