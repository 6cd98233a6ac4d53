"""Progress of a run, shown while it runs.

With the local default runner steps and display share this process and the display
is live. On other runners the counts stay with the workers and the runner's own console shows
the same numbers as Beam counters.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from apache_beam.metrics.metric import Metrics
from rich.console import Console
from rich.live import Live
from rich.table import Table

from schemas.stages import STAGES as ALL_STAGES

# Clips are not counted where they are only proposed.
STAGES = tuple(s.name for s in ALL_STAGES if s.kind == "visit" or s.name in ("people", "check"))


@dataclass(slots=True)
class _Count:
    expected: int = 0
    done: int = 0
    failed: int = 0
    media_seconds: float = 0.0


_lock = threading.Lock()
_counts: dict[str, _Count] = {}


def expect(element: Any, stage: str) -> Any:
    """Note that a stage will get an element; returns the element."""
    with _lock:
        _counts.setdefault(stage, _Count()).expected += 1
    return element


def count(stage: str, done: int = 0, reused: int = 0, failed: int = 0, media_seconds: float = 0.0) -> None:
    """Note the end of an element in a stage."""
    Metrics.counter("mentor", f"{stage}_done").inc(done)
    Metrics.counter("mentor", f"{stage}_failed").inc(failed)
    with _lock:
        entry = _counts.setdefault(stage, _Count())
        entry.done += done + reused
        entry.failed += failed
        entry.media_seconds += media_seconds


def _table(started: float) -> Table:
    elapsed = time.monotonic() - started
    table = Table(title=f"mentor: {elapsed:.0f} s", title_justify="left", box=None)
    for heading in ("stage", "done", "of", "failed", "media"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    with _lock:
        for stage in STAGES:
            entry = _counts.get(stage, _Count())
            seconds = f"{entry.media_seconds:.0f} s" if entry.media_seconds else ""
            table.add_row(
                stage, str(entry.done), str(entry.expected or "-"), str(entry.failed or ""), seconds
            )
    return table


@contextmanager
def display(console: Console) -> Iterator[None]:
    """Show progress on a terminal while the block runs; off a terminal, a line every 15 s."""
    with _lock:
        _counts.clear()
    started, stop = time.monotonic(), threading.Event()

    def plain() -> None:
        while not stop.wait(15.0):
            with _lock:
                parts = [
                    f"{s} {c.done}/{c.expected}" + (f" ({c.failed} failed)" if c.failed else "")
                    for s in STAGES
                    if (c := _counts.get(s)) and c.expected
                ]
            console.print(f"{time.monotonic() - started:5.0f} s  {'  '.join(parts) or 'starting'}")

    if console.is_terminal:
        with Live(get_renderable=lambda: _table(started), console=console, refresh_per_second=2):
            yield
        return
    thread = threading.Thread(target=plain, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
