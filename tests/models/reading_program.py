"""A program that reads with two processes and blocks SIGTERM, as a command does that waits for its signals.

    python -m tests.models.reading_program OUT

Prints the ids of both, then how it hears that the first one ended, and waits to be ended itself.
"""

import multiprocessing
import signal
import sys
import time

from models.data.config import WindowConfig
from models.data.loader import WindowLoader
from models.data.processes import ReaderDiedError
from models.data.windows import ShardWindows

_MOST_SECONDS = 60.0


def main() -> None:
    """Read."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    windows = (ShardWindows(sys.argv[1], WindowConfig(num_frames=40), seed=n, epochs=None) for n in (0, 1))
    first, second = (iter(WindowLoader(one, num_workers=1)) for one in windows)
    known: list[int] = []
    for reading in (first, second):
        next(reading)
        known += [p.pid for p in multiprocessing.active_children() if p.pid and p.pid not in known]
    assert signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    print(*known, flush=True)
    end = time.monotonic() + _MOST_SECONDS
    try:
        while time.monotonic() < end:
            next(first)
    except ReaderDiedError as error:
        print(error, flush=True)
        time.sleep(_MOST_SECONDS)


if __name__ == "__main__":
    main()
