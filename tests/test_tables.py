"""Table schemas follow from the records; golden copies make every change of one visible."""

import dataclasses
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.columns import arrow_type
from schemas.described import unit_of
from schemas.outcomes import Failure, Rejection
from schemas.plain import from_plain, to_plain
from schemas.records.clip import Clip
from schemas.records.person import Attribute, Identity
from schemas.records.sound import Transcript, Word
from schemas.records.source import Source
from schemas.records.video import Video
from schemas.sample import PARTS
from schemas.tables import (
    PRIVATE_TABLES,
    SCHEMA_VERSION,
    TABLES,
    arrow_schema,
    from_row,
    to_row,
    to_table,
)
from tests.bias_records import (
    make_cell,
    make_compared,
    make_funnel_row,
    make_metric,
    make_representation,
    make_split,
    make_target,
    make_unused,
    make_warning,
    make_young,
)
from tests.makers import (
    make_audio,
    make_clip,
    make_merge,
    make_shot,
    make_source,
    make_track,
    make_transcript,
    make_video,
)
from tests.regenerate_golden import GOLDEN, schema_texts
from transforms.storage import parquet_bytes
from transforms.trace_lineage import lineage_of

PLACES = {f"{part}_{what}": 1024 for part in PARTS for what in ("offset", "bytes")} | {
    "shard": "s.tar", "split": "train", "sample_offset": 512,
}  # fmt: skip


def one_of_each() -> dict[str, object]:
    shot = make_shot()
    words = (
        Word(
            text="hé",
            start_seconds=0.1,
            end_seconds=None,
            score=0.5,
            interpolated=False,
            aligner="an aligner",
        ),
    )
    transcript: Transcript = dataclasses.replace(make_transcript("hé"), words=words)
    source = make_source(attributes=(("age", "40"), ("gender", "f")))
    return {
        "videos": make_video(source=source, audio_codec=None),
        "shots": shot,
        "face_tracks": make_track(shot, 1.0, 3.0),
        "clips": make_clip(
            source=source,
            audio=make_audio(snr_db=None),
            transcript=transcript,
            identity=Identity(identity_id="i", confidence=0.9, embedder="e", split_group="i"),
            attributes=(
                Attribute(
                    name="age_group", value="40-49", source="estimated", confidence=0.7, model="m", score=44.5
                ),
            ),
            sampling_weight=1.5,
        ),
        "rejections": Rejection(
            stage="s", level="clip", subject_id="i", video_id=None, source_name="u", reason="r",
            score=1.0, threshold=None, also=("a", "b"),
        ),
        "failures": Failure(
            stage="s", level="video", subject_id="i", video_id="v", source_name="u",
            error_type="E", error="e", traceback="t",
        ),
        "bias_cells": make_cell(),
        "bias_metrics": make_metric(),
        "funnel": make_funnel_row(),
        "representation": make_representation(),
        "balance_targets": make_target(),
        "balance_splits": make_split(),
        "balance_warnings": make_warning(),
        "unused_declarations": make_unused(),
        "lineage": lineage_of(make_clip(), PLACES),
        "declared_perceived": make_compared(),
        "young_adults": make_young(),
        "identity_merges": make_merge("a", "b", voice_distance=None),
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(schema_texts()))
def test_schema_is_the_golden_one(name: str) -> None:
    golden = (GOLDEN / name).read_text(encoding="utf-8")
    assert schema_texts()[name] == golden, "meant? then run: python -m tests.regenerate_golden"


def test_no_golden_copy_is_left_over() -> None:
    assert {p.name for p in GOLDEN.iterdir()} == set(schema_texts())


@pytest.mark.parametrize("table", sorted(TABLES | PRIVATE_TABLES))
def test_records_come_back_from_parquet_as_they_went_in(table: str) -> None:
    record = one_of_each()[table]
    back = pq.read_table(io.BytesIO(parquet_bytes(to_table(table, [record]))))
    # Parquet calls the items of a list "element".
    assert [(f.name, str(f.type).replace("element:", "item:"), f.nullable) for f in back.schema] == [
        (f.name, str(f.type), f.nullable) for f in arrow_schema(table)
    ]
    # Structs have names where tuples of pairs have none; JSON makes tuples and lists equal.
    assert json.dumps(back.to_pylist()) == json.dumps([to_row(record)])


