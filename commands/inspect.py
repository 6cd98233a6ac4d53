"""The command line of inspect: a contact sheet and an overlay video of one clip."""

import argparse
from collections.abc import Callable

from rich.console import Console


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser("inspect", help="contact sheet and overlay video of one clip")
    parser.add_argument("output", help="output folder of a run")
    parser.add_argument("key", help="key of a clip (or the beginning of one)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Draw the clip and print the paths of what was written; returns the exit code."""
    from commands.inspect_clip import inspect_clip

    for path in inspect_clip(options.output, options.key):
        console.out(str(path), highlight=False)
    return 0
