"""Running media and model work in processes of its own, behind a timeout.

A crash or hang in a native library costs the element it happened on: its process is replaced
and the element becomes a Failure. The pool belongs to the Beam worker process and is shared by
all its threads and steps, so each of its processes loads a model once, and however many threads
the runner uses, no more processes than cores work at a time. Work is queued without waiting, so
a slow element holds up no other.

No process outlives the one that needs it, whatever ended that one: see `pipelines.worker`.
"""

import atexit
import multiprocessing
import os
import re
import signal
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from functools import cache
from multiprocessing import resource_tracker
from typing import Annotated, Any, TypeVar

from annotated_types import Interval
from pebble import ProcessExpired, ProcessPool

from pipelines import worker
from pipelines.stopping import hold_if_stopping, is_stopping

T = TypeVar("T")

_REFUSED_MEMORY = re.compile(
    r"(cannot|can't|failed to|unable to) allocate|bad[ _]alloc|MemoryError", re.IGNORECASE
)
# As Pebble names them.
_WORKER_NAME = "pebble_pool_worker"

NumProcesses = Annotated[int, Interval(ge=0, le=1024)]
TimeLimit = Annotated[float, Interval(gt=0.0, le=7 * 86_400.0)]
TimeShare = Annotated[float, Interval(ge=0.0, le=86_400.0)]
Gigabytes = Annotated[float, Interval(ge=1.0, le=4096.0)]


@dataclass(frozen=True, kw_only=True, slots=True)
class IsolationConfig:
    """How elements are isolated. `num_processes` 0 means one for each core.

    A process is pinned to a core: libraries that start threads of their own (MediaPipe does) would
    otherwise get in each other's way, and a step's processor time would depend on its neighbours.

    `max_memory_gb` is what the operating system gives a process, and each program that it starts, before an
    element becomes a Failure. Models take 1.5 GB; the longest permitted video has six hours of sound, 1.4 GB
    a copy.
    """

    num_processes: NumProcesses = 0
    timeout_base_seconds: TimeLimit = 300.0
    timeout_per_media_second: TimeShare = 30.0
    max_memory_gb: Gigabytes = 8.0
    pin_to_cores: bool = True
    log_folder: str | None = None


_lock = threading.Lock()
_pools: dict[IsolationConfig, "_Pool"] = {}


@dataclass(frozen=True, slots=True)
class _Pool:
    """A pool and the end of the thread that made its processes."""

    processes: ProcessPool
    closed: threading.Event


class WorkerDiedError(RuntimeError):
    """The process that worked on an element died (a crash in native code, or out of memory)."""


class WorkerMemoryError(RuntimeError):
    """An element needed more memory than a process may have."""


class WorkerTimeoutError(RuntimeError):
    """An element took longer than its time limit; its process was ended."""


def run_isolated(
    function: Callable[..., T], *arguments: Any, config: IsolationConfig, media_seconds: float
) -> T:
    """Run `function(*arguments)` in a pool process and return its result.

    Raises:
        WorkerTimeoutError: past `timeout_base_seconds + media_seconds * timeout_per_media_second`.
        WorkerMemoryError: if it needs more memory than `max_memory_gb`.
        WorkerDiedError: if the process died.
        Exception: whatever the function raised.
    """
    work = start_isolated(function, *arguments, config=config, media_seconds=media_seconds)
    return result_of(work, config)


def start_isolated(
    function: Callable[..., T], *arguments: Any, config: IsolationConfig, media_seconds: float
) -> Future[T]:
    """Queue `function(*arguments)` for a pool process; its time limit starts when the process takes it.

    Give the future to `result_of`.
    """
    timeout = config.timeout_base_seconds + media_seconds * config.timeout_per_media_second
    try:
        return _pool(config).schedule(function, args=arguments, timeout=timeout)
    except RuntimeError:  # the pool is closed
        hold_if_stopping()
        raise


def result_of(future: Future[T], config: IsolationConfig) -> T:
    """Wait for work started by `start_isolated`; returns and raises as `run_isolated` does."""
    if future.exception() is not None:
        hold_if_stopping()
    try:
        return future.result()
    except FutureTimeoutError as error:
        limit = error.args[1]  # Pebble raises TimeoutError("Task timeout", seconds)
        raise WorkerTimeoutError(f"no result after {limit:.0f} s; the work was stopped") from error
    except ProcessExpired as error:
        why = f"the worker process died (exit code {error.exitcode})"
        if error.exitcode < 0:  # by a signal
            limit = f"isolation.max_memory_gb = {config.max_memory_gb:g}"
            why += f": a crash in native code, or more memory than {limit} allows"
        raise WorkerDiedError(why) from error
    except Exception as error:
        if not _is_out_of_memory(error):
            raise
        raise WorkerMemoryError(
            f"needs more memory than isolation.max_memory_gb = {config.max_memory_gb:g} allows ({error})"
        ) from error


def _is_out_of_memory(error: BaseException) -> bool:
    """Return whether an exception, or one that it came of, is a refused allocation.

    Libraries say so in words of their own: FFmpeg's "Cannot allocate memory", "bad allocation" of C++.
    """
    # Of what the worker's exception came of, its text alone comes here, as the cause.
    told = f"{error} {error.__cause__ or ''}"
    return isinstance(error, MemoryError) or _REFUSED_MEMORY.search(told) is not None


def _pool(config: IsolationConfig) -> ProcessPool:
    """Return the pool of this process; made on first use, ended at exit."""
    with _lock:
        if config not in _pools and not is_stopping():
            _prepare_end()
            _pools[config] = _new_pool(config)
        found = _pools.get(config)
    if found is None:
        hold_if_stopping()
        raise RuntimeError("no pool is made while the process ends")
    return found.processes


@cache
def _prepare_end() -> None:
    worker.end_with_run(close_pools)
    atexit.register(close_pools)


def _new_pool(config: IsolationConfig) -> _Pool:
    worker.limit_threads()
    size = num_processes(config)
    place = worker.Place(
        pool=uuid.uuid4().hex,
        size=size,
        pin_to_cores=config.pin_to_cores and size <= num_cores(),
        max_memory_bytes=round(config.max_memory_gb * 1e9),
        log_folder=config.log_folder,
    )
    processes = ProcessPool(
        max_workers=size,
        initializer=worker.start_worker,
        initargs=[place],
        context=multiprocessing.get_context("spawn"),
    )
    pool, started = _Pool(processes, threading.Event()), threading.Event()
    threading.Thread(target=_make_processes, args=(pool, started), daemon=True).start()
    started.wait()
    return pool


def _make_processes(pool: _Pool, started: threading.Event) -> None:
    """Start a pool's processes and stay: to Linux a worker's parent is the thread that made it.

    (Those that replace dead ones are made by a thread of the pool, which lasts as long.)
    """
    try:
        # The tracker unblocks SIGINT in the thread that starts it, and processes inherit that.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        _ = pool.processes.active  # starts them
    finally:
        started.set()
    pool.closed.wait()


def num_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def num_processes(config: IsolationConfig) -> int:
    """Return how many processes the pool of a configuration has on this machine."""
    return config.num_processes or num_cores()


def close_pools() -> None:
    """End all pool processes of this process at once, whatever they do."""
    with _lock:
        for pool in _pools.values():
            pool.processes.stop()
        for child in multiprocessing.active_children():
            if child.name == _WORKER_NAME:
                child.kill()
        for config, pool in _pools.items():
            pool.processes.join()
            pool.closed.set()
            worker.remove_empty_logs(config.log_folder)
        _pools.clear()
