"""Finding the inputs of a run: folders, patterns, single files and manifests."""

import csv
import os
import socket
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.config import CurateConfig
from pipelines.discover import Inputs
from pipelines.discover import discover as discover_with
from schemas.outcomes import BadInputError
from schemas.visible import file_name

HARD_NAMES = [
    "with space.mp4",
    'it\'s "quoted".mp4',
    "new\nline.mp4",
    "说话.mp4",
    "говорит ю̈.MP4",
    "-dash.mkv",
    "comma,semi;colon.webm",
    "100%.mov",
    "[0-9]*?.mp4",
    "a" * 200 + ".mp4",
]


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


def write_csv(path: Path, rows: list[dict[str, str]], encoding: str = "utf-8") -> str:
    with path.open("w", newline="", encoding=encoding) as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def discover(location: str) -> Inputs:
    return discover_with(location, CurateConfig())


def ignored(found: Inputs) -> dict[str, str]:
    return {one.name: one.reason for one in found.ignored}


def test_a_folder_is_searched_to_its_leaves(tmp_path: Path) -> None:
    found = discover(str(touch(tmp_path, "b.mp4", "a/c.MKV", "a/d/e.webm", "a/notes.txt", "read.me")))
    assert [s.name for s in found.sources] == ["a/c.MKV", "a/d/e.webm", "b.mp4"]
    assert [s.uri for s in found.sources] == [str(tmp_path / s.name) for s in found.sources]
    assert ignored(found) == dict.fromkeys(["a/notes.txt", "read.me"], "no video suffix")


def test_names_are_the_same_wherever_the_folder_lies(tmp_path: Path) -> None:
    one, other = (discover(str(touch(tmp_path / p, "x/a.mp4"))).sources[0] for p in ("here", "there/below"))
    assert one.name == other.name and one.uri != other.uri


def test_hard_names_are_found_in_folders(tmp_path: Path) -> None:
    found = discover(str(touch(tmp_path, *HARD_NAMES)))
    assert sorted(file_name(s.name) for s in found.sources) == sorted(HARD_NAMES)
    assert all(Path(s.uri).is_file() for s in found.sources)
    assert {s.name for s in found.sources} - set(HARD_NAMES) == {"new%0Aline.mp4"}


@pytest.mark.parametrize("name", HARD_NAMES)
def test_a_single_file_is_taken_by_any_name(tmp_path: Path, name: str) -> None:
    found = discover(str(touch(tmp_path, name) / name))
    assert [(s.uri, file_name(s.name)) for s in found.sources] == [(str(tmp_path / name), name)]


def test_a_pattern_takes_what_matches(tmp_path: Path) -> None:
    touch(tmp_path, "a1.mp4", "a2.mp4", "b1.mp4", "a.txt", "with space.mp4")
    found = discover(str(tmp_path / "a*"))
    assert [s.name for s in found.sources] == ["a1.mp4", "a2.mp4"]
    assert ignored(found) == {"a.txt": "no video suffix"}
    assert len(discover(str(tmp_path / "*.mp4")).sources) == 4


def test_what_is_there_is_no_pattern(tmp_path: Path) -> None:
    touch(tmp_path, "out [v1]/a.mp4", "out [v1]/b.mp4", "out v/a.mp4", "[ab].mp4", "a.mp4", "x?/c*.mp4")
    for location in ("[ab].mp4", "x?/c*.mp4"):
        assert [s.uri for s in discover(str(tmp_path / location)).sources] == [str(tmp_path / location)]
    assert [s.name for s in discover(str(tmp_path / "out [v1]")).sources] == ["a.mp4", "b.mp4"]
    assert [s.uri for s in discover(str(tmp_path / "out [v1]/a*")).sources] == [f"{tmp_path}/out [v1]/a.mp4"]
    write_csv(tmp_path / "[m]*.csv", [{"uri": "out [v1]/a.mp4"}, {"uri": "[ab].mp4"}])
    found = discover(str(tmp_path / "[m]*.csv")).sources
    assert [s.name for s in found] == ["out [v1]/a.mp4", "[ab].mp4"] and Path(found[0].uri).is_file()


def test_file_uris_are_paths(tmp_path: Path) -> None:
    touch(tmp_path, "a b/c%.mp4")
    for location in (f"file://{tmp_path}/a%20b", f"FILE://localhost{tmp_path}/a b/c%25.mp4"):
        assert [Path(s.uri) for s in discover(location).sources] == [tmp_path / "a b" / "c%.mp4"]


def test_what_is_no_video_is_listed_with_the_reason(tmp_path: Path) -> None:
    touch(tmp_path, "real.mp4", "sub/._real.MP4", ".DS_Store", "Thumbs.db", "folder.mp4/in.mov")
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "null.mkv").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "s.mp4"))
        found = discover(str(tmp_path))
    assert [s.name for s in found.sources] == ["folder.mp4/in.mov", "real.mp4"]
    assert ignored(found) == {
        ".DS_Store": "a file browser's own",
        "Thumbs.db": "a file browser's own",
        "folder.mp4": "a folder; what is in it counts",
        "null.mkv": "a device",
        "pipe.mp4": "a named pipe",
        "round": "a link to a folder, not followed",
        "s.mp4": "a socket",
        "sub/._real.MP4": "a resource fork of macOS",
    }
    with pytest.raises(BadInputError, match="a named pipe, not a video"):
        discover(str(tmp_path / "pipe.mp4"))


