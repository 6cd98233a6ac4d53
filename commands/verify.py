"""The command line of verify: is a video marked as made, is the mark whole, and whose is it?"""

import argparse
from collections.abc import Callable

from rich.console import Console

_EPILOG = """\
exit codes: 0 content credentials hold, or the watermark is found; 3 the file is not as it was signed, or
credentials and watermark contradict each other; 4 there is neither; 2 the file cannot be examined.
No answer means that a video is genuine: marks can be removed, and other tools leave none."""


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser(
        "verify",
        help="content credentials and watermark of a video",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", help="a video")
    parser.add_argument(
        "--key", help="a file with the watermark's key; else MENTOR_WATERMARK_KEY, else the public key"
    )
    parser.add_argument("--trust", metavar="PEM", help="certificates of authorities that you trust")
    parser.add_argument("--json", action="store_true", help="the answers as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Print the answers; returns the exit code."""
    import json
    from pathlib import Path

    from commands.verify_video import told, verify_video
    from media.watermark import read_key

    anchors = None if options.trust is None else Path(options.trust)
    verdict = verify_video(Path(options.file), read_key(options.key), anchors)
    lines = [json.dumps(verdict.plain(), indent=1)] if options.json else told(verdict)
    for line in lines:
        console.out(line, highlight=False)
    return verdict.exit_code
