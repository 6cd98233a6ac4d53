"""Finding the inputs of a run: folders, patterns, single files and manifests."""

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.discover import discover
from schemas.outcomes import BadInputError

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


def test_a_folder_is_searched_to_its_leaves(tmp_path: Path) -> None:
    found = discover(str(touch(tmp_path, "b.mp4", "a/c.MKV", "a/d/e.webm", "a/notes.txt", "read.me")))
    assert [s.name for s in found.sources] == ["a/c.MKV", "a/d/e.webm", "b.mp4"]
    assert [s.uri for s in found.sources] == [str(tmp_path / s.name) for s in found.sources]
    assert sorted(found.ignored) == ["a/notes.txt", "read.me"]


def test_names_are_the_same_wherever_the_folder_lies(tmp_path: Path) -> None:
    one, other = (discover(str(touch(tmp_path / p, "x/a.mp4"))).sources[0] for p in ("here", "there/below"))
    assert one.name == other.name and one.uri != other.uri


def test_hard_names_are_found_in_folders(tmp_path: Path) -> None:
    found = discover(str(touch(tmp_path, *HARD_NAMES)))
    assert sorted(s.name for s in found.sources) == sorted(HARD_NAMES)
    assert all(Path(s.uri).is_file() for s in found.sources)


@pytest.mark.parametrize("name", HARD_NAMES)
def test_a_single_file_is_taken_by_any_name(tmp_path: Path, name: str) -> None:
    found = discover(str(touch(tmp_path, name) / name))
    assert [(s.uri, s.name) for s in found.sources] == [(str(tmp_path / name), name)]


def test_a_pattern_takes_what_matches(tmp_path: Path) -> None:
    touch(tmp_path, "a1.mp4", "a2.mp4", "b1.mp4", "a.txt", "with space.mp4")
    found = discover(str(tmp_path / "a*"))
    assert [s.name for s in found.sources] == ["a1.mp4", "a2.mp4"]
    assert found.ignored == ["a.txt"]
    assert len(discover(str(tmp_path / "*.mp4")).sources) == 4


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
    "something_else": "is left alone",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_csv_manifest_declares_everything(tmp_path: Path, encoding: str) -> None:
    (source,) = discover(write_csv(tmp_path / "m.csv", [ROW], encoding)).sources
    assert source.name == ROW["uri"] and source.uri == f"{tmp_path}/{ROW['uri']}"
    declared = ("title", "licence", "consent", "consent_reference", "speaker_id", "language", "transcript")
    assert {name: getattr(source, name) for name in declared} == {name: ROW[name] for name in declared}
    assert source.attributes == (("age", "40"), ("gender", "f"))


def test_a_parquet_manifest_says_the_same(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([{**ROW, "attribute_age": 40, "title": None}])
    pq.write_table(table, tmp_path / "m.parquet")
    (source,) = discover(str(tmp_path / "m.parquet")).sources
    (same,) = discover(write_csv(tmp_path / "m.csv", [{**ROW, "title": ""}])).sources
    assert source == same and source.title is None


def test_manifest_paths_are_relative_to_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"uri": u} for u in ("a.mp4", "b/c.mp4", "/abs/d.mp4", "gs://bucket/e.mp4")]
    write_csv(tmp_path / "m.csv", rows)
    found = discover(str(tmp_path / "m.csv")).sources
    assert [s.uri for s in found] == [
        f"{tmp_path}/a.mp4",
        f"{tmp_path}/b/c.mp4",
        "/abs/d.mp4",
        "gs://bucket/e.mp4",
    ]
    monkeypatch.chdir(tmp_path)
    assert [Path(s.uri) for s in discover("m.csv").sources][:2] == [Path("a.mp4"), Path("b/c.mp4")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows"),
        ("uri,title\n", "no rows"),
        ("path,title\na.mp4,x\n", "row 1 has no value in its 'uri' column"),
        ("uri,title\na.mp4,x\n  ,y\n", "row 2 has no value"),
    ],
)
def test_a_manifest_without_inputs_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(BadInputError, match=message):
        discover(str(tmp_path / "m.csv"))


def test_a_manifest_that_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.parquet").write_bytes(b"not parquet")
    (tmp_path / "m.csv").write_bytes("uri\nü.mp4\n".encode("utf-16"))
    for name in ("m.parquet", "m.csv"):
        with pytest.raises(BadInputError, match=name):
            discover(str(tmp_path / name))


def test_a_row_with_more_cells_than_columns_is_taken_by_its_columns(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("uri,title\na.mp4,x,surplus\n")
    assert discover(str(tmp_path / "m.csv")).sources[0].title == "x"
