"""The summary page: its numbers are the tables', strings are escaped, it is self-contained."""

import base64
import dataclasses
import random
import re
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from commands.write_pages import report_data
from pipelines.results import Result
from reports import formats, metrics, reasons
from reports.run_data import RunData, run_data
from reports.summary import MAX_PAGE_BYTES, render_report
from schemas.outcomes import BadInputError, Failure
from schemas.records.sound import Transcript
from schemas.run import IgnoredInput
from schemas.tables import TABLES, to_table
from tests.page_reader import page_of
from tests.report_makers import Records
from tests.report_records import make_clip, make_shot, make_track, make_video, reject
from tests.report_run import make_run, make_summary, write_run


def test_key_numbers_equal_the_records(run: RunData, records: Records) -> None:
    numbers = metrics.key_numbers(run)
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
    _, page = page_of(run)
    assert page.tile("Clips accepted").startswith(f"{len(kept)} ")
    assert page.tile("Material in").startswith(formats.duration(expected_in))
    assert page.tile("Yield").startswith(formats.percent(numbers.seconds_accepted, expected_in))


def test_rejections_by_reason_equal_the_records(run: RunData, records: Records) -> None:
    rows = {r.reason: r for r in metrics.reason_rows(run)}
    assert {k: r.num for k, r in rows.items()} == dict(Counter(r.reason for r in records.rejections))
    for reason, row in rows.items():
        own = [r for r in records.rejections if r.reason == reason]
        assert row.seconds == pytest.approx(sum(r.seconds or 0 for r in own))
        assert row.also == sum(reason in r.also for r in records.rejections)
        assert sum(n for _, n in row.levels) == row.num
    _, page = page_of(run)
    for reason in rows:
        assert reasons.title(reason) in page.text
    assert "Speech at least 50 %" in page.text and "Nobody speaks, or too briefly" in page.text
    assert "Largest head turn (largest turn of the head to either side) is wanted at most 50°." in page.text


def test_stages_add_up_on_the_page_and_nothing_disagrees(run: RunData, records: Records) -> None:
    html, page = page_of(run)
    assert html.count('class="ok">adds up') == len(make_summary(records).stages)
    assert "does not add up" not in page.text
    assert (
        "No problem was recorded, and run.json and the tables agree on rejections and failures." in page.text
    )


def test_what_does_not_add_up_is_said(records: Records) -> None:
    good = make_summary(records)
    wrong = dataclasses.replace(good.stages[0], num_out=good.stages[0].num_out - 1)
    bad = dataclasses.replace(
        good,
        stages=[wrong, *good.stages[1:]],
        rejected_by_reason={**good.rejected_by_reason, "noisy_audio": 999},
    )
    _, page = page_of(make_run(records, bad))
    assert "Stage Probe does not add up" in page.text
    assert "run.json counts 999 rejections for Noisy audio" in page.text


PAGES = ("index.html", "bias.html", "cost.html")
STATEMENTS = {f"statement.{language}.html" for language in ("en", "de", "it")}
BESIDE = {*PAGES, "datasheet.html", "governance.html", *STATEMENTS}


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_self_contained(run: RunData, name: str) -> None:
    html, page = page_of(run, name)
    assert len(html.encode()) < MAX_PAGE_BYTES
    for tag, attributes in page.tags:
        assert tag not in {"script", "link", "iframe", "object", "embed", "base", "form"}
        for attribute in ("src", "href", "xlink:href", "action", "data", "poster", "srcset"):
            target = attributes.get(attribute)
            assert target is None or target in BESIDE or target.startswith(("#", "data:image/jpeg;base64,"))
    assert not re.search(r"https?://|@import|url\((?!#)", html)
    assert "default-src 'none'" in html


@pytest.mark.parametrize("name", PAGES)
def test_links_and_ids_fit(run: RunData, name: str) -> None:
    _, page = page_of(run, name)
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = {str(a["href"]) for t, a in page.tags if t == "a"}
    labels = {a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a}
    assert {link[1:] for link in links - BESIDE} <= set(ids) and labels <= set(ids)
    assert name == "index.html" or "index.html" in links
    assert name != "index.html" or BESIDE - {name} <= links
    assert all(a.get("alt") for t, a in page.tags if t == "img")
    # In the bias page's figures SVG lies within SVG; axe looks at those.
    pictures = [a for t, a in page.tags if t == "svg" and name != "bias.html"]
    assert all("aria-label" in a or a.get("aria-hidden") == "true" for a in pictures)


