"""Whole runs on hostile names and tables: nothing of the machine or of people's identifiers goes out."""

import dataclasses
import io
import os
import re
import socket
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from schemas.visible import is_unseen
from tests.resume_runs import Place, rows
from transforms.filter_clips import DEFAULT_RULES

SPEAKER, REFERENCE = "jane.doe@example.org", "forms/0001-signed-by-jane"
TITLE = "<script>alert(1)</script>\x1b[31m\x1b]0;owned\x07\u202egnp"
FITTED = [rule.name for rule in DEFAULT_RULES if rule.stage == "body"]
HOME, USER = "users/alice_home", "zaphod_the_user"


def published(out: Path) -> Iterator[tuple[str, bytes]]:
    """Yield all that a run publishes, unpacked: members of archives and arrays, columns of tables."""
    for path in sorted(
        p for part in ("shards", "tables", "report", "run.json", "croissant.json") for p in _files(out / part)
    ):
        data, name = path.read_bytes(), path.relative_to(out).as_posix()
        yield name, data
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            yield name, repr((table.to_pylist(), table.schema.metadata)).encode("utf-8", "backslashreplace")
        if path.suffix == ".tar":
            with tarfile.open(path) as tar:
                for member in tar:
                    inside = (tar.extractfile(member) or io.BytesIO()).read()
                    yield f"{name}/{member.name} {member.uname} {member.gname}", inside
                    if member.name.endswith(".npz"):
                        with np.load(io.BytesIO(inside)) as arrays:
                            yield name, b"".join(arrays[key].tobytes() for key in arrays.files)


def _files(place: Path) -> list[Path]:
    return [p for p in place.rglob("*") if p.is_file()] if place.is_dir() else [place]


@pytest.fixture(scope="module")
def manifest_run(place: Place) -> Path:
    """A run on a manifest with absolute paths, addresses as speakers, and a title that attacks terminals."""
    home = place.root / HOME
    home.mkdir(parents=True)
    for name in ("talk.mp4", "late.mp4", "broken.mp4"):
        os.link(place.videos / name, home / name)
    os.link(place.videos / "broken.mp4", os.fsencode(home) + b"/caf\xe9.mp4")
    columns = "uri,consent,speaker_id,consent_reference,language,title"
    table = [
        f'{home}/talk.mp4,yes,{SPEAKER},{REFERENCE},en-US,"{TITLE}"',
        f"file://{home}/caf%E9.mp4,yes,{SPEAKER},{REFERENCE},English,",
        f"{home}/late.mp4,revoked on 2025,{SPEAKER},{REFERENCE},,",
        f"{place.videos}/late.mp4,granted,{SPEAKER},{REFERENCE},,",
        f"{home}/gone\x1b[31m\u202e.mp4,yes,{SPEAKER},,,",
    ]
    (place.root / "tables [1]").mkdir()
    path = place.root / "tables [1]" / "m.csv"
    path.write_text("\n".join([columns, *table]), encoding="utf-8")
    out = place.root / "out [v1]"
    theirs = dataclasses.replace(place, environment={"HOME": str(home), "USER": USER, "LOGNAME": USER})
    # The body is hardly fitted in so few steps, which is not what this is about.
    loose = {name: {"mode": "off"} for name in FITTED}
    theirs.curate(out, str(path), filter={"rules": loose}).run()
    return out


def test_every_row_ends_where_it_should(manifest_run: Path) -> None:
    accepted = {r["source_name"] for r in rows(manifest_run, "clips") if r["status"] == "accepted"}
    assert accepted == {"talk.mp4"}
    refused = [r for r in rows(manifest_run, "rejections") if r["level"] == "video"]
    assert {r["source_name"]: (r["reason"], *r["also"]) for r in refused} == {
        "late.mp4": ("consent_unclear", "line 4 of the manifest"),
        "videos/late.mp4": ("consent_unclear", "the same file as late.mp4"),
    }
    failed = {r["source_name"] for r in rows(manifest_run, "failures")}
    assert failed == {"caf%E9.mp4", "gone%1B[31m%E2%80%AE.mp4"}


def test_nothing_of_the_machine_or_the_people_is_published(manifest_run: Path, place: Place) -> None:
    secret = [SPEAKER, REFERENCE, "jane", "alice_home", USER, str(place.root), str(Path.cwd())]
    secret += [name for name in (socket.gethostname(),) if len(name) > 6]  # shorter ones occur by chance
    seen = [(where, [s for s in secret if s.encode() in data]) for where, data in published(manifest_run)]
    assert [(where, words) for where, words in seen if words] == []
    assert len(seen) > 30


def test_nothing_raw_reaches_a_terminal_or_a_file_of_text(manifest_run: Path, place: Place) -> None:
    for where, data in published(manifest_run):
        if where.endswith((".json", ".html")) or ".json " in where:
            text = data.decode()
            assert not any(map(is_unseen, re.sub(r"[\n\t]", "", text))), where
    shown = (place.root / "out [v1].log").read_text(encoding="utf-8")
    assert "line 4: consent says 'revoked on 2025'" in shown
    assert not any(map(is_unseen, shown.replace("\n", "")))


def test_names_that_are_no_text_end_no_run(place: Place) -> None:
    folder = os.fsencode(place.root / "odd")
    Path(os.fsdecode(folder)).mkdir()
    for name in (b"bad\xff.mp4", b"._x.MP4"):
        os.link(os.fsencode(place.videos / "broken.mp4"), folder + b"/" + name)
    Path(os.fsdecode(folder + b"/note\xff\x1b[31m.txt")).touch()
    os.mkfifo(folder + b"/pipe.mp4")
    out = place.root / "odd out [v1]"
    command = place.curate(out, os.fsdecode(folder))
    command.run()
    assert [r["source_name"] for r in rows(out, "failures")] == ["bad%FF.mp4"]
    shown = command.log.read_text(encoding="utf-8")
    for line in ("1 (a resource fork of macOS): ._x.MP4", "1 (a named pipe): pipe.mp4", "note%FF%1B[31m.txt"):
        assert line in shown
