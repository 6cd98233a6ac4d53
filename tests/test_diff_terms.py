"""Diff: what changed in the terms of files, told once for many files, each with its cause."""

import dataclasses
from pathlib import Path
from typing import Any

from commands.diff_runs import compared_runs
from reports.change_lines import change_lines
from schemas.records.source import Terms
from tests.diff_makers import declared, diff_runs, lost_source, publish


def test_terms_of_many_files_that_changed_alike_are_one_line(tmp_path: Path) -> None:
    names = [f"{n:02}.mp4" for n in range(40)]
    by, nc = (Terms(licence_id=licence) for licence in ("CC-BY-4.0", "CC-BY-NC-4.0"))
    one = [
        declared(n * 5 + k, name, by, licence="CC BY 4.0") for n, name in enumerate(names) for k in range(5)
    ]
    two = [
        dataclasses.replace(c, source=declared(1, c.source.name, nc, licence="CC BY-NC 4.0").source)
        for c in one
    ]
    first, second = publish(tmp_path / "1", one), publish(tmp_path / "2", two)
    changes = diff_runs(first, second)
    assert len(changes) == 40 and {c.attribute for c in changes} == {"licence"}
    said = change_lines(compared_runs(first, second))
    assert said[1:] == [
        "40 terms of consent or licence changed.",
        "",
        "40 terms of consent or licence changed:",
        "  licence CC BY 4.0 -> CC BY-NC 4.0 of 40 files with 200 clips, 200 of them accepted "
        "(00.mp4, 01.mp4, 02.mp4 and 37 more); the manifest declares it otherwise",
    ]
    # The same licence in other words is no change.
    again = [
        dataclasses.replace(c, source=declared(1, c.source.name, by, licence="cc-by-4.0").source) for c in one
    ]
    assert diff_runs(first, publish(tmp_path / "3", again)) == []


def test_every_term_is_told_with_its_cause(tmp_path: Path) -> None:
    until = Terms(scope="train publish", basis="consent", expires_on="2027-06-30")
    sooner = Terms(
        scope="train", basis="explicit_consent", expires_on="2026-12-01", withdrawn_on="2026-12-05"
    )
    one = [declared(1, "a", until, consent="granted"), declared(2, "b", until)]
    two = [declared(1, "a", sooner), declared(2, "b", sooner)]
    copy = dataclasses.replace(
        lost_source("copy of b", "duplicate"), stage="deduplicate", video_id=two[1].video_id
    )
    first, second = publish(tmp_path / "1", one), publish(tmp_path / "2", two, [copy])
    found = {(c.source_name, c.attribute): (c.before, c.after, c.why) for c in diff_runs(first, second)}
    anew = "the manifest declares it otherwise"
    narrowest = "other files of the same content are there, and the narrowest terms of all hold"
    assert found == {
        ("a", "consent"): ("granted", None, anew),
        ("copy of b", None): ("not there", "rejected as duplicate", ""),
        **{(name, "consent_basis"): ("consent", "explicit_consent", anew) for name in "ab"},
        **{
            (name, "consent_scope"): ("train publish", "train", why)
            for name, why in (("a", anew), ("b", narrowest))
        },
        **{
            (name, "consent_expires"): ("2027-06-30", "2026-12-01", why)
            for name, why in (("a", anew), ("b", narrowest))
        },
        **{
            (name, "consent_withdrawn"): (None, "2026-12-05", why)
            for name, why in (("a", anew), ("b", narrowest))
        },
    }


def test_whose_a_file_is_can_be_told_though_names_are_made_up(tmp_path: Path) -> None:
    def run(name: str, holders: str, config: Any = None) -> str:
        clips = [
            declared(n, source, rights_holder=holder)
            for n, (source, holder) in enumerate(zip("abcd", holders, strict=True))
        ]
        return publish(tmp_path / name, clips, config=config)

    first = run("1", "ppqq")
    assert diff_runs(first, run("2", "xxyy")) == []  # the same holders under other pseudonyms
    assert [(c.source_name, c.before, c.after) for c in diff_runs(first, run("3", "xyyy"))] == [
        ("b", "p", "y")
    ]
    open_names = {"publish": {"rights_holder": True}}
    published = run("4", "ppqq", open_names), run("5", "xxqq", open_names)
    assert [c.source_name for c in diff_runs(*published)] == ["a", "b"]
    salted = {"identities": {"salt": "(secret)"}}
    assert len(diff_runs(run("6", "ppqq", salted), run("7", "xxqq", salted))) == 2


def test_a_file_is_lost_by_the_day_or_by_the_policy(tmp_path: Path) -> None:
    clips = [declared(1, "a", Terms(expires_on="2026-11-30")), declared(2, "b", Terms(basis="research"))]
    clips.append(declared(3, "c", Terms(expires_on="2027-06-30")))
    first = publish(tmp_path / "1", clips, config={"consent": {"bases": None}}, day="2026-11-01")
    ends = [lost_source("a", "consent_expired"), lost_source("b", "basis_not_allowed")]
    ends.append(lost_source("c", "consent_expired"))
    second = publish(tmp_path / "2", [], ends, config={"consent": {"bases": ["licence"]}}, day="2026-12-01")
    changed = "changed settings: consent.bases: not set -> ['licence']"
    other = "another end is declared of it, or of a copy of it"
    over = "it held until 2026-11-30, and that result judged by 2026-12-01"
    there = {(c.change, c.source_name): c.why for c in diff_runs(first, second)}
    assert there == {
        ("file", "a"): over,
        ("file", "b"): changed,
        ("file", "c"): other,
        ("went", "c"): f"in the second result consent has expired; {other}",
        ("went", "a"): f"in the second result consent has expired; {over}",
        ("went", "b"): f"in the second result its file was rejected as basis_not_allowed; {changed}",
    }
    back = {(c.change, c.source_name): c.why for c in diff_runs(second, first)}
    assert back["file", "b"] == "changed settings: consent.bases: ['licence'] -> not set"
    assert back["came", "a"].startswith("in the first result consent has expired; it held until")
    assert "Consents were judged by 2026-11-01 and by 2026-12-01." in change_lines(
        compared_runs(first, second)
    )
