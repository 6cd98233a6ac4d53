"""Curate: run the chain on its runner, then write what the run says about itself."""

import dataclasses
import json
import logging
import time
from pathlib import Path

import apache_beam as beam
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
from reports.summary import write_report
from schemas.outcomes import BadInputError
from schemas.run import RunSummary
from schemas.sample import to_json_bytes
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
        report = write_report(Path(output))
    print_summary(summary, report, console)
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
