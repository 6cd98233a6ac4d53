"""Bundles that fail on purpose: what they had finished is found by those that try again, and not redone.

Dataflow runs a bundle that failed again, on this machine or another, four times in all; what counts is then
how little of it is done twice. Each retry here is a VisitBundle that comes alive anew, as on another machine.
"""

import logging
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pvalue import TaggedOutput

from pipelines import watch
from pipelines.elements import VisitResult
from pipelines.isolation import close_pools
from pipelines.job_options import JobShape
from pipelines.steps import RunStep, Step, VisitBundle
from schemas.records.source import Source
from tests.makers import make_source
from tests.test_steps import make_step

NAMES = tuple(f"{number}.mp4" for number in range(6))
ROOT = Path(__file__).parents[1]
# A worker that dies in the middle of a bundle, as when its machine is lost.
_DIES = """
import os, sys
from pathlib import Path
from tests import test_bundles
step, sources = test_bundles.step_elsewhere(Path(sys.argv[1])), test_bundles.sources(Path(sys.argv[1]))
for number, _ in enumerate(test_bundles.visited(step, sources), 1):
    if number == 3:
        os._exit(9)
"""


@pytest.fixture(scope="module", autouse=True)
def end_pools() -> Iterator[None]:
    """Pools hold processes; they end with these tests."""
    yield
    close_pools()


def step_elsewhere(folder: Path) -> Step:
    return replace(make_step(folder), shape=JobShape(elsewhere=True))


def sources(folder: Path) -> list[Source]:
    for name in NAMES:
        (folder / name).write_bytes(b"a video") if not (folder / name).exists() else None
    return [make_source(name, uri=str(folder / name)) for name in NAMES]


def visited(step: Step, elements: list[Source]) -> Iterator[Any]:
    """Yield what a bundle gives, as its runner asks for it."""
    bundle: VisitBundle = pickle.loads(pickle.dumps(VisitBundle(step)))
    bundle.start_bundle()
    for element in elements:
        yield from bundle.process(element)
    yield from (windowed.value for windowed in bundle.finish_bundle())


def counts(results: list[VisitResult]) -> tuple[int, int]:
    """Return how many results were made, and how many found."""
    return sum(not r.reused for r in results), sum(r.reused for r in results)


def test_a_bundle_whose_worker_dies_is_done_again_without_what_it_had_finished(tmp_path: Path) -> None:
    elements = sources(tmp_path)
    died = subprocess.run([sys.executable, "-c", _DIES, str(tmp_path)], cwd=ROOT, check=False)
    assert died.returncode == 9
    made, found = counts(list(visited(step_elsewhere(tmp_path), elements)))
    assert found >= 3, "three results had left the bundle"
    assert made + found == len(NAMES)
    assert counts(list(visited(step_elsewhere(tmp_path), elements))) == (0, len(NAMES))


def _break(result: VisitResult, fourth: str) -> VisitResult:
    if result.outputs[0].video_id == fourth:
        raise RuntimeError("on purpose")
    return result


def test_a_bundle_that_raises_after_some_elements_loses_none_of_them(tmp_path: Path) -> None:
    elements = sources(tmp_path)
    options = PipelineOptions(["--runner=FnApiRunner", "--direct_running_mode=in_memory"])
    for fourth in ("3.mp4!", None):
        pipeline = beam.Pipeline(options=options)
        results, _, _ = pipeline | beam.Create(elements) | RunStep(step_elsewhere(tmp_path))  # type: ignore[misc]
        if fourth is not None:
            _ = results | beam.Map(_break, fourth)
            with pytest.raises(RuntimeError, match="on purpose"):
                pipeline.run()
    done = pipeline.run()
    done.wait_until_finish()
    told = {c.key.metric.name: c.committed for c in done.metrics().query()["counters"]}
    assert told["probe_reused"] >= 4 and told["probe_done"] + told["probe_reused"] == len(NAMES)


def test_elsewhere_a_bundle_is_taken_in_portions(tmp_path: Path) -> None:
    bundle = VisitBundle(step_elsewhere(tmp_path))
    bundle.start_bundle()
    given = [len(list(bundle.process(element))) for element in sources(tmp_path)]
    # One process: one element is at work and one waits; what comes next makes room first.
    assert given[0] == 0 and sum(given) >= len(NAMES) - 2
    assert len(list(bundle.finish_bundle())) == len(NAMES) - sum(given)


def test_here_a_bundle_is_one_queue(tmp_path: Path) -> None:
    bundle = VisitBundle(make_step(tmp_path))
    bundle.start_bundle()
    assert [list(bundle.process(element)) for element in sources(tmp_path)] == [[]] * len(NAMES)
    assert len(list(bundle.finish_bundle())) == len(NAMES)


def test_a_failure_leaves_a_portion_as_it_leaves_a_bundle(tmp_path: Path) -> None:
    elements = [make_source("raises"), *sources(tmp_path)[:2]]
    given = list(visited(step_elsewhere(tmp_path), elements))
    assert [one.tag for one in given if isinstance(one, TaggedOutput)] == ["failures", "failed"]
    assert counts([one for one in given if isinstance(one, VisitResult)]) == (2, 0)


def test_long_work_is_not_silent(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(watch, "HEARTBEAT_SECONDS", 0.01)
    slow: Future[Any] = Future()
    caplog.set_level(logging.INFO, logger="mentor")
    waits = iter(range(3))

    def wait(visits: Any, *arguments: Any) -> Any:
        if next(waits, None) is None:
            slow.set_result("done")
        return real(visits, *arguments)

    real = watch.wait
    monkeypatch.setattr(watch, "wait", wait)
    assert watch.Watch("survey").ended([slow]) == {slow}
    assert [r.getMessage().split(",")[0] for r in caplog.records] == [
        "survey: 1 elements at work or queued"
    ] * 3
