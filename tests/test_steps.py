"""A step in a pipeline: what raises or dies becomes a Failure, what works goes on, counts add up.

The visit stands at module level because a fresh process imports it by name.
"""

import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from pipelines.artefacts import ArtefactStore
from pipelines.elements import ClipTask, Subject, VisitResult, subject_of
from pipelines.isolation import IsolationConfig, close_pools
from pipelines.stages import Visit
from pipelines.steps import RunStep, Step, add_summaries, summary
from schemas.outcomes import Failure
from schemas.parts import PartReader
from schemas.records.source import Source
from schemas.run import StageSummary
from tests.makers import make_clip, make_shot, make_source, make_track, make_video

STEP_ISOLATION = IsolationConfig(num_processes=1, timeout_base_seconds=60, pin_to_cores=False)


def visit(source: Source, _: PartReader, *, suffix: str) -> VisitResult:
    """Answer with the source's video, or break in the way the name says."""
    if source.name == "dies":
        os._exit(7)
    if source.name == "raises":
        raise ValueError("it's broken\nin two lines")
    return VisitResult(outputs=(make_video(source=source, video_id=source.name + suffix),))


LINE = inspect.getsourcelines(visit)[1] + 5
RAISED = f"""Traceback (most recent call last):
  File "tests/test_steps.py", line {LINE}, in visit
    raise ValueError("it's broken\\nin two lines")
ValueError: it's broken
in two lines
"""


@pytest.fixture(scope="module", autouse=True)
def end_pools() -> Iterator[None]:
    """Pools hold processes; they end with these tests."""
    yield
    close_pools()


def plain(failure: Failure) -> tuple[str, ...]:
    return (
        failure.stage,
        failure.level,
        failure.subject_id,
        failure.source_name,
        failure.error_type,
        failure.error,
        failure.traceback,
    )


def make_step(folder: Path) -> Step:
    """Return a step of the visit above, whose results go to a folder."""
    return Step(
        visit=Visit(stage="probe", visit=visit, sections=()),
        level="video",
        settings={"suffix": "!"},
        recipes={"probe": "a recipe"},
        store=ArtefactStore(str(folder / "out")),
        isolation=STEP_ISOLATION,
    )


def test_broken_elements_become_failures_and_the_others_go_on(tmp_path: Path) -> None:
    names = ["one", "raises", "two", "dies", "three"]
    step = make_step(tmp_path)
    options = PipelineOptions(["--runner=FnApiRunner", "--direct_running_mode=in_memory"])
    with beam.Pipeline(options=options) as pipeline:
        sources = pipeline | beam.Create([make_source(name) for name in names])
        parts: Any = sources | RunStep(step)
        results, failures, failed = parts
        outputs = results | beam.FlatMap(lambda result: [video.video_id for video in result.outputs])
        assert_that(outputs, equal_to(["one!", "two!", "three!"]), "outputs")
        assert_that(failed | beam.Map(lambda s: s.name), equal_to(["raises", "dies"]), "failed")
        died = "the worker process died (exit code 7)"
        expected = [
            ("raises", "ValueError", "it's broken\\nin two lines", RAISED),
            ("dies", "WorkerDiedError", died, f"pipelines.isolation.WorkerDiedError: {died}\n"),
        ]
        rows = [("probe", "video", n, n, kind, said, trace) for n, kind, said, trace in expected]
        assert_that(failures | "Plain" >> beam.Map(plain), equal_to(rows), "failures")


def test_a_visit_is_made_once_and_what_failed_is_tried_again(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("one", "raises")}
    for path in files.values():
        path.write_bytes(b"a video")
    step = make_step(tmp_path)
    elements = [make_source(name, uri=str(path)) for name, path in files.items()]
    for reused in (False, True):
        artefact, found = step.find(elements[0])
        assert (found is not None) == reused
        result = found or step.finish(elements[0], step.start(elements[0], artefact))
        assert isinstance(result, VisitResult) and result.reused == reused
        assert [video.video_id for video in result.outputs] == ["one!"]
        artefact, found = step.find(elements[1])
        assert artefact is not None and found is None
        assert isinstance(step.finish(elements[1], step.start(elements[1], artefact)), Failure)


def test_outcomes_name_their_element_at_every_level() -> None:
    video, clip = make_video(), make_clip()
    track = make_track(make_shot(), 0, 2)
    assert subject_of(video.source) == Subject("talk.mp4", None, video.source, 0.0)
    assert subject_of(video) == Subject(video.video_id, video.video_id, video.source, 60.0)
    of_clip = Subject(clip.clip_id, clip.video_id, clip.source, 2.0)
    assert subject_of(clip) == subject_of(ClipTask(clip=clip, video=video, track=track)) == of_clip
    with pytest.raises(TypeError):
        subject_of("a string")


counts = st.integers(0, 5)
contributions = st.builds(
    lambda out, rejected, failed, cost: summary(
        "look", "clip", num_out=out, num_rejected=rejected, num_failed=failed,
        result=VisitResult(cpu_seconds={"a": cost, f"b{out}": 1.0}, frames_decoded=out),
    )[1],
    counts, counts, counts, st.integers(0, 100).map(float),
)  # fmt: skip


@given(st.lists(contributions, min_size=1), st.integers(0, 10))
def test_summaries_add_up_however_they_are_grouped(found: list[StageSummary], cut: int) -> None:
    """As Beam's combiners need it."""
    whole = add_summaries(found)
    grouped = [add_summaries(g) for g in (found[:cut], found[cut:]) if g]
    assert add_summaries(reversed(grouped)) == whole
    assert whole is not None
    assert whole.num_in == whole.num_out + whole.num_rejected + whole.num_failed
    assert whole.cpu_seconds == sum(whole.cpu_by_step.values())
    assert whole.num_in == sum(s.num_in for s in found)
