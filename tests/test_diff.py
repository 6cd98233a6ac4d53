"""Diff: what changed between two results, in words and as a table, right in every line."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from commands import command_line
from pipelines.erased_spans import erased_rejection
from tests.diff_makers import (
    OLDER,
    YOUNG,
    clip,
    diff_runs,
    differing_runs,
    lost_source,
    publish,
    turned_down,
)


@pytest.fixture
def runs(tmp_path: Path) -> tuple[str, str]:
    return differing_runs(tmp_path)


def test_every_change_is_there_once_with_its_cause(runs: tuple[str, str]) -> None:
    found = {(c.change, c.source_name): c for c in diff_runs(*runs)}
    why = {key: change.why for key, change in found.items()}
    assert why == {
        ("came", "d"): "in the first result it was rejected as noisy_audio (score 8, bound 10); changed "
        "settings: filter.rules.noisy_audio.minimum: 10.0 -> 5.0",
        ("came", "new"): "in the first result the file was not among the inputs",
        ("went", "gone"): "in the second result the file was not among the inputs",
        ("file", "gone"): "the file was not among the inputs",
        ("file", "new"): "",
        ("file", "withdrawn"): "",
        ("went", "withdrawn"): "in the second result consent is refused or withdrawn",
        ("went", "h"): "in the second result it failed in look (boom)",
        ("split", "b"): "its person, or the group of look-alikes, has another id, by which splits are drawn",
        ("identity", "c"): "other clips came or went",
        ("label", "a"): "the person has other clips",
        ("label", "b"): "the manifest declares it otherwise",
    }
    ends = {name: (c.before, c.after) for (kind, name), c in found.items() if kind == "file"}
    assert ends == {
        "gone": ("read as a video, 1 of 1 clip accepted", "not there"),
        "new": ("not there", "read as a video, 1 of 1 clip accepted"),
        "withdrawn": ("read as a video", "rejected as consent_refused"),
    }
    assert (found["label", "a"].before, found["label", "a"].after) == (
        "30-39 (estimated)",
        "40-49 (estimated)",
    )
    assert (found["split", "b"].before, found["split", "b"].after) == ("train", "test")


def test_backwards_what_came_went(runs: tuple[str, str]) -> None:
    there, back = diff_runs(*runs), diff_runs(*reversed(runs))
    came = {c.clip_id for c in there if c.change == "came"}
    assert came and came == {c.clip_id for c in back if c.change == "went"}


def test_a_result_beside_itself_has_no_changes(
    runs: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert diff_runs(runs[0], runs[0]) == []
    assert command_line.main(["diff", runs[0], runs[0]]) == 0
    assert "No file or clip came, went" in capsys.readouterr().out


def test_a_file_with_other_content_and_one_that_is_cut_otherwise(tmp_path: Path) -> None:
    one = publish(tmp_path / "1", [clip(1, "a", "p"), clip(2, "b", "q")], config={"clips": {"max": 9.0}})
    two = [clip(3, "a", "p", video_id="x" * 20), clip(4, "b", "q")]
    other = publish(tmp_path / "2", two, config={"clips": {"max": 5.0}})
    why = {(c.change, c.source_name): c.why for c in diff_runs(one, other)}
    assert why["went", "a"] == "in the second result the file of this name has other content"
    cut = "its video was cut into other clips (changed settings: clips.max: 9.0 -> 5.0)"
    assert why["came", "b"] == f"in the first result {cut}"


def test_what_was_erased_is_not_told_as_cut_otherwise(tmp_path: Path) -> None:
    clips = [clip(1, "a", "p"), clip(2, "b", "q"), clip(3, "b", "p"), clip(4, "c", "r")]
    first = publish(tmp_path / "1", clips)
    ends = [erased_rejection(clips[2]), lost_source("erased 1", "erased")]
    second = publish(tmp_path / "2", [clips[1], clips[3]], ends)
    why = {(c.change, c.source_name): c.why for c in diff_runs(first, second)}
    gone = "the file was not among the inputs, or was erased (1 was, whose name is not kept)"
    assert why == {
        ("file", "a"): gone,
        ("went", "a"): f"in the second result {gone}",
        ("went", "b"): "in the second result it, or a clip of the same time, was erased",
    }


def test_what_neither_accepts_may_end_otherwise_and_a_label_may_be_another_file_s(tmp_path: Path) -> None:
    one, why = turned_down(clip(1, "a", "p"), "noisy_audio", 8.0, 10.0)
    other, whynot = turned_down(clip(1, "a", "p"), "no_speech", 0.1, 0.3)
    rules = [{"name": "noisy_audio", "minimum": 10.0}, {"name": "no_speech", "minimum": None}]
    labelled = [clip(2, "b", "q", person_attributes=of) for of in (YOUNG, OLDER)]
    first = publish(tmp_path / "1", [one, labelled[0]], [why], config={"filter": {"rules": rules[:1]}})
    second = publish(tmp_path / "2", [other, labelled[1]], [whynot], config={"filter": {"rules": rules}})
    found = {c.change: c for c in diff_runs(first, second)}
    assert (found["end"].before, found["end"].after) == ("rejected as noisy_audio", "rejected as no_speech")
    assert found["end"].why.startswith("changed settings: filter.rules.no_speech: not set -> ")
    assert found["label"].why == "the manifest declares it otherwise of another file of the person"


def test_words_and_tables_say_the_same(
    runs: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("changes.parquet", "changes.csv"):
        assert command_line.main(["diff", *runs, "--table", str(tmp_path / name)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("First: 7 files, 7 clips, 6 of them accepted. Second: 7 files, 6 clips, 5 of them")
    assert "Changed settings: filter.rules.noisy_audio.minimum: 10.0 -> 5.0.\n" in said
    assert "3 files came, went or ended otherwise, 2 clips came, 3 clips went, 1 clip changed the" in said
    table = pq.read_table(tmp_path / "changes.parquet").to_pylist()
    assert len(table) == 12 == csv.read_csv(tmp_path / "changes.csv").num_rows
    assert all((row["clip_id"] or "") in said and row["why"] in said for row in table)
    assert command_line.main(["diff", *runs, "--table", str(tmp_path / "x.txt")]) == 2
    assert command_line.main(["diff", str(tmp_path / "no"), runs[0]]) == 2
