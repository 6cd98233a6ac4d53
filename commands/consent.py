"""The command line of consent: a template of the file that a video of a person asks for."""

import argparse
from collections.abc import Callable

from rich.console import Console


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser("consent", help="print a template of a person's consent, to be filled in")
    parser.add_argument("--picture", help="the photo or video that it is for")
    parser.add_argument("--voice", help="the voice that it is for")
    parser.set_defaults(run=run)


def add_consent_flags(parser: argparse.ArgumentParser) -> None:
    """Add what a command asks for that makes a video of a person (`commands.settle_likeness`)."""
    consent = parser.add_mutually_exclusive_group()
    consent.add_argument(
        "--consent", help="the person's consent (.yaml); the command `consent` prints a template"
    )
    consent.add_argument(
        "--i-have-consent",
        metavar="WHY",
        help="instead of a file: by what right this person is shown; written into the video's record",
    )
    add_adult_flag(parser)


def add_adult_flag(parser: argparse.ArgumentParser) -> None:
    """Add what has to be said, where no file of consent does, of an adult who looks young."""
    parser.add_argument(
        "--person-is-adult",
        action="store_true",
        help="say that the person is 18 or older: without, nobody is shown who may be a child by their looks",
    )


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Print the template; returns the exit code."""
    import datetime
    from pathlib import Path

    from commands.settle_likeness import consent_template

    picture, voice = (None if name is None else Path(name) for name in (options.picture, options.voice))
    template = consent_template(picture, voice, datetime.date.today())
    console.out(template, highlight=False, end="")
    return 0
