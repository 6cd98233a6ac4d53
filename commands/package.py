"""The command line of package: select, balance and shard a run anew, without decoding video."""

import argparse
from collections.abc import Callable

from rich.console import Console


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser(
        "package", help="select, balance and shard a run anew, without decoding video", allow_abbrev=False
    )
    parser.add_argument("output", help="output folder of a run")
    parser.add_argument("--config", help="YAML file as for curate; what needs decoding must be as it was")
    parser.set_defaults(run=run, flags=("--config",))


def run(options: argparse.Namespace, beam_flags: list[str], console: Console) -> int:
    """Package a run anew; returns the exit code."""
    console.out(f"mentor package: {options.output}", highlight=False)
    from commands.package_run import package
    from pipelines.runner import runner_options

    runner_options(beam_flags, options.flags)
    summary = package(options.output, options.config, beam_flags, console)
    return 3 if summary.problems else 0
