"""What the pages are made of: run.json and, of the tables, the columns that a page needs, read by others.

Nothing here opens a file: whoever owns a run's folder reads it, wherever it lies, and hands over content.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from schemas.files import PublishedFile
from schemas.outcomes import BadInputError
from schemas.run import RunSummary
from schemas.tables import SCHEMA_VERSION, TABLES, arrow_schema

# Boxes, words and tracebacks make up nearly all of the bytes and none of the page: not read.
_HEAVY = {
    "times_seconds",
    "boxes_xyxy",
    "scores",
    "transcript_words",
    "transcript_phones",
    "traceback",
    "source_transcript",
    "steps",
}
_SORT_KEYS = {
    "videos": ["source_name", "video_id"],
    "shots": ["video_id", "start_seconds", "shot_id"],
    "face_tracks": ["video_id", "start_seconds", "track_id"],
    "clips": ["video_id", "start_seconds", "clip_id"],
    "rejections": ["source_name", "start_seconds", "stage", "subject_id", "reason"],
    "failures": ["stage", "source_name", "subject_id", "error"],
    "bias_cells": ["scope", "attribute", "value", "attribute_2", "value_2"],
    "bias_metrics": ["scope", "metric", "attribute", "value", "other"],
    "funnel": ["level", "stage", "filter", "attribute", "value"],
    "representation": ["attribute", "by", "part", "value", "unit"],
    "balance_targets": ["kind", "split", "name", "value"],
    "balance_splits": ["split"],
    "balance_warnings": ["split", "attribute", "value"],
    "unused_declarations": ["row", "source_name", "attribute"],
    "declared_perceived": ["attribute", "declared", "perceived"],
    "lineage": ["shard", "sample_offset"],
    "young_adults": ["attribute", "value"],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class RunData:
    """A run as the pages take it; `run_data` makes one.

    `tables` holds every table's light columns in a fixed order; `thumbs` JPEG files by clip id; `notes` are
    oddities that a reader should know; `files` are the result's shards, indices and tables; `erasures_href`
    leads to the page of what was erased ('' where there is no such place).
    """

    summary: RunSummary
    tables: Mapping[str, pa.Table]
    thumbs: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    files: tuple[PublishedFile, ...] = ()
    erasures_href: str = ""


def run_data(
    summary: RunSummary,
    tables: Mapping[str, Sequence[pa.Table]],
    thumbs: Mapping[str, bytes] | None = None,
    files: Sequence[PublishedFile] = (),
    erasures_href: str = "",
) -> RunData:
    """Return what the pages take.

    Args:
        tables: by name, each in as many pieces as it has files, in any order, with `light_columns` at least;
            one that is not there is taken for empty, and the page says so.
        thumbs: small JPEG files by clip id.
        files: the result's shards, indices and tables.
        erasures_href: the way from a page to that of what was erased.

    Raises:
        BadInputError: if a table lacks a column or has one of another type than its schema.
    """
    notes: list[str] = []
    if summary.schema_version != SCHEMA_VERSION:
        notes.append(
            f"run.json has schema version {summary.schema_version}, this page was written for "
            f"{SCHEMA_VERSION}; some numbers may be missing."
        )
    notes += [
        f"The table '{name}' is missing; it is shown as empty." for name in TABLES if name not in tables
    ]
    return RunData(
        summary=summary,
        tables={name: light_table(name, tables.get(name, ())) for name in TABLES},
        thumbs=thumbs or {},
        notes=tuple(notes),
        files=tuple(files),
        erasures_href=erasures_href,
    )


def light_columns(name: str) -> list[str]:
    """Return the columns of a table that the pages read: all but a few that hold nearly all of the bytes."""
    return [column for column in arrow_schema(name).names if column not in _HEAVY]


def light_table(name: str, pieces: Sequence[pa.Table]) -> pa.Table:
    """Return the light columns of one table's pieces as one table, in an order that follows from its rows.

    Raises:
        BadInputError: if a piece lacks a column or has one of another type than the schema.
    """
    schema = pa.schema([arrow_schema(name).field(column) for column in light_columns(name)])
    if not pieces:
        return schema.empty_table()
    try:
        table = pa.concat_tables([piece.select(schema.names).cast(schema) for piece in pieces])
    except (KeyError, pa.ArrowException, ValueError) as error:
        raise BadInputError(f"the table {name} is not of schema version {SCHEMA_VERSION}: {error}") from error
    return table.sort_by([(key, "ascending") for key in _SORT_KEYS[name]])
