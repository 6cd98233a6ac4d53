"""Erasing from a run of the whole chain: stopped on the way, searched by other means, and curated again."""

import dataclasses
import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
from rich.console import Console

import commands.erase_run
from commands import command_line
from commands.curate_videos import curate
from commands.erase_run import erase
from commands.lint_run import lint_run
from pipelines.discover import discover
from pipelines.erase.plan import Request
from pipelines.run_folder import RunFolder
from schemas.exclusions import veiled_key
from schemas.outcomes import BadInputError
from tests import remote_files
from tests.conftest import Run
from tests.run_folder_makers import Stopped
from transforms.storage import join, list_files, read_bytes, write_bytes

WINDOW = 48


@dataclasses.dataclass(frozen=True, slots=True)
class Traces:
    """What would betray somebody: ids and names, hashes of what was made of them, and pieces of that."""

    words: list[bytes]
    hashes: set[str]
    pieces: list[bytes]

    def found(self, root: str) -> list[str]:
        """Return what is left below a folder, by plain search; tables are read as text."""
        left: list[str] = []
        for path, _ in list_files(root):
            data = read_bytes(path)
            told = data
            if path.endswith(".parquet"):
                told = json.dumps(
                    ds.dataset(path).to_table().to_pylist() if "://" not in path else []
                ).encode()
            members = [data]
            if path.endswith(".tar"):
                with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                    members = [(tar.extractfile(m) or io.BytesIO()).read() for m in tar]
            held = any(word in told or word in path.encode() for word in self.words)
            held |= any(hashlib.sha256(member).hexdigest() in self.hashes for member in members)
            held |= any(piece in data for piece in self.pieces)
            left += [path] if held else []
        return left


def rows(out: Path, table: str) -> list[dict[str, Any]]:
    return ds.dataset(sorted(map(str, (out / "tables").glob(f"{table}-*.parquet")))).to_table().to_pylist()


