"""The summary page: its numbers are the tables', strings are escaped, it is self-contained."""

import base64
import dataclasses
import random
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reports import formats, gallery, metrics, reasons, strips, summary
from reports.load import load_run
from reports.summary import MAX_PAGE_BYTES, write_report
from schemas.outcomes import BadInputError, Failure
from schemas.records import Transcript
from schemas.tables import TABLES
from tests.page_reader import page_of
from tests.report_makers import Records, make_records
from tests.report_records import make_clip, make_shot, make_track, make_video, reject
from tests.report_run import make_summary, write_run, write_thumbs


@pytest.fixture(scope="module")
def records() -> Records:
    return make_records(16)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory, records: Records) -> Path:
    folder = write_run(tmp_path_factory.mktemp("run"), records, parts=2)
    write_thumbs(folder, records)
    return folder


def test_key_numbers_equal_the_records(run_dir: Path, records: Records) -> None:
    numbers = metrics.key_numbers(load_run(run_dir))
    kept = [c for c in records.clips if c.status == "accepted"]
    whole = [r for r in records.rejections if r.level == "video"]
    unread = [f for f in records.failures if f.level == "video"]
    assert numbers.num_inputs == 16 == len(records.videos) + len(whole) + len(unread)
    assert numbers.num_unknown_length == len(unread)
    assert (numbers.num_shots, numbers.num_clips, numbers.num_accepted) == (
        len(records.shots),
        len(records.clips),
        len(kept),
    )
    expected_in = sum(v.duration_seconds for v in records.videos) + sum(r.seconds or 0 for r in whole)
    assert numbers.seconds_in == pytest.approx(expected_in)
    assert numbers.seconds_accepted == pytest.approx(sum(c.duration_seconds for c in kept))
    _, page = page_of(run_dir)
    assert page.tile("Clips accepted").startswith(f"{len(kept)} ")
    assert page.tile("Material in").startswith(formats.duration(expected_in))
    assert page.tile("Yield").startswith(formats.percent(numbers.seconds_accepted, expected_in))


def test_rejections_by_reason_equal_the_records(run_dir: Path, records: Records) -> None:
    rows = {r.reason: r for r in metrics.reason_rows(load_run(run_dir))}
    assert {k: r.num for k, r in rows.items()} == dict(Counter(r.reason for r in records.rejections))
    for reason, row in rows.items():
        own = [r for r in records.rejections if r.reason == reason]
        assert row.seconds == pytest.approx(sum(r.seconds or 0 for r in own))
        assert row.also == sum(reason in r.also for r in records.rejections)
        assert sum(n for _, n in row.levels) == row.num
    _, page = page_of(run_dir)
    for reason in rows:
        assert reasons.title(reason) in page.text
    assert "Speech at least 50 %" in page.text and "Nobody speaks, or too briefly" in page.text
    assert "Largest head turn (largest turn of the head to either side) is wanted at most 50°." in page.text


def test_stages_add_up_on_the_page_and_nothing_disagrees(run_dir: Path, records: Records) -> None:
    html, page = page_of(run_dir)
    assert html.count('class="ok">adds up') == len(make_summary(records).stages)
    assert "does not add up" not in page.text
    assert (
        "No problem was recorded, and run.json and the tables agree on rejections and failures." in page.text
    )


def test_what_does_not_add_up_is_said(tmp_path: Path, records: Records) -> None:
    good = make_summary(records)
    wrong = dataclasses.replace(good.stages[0], num_out=good.stages[0].num_out - 1)
    bad = dataclasses.replace(
        good,
        stages=[wrong, *good.stages[1:]],
        rejected_by_reason={**good.rejected_by_reason, "noisy_audio": 999},
    )
    _, page = page_of(write_run(tmp_path, records, bad))
    assert "Stage Probe does not add up" in page.text
    assert "run.json counts 999 rejections for Noisy audio" in page.text


def test_page_is_self_contained(run_dir: Path) -> None:
    html, page = page_of(run_dir)
    assert len(html.encode()) < MAX_PAGE_BYTES
    allowed = ("#", "data:image/jpeg;base64,", "bias.html")
    for tag, attributes in page.tags:
        assert tag not in {"script", "link", "iframe", "object", "embed", "base", "form"}
        for name in ("src", "href", "xlink:href", "action", "data", "poster", "srcset"):
            assert name not in attributes or str(attributes[name]).startswith(allowed)
    assert not re.search(r"https?://|@import|url\((?!#)", html)
    assert "default-src 'none'" in html


