"""The command line of find-person: whose clips look like a photo, and how sure that is."""

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser(
        "find-person",
        help="whose clips of a run look like a photo, and how sure that is",
        description="To answer somebody who asks whether they are in a run. It needs the descriptors that "
        "the run kept (OUT/biometric), changes nothing and keeps nothing of the photo.",
        allow_abbrev=False,
    )
    parser.add_argument("output", help="output folder of a run")
    parser.add_argument(
        "--photo", type=Path, required=True, help="a photo or a video of one person who looks to the camera"
    )
    parser.add_argument("--most", type=int, default=5, help="how many people are told of (default: 5)")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Print who is near; returns the exit code, 0 if anybody is, 3 if nobody."""
    from commands.find_person_answer import answer

    return answer(options.output, options.photo, options.most, console, as_json=options.json)
