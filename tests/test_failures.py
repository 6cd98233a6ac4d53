"""A failure says what went wrong and not where: the same text on every machine, runner and attempt."""

import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import av
import numpy as np
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that

from pipelines.failures import failure_of, own_traceback, place_of, without_places
from schemas.outcomes import Failure
from schemas.records.source import Source
from tests.makers import make_source

ROOT = Path(__file__).parent.parent
AWKWARD = Source(uri='/data/it\'s "a" talk – 说.mp4', name='it\'s "a" talk – 说.mp4')
SOURCE = make_source("sub/talk.mp4")


def failed(work: Callable[[], Any], source: Source = SOURCE) -> Failure:
    """Return the Failure of what a function raises."""
    try:
        work()
    except Exception as error:
        lines = traceback.format_exception(error)
        return failure_of((source, (type(error), repr(error), lines)), "probe", "video")
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/videos/sub/talk.mp4: no such file", "sub/talk.mp4: no such file"),
        ("cannot open '/videos/sub/talk.mp4' (twice: /videos/sub/talk.mp4)",
         "cannot open 'sub/talk.mp4' (twice: sub/talk.mp4)"),
        ("[Errno 28] No space left on device: '/out/parts/a b.mp4.tmp'",
         "[Errno 28] No space left on device: 'a b.mp4.tmp'"),
        ("cannot write /out/parts/ab.npz, /out/parts/ab.wav", "cannot write ab.npz, ab.wav"),
        ("gs://bucket/out/parts/ab.npz: no such object", "ab.npz: no such object"),
        ("cannot read /tmp/tmpx3k_9a2b.wav", "cannot read tmp.wav"),
        ("<av.VideoFrame at 0x7f3a91c0de00> is empty", "<av.VideoFrame> is empty"),
        ("5 m/s, 1/2 of it, text/plain, and/or; see https://ffmpeg.org/a/b",
         "5 m/s, 1/2 of it, text/plain, and/or; see https://ffmpeg.org/a/b"),
    ],
)  # fmt: skip
def test_a_message_names_the_source_and_no_place(text: str, expected: str) -> None:
    assert without_places(text, SOURCE) == expected


def test_a_source_that_is_named_by_a_relative_path_goes_by_its_name_too() -> None:
    source = Source(uri="videos/talk.mp4", name="talk.mp4")
    assert without_places(f"{Path('videos/talk.mp4').absolute()} and videos/talk.mp4", source) == (
        "talk.mp4 and talk.mp4"
    )


def test_a_source_read_from_a_table_has_no_uri_to_look_for() -> None:
    assert without_places("clip ab: 3 samples", Source(uri="", name="n")) == "clip ab: 3 samples"


def test_names_with_quotes_come_through_the_repr_of_an_exception() -> None:
    def work() -> None:
        raise ValueError(f"{AWKWARD.uri}: broken\nbadly")

    failure = failed(work, AWKWARD)
    assert (failure.source_name, failure.subject_id) == (AWKWARD.name, AWKWARD.name)
    assert failure.error == f"{AWKWARD.name}: broken\\nbadly"
    assert failure.traceback.endswith(f"ValueError: {AWKWARD.name}: broken\nbadly\n")


def test_files_of_packages_and_of_the_checkout_are_named_relative_to_them() -> None:
    assert place_of(str(ROOT / "pipelines" / "visits.py")) == "pipelines/visits.py"
    assert place_of(av.__file__) == "av/__init__.py"
    assert place_of(subprocess.__file__) == "subprocess.py"
    assert place_of("av/error.pyx") == "av/error.pyx"
    assert place_of("/somewhere/else/script.py") == "script.py"


def test_chained_exceptions_are_all_told_without_a_place() -> None:
    video, array = "/nowhere/at all.mp4", f"{tempfile.gettempdir()}/nowhere.npy"

    def work() -> None:
        try:
            av.open(video)
        except av.FFmpegError:
            np.load(array)

    text = failed(work).traceback
    assert "av.open(" in text and "During handling of the above exception" in text
    assert "numpy/lib/" in text and 'File "tests/test_failures.py"' in text
    for place in (str(ROOT), sys.prefix, sys.base_prefix, tempfile.gettempdir(), "/nowhere", os.sep + "home"):
        assert place not in text


def test_where_only_callers_are_in_a_traceback_the_exception_is_left() -> None:
    frame = '  File "/x/site-packages/pebble/a.py", line 1, in b\n    c()\n'
    text = f"Traceback (most recent call last):\n{frame}E: d\n"
    assert own_traceback(text, SOURCE) == "E: d\n"
    assert own_traceback("", SOURCE) == "\n"


def broken_core(source: Source) -> Source:
    raise ValueError(f"{source.uri}: it's broken")


def test_a_dead_letter_of_a_runner_is_what_calling_the_core_gives() -> None:
    direct = failed(lambda: broken_core(SOURCE))
    options = PipelineOptions(["--runner=FnApiRunner", "--direct_running_mode=in_memory"])
    with beam.Pipeline(options=options) as pipeline:
        sources = pipeline | beam.Create([SOURCE])
        parts: Any = sources | beam.Map(broken_core).with_exception_handling()
        _, dead = parts
        failures = dead | "Failures" >> beam.Map(failure_of, "probe", "video")

        def check(found: list[Failure]) -> None:
            (failure,) = found
            assert failure.traceback.splitlines()[-3:] == direct.traceback.splitlines()[-3:]
            assert failure.traceback.count("File ") == 1

        assert_that(failures, check)
