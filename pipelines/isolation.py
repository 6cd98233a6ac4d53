"""Running media and model work in processes of its own, behind a timeout.

A crash or hang in a native library costs the element it happened on: its process is replaced
and the element becomes a Failure. The pool belongs to the Beam worker process and is shared by
all its threads and steps, so each of its processes loads a model once, and however many threads
the runner uses, no more processes than cores work at a time. Work is queued without waiting, so
a slow element holds up no other.
"""

import atexit
import fcntl
import multiprocessing
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

T = TypeVar("T")

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True, kw_only=True, slots=True)
class IsolationConfig:
    """How elements are isolated. `num_processes` 0 means one for each core.

    A process is pinned to a core: libraries that start threads of their own (MediaPipe does) would
    otherwise get in each other's way, and a step's processor time would depend on its neighbours.
    """

    num_processes: int = 0
    timeout_base_seconds: float = 300.0
    timeout_per_media_second: float = 30.0
    pin_to_cores: bool = True
    log_folder: str | None = None


_lock = threading.Lock()
_pools: dict[IsolationConfig, ProcessPool] = {}


class WorkerDiedError(RuntimeError):
    """The process that worked on an element died (a crash in native code, or out of memory)."""


class WorkerTimeoutError(RuntimeError):
    """An element took longer than its time limit; its process was ended."""


def limit_threads() -> None:
    """Give numeric libraries one thread; call before they are imported."""
    for name in _THREAD_VARIABLES:
        os.environ[name] = "1"


def run_isolated(
    function: Callable[..., T], *arguments: Any, config: IsolationConfig, media_seconds: float
) -> T:
    """Run `function(*arguments)` in a pool process and return its result.

    Raises:
        WorkerTimeoutError: past `timeout_base_seconds + media_seconds * timeout_per_media_second`.
        WorkerDiedError: if the process died.
        Exception: whatever the function raised.
    """
    return result_of(start_isolated(function, *arguments, config=config, media_seconds=media_seconds))


def start_isolated(
    function: Callable[..., T], *arguments: Any, config: IsolationConfig, media_seconds: float
) -> Future[T]:
    """Queue `function(*arguments)` for a pool process; its time limit starts when the process takes it.

    Give the future to `result_of`.
    """
    timeout = config.timeout_base_seconds + media_seconds * config.timeout_per_media_second
    return _pool(config).schedule(function, args=arguments, timeout=timeout)


def result_of(future: Future[T]) -> T:
    """Wait for work started by `start_isolated`; returns and raises as `run_isolated` does."""
    try:
        return future.result()
    except FutureTimeoutError as error:
        limit = error.args[1]  # Pebble raises TimeoutError("Task timeout", seconds)
        raise WorkerTimeoutError(f"no result after {limit:.0f} s; the work was stopped") from error
    except ProcessExpired as error:
        raise WorkerDiedError(f"the worker process died (exit code {error.exitcode})") from error


def _pool(config: IsolationConfig) -> ProcessPool:
    """Return the pool of this process; made on first use, ended at exit."""
    with _lock:
        if config not in _pools:
            limit_threads()
            size = config.num_processes or num_cores()
            seats = tempfile.mkdtemp(prefix="mentor-seats-")
            atexit.register(shutil.rmtree, seats, ignore_errors=True)
            _pools[config] = ProcessPool(
                max_workers=size,
                initializer=_start_worker,
                initargs=[config.log_folder, seats if config.pin_to_cores and size <= num_cores() else None],
                context=multiprocessing.get_context("spawn"),
            )
            atexit.register(_pools[config].stop)
        return _pools[config]


def num_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def close_pools() -> None:
    """End all pool processes of this process."""
    with _lock:
        for pool in _pools.values():
            pool.stop()
            pool.join()
        _pools.clear()


def _start_worker(log_folder: str | None, seats: str | None) -> None:
    limit_threads()
    if seats is not None:
        _take_a_core(seats)
    if log_folder is not None:  # native libraries write to file descriptor 2
        Path(log_folder).mkdir(parents=True, exist_ok=True)
        log = os.open(
            Path(log_folder) / f"worker-{os.getpid()}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644
        )
        os.dup2(log, 2)
        os.dup2(log, 1)
    import cv2

    cv2.setNumThreads(1)


def _take_a_core(seats: str) -> None:
    """Pin this process to a core that no other of the pool has.

    A core is taken by locking its file, which the kernel unlocks when the process ends, however
    it ends: the process that replaces it finds the core free.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    for core in sorted(os.sched_getaffinity(0)):
        handle = os.open(Path(seats) / f"core-{core}", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            continue
        os.sched_setaffinity(0, {core})
        return


class CpuMeter:
    """Adds up processor seconds by step within one worker process.

    A pool process works on one element at a time, so its processor time is that element's,
    threads of native libraries included.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.process_time()

    def charge(self, step: str) -> None:
        """Charge the processor time since the last call to a step."""
        now = time.process_time()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self._last
        self._last = now
