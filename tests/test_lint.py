"""Lint: every rule finds what it is for, by its code; nothing else is found in a run that is whole."""

import dataclasses
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from commands import command_line
from commands.lint_run import lint_run
from lint import bias
from lint.differences import differences
from lint.every import RULE, RULES
from lint.rules import findings_of
from reports.lint import lint_lines, lint_page
from schemas.exclusions import exclusions_to_json, veiled_key
from schemas.outcomes import BadInputError
from tests import remote_files
from tests.conftest import Run
from tests.lint_corruptions import CORRUPTIONS, result_of, rows
from tools import document_config
from transforms.storage import join, write_bytes

# Told on numbers below: the run of the tests has too few people for it.
ON_NUMBERS = {"cell-sums"}


@pytest.fixture
def copied(curated: Run, tmp_path: Path) -> Path:
    """What lint reads of the curated run, to be spoilt."""
    left_out = shutil.ignore_patterns("artefacts", "biometric", "logs")
    return Path(shutil.copytree(curated.out, tmp_path / "out", symlinks=True, ignore=left_out))


def test_nothing_is_found_in_a_run_that_is_whole(curated: Run) -> None:
    report = lint_run(str(curated.out))
    assert (report.findings, report.notes) == ([], [])
    assert report.looked_at["samples"] == 4 and report.looked_at["clips"] == 7


@pytest.mark.parametrize("code", CORRUPTIONS)
def test_what_is_spoilt_is_found_by_its_name(
    copied: Path, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copied.parent)
    CORRUPTIONS[code](copied)
    report = lint_run(str(copied))
    assert code in report.counts
    found = next(f for f in report.findings if f.code == code)
    assert found.file and found.says
    assert not (copied.parent / "unpickled-by-lint").exists()


def test_every_rule_is_planted_and_has_words() -> None:
    assert set(RULE) == set(CORRUPTIONS) | ON_NUMBERS
    assert len(RULE) == len(RULES) and all(rule.means and rule.advice for rule in RULES)


def test_groups_that_are_not_all_clips_together_are_found() -> None:
    cell = {
        "scope": "selected",
        "attribute": "gender",
        "attribute_2": None,
        "suppressed": False,
        "value_2": None,
    }
    cells = [
        cell | {"value": v, "num_clips": n, "num_people": 9} for v, n in (("feminine", 7), ("masculine", 8))
    ]
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in bias.TABLES}
    facts = bias.BiasFacts(rows=tables | {"bias_cells": cells}, min_people=5, split_clips={"train": 15})
    codes = {f.code for f in findings_of(bias.RULES, facts)}
    assert "cell-sums" not in codes and "small-group" not in codes
    fewer = dataclasses.replace(facts, split_clips={"train": 14})
    assert "cell-sums" in {f.code for f in findings_of(bias.RULES, fewer)}
    stricter = dataclasses.replace(facts, min_people=10)
    assert "small-group" in {f.code for f in findings_of(bias.RULES, stricter)}


def test_differences_are_named_by_their_path() -> None:
    wanted: Mapping[str, Any] = {"a": [1, {"b": "x"}], "c": 1.0, "d": None, "e": True}
    assert list(differences(wanted, {"a": [1, {"b": "x"}], "c": 1, "d": None, "e": True})) == []
    found = dict(differences(wanted, {"a": [1, {"b": "y"}], "c": "1", "e": 1, "f": 0}))
    assert found.keys() == {"a[1].b", "c", "d", "e", "f"}
    assert found["d"] == "is missing" and found["f"] == "should not be there"


def test_a_withdrawn_clip_that_waits_for_the_next_run_is_a_note(copied: Path) -> None:
    key = next(row["clip_id"] for row in rows(copied, "clips") if row["status"] == "accepted")
    (copied / "exclusions.json").write_bytes(exclusions_to_json([veiled_key(key)]))
    report = lint_run(str(copied))
    assert report.findings == [] and report.notes[0].startswith("1 samples are withdrawn")


def test_a_result_that_leads_out_of_the_folder_is_not_opened(copied: Path) -> None:
    result = result_of(copied)
    result.rename(copied.parent / "elsewhere")
    result.symlink_to(copied.parent / "elsewhere")
    with pytest.raises(BadInputError, match="leads out of the run"):
        lint_run(str(copied))


def test_a_remote_run_is_looked_at_alike(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(remote_files.VARIABLE, str(copied.parent / "store"))
    root, result = "fake://bucket/out", result_of(copied)
    for path in (p for p in result.rglob("*") if p.is_file()):
        write_bytes(join(root, "results", result.name, *path.relative_to(result).parts), path.read_bytes())
    write_bytes(join(root, "layout.json"), (copied / "layout.json").read_bytes())
    write_bytes(join(root, "current.json"), json.dumps({"result": result.name}).encode())
    report = lint_run(root)
    assert report.findings == [] and report.looked_at["samples"] == 4
    write_bytes(join(root, "results", result.name, "shards", "voice.npz"), b"0")
    assert set(lint_run(root).counts) == {"stray-file"}


def test_the_command_says_it_in_code_words_json_and_a_page(
    copied: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    assert command_line.main(["lint", str(copied)]) == 0
    assert "All holds." in capsys.readouterr().out
    CORRUPTIONS["split-leak"](copied)
    assert command_line.main(["lint", str(copied), "--json", "--page", str(page)]) == 3
    said = json.loads(capsys.readouterr().out)
    assert "split-leak" in {found["code"] for found in said["findings"]}
    assert "one person is in test, train" in page.read_text(encoding="utf-8")
    assert command_line.main(["lint", str(tmp_path / "nothing")]) == 2


def test_names_of_strangers_reach_no_page_and_no_terminal_raw() -> None:
    place = {"file": "shards/<script>x\x1b[31m", "item": "", "says": "a\u202eb"}
    found = {"code": "stray-file", "means": "m", "advice": "a", "count": 1, "places": [place]}
    report = {"result": "r", "looked_at": {}, "notes": [], "findings": [found]}
    page = lint_page(report).decode()
    assert "<script>" not in page and "\x1b" not in page and "\u202e" not in page
    assert not any("\x1b" in line or "\u202e" in line for line in lint_lines(report))


def test_the_page_of_codes_is_current() -> None:
    page = document_config.LINT.read_text(encoding="utf-8")
    assert page == document_config.with_rules(page), "python tools/document_config.py writes it anew"
