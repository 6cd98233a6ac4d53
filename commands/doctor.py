"""Doctor: which outside models and tools are present, and what a missing one costs."""

import argparse
from collections.abc import Callable

from rich.console import Console


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser("doctor", help="which models and tools are present, and what a missing one costs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Print the backends; returns 0 if all are present, else 1."""
    from rich.table import Table

    from backends.catalogue import describe_backends

    backends = describe_backends()
    table = Table(title="Models and tools", title_justify="left")
    table.add_column("name", no_wrap=True, min_width=max(len(b.name) for b in backends))
    for heading in ("for", "version", "licence", "weights SHA-256", "state"):
        table.add_column(heading, overflow="fold")
    for b in backends:
        state = "present" if b.available else f"[bold red]missing:[/] {b.if_missing}"
        digest = "" if b.weights_sha256 is None else b.weights_sha256[:16]
        table.add_row(b.name, b.purpose, b.version or "", b.licence, digest, state)
    console.print(table)
    return 0 if all(b.available for b in backends) else 1
