"""Diff: read two results and compare them."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from pipelines.erased import REASON as _ERASED
from pipelines.results import Result
from pipelines.run_folder import RunFolder
from pipelines.stages import VISITS
from reports.change_records import Change, Side
from reports.changed_terms import LICENCE_ID, TERMS
from reports.changes import Comparison
from schemas.outcomes import BadInputError
from transforms.storage import parquet_bytes, write_bytes

_CLIP_COLUMNS = (
    *("clip_id", "video_id", "source_name", "status", "split", "artefacts"),
    *("identity_identity_id", "identity_split_group", "attributes", "person_attributes"),
    *("start_seconds", "end_seconds"),
)
_TERMS_COLUMNS = ["source_name", "video_id", LICENCE_ID, *TERMS.values()]
_END_COLUMNS = {
    "rejections": [
        *("stage", "level", "subject_id", "source_name", "reason", "score", "threshold"),
        *("video_id", "start_seconds", "end_seconds"),
    ],
    "failures": ["stage", "level", "subject_id", "source_name", "error"],
}


def compared_runs(first: str, second: str) -> Comparison:
    """Return the current results of two run folders beside each other.

    Raises:
        BadInputError: if one of them holds no finished run of this version.
    """
    sides = [_side(RunFolder(folder).finished()) for folder in (first, second)]
    return Comparison(sides[0], sides[1], {name: _sections(name) for name in VISITS})


def _sections(stage: str) -> tuple[str, ...]:
    """Return the settings that a visit's results follow from: its own, and those of what it reads."""
    visit = VISITS[stage]
    return tuple(dict.fromkeys([*visit.sections, *(s for name in visit.inputs for s in _sections(name))]))


def _side(result: Result) -> Side:
    summary = result.read_summary()
    rows = [
        row for table in _END_COLUMNS for row in result.read_table(table, _END_COLUMNS[table]).to_pylist()
    ]
    videos = result.read_table("videos", _TERMS_COLUMNS).to_pylist()
    erased = [row for row in rows if row.get("reason") == _ERASED]
    whole = [row for row in rows if row["level"] == "video" and row.get("reason") != _ERASED]
    spans: dict[str, list[tuple[float, float]]] = {}
    for row in erased:
        if row["level"] == "span":
            spans.setdefault(row["video_id"], []).append((row["start_seconds"], row["end_seconds"]))
    sources: dict[str, str | None] = {row["source_name"]: None for row in whole}
    clips = result.read_table("clips", list(_CLIP_COLUMNS)).to_pylist()
    copies: dict[str, set[str]] = {}
    for row in whole:
        if row.get("reason") == "duplicate":
            copies.setdefault(row["video_id"], set()).add(row["source_name"])
    return Side(
        name=result.name,
        clips={row["clip_id"]: row for row in clips},
        ends=_by(rows, "clip", "subject_id"),
        sources=sources | {row["source_name"]: row["video_id"] for row in videos},
        lost=_by(whole, "video", "source_name"),
        config=summary.config,
        weights={b.name: b.weights_sha256 for b in summary.backends},
        num_erased=sum(row["level"] == "video" for row in erased),
        erased=spans,
        declared={row["source_name"]: row for row in videos},
        copies={video: frozenset(names) for video, names in copies.items()},
        consent_day=summary.consent_day,
    )


def _by(rows: Sequence[Mapping[str, Any]], level: str, column: str) -> dict[str, Mapping[str, Any]]:
    return {row[column]: row for row in rows if row["level"] == level}


def write_table(changes: Sequence[Change], path: str) -> None:
    """Write changes as a table, Parquet or CSV by the file's ending.

    Raises:
        BadInputError: if it ends otherwise or cannot be written.
    """
    from pyarrow import csv

    names = [field.name for field in dataclasses.fields(Change)]
    schema = pa.schema([pa.field(name, pa.string()) for name in names])
    table = pa.Table.from_pylist([dataclasses.asdict(change) for change in changes], schema=schema)
    try:
        if path.endswith(".parquet"):
            write_bytes(path, parquet_bytes(table))
        elif path.endswith(".csv"):
            sink = pa.BufferOutputStream()
            csv.write_csv(table, sink)
            write_bytes(path, sink.getvalue().to_pybytes())
        else:
            raise BadInputError(f"--table {path}: give a name that ends with .parquet or .csv")
    except OSError as error:
        raise BadInputError(f"--table {path}: cannot be written ({error.strerror})") from error
