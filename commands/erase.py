"""The command line of erase: take a source, a speaker, a person or a clip out of a run folder for good."""

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

_WAYS = {
    "source": "a file, by its name in the tables or its place, with all files of the same bytes",
    "speaker": "all files of a declared speaker, by the manifest's speaker_id or its pseudonym",
    "identity": "a person as recognised, by the identity's id (`find-person` finds it by a photo)",
    "clip": "a clip, by its key",
}


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser(
        "erase",
        help="take a source, a speaker, a person or a clip out of all that lies below a run folder",
        description="Without a name it ends an erasure that was begun and stopped.",
        allow_abbrev=False,
    )
    parser.add_argument("output", help="output folder of a run")
    ways = parser.add_mutually_exclusive_group()
    for way, meaning in _WAYS.items():
        ways.add_argument(f"--{way}", help=meaning)
    ways.add_argument(
        "--verify", metavar="RECEIPT", help="check a receipt, and search the folder again for what was erased"
    )
    ways.add_argument(
        "--page", metavar="FILE", help="check all receipts, search the folder again, write a page about it"
    )
    parser.add_argument("--reason", help="why; it stands in the receipt as you write it, so name nobody")
    parser.add_argument("--key", type=Path, help="Ed25519 key (PEM) that signs (default: one made in OUT)")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--with", dest="material", type=Path, action="append", default=[], metavar="FILE",
        help="with --verify: a photo or video of who was erased, to be searched for too",
    )  # fmt: skip
    parser.add_argument(
        "--models", type=Path, action="append", default=[], metavar="DIR",
        help="with --verify: a model's folder elsewhere, whose data card is asked too",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Erase, or verify; returns the exit code, 3 if something is left or a receipt was changed."""
    from pipelines.erase.plan import KINDS, Request

    if options.verify is not None:
        from commands.erase_verify import verify_receipt

        return verify_receipt(options.output, options.verify, options.material, options.models, console)
    if options.page is not None:
        from commands.erase_page import check_all

        return check_all(options.output, options.page, console)
    from commands.erase_run import erase

    named = [
        Request(kind=kind, name=getattr(options, kind), reason=options.reason)
        for kind in KINDS
        if getattr(options, kind) is not None
    ]
    request = named[0] if named else None
    done = erase(options.output, request, console, key=options.key, ask=not options.yes)
    return 3 if done is not None and done.left else 0
