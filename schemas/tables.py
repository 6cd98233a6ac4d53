"""Parquet schemas derived from the record dataclasses, in this one place.

A nested record becomes columns with its field's name as a prefix (`audio_snr_db`); an absent
one becomes nulls. Tuples become lists. Private fields have no column. Columns carry what they say and in
which unit (`schemas.described`). The golden copies in
tests/golden make a changed schema visible in review.
"""

import dataclasses
import typing
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from schemas.bias import (
    BalanceSplit,
    BalanceTarget,
    BalanceWarning,
    BiasCell,
    BiasMetric,
    DeclaredPerceived,
    FunnelRow,
    Representation,
    UnusedDeclaration,
    YoungAdults,
)
from schemas.columns import arrow_type, columns_of, published_fields
from schemas.described import field_metadata
from schemas.lineage import Lineage
from schemas.merges import IdentityMerge
from schemas.outcomes import Failure, Rejection
from schemas.plain import from_plain, strip_none, to_plain
from schemas.published import private_values
from schemas.records.clip import Clip
from schemas.records.video import FaceTrack, Shot, Video

SCHEMA_VERSION = "3"
# What reading a Parquet file of strangers may raise: damaged, of other types, text that is none, unknown time
# zones, claims of too much memory.
TABLE_FAULTS = (pa.ArrowException, OSError, ValueError, LookupError, TypeError, OverflowError, MemoryError)

TABLES: dict[str, type] = {
    "videos": Video,
    "shots": Shot,
    "face_tracks": FaceTrack,
    "clips": Clip,
    "rejections": Rejection,
    "failures": Failure,
    "bias_cells": BiasCell,
    "bias_metrics": BiasMetric,
    "funnel": FunnelRow,
    "representation": Representation,
    "balance_targets": BalanceTarget,
    "balance_splits": BalanceSplit,
    "balance_warnings": BalanceWarning,
    "unused_declarations": UnusedDeclaration,
    "declared_perceived": DeclaredPerceived,
    "lineage": Lineage,
    "young_adults": YoungAdults,
}
# Tables that are no part of a result: they lie beside the faces they tell of.
PRIVATE_TABLES: dict[str, type] = {"identity_merges": IdentityMerge}
_RECORDS = TABLES | PRIVATE_TABLES


_ROWS_AT_ONCE = 1_000


def _columns(record_type: type, prefix: str, nullable: bool) -> list[pa.Field]:
    columns: list[pa.Field] = []
    for field, hint in published_fields(record_type):
        inner, optional = strip_none(hint)
        optional = optional or nullable
        if dataclasses.is_dataclass(inner):
            columns += _columns(typing.cast(type, inner), f"{prefix}{field.name}_", optional)
        else:
            metadata = field_metadata(record_type, field.name)
            columns.append(pa.field(prefix + field.name, arrow_type(inner), optional, metadata))
    return columns


def arrow_schema(table: str) -> pa.Schema:
    """Return the schema of one of `TABLES` or `PRIVATE_TABLES`; its metadata names the table and the version.

    Raises:
        KeyError: if there is no such table.
    """
    metadata = {b"mentor.table": table.encode(), b"mentor.schema_version": SCHEMA_VERSION.encode()}
    return pa.schema(_columns(_RECORDS[table], "", False), metadata=metadata)


def _flatten(record: Any, record_type: type, prefix: str, row: dict[str, Any]) -> None:
    for field, hint in published_fields(record_type):
        inner, _ = strip_none(hint)
        value = None if record is None else getattr(record, field.name)
        if dataclasses.is_dataclass(inner):
            _flatten(value, typing.cast(type, inner), f"{prefix}{field.name}_", row)
        else:
            row[prefix + field.name] = to_plain(value, published_only=True)


def to_row(record: Any) -> dict[str, Any]:
    """Return a record as one row of its table: column name to plain value."""
    row: dict[str, Any] = {}
    _flatten(record, record.__class__, "", row)
    return row


def to_table(table: str, records: list[Any]) -> pa.Table:
    """Return records as an Arrow table with the schema of `table`.

    A batch at a time, so that what is on its way into columns is little.
    """
    schema, record_type = arrow_schema(table), _RECORDS[table]
    starts = range(0, max(len(records), 1), _ROWS_AT_ONCE)
    pieces = (records[start : start + _ROWS_AT_ONCE] for start in starts)
    batches = [pa.Table.from_arrays(list(columns_of(record_type, p)), schema=schema) for p in pieces]
    return pa.concat_tables(batches).combine_chunks()


def from_row(table: str, row: Mapping[str, Any]) -> Any:
    """Return the record that a row of a table was made from; private fields are what they declare instead.

    Raises:
        KeyError: if a column is missing.
        TypeError: if a value is missing that the record must have.
    """
    return _unflatten(_RECORDS[table], "", row)


def _unflatten(record_type: type, prefix: str, row: Mapping[str, Any]) -> Any:
    values: dict[str, Any] = dict(private_values(record_type))
    for field, hint in published_fields(record_type):
        inner, optional = strip_none(hint)
        name = prefix + field.name
        if not dataclasses.is_dataclass(inner):
            values[field.name] = from_plain(inner, row[name])
        elif optional and not _is_present(typing.cast(type, inner), f"{name}_", row):
            values[field.name] = None
        else:
            values[field.name] = _unflatten(typing.cast(type, inner), f"{name}_", row)
    return record_type(**values)


def _is_present(record_type: type, prefix: str, row: Mapping[str, Any]) -> bool:
    """Return whether an optional record is there: then one of its columns has a value."""
    names = [prefix + field.name for field in _columns(record_type, "", False)]
    return any(row[name] is not None for name in names)