def test_links_and_ids_fit(run_dir: Path) -> None:
    _, page = page_of(run_dir)
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    targets = {str(a["href"])[1:] for t, a in page.tags if t == "a" and a["href"] != "bias.html"}
    labels = {a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a}
    assert targets <= set(ids) and labels <= set(ids)
    assert all(a.get("alt") for t, a in page.tags if t == "img")
    assert all("aria-label" in a or a.get("aria-hidden") == "true" for t, a in page.tags if t == "svg")


def test_same_tables_give_the_same_bytes(tmp_path: Path, records: Records) -> None:
    one = write_run(tmp_path / "one", records, parts=1)
    other = Records(**{n: list(reversed(getattr(records, n))) for n in TABLES})
    two = write_run(tmp_path / "two", other, make_summary(records), parts=3)
    first = write_report(one).read_bytes()
    assert first == write_report(one).read_bytes()
    assert first == write_report(two).read_bytes()
    pages = ["bias.html", "index.html"]
    assert sorted(p.name for p in (one / "report").iterdir()) == pages
    assert (one / "report" / pages[0]).read_bytes() == (two / "report" / pages[0]).read_bytes()


HOSTILE = "videos/<script>alert('x')</script>\"><img src=x onerror=alert(1)>\n\u202egpj.mp4"


def test_hostile_strings_are_escaped(tmp_path: Path) -> None:
    video = make_video(1, 30.0, uri=HOSTILE)
    shot = make_shot(video, 0.0, 30.0)
    track = make_track(shot, 0.0, 30.0)
    text = Transcript(
        text="</blockquote><script>1</script>{{ 7*7 }}",
        language='en" onload="x',
        language_score=None,
        words=(),
        phones=(),
        declared_match=None,
        mean_log_probability=None,
        words_per_second=2.5,
        recogniser="r",
        aligner="a",
    )
    clip = make_clip(video, track, 0.0, 8.0, random.Random(0), transcript=text, clip_id="../../../etc/x")
    records = Records(
        videos=[video],
        shots=[shot],
        face_tracks=[track],
        clips=[clip],
        rejections=[
            reject("s", video, "<b>stage", "<i>level", "<u>reason", start_seconds=9.0, end_seconds=12.0)
        ],
        failures=[
            Failure(
                stage="<b>",
                level="video",
                subject_id="<x>",
                video_id=None,
                uri=HOSTILE + "2",
                error_type="<Error>",
                error="<script>alert(2)</script>",
                traceback="",
            )
        ],
    )
    hostile = {
        "command": "<script>3</script>",
        "ignored_inputs": ["<script>4</script>"],
        "problems": ["<script>5</script>"],
        "versions": {"<script>": "<script>"},
        "config": {"</pre><script>": "<script>6", "filter": {"rules": [7, {"field": None}]}},
    }
    html, page = page_of(write_run(tmp_path, records, make_summary(records, **hostile)))
    assert not {t for t, _ in page.tags} & {"script", "b", "i", "u"}
    assert not any(name.startswith("on") for _, a in page.tags for name in a)
    assert [a for t, a in page.tags if t == "img"] == []
    assert "\u202e" not in html and "\\u202e" in page.text and "\\n" in page.text
    assert "<script>alert('x')</script>" in page.text
    assert "{{ 7*7 }}" in page.text


def test_empty_run_gives_a_sensible_page(tmp_path: Path) -> None:
    _, page = page_of(
        write_run(tmp_path, Records(), make_summary(Records(), stages=[], backends=[], ignored_inputs=[]))
    )
    for sentence in (
        "The run had no input.",
        "Nothing was rejected.",
        "Nothing failed.",
        "No clip was accepted.",
        "No stage was recorded.",
        "No clip was cut, so there are no scores.",
    ):
        assert sentence in page.text
    assert "nan" not in page.text.lower().split()


def test_missing_tables_and_files_are_said(tmp_path: Path, records: Records) -> None:
    folder = write_run(tmp_path, records, parts=2)
    (folder / "tables" / "clips-00001-of-00002.parquet").unlink()
    for path in (folder / "tables").glob("shots-*"):
        path.unlink()
    _, page = page_of(folder)
    assert "The table 'clips' has 1 of 2 files; numbers are too low." in page.text
    assert "The table 'shots' is missing; it is shown as empty." in page.text


