"""Doctor: which outside models and tools are present, and what a missing one costs."""

import argparse
import textwrap
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from schemas.run import BackendInfo

_LABEL = 10
_WIDEST = 100


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser("doctor", help="which models and tools are present, and what a missing one costs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Print the backends; returns 0 if all are present as they should be, else 1."""
    from backends.catalogue import describe_backends
    from backends.select import jobs_of

    backends = describe_backends()
    for backend in backends:
        for line in _lines(backend, jobs_of(backend.name), min(console.width, _WIDEST)):
            console.out(line, highlight=False)
    wrong = [b.name for b in backends if not b.available]
    console.out(f"not usable: {', '.join(wrong)}" if wrong else "all present and as they should be")
    return 1 if wrong else 0


def state_of(backend: "BackendInfo") -> str:
    """Return in words whether a backend is there, with the weights that it should have."""
    if backend.version is None:
        return "MISSING: not installed"
    if backend.available:
        return "present" if backend.expected_sha256 is None else "present, weights checked"
    if backend.weights_sha256 is None:
        return "MISSING: its weights are not there"
    return f"ALTERED: not used; the weights should have SHA-256 {backend.expected_sha256}"


def _lines(backend: "BackendInfo", jobs: list[str], width: int) -> Iterator[str]:
    """Yield what is known of a backend; names and hashes are never cut."""
    facts = {
        "state": state_of(backend),
        "for": backend.purpose,
        "jobs": ", ".join(jobs),
        "version": "" if backend.version is None else f"{backend.package} {backend.version}",
        "licence": backend.licence,
        "SHA-256": backend.weights_sha256 or "",
        "card": backend.card or "",
        "without it": "" if backend.available else backend.if_missing,
    }
    yield backend.name
    for label, text in facts.items():
        if text:
            yield textwrap.fill(
                text,
                width,
                initial_indent=f"  {label:<{_LABEL}} ",
                subsequent_indent=" " * (_LABEL + 3),
                break_long_words=False,
                break_on_hyphens=False,
            )
    yield ""
