"""Tables: every row once, in one order, the same bytes from any order of input."""

import random
from pathlib import Path

import apache_beam as beam
import pyarrow.dataset as ds
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from schemas.outcomes import Failure
from schemas.tables import arrow_schema
from tests.makers import make_clip
from transforms import write_tables
from transforms.write_tables import WriteTable, file_number, num_files, write_table_file

CLIPS = [make_clip(n, video_id=f"video{n % 3}") for n in range(40)]


def write(folder: Path, table: str, records: list) -> list[Path]:
    options = PipelineOptions(["--runner=FnApiRunner", "--direct_running_mode=in_memory"])
    with beam.Pipeline(options=options) as pipeline:
        _ = pipeline | beam.Create(records) | WriteTable(str(folder), table)
    return sorted(folder.iterdir())


def test_every_row_is_written_once(tmp_path: Path) -> None:
    (path,) = write(tmp_path, "clips", CLIPS)
    assert path.name == "clips-00000-of-00001.parquet"
    ids = ds.dataset(path).to_table()["clip_id"].to_pylist()
    assert sorted(ids) == sorted(c.clip_id for c in CLIPS)


def test_order_of_input_does_not_matter(tmp_path: Path) -> None:
    (one,) = write(tmp_path / "a", "clips", CLIPS)
    (other,) = write(tmp_path / "b", "clips", random.Random(2).sample(CLIPS, len(CLIPS)))
    assert one.read_bytes() == other.read_bytes()


def test_an_empty_table_is_written_with_its_schema(tmp_path: Path) -> None:
    (path,) = write(tmp_path, "failures", [])
    assert ds.dataset(path).to_table().schema.names == arrow_schema("failures").names


def test_a_large_table_is_spread_over_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_tables, "ROWS_PER_FILE", 15)
    paths = write(tmp_path, "clips", CLIPS)
    assert [p.name for p in paths] == [f"clips-0000{i}-of-00003.parquet" for i in range(3)]
    assert ds.dataset([str(p) for p in paths]).count_rows() == len(CLIPS)


def test_rows_are_sorted_by_video_and_time(tmp_path: Path) -> None:
    path = write_table_file(str(tmp_path), "clips", 0, 1, random.Random(3).sample(CLIPS, len(CLIPS)))
    rows = ds.dataset(path).to_table(columns=["video_id", "start_seconds"]).to_pylist()
    order = [(r["video_id"], r["start_seconds"]) for r in rows]
    assert order == sorted(order)


def test_equal_rows_are_kept_both(tmp_path: Path) -> None:
    failure = Failure(
        stage="probe", level="video", subject_id="a", video_id=None, source_name="u",
        error_type="E", error="e", traceback="t",
    )  # fmt: skip
    (path,) = write(tmp_path, "failures", [failure, failure])
    assert ds.dataset(path).count_rows() == 2


def test_a_file_number_depends_on_the_record_alone() -> None:
    assert num_files(0) == 1
    assert [file_number(c, 4) for c in CLIPS] == [file_number(c, 4) for c in CLIPS]
    assert len({file_number(c, 4) for c in CLIPS}) == 4
