"""The command line of explain: what became of a video or a clip, in plain words."""

import argparse
from collections.abc import Callable

from rich.console import Console


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser("explain", help="what became of a video or a clip, in plain words")
    parser.add_argument("output", help="output folder of a run")
    parser.add_argument(
        "name", help="name of a video as in the tables, or a part of it; key of a clip, or its beginning"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Print what became of it; returns the exit code."""
    from commands.explain_fate import explain_fate

    for line in explain_fate(options.output, options.name):
        console.out(line, highlight=False)
    return 0
