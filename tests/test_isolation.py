"""Isolation: a crash, a hang and an exception cost one element each, and the pool keeps working.

The functions stand at module level because a fresh process imports them by name.
"""

import ctypes
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipelines.cpu_meter import CpuMeter
from pipelines.isolation import (
    IsolationConfig,
    WorkerDiedError,
    WorkerTimeoutError,
    close_pools,
    run_isolated,
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


def test_a_closed_pool_is_made_anew_when_needed() -> None:
    before = run(process_id)
    close_pools()
    assert run(process_id) != before


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
