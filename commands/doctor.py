"""Doctor: which outside models and tools are present, and what a missing one costs."""

from rich.console import Console
from rich.table import Table

from backends.catalogue import describe_backends


def print_doctor(console: Console) -> int:
    """Print the backends; returns 0 if all are present, else 1."""
    backends = describe_backends()
    table = Table(title="Models and tools", title_justify="left")
    for heading in ("name", "for", "version", "licence", "weights SHA-256", "state"):
        table.add_column(heading)
    for b in backends:
        state = "present" if b.available else f"[bold red]missing:[/] {b.if_missing}"
        digest = "" if b.weights_sha256 is None else b.weights_sha256[:16]
        table.add_row(b.name, b.purpose, b.version or "", b.licence, digest, state)
    console.print(table)
    return 0 if all(b.available for b in backends) else 1
