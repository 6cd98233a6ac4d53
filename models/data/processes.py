"""Processes that read for one that trains: how they begin, and how they end.

They are forked from a server that runs one thread and nothing else, never from the process that trains: of
that one's threads (fsspec, TensorBoard, OpenMP, gRPC) any may hold a lock at that moment, for which a forked
process would wait for ever. So what they are given is pickled, and a script's main module is imported in
each.
"""

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

import cv2
from threadpoolctl import threadpool_limits

# What takes long to import is imported once, by the server. Nothing may start a thread there: pyarrow does.
_IMPORTED_ONCE = ("torch.utils.data", "scipy.ndimage", "scipy.spatial", "numba", "cv2", "av", "fsspec")
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")

# Who reads from a process that died hears of it before the system says that it has.
_WAIT_SECONDS = 1.0


class ReaderDiedError(RuntimeError):
    """A process that reads ended before it was told to."""


class Readers(ForkServerContext):
    """Makes the processes of one loader, and remembers them."""

    def __init__(self) -> None:
        super().__init__()
        self._started: list[ForkServerProcess] = []
        self.set_forkserver_preload(list(_IMPORTED_ONCE))
        with _one_thread():
            _start_server()

    def Process(self, *args: Any, **named: Any) -> ForkServerProcess:
        """Return a process that is yet to be started."""
        self._started.append(ForkServerProcess(*args, **named))
        return self._started[-1]

    def death(self) -> ReaderDiedError | None:
        """Return how one of them died, or None if none did; call after what may have come of it."""
        alive = [process.sentinel for process in self._started if process.is_alive()]
        if len(alive) == len(self._started):
            wait(alive, _WAIT_SECONDS)
        codes = [process.exitcode for process in self._started]
        return next((ReaderDiedError(_said_of(code)) for code in codes if code), None)


def _said_of(code: int) -> str:
    if code == -signal.SIGKILL:
        return (
            "a process that reads was killed (SIGKILL), as systems do that run out of memory; take fewer "
            "num_workers, or smaller batches"
        )
    if code < 0:
        return f"a process that reads was ended by {signal.Signals(-code).name}"
    return (
        f"a process that reads ended with code {code}; what it said is above. Each imports the script that "
        "it reads for: a file, which must read below `if __name__ == '__main__':`. A `make` that is defined "
        "in a notebook cannot be sent to it"
    )


def _start_server() -> None:
    # The tracker of shared memory unblocks SIGINT and SIGTERM in the thread that starts it.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    forkserver.ensure_running()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Give numeric libraries one thread in what is started here."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def begin_reading(_worker: int) -> None:
    """Keep this process to one thread, let it end by SIGTERM, and with the process that it reads for.

    There are as many as there are cores for them: threads of theirs would wait for each other. A blocked
    signal stays blocked in what is started, whatever it was blocked for. What samples are bad is said by the
    process that trains.
    """
    cv2.setNumThreads(1)
    threadpool_limits(1)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    logging.getLogger("models.data.reader").setLevel(logging.ERROR)
    threading.Thread(target=_end_with_trainer, daemon=True).start()


def _end_with_trainer() -> None:
    """Wait for the end of the process that trains: the parent of this one is the server, which goes on."""
    trainer = multiprocessing.parent_process()
    if trainer is not None:
        trainer.join()
        os._exit(1)
