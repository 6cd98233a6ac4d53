"""The command line of retry: run what failed in the last run, and nothing else."""

import argparse
from collections.abc import Callable

from rich.console import Console


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser(
        "retry", help="run what failed, or was not reached, in the last run of a folder", allow_abbrev=False
    )
    parser.add_argument("output", help="output folder of a run")
    parser.add_argument("--config", help="YAML file as for curate; default: as the last run")
    parser.set_defaults(run=run, flags=("--config",))


def run(options: argparse.Namespace, beam_flags: list[str], console: Console) -> int:
    """Run what failed; returns the exit code."""
    console.out(f"mentor retry: {options.output}", highlight=False)
    from commands.curate_videos import retry
    from pipelines.config import load_config
    from pipelines.runner import runner_options

    runner_options(beam_flags, options.flags)
    config = None if options.config is None else load_config(options.config)
    summary = retry(options.output, config, beam_flags, console)
    return 3 if summary.problems else 0
