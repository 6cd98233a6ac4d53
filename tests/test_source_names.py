"""What sources are called: the same wherever the files lie, and never two alike."""

from pathlib import Path

import pytest

from pipelines.source_names import source_names


def test_names_are_relative_to_the_manifest(tmp_path: Path) -> None:
    uris = ["a.mp4", "./b/./c.mp4", f"{tmp_path}/x/d.mp4", "../e.mp4", f"{tmp_path}/x/../f.mp4"]
    assert source_names(uris, f"{tmp_path}/m.csv") == ["a.mp4", "b/c.mp4", "x/d.mp4", "../e.mp4", "f.mp4"]


def test_a_manifest_behind_a_link_gives_the_same_names(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for place in ("real", "link"):
        assert source_names([f"{tmp_path}/real/x/a.mp4"], f"{tmp_path}/{place}/m.csv") == ["x/a.mp4"]


def test_names_of_files_elsewhere_do_not_say_where(monkeypatch: pytest.MonkeyPatch) -> None:
    for home in ("/home/alice", "/Users/bob", "/root", "/srv/people/carol"):
        monkeypatch.setenv("HOME", home)
        uris = [f"{home}/.cache/demo/ted.mp4", f"{home}/1/talk.mp4", f"{home}/2/talk.mp4"]
        assert source_names(uris, "/data/m.csv") == ["ted.mp4", "1/talk.mp4", "2/talk.mp4"]
        assert source_names(uris, f"{home}/m.csv") == [".cache/demo/ted.mp4", "1/talk.mp4", "2/talk.mp4"]


def test_files_whose_ends_are_alike_have_different_names() -> None:
    uris = [
        "/home/alice/a.mp4",
        "/home/bob/a.mp4",
        "/mnt/a.mp4",
        "/a.mp4",
        "a.mp4",
        "a.2.mp4",
        "/home/alice/a.mp4",
    ]
    names = source_names(uris, "/data/m.csv")
    assert len(set(names)) == 6 and names[0] == names[6], "one name for one file"
    assert names[2] == "mnt/a.mp4" and names[4:6] == ["a.mp4", "a.2.mp4"]
    assert not any(who in " ".join(names) for who in ("alice", "bob", "home"))


def test_remote_names_hold_neither_scheme_nor_host() -> None:
    uris = ["gs://bucket/talks/1/a.mp4", "gs://bucket/x/a.mp4", "s3://other/b.mp4"]
    assert source_names(uris, "gs://bucket/talks/m.csv") == ["1/a.mp4", "a.mp4", "b.mp4"]


def test_what_is_unseen_is_spelled() -> None:
    assert source_names(["a\x1b[31m\u202e.mp4"], "/m.csv") == ["a%1B[31m%E2%80%AE.mp4"]
