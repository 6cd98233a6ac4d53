"""The end of a process before its work is done: what must be put in order, and who waits for it.

Whoever holds something that would outlive the process (a lease, a terminal's hidden cursor) says with
`on_stop` how it is given back. `commands.process` calls these when the run is stopped by a signal; a run
that ends by itself gives back what it holds where it took it.
"""

import contextlib
import threading
from collections.abc import Callable

_stopping = threading.Event()
_lock = threading.Lock()
_callbacks: list[Callable[[], None]] = []


def on_stop(callback: Callable[[], None]) -> Callable[[], None]:
    """Have `callback` called if the process is stopped; returns a function that takes it back.

    Callbacks run in a thread of their own, the last registered first, when no worker process lives any
    more. They must not wait long: all together have a few seconds.
    """
    with _lock:
        _callbacks.append(callback)

    def forget() -> None:
        with _lock:
            if callback in _callbacks:
                _callbacks.remove(callback)

    return forget


def begin_stop() -> None:
    """Say that the process ends: from now on `hold_if_stopping` holds."""
    _stopping.set()


def is_stopping() -> bool:
    """Return whether the process is about to end."""
    return _stopping.is_set()


def hold_if_stopping() -> None:
    """If the process is about to end, wait for that.

    What fails while workers are ended did not fail by itself: the thread that would report it waits here.
    """
    if _stopping.is_set():
        threading.Event().wait()


def run_callbacks() -> None:
    """Call what `on_stop` was given; one that fails keeps no other from running."""
    with _lock:
        callbacks = _callbacks[::-1]
        _callbacks.clear()
    for callback in callbacks:
        with contextlib.suppress(Exception):  # the process ends in any case
            callback()
