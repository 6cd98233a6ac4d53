"""Progress: counts, the time left where it can be told, and lines for a log."""

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from rich.console import Console

from pipelines import progress
from pipelines.progress import (
    MOST_CHARACTERS,
    STAGES,
    StageCount,
    count,
    display,
    expect,
    in_words,
    progress_line,
    seconds_left,
)
from pipelines.stopping import run_callbacks
from schemas.stages import ORDER


@dataclass(frozen=True)
class Element:
    duration_seconds: float


@dataclass(frozen=True)
class Task:
    clip: Element


@pytest.fixture(autouse=True)
def no_counts() -> Iterator[None]:
    progress._counts.clear()
    yield
    progress._counts.clear()


def stage(**changes: float | None) -> StageCount:
    """A stage half through: 12 of 24 minutes in 100 s."""
    values = {
        "expected": 24, "expected_seconds": 1440.0, "done": 12, "media_seconds": 720.0, "begun": 0.0,
    }  # fmt: skip
    return StageCount(**values | changes)  # pyright: ignore[reportArgumentType]


def test_counts_of_workers_elsewhere_are_shown() -> None:
    progress.note_counters(
        {"survey_expected": 9, "survey_done": 3, "survey_reused": 2, "survey_heartbeats": 7}
    )
    assert progress._counts == {"survey": StageCount(expected=9, done=5, reused=2)}
    assert progress_line(progress._counts, 60.0, 60.0) == "   60 s  survey 5/9, 2 from before"


def test_stages_are_those_of_the_chain_in_order() -> None:
    assert list(STAGES) == sorted(STAGES, key=ORDER.__getitem__) and {"probe", "look", "check"} <= {*STAGES}


def test_time_left_follows_from_media_done_and_expected() -> None:
    assert seconds_left(stage(), 100.0) == pytest.approx(100.0)
    assert seconds_left(stage(media_seconds=360.0), 100.0) == pytest.approx(300.0)


def test_what_was_done_before_or_failed_is_neither_speed_nor_work() -> None:
    before = stage(done=18, reused=12, reused_seconds=720.0, media_seconds=360.0)
    assert seconds_left(before, 100.0) == pytest.approx(100.0)
    assert seconds_left(stage(failed=6), 100.0) == pytest.approx(50.0)


def test_files_that_nobody_has_opened_are_counted() -> None:
    unopened = stage(expected_seconds=0.0, media_seconds=0.0, done=6)
    assert seconds_left(unopened, 100.0) == pytest.approx(300.0)


@pytest.mark.parametrize(
    "untold",
    [
        stage(begun=None),
        stage(done=24, media_seconds=1440.0),
        stage(done=2, media_seconds=120.0),
        stage(begun=95.0),
        stage(media_seconds=10.0),
        stage(done=12, reused=12, reused_seconds=720.0, media_seconds=0.0),
        stage(media_seconds=1500.0),
        StageCount(),
    ],
)
def test_time_left_is_not_told_where_nobody_can_know(untold: StageCount) -> None:
    assert seconds_left(untold, 100.0) is None


def test_times_are_said_as_one_says_them() -> None:
    assert in_words(12 * 60 + 20) == "about 12 min left"
    assert in_words(30) == "less than 1 min left"
    assert in_words(2.5 * 3600) == "about 2.5 h left"


def test_counts_tell_new_from_reused() -> None:
    for _ in range(4):
        expect(Task(Element(10.0)), "look")
    count("look", reused=2, media_seconds=20.0)
    count("look", done=1, media_seconds=10.0)
    count("look", failed=1)
    found = progress._counts["look"]
    assert (found.done, found.reused, found.failed, found.ended) == (3, 2, 1, 4)
    assert (found.media_seconds, found.reused_seconds, found.expected_seconds) == (10.0, 20.0, 40.0)


def test_a_stage_begins_when_its_last_element_has_come() -> None:
    expect(Element(1.0), "look")
    first = progress._counts["look"].begun
    time.sleep(0.002)
    expect(Element(1.0), "look")
    second = progress._counts["look"].begun
    count("look", done=1)
    expect(Element(1.0), "look")
    assert first and second and first < second == progress._counts["look"].begun


def test_a_line_names_the_stages_in_progress_alone() -> None:
    counts = {
        "probe": StageCount(expected=24, done=24),
        "look": stage(reused=8, reused_seconds=480.0, media_seconds=240.0, failed=1),
        "sync": StageCount(expected=10),
    }
    line = progress_line(counts, 135.0, 100.0)
    assert line == "  135 s  look 12/24, 8 from before, 1 failed, about 5 min left"
    assert progress_line({}, 0.0, 0.0) == "    0 s  starting"
    assert progress_line({"probe": counts["probe"]}, 1.0, 1.0) == "    1 s  probe 24/24"


def test_a_line_fits_a_log_whatever_happens() -> None:
    many = {name: stage(expected=10**7, done=10**6, reused=10**5, failed=10**4) for name in STAGES}
    line = progress_line(many, 1e6, 100.0)
    assert len(line) == MOST_CHARACTERS and "\n" not in line


@pytest.mark.parametrize(("elsewhere", "said"), [(False, "starting"), (True, "at work elsewhere")])
def test_a_run_of_which_nothing_is_counted_says_why(elsewhere: bool, said: str) -> None:
    screen = io.StringIO()
    with display(Console(file=screen, width=60), line_seconds=0.02, elsewhere=elsewhere):
        time.sleep(0.1)
    assert screen.getvalue().splitlines()[-1].endswith(said)


def test_off_a_terminal_lines_do_not_wrap() -> None:
    screen = io.StringIO()
    with display(Console(file=screen, width=20), line_seconds=0.02):
        for _ in range(24):
            expect(Element(60.0), "look")
        count("look", reused=8)
        time.sleep(0.1)
    lines = screen.getvalue().splitlines()
    assert lines[-1].endswith("look 8/24, 8 from before")


def test_a_terminal_shows_a_table_and_its_cursor_again_when_the_run_is_stopped() -> None:
    screen = io.StringIO()
    with display(Console(file=screen, force_terminal=True, width=100)):
        count("look", reused=8)
        hidden = screen.getvalue()
        run_callbacks()
        shown = screen.getvalue()
    assert "\x1b[?25l" in hidden and "\x1b[?25h" not in hidden and "\x1b[?25h" in shown
    assert "from before" in shown and "look" in shown