def test_unreadable_run_is_a_clear_error(tmp_path: Path, records: Records) -> None:
    with pytest.raises(BadInputError, match=r"run\.json"):
        write_report(tmp_path)
    folder = write_run(tmp_path, records)
    (folder / "tables" / "clips-00000-of-00001.parquet").write_bytes(b"not a table")
    with pytest.raises(BadInputError, match=r"clips-00000-of-00001\.parquet"):
        write_report(folder)
    (folder / "run.json").write_text('{"schema_version": "1"}', encoding="utf-8")
    with pytest.raises(BadInputError, match="RunSummary"):
        write_report(folder)


def test_large_run_stays_below_the_limit(tmp_path: Path) -> None:
    rng = random.Random(3)
    video = make_video(0, 10_800.0, uri="videos/" + "long name " * 30 + ".mp4")
    shot = make_shot(video, 0.0, 10_800.0)
    tracks = [make_track(shot, 0.0, 10_800.0, p) for p in range(3)]
    template = make_clip(video, tracks[0], 0.0, 5.0, rng)
    records = Records()
    for number in range(30):
        copy = dataclasses.replace(
            video,
            video_id=f"{number:020x}",
            source=dataclasses.replace(video.source, uri=f"{video.source.uri}{number:03d}"),
        )
        records.videos.append(copy)
        records.face_tracks += [
            dataclasses.replace(t, video_id=copy.video_id, track_id=f"{t.track_id}-{number}") for t in tracks
        ]
        for index in range(300):
            clip = dataclasses.replace(
                template,
                clip_id=f"c-{number}-{index}",
                video_id=copy.video_id,
                source=copy.source,
                track_id=f"{tracks[index % 3].track_id}-{number}",
                start_seconds=index * 30.0,
                end_seconds=index * 30.0 + 25,
                status="rejected" if index % 2 else "accepted",
            )
            records.clips.append(clip)
            if index % 2:
                records.rejections.append(
                    reject(
                        clip.clip_id,
                        copy,
                        "filter",
                        "clip",
                        f"reason_{index % 31:02d}",
                        score=1.0,
                        threshold=2.0,
                    )
                )
    folder = write_run(tmp_path, records)
    thumbs = folder / "report" / "thumbs"
    thumbs.mkdir(parents=True)
    noise = np.random.default_rng(0).integers(0, 255, (150, 200, 3), dtype=np.uint8)
    for clip in records.clips[:100]:
        Image.fromarray(noise).save(thumbs / f"{clip.clip_id}.jpg", quality=90)
    html, page = page_of(folder)
    assert len(html.encode()) < MAX_PAGE_BYTES
    shown = sum(str(a.get("class")) == "strip" for _, a in page.tags)
    assert 8 <= shown < 30
    assert f"Showing {shown} of 30 inputs" in page.text
    assert f"Showing 24 of {sum(c.status == 'accepted' for c in records.clips):,}" in page.text


def test_strips_say_how_many_are_shown(tmp_path: Path) -> None:
    records = make_records(130)
    _, page = page_of(write_run(tmp_path, records))
    assert "Showing 50 of 130 inputs" in page.text
    assert sum(str(a.get("class")) == "strip" for _, a in page.tags) == 50


def test_config_without_rules_is_tolerated(tmp_path: Path, records: Records) -> None:
    for config in ({}, {"filter": None}, {"filter": {"rules": None}}, {"filter": []}):
        assert reasons.rules_of(config) == []
    _, page = page_of(write_run(tmp_path, records, make_summary(records, config={})))
    assert "Signal to noise" in page.text


def test_thumbs_reach_the_page(run_dir: Path) -> None:
    _, page = page_of(run_dir)
    pictures = [str(a["src"]) for t, a in page.tags if t == "img"]
    assert len(pictures) == 24
    assert all(base64.b64decode(p.split(",", 1)[1]).startswith(b"\xff\xd8\xff") for p in pictures)


def test_page_limit_is_the_sum_of_its_budgets() -> None:
    assert strips.BYTE_BUDGET + gallery.MAX_THUMBS_BYTES * 4 / 3 < 0.8 * summary.MAX_PAGE_BYTES
