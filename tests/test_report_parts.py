"""What the summary page is made of: timelines, histograms, pictures, reasons, numbers as text."""

import dataclasses
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from reports import captions, figures, formats, gallery, metrics, reasons, score_words, strips, timeline
from tests.report_makers import RULES, Records, make_records
from tests.report_records import make_video, reject
from tests.report_run import jpeg, make_run
from transforms.filter_clips import DEFAULT_RULES


def test_strip_places_clips_and_whole_file_outcomes() -> None:
    records = make_records(16)
    run = make_run(records)
    rules = reasons.rules_of(run.summary.config)
    video = next(v for v in records.videos if any(c.video_id == v.video_id for c in records.clips))
    name = next(r.source_name for r in records.rejections if r.level == "video")
    styles = captions.reason_styles([r.reason for r in metrics.reason_rows(run)])
    one, whole = strips.build_strips(run, [video.source.name, name], styles, rules)
    clips = [c for c in records.clips if c.video_id == video.video_id and c.status == "accepted"]
    marks = [m for m in one.marks if m.style == "acc"]
    expected = sorted(round(100 * c.start_seconds / video.duration_seconds, 2) for c in clips)
    assert sorted(m.x for m in marks) == pytest.approx(expected, abs=0.02)
    assert [(m.x, m.width) for m in whole.marks] == [(0.0, 100.0)]
    assert "No audio stream".lower() in whole.rows[0].result


def test_duplicate_file_does_not_mark_the_video_it_repeats() -> None:
    video = make_video(0, 20.0)
    twin = reject(video.video_id, video, "probe", "video", "duplicate", seconds=20.0)
    records = Records(videos=[video], rejections=[dataclasses.replace(twin, source_name="videos/copy.mp4")])
    run = make_run(records)
    first, second = strips.build_strips(run, [video.source.name, "videos/copy.mp4"], {}, [])
    assert first.marks == () and len(second.marks) == 1
    assert metrics.key_numbers(run).seconds_in == 40.0


def test_thumbs_are_embedded_only_if_they_are_small_jpegs() -> None:
    good = jpeg(np.zeros((48, 64, 3), np.uint8))
    assert gallery.fitting_thumb(good, 60_000) == good
    assert gallery.fitting_thumb(good, 10) == b""
    assert gallery.fitting_thumb(b"<svg onload=alert(1)>", 60_000) == b""


def test_every_reason_that_has_words_is_one_that_code_gives() -> None:
    root = Path(reasons.__file__).parent.parent
    code = "".join(
        p.read_text("utf-8")
        for room in ("schemas", "transforms", "pipelines")
        for p in (root / room).rglob("*.py")
    )
    assert [name for name in reasons.REASONS if f'"{name}"' not in code] == []
    assert [rule.name for rule in DEFAULT_RULES if rule.name not in reasons.REASONS] == []


def test_lanes_hold_no_overlap_and_lose_nothing() -> None:
    rng = random.Random(5)
    for _ in range(200):
        tracks = [
            timeline.Track(
                track_id=f"t{i}", start_seconds=(a := rng.uniform(0, 80)), end_seconds=a + rng.uniform(1, 20)
            )
            for i in range(rng.randrange(6))
        ]
        spans = []
        for _ in range(rng.randrange(12)):
            start = rng.uniform(0, 90)
            owner = rng.choice([None, *[t.track_id for t in tracks]])
            kind = rng.choice(("accepted", "rejected"))
            spans.append(
                timeline.Span(
                    start_seconds=start, end_seconds=start + rng.uniform(0.1, 10), kind=kind, track_id=owner
                )
            )
        lanes = timeline.stack(spans, tracks)
        placed = [s for lane in lanes for s in lane.spans]
        assert Counter(placed) == Counter(spans)
        assert sum(len(lane.tracks) for lane in lanes) == len(tracks)
        for lane in lanes:
            for a, b in zip(lane.spans, lane.spans[1:], strict=False):
                assert b.start_seconds >= a.end_seconds - 0.021


def test_covered_seconds_is_the_union() -> None:
    def span(a: float, b: float) -> timeline.Span:
        return timeline.Span(start_seconds=a, end_seconds=b, kind="accepted")

    assert timeline.covered_seconds([span(0, 4), span(2, 6), span(8, 99)], 10) == pytest.approx(8)
    assert timeline.covered_seconds([], 10) == 0


def test_short_axes_have_labels_that_differ() -> None:
    video = make_video(0, 2.0)
    run = make_run(Records(videos=[video]))
    (strip,) = strips.build_strips(run, [video.source.name], {}, [])
    labels = [label for _, label in strip.axis]
    assert labels == ["0:00.0", "0:00.5", "0:01.0", "0:01.5", "0:02.0"]


@pytest.mark.parametrize("seconds", [0.04, 1, 7.5, 60, 3599, 10_800, 1e6])
def test_ticks_are_few_and_start_at_zero(seconds: float) -> None:
    marks = timeline.ticks(seconds)
    assert marks[0] == 0 and len(marks) <= 7 and marks[-1] <= seconds


def test_histogram_counts_every_value_and_draws_thresholds() -> None:
    values = np.array([0.1, 0.4, 0.6, 0.9, np.nan])
    rules = reasons.rules_of({"filter": {"rules": RULES}})
    h = figures.histogram(
        "audio_speech_ratio", values, np.array([False, False, True, True, False]), [rules[1]]
    )
    assert sum("1 accepted" in b.label for b in h.bars) == 2
    assert [(t.x, t.label, t.active) for t in h.thresholds] == [(50.0, "min 50 %", True)]
    assert "Not computed for 1 clip." in h.summary
    hands = figures.histogram("landmarks_any_hand_ratio", values, np.ones(5, bool), [rules[6]])
    assert not hands.thresholds[0].active and "score only" in hands.thresholds[0].label


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (formats.duration(0), "0 s"),
        (formats.duration(0.004), "<0.1 s"),
        (formats.duration(12.34), "12.3 s"),
        (formats.duration(59.97), "1 min 00 s"),
        (formats.duration(3599.6), "1 h 00 min"),
        (formats.duration(8000), "2 h 13 min"),
        (formats.duration(5e5), "139 h"),
        (formats.clock(75.25, 1), "1:15.2"),
        (formats.clock(59.96, 1), "1:00.0"),
        (formats.clock(3661), "1:01:01"),
        (formats.number(0.01234), "0.0123"),
        (formats.number(12.0), "12"),
        (formats.number(100.0), "100"),
        (formats.number(12345.6), "12,346"),
        (formats.number(-3.5), "\u22123.5"),
        (formats.number(None), "–"),
        (formats.number(float("nan")), "–"),
        (formats.percent(1, 3), "33 %"),
        (formats.percent(1, 0), "–"),
        (formats.percent(1, 100_000), "<0.1 %"),
        (formats.percent(99_999, 100_000), ">99.9 %"),
        (formats.plural(1, "clip"), "1 clip"),
        (formats.plural(1200, "clip"), "1,200 clips"),
        (formats.file_name("gs://bucket/a/b c.mp4"), "b c.mp4"),
        (formats.file_name("x\ny.mp4"), "x\\ny.mp4"),
        (score_words.with_unit("audio_speech_ratio", 0.5), "50 %"),
        (score_words.with_unit("quality_yaw_degrees", -30.0), "\u221230°"),
    ],
)
def test_numbers_are_written_for_people(text: str, expected: str) -> None:
    assert text == expected
