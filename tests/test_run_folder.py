"""The run folder: publication at once, what dead runs left, folders that cannot be used."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from commands.command_line import main
from media.source import is_remote, whole_uri
from pipelines.identity_registry import write_registry
from pipelines.run_folder import RunFolder
from schemas.outcomes import BadInputError
from tests.remote_files import FakeStore, Upload
from tests.run_folder_makers import Stopped, below, dying, make_result, word_of
from transforms.cluster_identities import Member
from transforms.storage import join, write_bytes


def test_a_result_is_seen_when_it_is_published_and_the_last_one_goes(root: str) -> None:
    folder = RunFolder(root)
    assert folder.current() is None
    with pytest.raises(BadInputError, match="no finished run here"):
        folder.finished()
    for word in ("first", "second"):
        with folder.writing("curate"):
            before = word_of(folder)
            result = make_result(folder, word)
            write_bytes(folder.places(result).note("people.json"), b"{}")
            assert word_of(folder) == before
            folder.publish(result)
            assert word_of(folder) == word
            folder.remove_old_results()
        names = set(below(root))
        about = {"current.json"} if is_remote(root) else set()
        inside = {"shards/train-000000.tar", "report/index.html", "run.json"}
        assert names == about | {f"results/{result.name}/{name}" for name in inside}


def test_plain_paths_lead_to_the_current_result(tmp_path: Path) -> None:
    folder = RunFolder(str(tmp_path / "out"))
    for word in ("first", "second"):
        folder.publish(make_result(folder, word))
        assert (tmp_path / "out" / "shards" / "train-000000.tar").read_text() == word
        assert (tmp_path / "out" / "run.json").read_text() == word
        assert Path(folder.shown_page("index.html")).read_text() == word
    moved = (tmp_path / "out").rename(tmp_path / "elsewhere")
    assert (moved / "run.json").read_text() == "second", "links are relative: the folder can be moved"


@pytest.mark.parametrize("step", range(12))
def test_whatever_step_of_publication_is_the_last_a_reader_sees_one_whole_result(
    root: str, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = RunFolder(root)
    folder.publish(make_result(folder, "first"))
    folder.remove_old_results()
    second = make_result(folder, "second")
    known = [Member(clip_id="c", identity_id="i", distance=0.0)]
    write_registry((0, known), join(folder.biometric, "registry"), folder.places(second).note("registry"))
    with monkeypatch.context() as patched, contextlib.suppress(Stopped):
        # Local steps are renamed links and files, and what is removed; remote ones objects.
        patched.setattr(Path, "replace", dying(Path.replace, step))
        patched.setattr(shutil, "rmtree", dying(shutil.rmtree, max(step - 2, 0)))
        for owner, call in ((FakeStore, "delete"), (Upload, "close")):
            patched.setattr(owner, call, dying(getattr(owner, call), step))
        folder.publish(second)
        assert word_of(folder) == "second"
        folder.remove_old_results()
    assert word_of(folder) in ("first", "second")
    with folder.writing("curate"):
        folder.publish(third := make_result(folder, "third"))
        folder.remove_old_results()
    assert word_of(folder) == "third"
    assert not [n for n in below(root) if n.startswith("results/") and third.name not in n]
    assert not [n for n in below(root) if n.endswith(".tmp") or n.startswith("work/")]


def test_what_dead_runs_left_is_removed_before_anything_is_written(root: str) -> None:
    folder = RunFolder(root)
    folder.publish(make_result(folder, "whole"))
    folder.remember({"sources": []})
    clean = below(root)
    dead = make_result(folder, "half")
    places = folder.places(dead)
    early = folder.places(folder.new_result())  # it died before it wrote anything of its result
    leftovers = [
        places.note("people.json"),
        early.note("registry/00-of-16.parquet"),
        join(root, "work", "unfinished", "abc", "clip.mp4"),
    ]
    if not is_remote(root):
        leftovers += [join(root, n) for n in ("current.0a.tmp", "work/last_run.json.0a.tmp")]
        leftovers += [join(root, "biometric", "registry", "00-of-16.parquet.0a.tmp")]
        leftovers += [join(root, "erasures", "20261127T132520-94d538.json.0a.tmp")]
    for path in leftovers:
        write_bytes(path, b"left over")
    with folder.writing("curate"):
        assert below(root) == clean


def refused(folder: RunFolder) -> str:
    """Return what a folder that cannot be written says."""
    with pytest.raises(BadInputError) as found, folder.writing("curate"):
        pytest.fail("it was written")
    assert "\n" not in str(found.value)
    return str(found.value)


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    for place in (tmp_path / "out", tmp_path / "out" / "below"):
        assert f"{tmp_path / 'out'} is a file; choose a folder" in refused(RunFolder(str(place)))


def test_a_full_disk_is_found_before_work_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = shutil.disk_usage("/")._replace(free=10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    assert "no space left there" in refused(RunFolder(str(tmp_path / "out")))
    assert not (tmp_path / "out").exists()


def read_only(folder: Path) -> bool:
    """Mount a folder onto itself, read-only; returns whether this machine lets us."""
    for command in (["mount", "--bind", folder, folder], ["mount", "-o", "remount,bind,ro", folder]):
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
            return False
    return True


def test_a_read_only_folder_is_found_before_work_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "out"
    place.mkdir()
    mounted = read_only(place)
    try:
        if not mounted:
            monkeypatch.setattr(os, "open", failing(OSError(30, "Read-only file system")))
        said = refused(RunFolder(str(place)))
    finally:
        monkeypatch.undo()
        subprocess.run(["umount", place], capture_output=True)
    assert "cannot be written (Read-only file system)" in said and str(place) in said


def failing(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


@pytest.mark.parametrize("number", [28, 30, 122], ids=["full", "read-only", "quota"])
def test_a_folder_that_fails_under_way_says_that_work_is_kept(tmp_path: Path, number: int) -> None:
    folder = RunFolder(str(tmp_path / "out"))
    with pytest.raises(BadInputError, match="what is finished is kept"), folder.writing("curate"):
        raise OSError(number, os.strerror(number))
    with pytest.raises(OSError, match="something else"), folder.writing("curate"):
        raise OSError(5, "something else")


@pytest.mark.parametrize("name", ["run.json", "shards", "tables", "report"])
def test_other_layouts_are_refused_with_what_to_do(tmp_path: Path, name: str) -> None:
    place = tmp_path / "out"
    (place / name).mkdir(parents=True) if "." not in name else (
        place.mkdir(),
        (place / name).write_text("{}"),
    )
    folder = RunFolder(str(place))
    wanted = f"holds {name} of an earlier version .* choose another folder, or move it away"
    with pytest.raises(BadInputError, match=wanted), folder.writing("curate"):
        pytest.fail("it was written")
    with pytest.raises(BadInputError, match=wanted):
        folder.finished()
    assert [p.name for p in place.iterdir()] == [name], "nothing of it was touched"


def said_by(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line that a command says before it ends with exit code 2."""
    capsys.readouterr()
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1
    return said