def test_what_was_erased_is_a_link_away(run: RunData, records: Records) -> None:
    href = "../erasures/index.html"
    assert href not in page_of(dataclasses.replace(run, erasures_href=href))[0]
    erased = dataclasses.replace(records.rejections[0], reason="erased")
    told = dataclasses.replace(records, rejections=[*records.rejections, erased])
    assert href in page_of(dataclasses.replace(make_run(told), erasures_href=href))[0]


def test_same_tables_give_the_same_bytes(records: Records) -> None:
    other = Records(**{n: list(reversed(getattr(records, n))) for n in TABLES})
    first = render_report(make_run(records))
    assert sorted(first) == sorted(PAGES)
    assert first == render_report(make_run(records))
    assert first == render_report(make_run(other, make_summary(records), parts=3))


HOSTILE = "videos/<script>alert('x')</script>\"><img src=x onerror=alert(1)>\n\u202egpj.mp4"


def test_hostile_strings_are_escaped() -> None:
    video = make_video(1, 30.0, name=HOSTILE)
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
        syllables_per_second=3.5,
        doubtful_ratio=0.0,
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
                source_name=HOSTILE + "2",
                error_type="<Error>",
                error="<script>alert(2)</script>",
                traceback="",
            )
        ],
    )
    hostile = {
        "command": "<script>3</script>",
        "ignored_inputs": [IgnoredInput(name="<script>4</script>", reason="<script>5</script>")],
        "problems": ["<script>5</script>"],
        "versions": {"<script>": "<script>"},
        "config": {"</pre><script>": "<script>6", "filter": {"rules": [7, {"field": None}]}},
    }
    run = make_run(records, make_summary(records, **hostile))
    for name in PAGES:
        html, page = page_of(run, name)
        assert not {t for t, _ in page.tags} & {"script", "b", "i", "u"}
        assert not any(attribute.startswith("on") for _, a in page.tags for attribute in a)
        assert [a for t, a in page.tags if t == "img"] == []
    html, page = page_of(run)
    assert "\u202e" not in html and "\\u202e" in page.text and "\\n" in page.text
    assert "<script>alert('x')</script>" in page.text
    assert "{{ 7*7 }}" in page.text


def test_empty_run_gives_a_sensible_page() -> None:
    run = make_run(Records(), make_summary(Records(), stages=[], backends=[], ignored_inputs=[]))
    _, page = page_of(run)
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


def test_missing_tables_are_said(records: Records) -> None:
    tables = {name: [to_table(name, getattr(records, name))] for name in TABLES if name != "shots"}
    _, page = page_of(run_data(make_summary(records, schema_version="0"), tables))
    assert "The table 'shots' is missing; it is shown as empty." in page.text
    assert "run.json has schema version 0" in page.text


def test_what_is_no_run_is_a_clear_error(tmp_path: Path, records: Records) -> None:
    for data in (b"", b"[]", b'{"schema_version": "1"}', b'{"schema_version": "3"}', b'{"stages": 1}'):
        (tmp_path / "run.json").write_bytes(data)
        with pytest.raises(BadInputError, match=r"run\.json"):
            Result(str(tmp_path)).read_summary()
    clips = to_table("clips", records.clips)
    for wrong in (clips.drop_columns(["fps"]), clips.set_column(7, "fps", pa.array(["fast"] * len(clips)))):
        with pytest.raises(BadInputError, match="the table clips"):
            run_data(make_summary(records), {"clips": [wrong]})


def test_a_run_read_from_its_folder_is_the_same(tmp_path: Path, records: Records, run: RunData) -> None:
    folder = write_run(tmp_path, records, parts=3)
    result = Result(str(folder))
    read = report_data(result, result.read_summary(), dict(run.thumbs))
    assert read.summary == run.summary and render_report(read) == render_report(run)
    (folder / "tables" / "clips-00000-of-00003.parquet").write_bytes(b"not a table")
    with pytest.raises(BadInputError, match=r"clips-00000-of-00003\.parquet"):
        report_data(result, run.summary, {})
    (folder / "run.json").unlink()
    with pytest.raises(BadInputError):
        result.read_summary()


def test_config_without_rules_is_tolerated(records: Records) -> None:
    for config in ({}, {"filter": None}, {"filter": {"rules": None}}, {"filter": []}):
        assert reasons.rules_of(config) == []
    _, page = page_of(make_run(records, make_summary(records, config={})))
    assert "Signal to noise" in page.text


def test_thumbs_reach_the_page(run: RunData) -> None:
    _, page = page_of(run)
    pictures = [str(a["src"]) for t, a in page.tags if t == "img"]
    assert len(pictures) == 24
    assert all(base64.b64decode(p.split(",", 1)[1]).startswith(b"\xff\xd8\xff") for p in pictures)
