"""Read what a run wrote: run.json and the Parquet tables, columns that the page needs alone.

A table may be one file (`clips.parquet`) or several (`clips-00000-of-00002.parquet`). A missing
table is an empty one and is reported; a broken file stops the report with a clear message.
"""

import dataclasses
import json
import re
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.outcomes import BadInputError
from schemas.run import BackendInfo, RunSummary, StageSummary
from schemas.tables import SCHEMA_VERSION, TABLES, arrow_schema

T = TypeVar("T")

# Boxes, words and tracebacks make up nearly all of the bytes and none of the page: not read.
_HEAVY = {
    "times_seconds",
    "boxes_xyxy",
    "scores",
    "transcript_words",
    "transcript_phones",
    "traceback",
    "source_transcript",
}
_SORT_KEYS = {
    "videos": ["source_uri", "video_id"],
    "shots": ["video_id", "start_seconds", "shot_id"],
    "face_tracks": ["video_id", "start_seconds", "track_id"],
    "clips": ["video_id", "start_seconds", "clip_id"],
    "rejections": ["uri", "start_seconds", "stage", "subject_id", "reason"],
    "failures": ["stage", "uri", "subject_id", "error"],
    "bias_cells": ["scope", "attribute", "value", "attribute_2", "value_2"],
    "bias_metrics": ["scope", "metric", "attribute", "value", "other"],
    "funnel": ["level", "stage", "filter", "attribute", "value"],
    "balance_targets": ["kind", "name", "value"],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class RunData:
    """A run as read from its output folder; `notes` are oddities that the reader should know."""

    output_dir: Path
    summary: RunSummary
    tables: dict[str, pa.Table]
    notes: tuple[str, ...]


def load_run(output_dir: Path) -> RunData:
    """Read run.json and all tables of a run.

    Raises:
        BadInputError: if run.json or a table's file is missing its content or unreadable.
    """
    summary = read_summary(output_dir / "run.json")
    notes: list[str] = []
    if summary.schema_version != SCHEMA_VERSION:
        notes.append(
            f"run.json has schema version {summary.schema_version}, this page was written for "
            f"{SCHEMA_VERSION}; some numbers may be missing."
        )
    tables = {name: read_table(output_dir / "tables", name, notes) for name in TABLES}
    return RunData(output_dir=output_dir, summary=summary, tables=tables, notes=tuple(notes))


def read_summary(path: Path) -> RunSummary:
    """Parse run.json; fields of later versions are ignored.

    Raises:
        BadInputError: if the file is missing, not JSON, or lacks a field without a default.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInputError(f"{path}: cannot be read as a run's summary: {error}") from error
    if not isinstance(data, dict):
        raise BadInputError(f"{path}: a run's summary is a JSON object")
    data = dict(data)
    data["stages"] = [_record(StageSummary, row, path) for row in data.get("stages") or []]
    data["backends"] = [_record(BackendInfo, row, path) for row in data.get("backends") or []]
    return _record(RunSummary, data, path)


def _record(record_type: type[T], data: Any, path: Path) -> T:
    known = {f.name for f in dataclasses.fields(typing.cast(Any, record_type))}
    try:
        return record_type(**{k: v for k, v in data.items() if k in known})
    except (TypeError, AttributeError) as error:
        raise BadInputError(f"{path}: not a {record_type.__name__}: {error}") from error


def read_table(folder: Path, name: str, notes: list[str]) -> pa.Table:
    """Read the light columns of one table, sorted, and note what is missing.

    Raises:
        BadInputError: if a file is not Parquet or a column has another type than its schema.
    """
    schema = _light_schema(name)
    files = _table_files(folder, name, notes)
    if not files:
        notes.append(f"The table '{name}' is missing; it is shown as empty.")
        return schema.empty_table()
    table = pa.concat_tables([_read_file(f, schema) for f in files])
    return table.sort_by([(key, "ascending") for key in _SORT_KEYS[name]])


def _light_schema(name: str) -> pa.Schema:
    return pa.schema([field.with_nullable(True) for field in arrow_schema(name) if field.name not in _HEAVY])


def _table_files(folder: Path, name: str, notes: list[str]) -> list[Path]:
    pattern = re.compile(rf"{re.escape(name)}(?:-(\d+)-of-(\d+))?\.parquet")
    matches = {}
    for path in sorted(folder.glob(f"{name}*.parquet")):
        match = pattern.fullmatch(path.name)
        if match:
            matches[path] = match
    sets = {m.group(2) for m in matches.values()}
    if len(sets) > 1:
        notes.append(f"The table '{name}' has files of more than one run; rows may be counted twice.")
    elif sets and (declared := sets.pop()) is not None and int(declared) != len(matches):
        notes.append(f"The table '{name}' has {len(matches)} of {int(declared)} files; numbers are too low.")
    return list(matches)


def _read_file(path: Path, schema: pa.Schema) -> pa.Table:
    try:
        with pq.ParquetFile(path) as source:
            present = set(source.schema_arrow.names)
            table = source.read(columns=[n for n in schema.names if n in present])
        columns = [
            table.column(f.name).cast(f.type) if f.name in present else pa.nulls(table.num_rows, f.type)
            for f in schema
        ]
    except (OSError, pa.ArrowException) as error:
        raise BadInputError(f"{path}: cannot be read as a table: {error}") from error
    return pa.table(columns, schema=schema)
