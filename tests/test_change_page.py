"""The page of what changed between two results: the same changes as in words, whatever files are called."""

import re
from pathlib import Path

import pytest

from commands import command_line
from commands.diff_runs import compared_runs
from reports.change_page import MOST_ROWS, change_page
from schemas.records.source import Terms
from tests.diff_makers import clip, declared, differing_runs, publish
from tests.page_reader import PageReader


def read(first: str, second: str) -> PageReader:
    page = PageReader(change_page(compared_runs(first, second)).decode())
    assert page.unbalanced == [] == page.open
    return page


def test_it_tells_every_change_and_needs_no_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs, target = differing_runs(tmp_path), tmp_path / "diff.html"
    assert command_line.main(["diff", *runs, "--page", str(target)]) == 0
    html, page = target.read_text(), PageReader(target.read_text())
    for change in compared_runs(*runs).changes():
        assert change.source_name in page.text and (change.clip_id or "") in page.text
        assert re.sub(r"\s+", " ", change.why) in page.text
    assert "Clips that went3clips went" in page.text and "Consent and licences0terms" in page.text
    assert "filter.rules.noisy_audio.minimum10.05.0" in page.text
    assert "<script" not in html and not re.search(r"https?://|@import|url\((?!#)", html)
    assert command_line.main(["diff", *runs, "--page", str(tmp_path)]) == 2
    capsys.readouterr()


def test_terms_of_many_files_are_one_row_and_rows_have_an_end(tmp_path: Path) -> None:
    first = [declared(n, f"{n}.mp4", Terms(scope="train publish")) for n in range(MOST_ROWS + 5)]
    second = [declared(n, f"{n}.mp4", Terms(scope="train")) for n in range(MOST_ROWS + 5)]
    runs = publish(tmp_path / "1", first), publish(tmp_path / "2", second)
    assert "consent_scopetrain publishtrain205205205" in read(*runs).text
    none = publish(tmp_path / "3", [])
    text = read(runs[0], none).text
    assert "And 5 more; all of them are in diff --table FILE." in text
    assert "No file or clip came, went, or changed its terms" in read(none, none).text


def test_names_of_files_are_escaped(tmp_path: Path) -> None:
    name = "<img src=x>\u202egpj.mp4"
    page = read(publish(tmp_path / "1", [clip(1, name, "p")]), publish(tmp_path / "2", []))
    assert not [tag for tag, _ in page.tags if tag == "img"] and "\u202e" not in page.text
