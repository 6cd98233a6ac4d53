"""The command line of clean: remove what earlier runs made and no result names any more."""

import argparse
import sys
from collections.abc import Callable

from rich.console import Console


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser("clean", help="remove what earlier runs made and no result names", allow_abbrev=False)
    parser.add_argument("output", help="output folder of a run")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Say how much there is, ask, and remove it; returns the exit code."""
    from pipelines.run_folder import RunFolder
    from pipelines.unnamed import find_unnamed, remove
    from schemas.outcomes import BadInputError

    folder = RunFolder(options.output)
    folder.finished().read_summary()  # of a result that is not whole nothing is said to be unnamed
    with folder.writing("clean"):
        unnamed = find_unnamed(folder)
        console.out(
            f"{unnamed.num_artefacts} artefacts that no result names, {unnamed.num_bytes / 1e6:.1f} MB",
            highlight=False,
        )
        if not unnamed.num_artefacts:
            return 0
        if not options.yes:
            if not sys.stdin.isatty():
                raise BadInputError(f"{options.output}: nothing removed; say --yes to remove them")
            if input("Remove them? [y/N] ").strip().lower() not in ("y", "yes"):
                console.out("nothing removed", highlight=False)
                return 0
        remove(unnamed)
        console.out(f"removed {unnamed.num_bytes / 1e6:.1f} MB", highlight=False)
    return 0
