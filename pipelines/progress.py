"""Progress of a run, shown while it runs.

With the local default runner steps and display share this process and the display is live. Elsewhere workers
count in Beam counters; those of Dataflow are asked for (`note_counters`), others stay with their runner.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from apache_beam.metrics.metric import Metrics
from rich.console import Console
from rich.live import Live
from rich.table import Table

from pipelines.stopping import on_stop
from schemas.stages import STAGES as ALL_STAGES

# Clips are not counted where they are only proposed.
STAGES = tuple(s.name for s in ALL_STAGES if s.kind == "visit" or s.name in ("people", "check"))

_COUNTED = ("expected", "done", "reused", "failed")
LINE_SECONDS = 15.0
MOST_CHARACTERS = 100
# From less than this a speed says nothing: the first elements wait for models to load.
_MIN_DONE, _MIN_SECONDS, _MIN_SHARE = 3, 10.0, 0.05


@dataclass(slots=True)
class StageCount:
    """What one stage has before and behind it.

    `done` includes `reused`, what an earlier run had done. `media_seconds` is the length of what this run
    did, which its speed follows from; of the others' lengths the mean is known. `begun` is the time, of a
    monotonic clock, at which the stage could begin; None before.
    """

    expected: int = 0
    expected_seconds: float = 0.0
    done: int = 0
    reused: int = 0
    failed: int = 0
    media_seconds: float = 0.0
    reused_seconds: float = 0.0
    begun: float | None = None

    @property
    def ended(self) -> int:
        """The number of elements that the stage is through with."""
        return self.done + self.failed


def seconds_left(stage: StageCount, now: float) -> float | None:
    """Return how long a stage will take at the speed it had so far, or None where that cannot be told.

    Args:
        stage: its counts.
        now: seconds of the clock that `begun` is of.
    """
    if stage.begun is None or stage.ended >= stage.expected:
        return None
    new, elapsed = stage.done - stage.reused, now - stage.begun
    if stage.expected_seconds:
        failed_seconds = stage.failed * stage.expected_seconds / stage.expected
        to_do, did = stage.expected_seconds - stage.reused_seconds - failed_seconds, stage.media_seconds
    else:  # files that nobody has opened yet: their number must do
        to_do, did = stage.expected - stage.reused - stage.failed, new
    if new < _MIN_DONE or elapsed < _MIN_SECONDS or not 0 < _MIN_SHARE * to_do <= did < to_do:
        return None
    return (to_do - did) * elapsed / did


def in_words(seconds: float) -> str:
    """Return a time that is left as one says it: "about 12 min left"."""
    if seconds < 60:
        return "less than 1 min left"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} min left"
    return f"about {seconds / 3600:.1f} h left"


_lock = threading.Lock()
_counts: dict[str, StageCount] = {}


def expect(element: Any, stage: str) -> Any:
    """Note that a stage will get an element; returns the element."""
    seconds = getattr(getattr(element, "clip", element), "duration_seconds", 0.0)
    Metrics.counter("mentor", f"{stage}_expected").inc()
    with _lock:
        entry = _counts.setdefault(stage, StageCount())
        entry.expected += 1
        entry.expected_seconds += seconds
        if not entry.ended:  # a stage begins when all that it gets is there
            entry.begun = time.monotonic()
    return element


def count(stage: str, done: int = 0, reused: int = 0, failed: int = 0, media_seconds: float = 0.0) -> None:
    """Note the end of elements in a stage.

    Args:
        stage: its name.
        done: elements that this run did.
        reused: elements that an earlier run did; they count as done, but not for the speed.
        failed: elements that became a Failure.
        media_seconds: the length of the elements done or reused; one call notes one of both kinds.
    """
    for name, number in (("done", done), ("reused", reused), ("failed", failed)):
        Metrics.counter("mentor", f"{stage}_{name}").inc(number)
    with _lock:
        entry = _counts.setdefault(stage, StageCount())
        entry.done += done + reused
        entry.reused += reused
        entry.failed += failed
        if reused:
            entry.reused_seconds += media_seconds
        else:
            entry.media_seconds += media_seconds


def note_counters(counters: Mapping[str, int]) -> None:
    """Take over what workers elsewhere counted.

    Args:
        counters: Beam's, of the namespace "mentor", by name.
    """
    with _lock:
        for stage in STAGES:
            told = {kind: counters.get(f"{stage}_{kind}", 0) for kind in _COUNTED}
            if any(told.values()):
                done = told["done"] + told["reused"]
                _counts[stage] = StageCount(
                    expected=told["expected"], done=done, reused=told["reused"], failed=told["failed"]
                )


def progress_line(
    counts: dict[str, StageCount], elapsed: float, now: float, otherwise: str = "starting"
) -> str:
    """Return one line about the stages in progress, at most MOST_CHARACTERS long.

    A stage that waits for the one before it is not in progress, though it knows what it will get.

    Args:
        otherwise: what is said where nothing was counted.
    """
    known = [name for name in STAGES if name in counts and counts[name].expected]
    unfinished = [name for name in known if counts[name].ended < counts[name].expected]
    shown = [name for i, name in enumerate(unfinished) if i == 0 or counts[name].ended] or known[-1:]
    parts = [_about(name, counts[name], now) for name in shown]
    line = f"{elapsed:5.0f} s  {'; '.join(parts) or otherwise}"
    return line if len(line) <= MOST_CHARACTERS else line[: MOST_CHARACTERS - 1] + "…"


def _about(name: str, stage: StageCount, now: float) -> str:
    left = seconds_left(stage, now)
    remarks = [
        f"{stage.reused} from before" if stage.reused else "",
        f"{stage.failed} failed" if stage.failed else "",
        "" if left is None else in_words(left),
    ]
    return ", ".join([f"{name} {stage.done}/{stage.expected}", *filter(None, remarks)])


def _table(started: float) -> Table:
    now = time.monotonic()
    table = Table(title=f"mentor: {now - started:.0f} s", title_justify="left", box=None)
    for heading in ("stage", "done", "of", "from before", "failed", "media", ""):
        table.add_column(heading, justify="left" if heading in ("stage", "") else "right", no_wrap=True)
    with _lock:
        for name in STAGES:
            stage = _counts.get(name, StageCount())
            left = seconds_left(stage, now)
            table.add_row(
                name,
                str(stage.done),
                str(stage.expected or "-"),
                str(stage.reused or ""),
                str(stage.failed or ""),
                f"{stage.media_seconds:.0f} s" if stage.media_seconds else "",
                "" if left is None else in_words(left),
            )
    return table


@contextmanager
def display(
    console: Console, line_seconds: float = LINE_SECONDS, *, elsewhere: bool = False
) -> Iterator[None]:
    """Show progress on a terminal while the block runs; off a terminal, a line every `line_seconds`.

    Args:
        elsewhere: that workers are, and may keep their counts to themselves.
    """
    otherwise = "at work elsewhere" if elsewhere else "starting"
    with _lock:
        _counts.clear()
    started = time.monotonic()
    if console.is_terminal:
        with Live(get_renderable=lambda: _table(started), console=console, refresh_per_second=2) as live:
            forget = on_stop(live.stop)  # the cursor is shown again
            try:
                yield
            finally:
                forget()
        return
    stop = threading.Event()

    def write_lines() -> None:
        while not stop.wait(line_seconds):
            now = time.monotonic()
            with _lock:
                line = progress_line(_counts, now - started, now, otherwise)
            console.out(line, highlight=False)

    thread = threading.Thread(target=write_lines, daemon=True)
    thread.start()
    forget = on_stop(stop.set)
    try:
        yield
    finally:
        forget()
        stop.set()
        thread.join()