def traces_of(out: Path, clips: list[dict[str, Any]], videos: set[str], names: set[str]) -> Traces:
    """Collect what a run holds of clips and of whole videos."""
    keys = {clip["clip_id"] for clip in clips}
    made = [p for video in videos for p in out.glob(f"*/??/{video}/*/*") if p.name != "record.json"]
    parts = [p.read_bytes() for p in made if p.stat().st_size > 512]
    for path in (out / "shards").glob("*.tar"):
        with tarfile.open(path) as tar:
            parts += [
                (tar.extractfile(m) or io.BytesIO()).read() for m in tar if m.name.split(".")[0] in keys
            ]
    media = [data for data in parts if data[4:8] == b"ftyp"]
    pieces = [data[len(data) * n // 3 :][:WINDOW] for data in media for n in (1, 2)]
    words = [word.encode() for word in keys | videos] + [json.dumps(name).encode() for name in names]
    return Traces(words, {hashlib.sha256(data).hexdigest() for data in parts}, pieces)


@pytest.fixture
def copied(curated: Run, tmp_path: Path) -> Run:
    out = Path(shutil.copytree(curated.out, tmp_path / "out", symlinks=True))
    (out / "inspect" / "x").mkdir(parents=True)
    return dataclasses.replace(curated, out=out)


def told() -> Console:
    return Console(file=io.StringIO(), width=200)


def test_a_person_is_erased_though_it_is_stopped_thrice_and_does_not_come_back(
    copied: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = copied.out
    clips = [c for c in rows(out, "clips") if c["source_name"] == "late sound.mp4"]
    person = clips[0]["identity_identity_id"]
    clips = [c for c in rows(out, "clips") if c["identity_identity_id"] == person]
    videos = {c["video_id"] for c in clips}
    names = {c["source_name"] for c in clips}
    assert names == {"late sound.mp4", "a talker, with 'quotes' & ümlauts.mp4"}
    goes = traces_of(out, clips, videos, names)
    assert goes.pieces and {Path(p).relative_to(out).parts[0] for p in goes.found(str(out))} >= {
        *("artefacts", "biometric", "results", "work")
    }
    request = Request(kind="identity", name=person, reason="asked in writing")
    folder, before = RunFolder(str(out)), (out / "current").readlink()

    def stop(*_: object, **__: object) -> None:
        raise Stopped

    with monkeypatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(commands.erase_run, "complete", stop)
        erase(str(out), request, told())
    # Excluded at once, and the last result still whole; no other command writes now.
    assert {veiled_key(c["clip_id"]) for c in clips} <= folder.exclusions.read()
    assert (out / "current").readlink() == before and lint_run(str(out)).counts == {}
    with pytest.raises(BadInputError, match="an erasure was begun"):
        curate(discover(str(copied.corpus), copied.config), str(out), copied.config, [], told())
    with monkeypatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(commands.erase_run, "clear_rooms", stop)
        erase(str(out), None, told())
    assert (out / "current").readlink() != before and lint_run(str(out)).counts == {}
    with monkeypatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(commands.erase_run, "close_journal", stop)
        erase(str(out), None, told())
    (written,) = [path.read_bytes() for path in (out / "erasures").glob("*.json")]
    done = erase(str(out), request, told())
    assert done is not None and done.left == 0 and goes.found(str(out)) == []
    assert Path(done.receipt).read_bytes() == written, "once it is written it stays as it is"
    assert lint_run(str(out)).counts == {}
    assert sorted(p.name for p in (out / "work").iterdir()) == [
        *("erased.json", "last_run.json", "lease.json", "receipt_key.pem")
    ]
    receipt = json.loads(Path(done.receipt).read_text())
    assert receipt["erased"]["artefact_bytes"] > 10_000
    assert receipt["erased"]["accepted_clips"] == 2 and receipt["request"]["reason"] == "asked in writing"
    assert {f["path"].split("/")[0] for f in receipt["files"]} >= {"shards", "index", "tables", "report"}
    page = out / "erasures" / "index.html"
    assert "asked in writing" in page.read_text() and "each receipt is as it was signed" in page.read_text()
    assert 'href="../erasures/index.html"' in (out / "report" / "index.html").read_text()
    others = [c["clip_id"] for c in rows(out, "clips")]
    again = curate(discover(str(copied.corpus), copied.config), str(out), copied.config, [], told())
    assert again.rejected_by_reason["erased"] == 2
    assert sorted(c["clip_id"] for c in rows(out, "clips")) == sorted(others)
    assert goes.found(str(out)) == [] and lint_run(str(out)).counts == {}
    verify = ["erase", str(out), "--verify", done.receipt]
    assert command_line.main(verify) == 0
    # Something of it comes back by another way, and is found by its bytes.
    (out / "export").mkdir(exist_ok=True)
    (out / "export" / "note.txt").write_text(f"clip {clips[0]['clip_id']}")
    assert command_line.main(verify) == 3


def test_a_clip_of_a_remote_run_takes_with_it_what_is_heard_at_the_same_time(
    copied: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(remote_files.VARIABLE, str(tmp_path / "store"))
    out, root = copied.out, "fake://bucket/out"
    both = [c for c in rows(out, "clips") if c["source_name"] == "two_people.mp4"]
    (video,) = {c["video_id"] for c in both}
    assert len(both) == 2
    result = (out / "current").resolve()
    for path in (p for p in out.rglob("*") if p.is_file()):
        if not (path.is_symlink() or path.parts[len(out.parts)] in ("logs", "current")):
            write_bytes(join(root, *path.relative_to(out).parts), path.read_bytes())
    write_bytes(f"{root}/current.json", json.dumps({"result": result.name}).encode())
    accepted = next(c["clip_id"] for c in both if c["status"] == "accepted")
    done = erase(root, Request(kind="clip", name=accepted[:12]), told())
    assert done is not None and done.left == 0
    assert lint_run(root).counts == {}
    clips = RunFolder(root).finished().read_table("clips", ["clip_id", "video_id"]).to_pylist()
    assert len(clips) == 5 and video not in {c["video_id"] for c in clips}
    spans = RunFolder(root).finished().read_table("rejections").to_pylist()
    assert [r["level"] for r in spans if r["reason"] == "erased"] == ["span", "span"]
    left = [name for name in remote_files.objects(f"{root}/") if video in name]
    assert {name.rsplit("/", 1)[-1] for name in left} == {"record.json"}, "the survey, without its clips"
    goes = [clip["clip_id"].encode() for clip in both]
    assert not any(key in data for data in remote_files.objects(f"{root}/").values() for key in goes)
    assert remote_files.objects(f"{root}/erasures/")


def test_nothing_is_erased_without_a_name_or_a_yes(copied: Run, capsys: pytest.CaptureFixture[str]) -> None:
    before = copied.digests("artefacts", "biometric", "results")
    assert command_line.main(["erase", str(copied.out)]) == 2
    assert "say what to erase" in capsys.readouterr().err
    assert command_line.main(["erase", str(copied.out), "--source", "late sound.mp4"]) == 2
    shown = capsys.readouterr()
    assert "1 clips (1 of them accepted); 1 sources whole: late sound.mp4" in shown.out
    assert "say --yes" in shown.err and not (copied.out / "exclusions.json").exists()
    assert copied.digests("artefacts", "biometric", "results") == before
