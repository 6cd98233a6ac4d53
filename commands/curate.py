"""The command line of curate: raw videos in, training shards and a report out."""

import argparse
from collections.abc import Callable

from rich.console import Console


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser("curate", help="raw videos in, training shards and a report out", allow_abbrev=False)
    parser.add_argument("--input", required=True, help="folder, glob, video, or manifest (.csv, .parquet)")
    parser.add_argument("--output", required=True, help="folder for shards, tables and the report")
    parser.add_argument("--config", help="YAML file with changes to the defaults, or fast, gestures")
    parser.add_argument(
        "--fresh", action="store_true", help="forget what earlier runs into this folder made, and begin anew"
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print what would be done and what it would cost; write nothing",
    )
    parser.add_argument(
        "--prices", help="of --dry-run: a CSV file of machines, as pipelines/data/machines.csv"
    )
    flags = ("--input", "--output", "--config", "--fresh", "--dry-run", "--prices")
    parser.set_defaults(run=run, flags=flags)


def run(options: argparse.Namespace, beam_flags: list[str], console: Console) -> int:
    """Curate; returns the exit code."""
    console.out(f"mentor curate: {options.input} -> {options.output}", highlight=False)
    # Imports of Beam and the models take seconds, on a cold disk many; the first line does not wait for them.
    from commands.curate_videos import curate
    from pipelines.age_notes import blind_note
    from pipelines.config import load_config
    from pipelines.discover import discover
    from pipelines.runner import runner_options

    # What cannot be used is refused before anything is looked at.
    sent = runner_options(beam_flags, options.flags)
    config = load_config(options.config)
    inputs = discover(options.input, config)
    number = len(inputs.sources)
    console.out(f"{number} source{'s' if number != 1 else ''}", highlight=False)
    for remark in (*inputs.remarks, *filter(None, [blind_note(config)])):
        console.out(f"Note: {remark}", highlight=False)
    if options.dry_run:
        from commands.dry_run import dry_run

        dry_run(inputs, options.output, config, sent, console, prices=options.prices)
        return 0
    summary = curate(inputs, options.output, config, beam_flags, console, fresh=options.fresh)
    return 3 if summary.problems else 0
