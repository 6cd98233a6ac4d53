"""Curate: run the chain on its runner, then write what the run says about itself."""

import dataclasses
import json
import logging
import time
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from commands.print_summary import print_summary
from commands.thumbnails import write_thumbnails
from media import is_remote
from pipelines import progress
from pipelines.config import CurateConfig, config_hash
from pipelines.curate import Curate, sources_collection
from pipelines.discover import Inputs
from pipelines.isolation import close_pools
from pipelines.run import runner_options, summarise
from reports.run_data import RunData, light_columns, read_summary, run_data
from reports.summary import render_report
from schemas.outcomes import BadInputError
from schemas.run import RunSummary
from schemas.sample import to_json_bytes
from schemas.tables import TABLES
from transforms.storage import join, write_bytes


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
    running = config
    if not is_remote(output):  # where logs lie is nothing that run.json should say
        isolation = dataclasses.replace(config.isolation, log_folder=str(Path(output).absolute() / "logs"))
        running = dataclasses.replace(config, isolation=isolation)
    with progress.display(console):
        try:
            with beam.Pipeline(options=runner_options(beam_flags)) as pipeline:
                _ = sources_collection(pipeline, inputs.sources) | Curate(running, output)
        finally:
            close_pools()
    return complete("curate", output, config, inputs.ignored, time.monotonic() - started, console)


def complete(
    command: str, output: str, config: CurateConfig, ignored: list[str], wall_seconds: float, console: Console
) -> RunSummary:
    """Write run.json and the report of a run whose tables are written, and print the summary."""
    summary = summarise(command, output, config, ignored, wall_seconds)
    write_bytes(join(output, "run.json"), to_json_bytes(dataclasses.asdict(summary)))
    report = None
    if not is_remote(output):
        write_thumbnails(Path(output), config)
        report = Path(output) / "report" / "index.html"
        for name, page in render_report(load_run(Path(output))).items():
            write_bytes(str(report.with_name(name)), page)
    print_summary(summary, report, console)
    return summary


def load_run(output: Path) -> RunData:
    """Read of a finished run in a local folder what its report is made of.

    Raises:
        BadInputError: if run.json or a table cannot be read.
    """
    tables: dict[str, list[pa.Table]] = {}
    for name in TABLES:
        for path in sorted((output / "tables").glob(f"{name}-*.parquet")):
            tables.setdefault(name, []).append(_read_table(path, light_columns(name)))
    thumbs = {p.stem: p.read_bytes() for p in sorted((output / "report" / "thumbs").glob("*.jpg"))}
    try:
        summary = read_summary((output / "run.json").read_bytes())
    except OSError as error:
        raise BadInputError(f"{output / 'run.json'}: cannot be read: {error}") from error
    return run_data(summary, tables, thumbs)


def _read_table(path: Path, columns: list[str]) -> pa.Table:
    try:
        with pq.ParquetFile(path) as source:
            return source.read(columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise BadInputError(f"{path}: cannot be read as a table: {error}") from error


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