@pytest.mark.parametrize("table", sorted(TABLES | PRIVATE_TABLES))
def test_columns_say_what_they_hold_and_in_which_unit(table: str) -> None:
    schema = pq.read_schema(io.BytesIO(parquet_bytes(to_table(table, []))))
    for field in schema:
        found = field.metadata
        assert len(found[b"description"]) > 10
        assert unit_of(field.name) is None or b"unit" in found, field.name
    if table == "clips":
        assert schema.field("audio_snr_db").metadata[b"unit"] == b"dB"
        assert b"16 kHz" in schema.field("audio_snr_db").metadata[b"description"]
    if table == "bias_cells":
        assert b"identities" in schema.field("num_people").metadata[b"description"]


@pytest.mark.parametrize("table", sorted(TABLES | PRIVATE_TABLES))
def test_rows_become_the_records_they_were_made_from(table: str) -> None:
    record = one_of_each()[table]
    (row,) = pq.read_table(io.BytesIO(parquet_bytes(to_table(table, [record])))).to_pylist()
    if isinstance(record, Video | Clip):
        source = dataclasses.replace(record.source, uri="")
        record = dataclasses.replace(record, source=source)
    assert from_row(table, row) == record


def test_private_fields_have_no_column_and_are_in_no_row() -> None:
    clip = make_clip(source=make_source("a.mp4", title="t"))
    assert clip.source.uri == "/videos/a.mp4"
    for table, record in (("clips", clip), ("videos", make_video(source=clip.source))):
        row = to_row(record)
        assert list(row) == arrow_schema(table).names
        assert row["source_name"] == "a.mp4" and "source_uri" not in row and clip.source.uri not in str(row)
    told = to_plain(clip, published_only=True)
    assert "uri" not in told["source"] and told["source"]["title"] == "t"
    assert from_plain(Clip, told) == dataclasses.replace(
        clip, source=dataclasses.replace(clip.source, uri="")
    )
    assert from_plain(Clip, to_plain(clip)) == clip
    with pytest.raises(TypeError):  # it is not published, but needed all the same
        Source(name="a.mp4")  # pyright: ignore[reportCallIssue]


def test_a_row_without_optional_records_becomes_a_record_without_them() -> None:
    clip = make_clip(source=make_source(title="t", attributes=(), uri=""))
    assert from_row("clips", to_row(clip)) == clip
    with pytest.raises(KeyError):
        from_row("clips", {k: v for k, v in to_row(clip).items() if k != "clip_id"})


def test_metadata_names_table_and_version() -> None:
    metadata = arrow_schema("clips").metadata
    assert metadata[b"mentor.table"] == b"clips"
    assert metadata[b"mentor.schema_version"] == SCHEMA_VERSION.encode()


def test_what_was_not_computed_is_null() -> None:
    row = to_row(make_clip())
    for prefix in ("audio_", "landmarks_", "quality_", "transcript_", "sync_", "body_fit_", "identity_"):
        columns = [name for name in row if name.startswith(prefix)]
        assert columns and all(row[name] is None for name in columns), prefix


def test_a_required_column_refuses_null() -> None:
    schema = arrow_schema("clips")
    assert not schema.field("clip_id").nullable
    assert schema.field("audio_snr_db").nullable
    # Required within the record, but the record itself may be absent.
    assert schema.field("audio_speech_ratio").nullable


def test_an_empty_table_keeps_its_schema() -> None:
    assert to_table("failures", []).schema.equals(arrow_schema("failures"))


def test_types_without_a_column_type_are_refused() -> None:
    assert arrow_type(tuple[int, ...]) == pa.list_(pa.int64())
    for annotation in (int | str, dict[str, int], bytes):
        with pytest.raises(TypeError):
            arrow_type(annotation)
