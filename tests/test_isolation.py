"""Isolation: a crash, a hang and an exception cost one element each, and the pool keeps working.

The functions stand at module level because a fresh process imports them by name.
"""

import ctypes
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines import worker
from pipelines.cpu_meter import CpuMeter
from pipelines.isolation import (
    IsolationConfig,
    WorkerDiedError,
    WorkerMemoryError,
    WorkerTimeoutError,
    close_pools,
    num_cores,
    result_of,
    run_isolated,
    start_isolated,
)

CONFIG = IsolationConfig(
    num_processes=2, timeout_base_seconds=60, timeout_per_media_second=0, pin_to_cores=False
)
SHORT = IsolationConfig(
    num_processes=2, timeout_base_seconds=1.0, timeout_per_media_second=0.5, pin_to_cores=False
)


def double(number: int) -> int:
    return 2 * number


def process_id() -> int:
    time.sleep(0.05)
    return os.getpid()


def leave() -> None:
    os._exit(3)


def crash() -> None:
    ctypes.string_at(0)


def hang() -> None:
    time.sleep(600)


def complain(text: str) -> None:
    raise ValueError(text)


def unpicklable() -> object:
    return lambda: None


def thread_variables() -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}


def sleep_in_native_code() -> None:
    ctypes.PyDLL(None).sleep(600)  # holds the interpreter's lock


def write_to_descriptor(text: str) -> None:
    os.write(2, text.encode())


def take(gigabytes: float) -> int:
    return len(bytearray(round(gigabytes * 1e9)))


def take_in_a_program(gigabytes: float) -> int:
    script = f"bytearray({round(gigabytes * 1e9)})"
    return subprocess.run([sys.executable, "-c", script], capture_output=True).returncode


def take_as_ffmpeg_does() -> None:
    try:
        raise OSError(12, "Cannot allocate memory")
    except OSError as error:
        raise ValueError("film.mkv: no picture could be decoded") from error


def as_on_a_mac() -> dict[str, object]:
    """Do in this process what a worker does elsewhere than on Linux."""
    sys.platform = "darwin"
    del os.sched_getaffinity
    place = worker.Place(pool="p", size=1, pin_to_cores=True, max_memory_bytes=10**9, log_folder=None)
    before = resource.getrlimit(resource.RLIMIT_DATA)
    worker._limit_memory(place.max_memory_bytes - 1)
    return {
        "slot": worker._take_slot(place),
        "limit is left alone": resource.getrlimit(resource.RLIMIT_DATA) == before,
        "cores": num_cores(),
    }


def cores() -> int:
    time.sleep(0.05)
    return len(os.sched_getaffinity(0))


def by_kind(kind: int) -> int:
    if kind == 3:
        leave()
    if kind == 5:
        crash()
    if kind == 7:
        complain("seven")
    return kind


def run(function, *arguments, config: IsolationConfig = CONFIG, media_seconds: float = 0.0):
    return run_isolated(function, *arguments, config=config, media_seconds=media_seconds)


@pytest.fixture(scope="module", autouse=True)
def end_pools() -> Iterator[None]:
    """Pools hold processes; they end with these tests."""
    yield
    close_pools()


def test_work_is_done_in_other_processes() -> None:
    assert run(double, 21) == 42
    assert run(process_id) != os.getpid()


def test_numeric_libraries_get_one_thread() -> None:
    assert set(run(thread_variables).values()) == {"1"}


@pytest.mark.parametrize("death", [leave, crash], ids=["os._exit", "segmentation fault"])
def test_the_death_of_a_process_costs_one_element(death) -> None:
    with pytest.raises(WorkerDiedError, match="exit code"):
        run(death)
    assert run(double, 4) == 8


def test_an_exception_comes_through_as_it_was() -> None:
    with pytest.raises(ValueError, match=r"^no face there$"):
        run(complain, "no face there")
    assert run(double, 4) == 8


def test_a_result_that_cannot_be_sent_is_an_error_and_no_hang() -> None:
    with pytest.raises(WorkerDiedError):
        run(unpicklable)
    assert run(double, 4) == 8


def test_a_hang_is_ended_after_its_time_and_the_pool_goes_on() -> None:
    assert run(double, 1, config=SHORT, media_seconds=60) == 2  # the pool is up
    started = time.monotonic()
    with pytest.raises(WorkerTimeoutError, match="no result after 2 s"):
        run(hang, config=SHORT, media_seconds=2.0)
    assert time.monotonic() - started < 20
    assert run(double, 5, config=SHORT, media_seconds=60) == 10


def test_among_many_elements_only_the_deadly_ones_are_lost() -> None:
    def attempt(kind: int) -> int | str:
        try:
            return run(by_kind, kind)
        except (WorkerDiedError, ValueError) as error:
            return type(error).__name__

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(attempt, range(10)))
    expected: list[int | str] = list(range(10))
    expected[3] = expected[5] = "WorkerDiedError"
    expected[7] = "ValueError"
    assert found == expected


