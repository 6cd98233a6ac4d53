"""What a process of the pool does before its first element, and how it ends when nobody needs it any more.

Linux ends a worker together with the thread that made it; elsewhere a thread of the worker looks for its
parent once a second. Beam's own worker processes look for the run that they belong to in the same way.
"""

import ctypes
import logging
import multiprocessing
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
# The process that a user started, for processes that Beam starts.
_RUN_VARIABLE = "MENTOR_RUN_PROCESS"
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LOOK_SECONDS = 1.0

# The socket that holds this process's slot.
_held: list[socket.socket] = []


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What a worker must know of its pool: a name that no other pool has, and how many they are."""

    pool: str
    size: int
    pin_to_cores: bool
    max_memory_bytes: int
    log_folder: str | None


def limit_threads() -> None:
    """Give numeric libraries one thread; call before they are imported."""
    for name in _THREAD_VARIABLES:
        os.environ[name] = "1"


def lead_run() -> None:
    """Make this process the one that processes started by Beam end with."""
    os.environ[_RUN_VARIABLE] = str(os.getpid())


def start_worker(place: Place) -> None:
    """Set up this process as a worker of a pool."""
    # A worker is ended by its parent alone, and then at once, also within native code.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    _end_with_parent()
    limit_threads()
    _limit_memory(place.max_memory_bytes)
    slot = _take_slot(place)
    if place.pin_to_cores and slot is not None:
        _pin(slot)
    if place.log_folder is not None:
        _write_log(Path(place.log_folder), slot)
    logging.getLogger().setLevel(logging.ERROR)  # Beam warns at import about what visits do not use
    import cv2

    cv2.setNumThreads(1)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None or parent.pid is None:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        _watch(parent.pid, _leave)
    if os.getppid() != parent.pid:  # it died before we asked
        _leave()


def end_with_run(clean_up: Callable[[], None]) -> None:
    """In a process that Beam started for a run: end when the run's process is gone, after `clean_up`."""
    run = int(os.environ.get(_RUN_VARIABLE, os.getpid()))
    if run not in (os.getpid(), 0):

        def leave() -> None:
            clean_up()
            _leave()

        _watch(run, leave)


def _watch(pid: int, then: Callable[[], None]) -> None:
    """Call `then` when a process, or the parent of this one, is gone."""
    parent = os.getppid()

    def look() -> None:
        while os.getppid() == parent and _exists(pid):
            time.sleep(_LOOK_SECONDS)
        then()

    threading.Thread(target=look, daemon=True).start()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _leave() -> None:
    os._exit(1)


def _take_slot(place: Place) -> int | None:
    """Return a number below the pool's size that no other living worker of the pool has, or None.

    A slot is taken by binding a socket to its name, which exists in no file system: the kernel frees
    it when the process ends, however it ends, and nothing is left over. Linux alone has such names.
    """
    if sys.platform != "linux":
        return None
    for slot in range(place.size):
        seat = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            seat.bind(f"\0mentor-{place.pool}-{slot}")
        except OSError:
            seat.close()
            continue
        _held.append(seat)
        return slot
    return None


def _limit_memory(max_bytes: int) -> None:
    """Have the operating system refuse this process, and each that it starts, more memory.

    RLIMIT_DATA counts what is written to (heaps and private mappings, Linux 4.7 and later), so it follows
    what a process uses: 1.50 GB where a worker with all models occupies 1.37 GB. RLIMIT_AS would count mapped
    weights and libraries too, 3.4 GB for the same worker. macOS takes the limit and does not keep it, so it
    is not set there.
    """
    if sys.platform != "linux":
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = max_bytes if hard == resource.RLIM_INFINITY else min(max_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _pin(slot: int) -> None:
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[slot % len(cores)]})


def _write_log(folder: Path, slot: int | None) -> None:
    """Have what native libraries write to file descriptors 1 and 2 go to the slot's log file."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "worker.log" if slot is None else f"worker-{slot}.log"
    log = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 2)
    os.dup2(log, 1)


def remove_empty_logs(folder: str | None) -> None:
    """Remove the log files to which nothing was written, and their folder if nothing else is in it."""
    if folder is None:
        return
    with suppress(OSError):
        for path in Path(folder).glob("worker*.log"):
            if path.stat().st_size == 0:
                path.unlink()
        Path(folder).rmdir()