def test_links_in_a_circle_are_inputs_that_will_fail(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").symlink_to(tmp_path / "b.mp4")
    (tmp_path / "b.mp4").symlink_to(tmp_path / "a.mp4")
    assert [s.name for s in discover(str(tmp_path)).sources] == ["a.mp4", "b.mp4"]


def test_names_that_are_no_text_are_kept_without_loss(tmp_path: Path) -> None:
    for name in (b"caf\xe9.mp4", b"note\xff\x1b[31m.txt", b"\xe2\x80\xaegpj.mp4"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"x")
    found = discover(str(tmp_path))
    assert [s.name for s in found.sources] == ["caf%E9.mp4", "%E2%80%AEgpj.mp4"]
    assert os.fsencode(file_name(found.sources[0].name)) == b"caf\xe9.mp4"
    assert list(ignored(found)) == ["note%FF%1B[31m.txt"]
    assert all(Path(s.uri).is_file() for s in found.sources)


@pytest.mark.parametrize("suffix", [".vob", ".asf", ".f4v", ".3g2", ".OGM"])
def test_usual_containers_are_known(tmp_path: Path, suffix: str) -> None:
    assert discover(str(touch(tmp_path, f"a{suffix}"))).sources


def test_a_broken_link_is_an_input_that_will_fail_not_one_that_vanishes(tmp_path: Path) -> None:
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    assert [s.name for s in discover(str(tmp_path)).sources] == ["gone.mp4"]


@pytest.mark.parametrize(
    ("names", "location", "message"),
    [
        ([], "", "no videos in this folder"),
        (["a.txt"], "", "1 other files"),
        ([], "nothing", "no such file or folder"),
        ([], "*.mp4", "matches nothing"),
        (["a.txt"], "*", "none of them a video"),
        ([], "gone.csv", "no such manifest"),
        ([], "gone.parquet", "no such manifest"),
    ],
)
def test_nothing_to_do_is_said_clearly(tmp_path: Path, names: list[str], location: str, message: str) -> None:
    touch(tmp_path, *names)
    with pytest.raises(BadInputError, match=message) as caught:
        discover(str(tmp_path / location))
    assert str(tmp_path) in str(caught.value)


ROW = {
    "uri": 'clips/it\'s, "here".mp4',
    "title": "A talk",
    "licence": "CC-BY-4.0",
    "consent": "yes",
    "consent_reference": "form 7",
    "speaker_id": "p1",
    "language": "de",
    "transcript": "Grüß\nGott, «alle»",
    "attribute_gender": "f",
    "attribute_age": "40",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_csv_manifest_declares_everything(tmp_path: Path, encoding: str) -> None:
    (source,) = discover(write_csv(tmp_path / "m.csv", [ROW], encoding)).sources
    assert source.name == ROW["uri"] and source.uri == f"{tmp_path}/{ROW['uri']}"
    declared = ("title", "licence", "consent_reference", "speaker_id", "language", "transcript")
    assert {name: getattr(source, name) for name in declared} == {name: ROW[name] for name in declared}
    assert source.consent == "granted" and source.attributes == (("age", "40"), ("gender", "f"))
    assert source.row == "line 2"


def test_a_parquet_manifest_says_the_same(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([{**ROW, "attribute_age": 40, "title": None}])
    pq.write_table(table, tmp_path / "m.parquet")
    (source,) = discover(str(tmp_path / "m.parquet")).sources
    (same,) = discover(write_csv(tmp_path / "m.csv", [{**ROW, "title": ""}])).sources
    assert (source.row, same.row) == ("row 1", "line 2") and source.title is None
    assert source == replace(same, row=source.row)


def test_manifest_paths_are_relative_to_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"uri": u} for u in ("a.mp4", "b/c.mp4", "/abs/d.mp4", "gs://bucket/e.mp4", "file:///x/f%20.mp4")]
    write_csv(tmp_path / "m.csv", rows)
    found = discover(str(tmp_path / "m.csv")).sources
    assert [s.uri for s in found] == [
        f"{tmp_path}/a.mp4",
        f"{tmp_path}/b/c.mp4",
        "/abs/d.mp4",
        "gs://bucket/e.mp4",
        "/x/f .mp4",
    ]
    assert [s.name for s in found] == ["a.mp4", "b/c.mp4", "d.mp4", "e.mp4", "f .mp4"]
    monkeypatch.chdir(tmp_path)
    assert [Path(s.uri) for s in discover("m.csv").sources][:2] == [Path("a.mp4"), Path("b/c.mp4")]
    assert discover((tmp_path / "m.csv").as_uri()).sources[:2] == found[:2]


@pytest.mark.parametrize("text", ["", "uri,title\n"])
def test_a_manifest_without_inputs_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(BadInputError, match="no rows"):
        discover(str(tmp_path / "m.csv"))