def test_no_more_processes_than_asked_for_work_at_a_time() -> None:
    with ThreadPoolExecutor(8) as threads:
        ids = set(threads.map(lambda _: run(process_id), range(24)))
    assert 1 <= len(ids) <= 2


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take a limit and do not keep it")
def test_an_element_that_takes_too_much_memory_fails_and_the_pool_goes_on() -> None:
    """The operating system refuses it, in the worker and in programs that it starts."""
    small = replace(CONFIG, num_processes=1, max_memory_gb=1.0)
    first = run_isolated(process_id, config=small, media_seconds=0)
    with pytest.raises(WorkerMemoryError, match=r"more memory than isolation\.max_memory_gb = 1 allows"):
        run_isolated(take, 1.1, config=small, media_seconds=0)
    with pytest.raises(WorkerMemoryError, match=r"max_memory_gb = 1 allows \(film\.mkv: no picture"):
        run_isolated(take_as_ffmpeg_does, config=small, media_seconds=0)
    assert run_isolated(take, 0.1, config=small, media_seconds=0) == 100_000_000
    assert run_isolated(take_in_a_program, 1.1, config=small, media_seconds=0) == 1
    assert run_isolated(take_in_a_program, 0.1, config=small, media_seconds=0) == 0
    assert run_isolated(process_id, config=small, media_seconds=0) == first


def test_elsewhere_than_on_linux_a_worker_does_without_what_linux_alone_has() -> None:
    own = replace(CONFIG, num_processes=1)
    found = run_isolated(as_on_a_mac, config=own, media_seconds=0)
    assert found == {"slot": None, "limit is left alone": True, "cores": os.cpu_count()}
    close_pools()  # that process is no longer what it was


def test_a_closed_pool_is_made_anew_when_needed() -> None:
    before = run(process_id)
    close_pools()
    assert run(process_id) != before


def test_a_worker_outlives_the_thread_that_first_needed_it() -> None:
    """Linux ends a child that asks for it with the thread that made it, not with the process."""
    close_pools()
    with ThreadPoolExecutor(1) as thread:
        first = {thread.submit(run, process_id).result() for _ in range(8)}
    assert {run(process_id) for _ in range(8)} & first


def test_a_killed_worker_costs_its_element_alone() -> None:
    hanging = start_isolated(hang, config=CONFIG, media_seconds=0)
    victim = next(p for p in multiprocessing.active_children() if p.pid != run(process_id))
    assert victim.pid is not None
    while not hanging.running():
        time.sleep(0.01)
    os.kill(victim.pid, signal.SIGKILL)
    with pytest.raises(WorkerDiedError, match="-9"):
        result_of(hanging, CONFIG)
    assert run(double, 5) == 10


def test_pools_close_quickly_whatever_their_workers_do() -> None:
    stuck = start_isolated(sleep_in_native_code, config=CONFIG, media_seconds=0)
    while not stuck.running():
        time.sleep(0.01)
    workers = multiprocessing.active_children()
    started = time.monotonic()
    close_pools()
    assert time.monotonic() - started < 2
    assert workers and not any(worker.is_alive() for worker in workers)


def test_ctrl_c_is_not_for_workers() -> None:
    worker = run(process_id)
    os.kill(worker, signal.SIGINT)
    assert worker in {run(process_id) for _ in range(8)}


@pytest.mark.skipif(sys.platform != "linux", reason="slots are Linux's")
def test_logs_are_named_by_slot_and_empty_ones_go(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    config = replace(CONFIG, num_processes=1, log_folder=str(logs))
    for text in ("first ", "second"):
        run(write_to_descriptor, text, config=config)
        with pytest.raises(WorkerDiedError):
            run(leave, config=config)
        run(process_id, config=config)  # in the process that replaced it
        close_pools()
    assert [p.name for p in logs.iterdir()] == ["worker-0.log"]
    assert (logs / "worker-0.log").read_text() == "first second"
    run(process_id, config=replace(config, log_folder=str(tmp_path / "silent")))
    close_pools()
    assert not (tmp_path / "silent").exists()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no pinning here")
def test_a_pinned_worker_has_one_core_its_successor_too() -> None:
    config = replace(CONFIG, num_processes=1, pin_to_cores=True)
    assert run(cores, config=config) == 1
    with pytest.raises(WorkerDiedError):
        run(leave, config=config)
    assert run(cores, config=config) == 1


def test_processor_time_is_charged_to_the_step_that_used_it() -> None:
    meter = CpuMeter()
    deadline = time.process_time() + 0.1
    while time.process_time() < deadline:
        pass
    meter.charge("busy")
    time.sleep(0.1)
    meter.charge("waiting")
    meter.charge("busy")
    assert meter.seconds["busy"] >= 0.1 > 0.05 > meter.seconds["waiting"]