def test_a_run_never_reads_what_it_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    videos = tmp_path / "videos"
    (videos / "sub").mkdir(parents=True)
    (videos / "sub" / "talk.mp4").write_bytes(b"a video")
    (tmp_path / "link").symlink_to(videos / "sub")
    for output in (videos, videos / "out", tmp_path / "link" / "out"):
        said = said_by(["curate", "--input", str(videos), "--output", str(output)], capsys)
        assert f"--output {output}: lies in the input folder {videos}" in said
    (tmp_path / "manifest.csv").write_text("uri\nvideos/sub/talk.mp4\n")
    said = said_by(["curate", "--input", str(tmp_path / "manifest.csv"), "--output", str(videos)], capsys)
    assert f"--output {videos}: holds the input videos/sub/talk.mp4" in said
    assert sorted(p.name for p in videos.rglob("*")) == ["sub", "talk.mp4"], "nothing was written"


@pytest.mark.parametrize(
    "command", [["package"], ["retry"], ["clean"], ["inspect", "KEY"], ["export", "KEY"]]
)
def test_commands_on_a_folder_without_a_run_say_so(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    name, *key = command
    format = ["--format", "glb"] if name == "export" else []
    assert "curate" in said_by([name, str(tmp_path / "none"), *key, *format], capsys)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", ["out [v1]", "out*", "what?"])
def test_a_folder_whose_name_reads_as_a_pattern(tmp_path: Path, name: str) -> None:
    folder = RunFolder(str(tmp_path / name))
    with folder.writing("curate"):
        result = make_result(folder, "word")
        folder.publish(result)
    assert word_of(folder) == "word"
    with (
        pytest.raises(BadInputError, match="in its name"),
        RunFolder(f"fake://bucket/{name}").writing("curate"),
    ):
        pass


def test_a_worker_in_another_folder_finds_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = RunFolder("out")
    places = folder.places(folder.new_result())
    assert places.result.folder.startswith(str(tmp_path / "out" / "results"))
    assert places.note("stages.json") == str(tmp_path / "out" / "work" / places.result.name / "stages.json")
    assert {places.store.root, places.biometric} == {
        str(tmp_path / "out"),
        str(tmp_path / "out" / "biometric"),
    }
    assert whole_uri("videos/a.mp4") == str(tmp_path / "videos" / "a.mp4")
    assert whole_uri("file:///videos/a%20b.mp4") == "/videos/a b.mp4"
    assert whole_uri("gs://bucket/a.mp4") == "gs://bucket/a.mp4"
