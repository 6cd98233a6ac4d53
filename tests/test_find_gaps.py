"""Every second of a video's span is in a shot or in a gap, and no shot reaches over a gap."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records.video import ClockPart, Reading, Shot
from tests.makers import make_video
from transforms.detect_shots import ShotConfig, ShotScores, build_shots
from transforms.find_gaps import find_breaks, find_gaps, restarts_of

FPS = 25.0
HOLD = ShotConfig().max_hold_seconds


def shots_of(
    seconds: list[float],
    restarts: Sequence[float] = (),
    jumps: Sequence[int] = (),
    damaged: Sequence[float] = (),
) -> list[Shot]:
    scores = ShotScores(seconds=seconds, content=[0.0] * len(seconds), jumps=list(jumps))
    for jump in jumps:
        scores.content[jump] = 50.0
    breaks = find_breaks(seconds, FPS, restarts, damaged, HOLD)
    return build_shots("v", scores, seconds[-1] + 1 / FPS, ShotConfig(), breaks)


def spans(shots: list[Shot]) -> list[tuple[float, float]]:
    return [(round(s.start_seconds, 6), round(s.end_seconds, 6)) for s in shots]


@given(
    st.lists(st.tuples(st.integers(1, 60), st.floats(0.04, 3.0)), min_size=1, max_size=6),
    st.floats(-0.5, 2.0),
    st.floats(0.0, 2.0),
)
def test_every_second_has_one_place(stretches: list[tuple[int, float]], first: float, beyond: float) -> None:
    """Stretches of frames with pauses between them, shown before zero at first or late, with sound beyond."""
    seconds, at = [], first
    for count, pause in stretches:
        seconds += [at + i / FPS for i in range(count)]
        at = seconds[-1] + pause
    seconds = [s for s in seconds if s >= -0.5 / FPS]
    if not seconds:
        return
    video = replace(make_video(), fps=FPS, duration_seconds=seconds[-1] + 1 / FPS + beyond)
    shots = shots_of(seconds)
    found = [(s.start_seconds, s.end_seconds) for s in shots]
    found += [(g.start_seconds or 0.0, g.end_seconds or 0.0) for g in find_gaps(video, shots)]
    found.sort()
    assert found[0][0] <= 0.02 and found[-1][1] >= video.duration_seconds - 0.02
    for (_, end), (start, _) in itertools.pairwise(found):
        assert abs(start - end) <= 0.5 / FPS + 1e-9
    for shot in shots:
        assert 0 <= shot.start_seconds <= shot.clean_start_seconds
        assert shot.clean_start_seconds <= shot.clean_end_seconds <= shot.end_seconds + 1e-9
        inside = [s for s in seconds if shot.start_seconds <= s < shot.end_seconds]
        assert all(b - a <= HOLD + 1e-9 for a, b in itertools.pairwise(inside))


def test_a_shot_ends_where_the_clock_starts_again_even_if_nothing_changes() -> None:
    seconds = [i / FPS for i in range(75)] + [3.02 + i / FPS for i in range(75)]
    assert spans(shots_of(seconds)) == [(0.0, 6.02)]
    assert spans(shots_of(seconds, [3.02])) == [(0.0, 3.0), (3.02, 6.02)]
    # One that is seen there too is the same border, and a fragment is not given to another recording.
    assert spans(shots_of(seconds, [3.02], [75])) == [(0.0, 3.0), (3.02, 6.02)]
    assert spans(shots_of(seconds, [0.2])) == [(0.0, 0.2), (0.2, 6.02)]


def test_a_shot_ends_at_damaged_pictures_and_not_at_dropped_ones() -> None:
    seconds = [i / FPS for i in range(150) if not 60 <= i < 63]
    assert spans(shots_of(seconds)) == [(0.0, 6.0)]
    assert spans(shots_of(seconds, damaged=[2.4, 2.44])) == [(0.0, 2.4), (2.52, 6.0)]
    # Damage before the first picture, after the last or of one shown already ends nothing.
    assert spans(shots_of(seconds, damaged=[-0.1, 1.0, 1.01, 6.2])) == [(0.0, 6.0)]


def test_gaps_are_named() -> None:
    seconds = [0.4 + i / FPS for i in range(50)] + [4.0 + i / FPS for i in range(50)]
    video = replace(make_video(), fps=FPS, duration_seconds=8.5)
    gaps = find_gaps(video, shots_of(seconds))
    assert [(g.start_seconds, g.end_seconds) for g in gaps] == [
        (0.0, 0.4),
        pytest.approx((2.4, 4.0)),
        pytest.approx((6.0, 8.5)),
    ]
    assert {g.reason for g in gaps} == {"no_picture"} and len({g.subject_id for g in gaps}) == 3


def test_what_the_header_promises_beyond_the_data_is_cut_off() -> None:
    video = replace(make_video(), fps=FPS, duration_seconds=8.5, reading=Reading(end_seconds=7.0))
    gaps = find_gaps(video, shots_of([i / FPS for i in range(150)]))
    assert [(g.reason, g.start_seconds, g.end_seconds) for g in gaps] == [
        ("no_picture", pytest.approx(6.0), 7.0),
        ("cut_off", 7.0, 8.5),
    ]
    assert find_gaps(replace(video, duration_seconds=7.01), shots_of([i / FPS for i in range(175)])) == []


def test_restarts_are_told_in_the_videos_time() -> None:
    parts = [
        ClockPart(picture_byte=0, sound_byte=0, low_seconds=10.0, high_seconds=13.0, shift_seconds=-10.0),
        ClockPart(picture_byte=9, sound_byte=9, low_seconds=1.0, high_seconds=4.0, shift_seconds=2.0),
    ]
    assert restarts_of(Reading(clock=tuple(parts))) == [3.0] and restarts_of(Reading()) == []
