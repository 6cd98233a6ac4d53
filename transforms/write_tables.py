"""Write tables: records as Parquet files, the same bytes for the same records.

Rows are spread over files by a hash, so that no worker holds a whole table, and sorted within.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import fields
from itertools import groupby
from operator import attrgetter
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from schemas.tables import to_table
from transforms.storage import join, parquet_bytes, write_bytes

STAGE = "write_tables"
# A row of a clip takes a worker some 40 kB until it is written.
ROWS_PER_FILE = 25_000


def place_of(record: Any) -> tuple[str, float]:
    """Return a record's video and time, as far as it has them."""
    start = getattr(record, "start_seconds", None)
    return getattr(record, "video_id", None) or "", -1.0 if start is None else start


def in_order(records: Iterable[Any]) -> list[Any]:
    """Return records by video, then time, then content, which is looked at only where those agree."""
    found: list[Any] = []
    for _, same in groupby(sorted(records, key=place_of), key=place_of):
        together = list(same)
        found += _by_content(together) if len(together) > 1 else together
    return found


def _by_content(records: list[Any]) -> list[Any]:
    """Return records by what they say, field after field; most differ in the first, their id."""
    first = attrgetter(fields(records[0])[0].name)
    names = {repr(first(record)): record for record in records}
    if len(names) < len(records):
        return sorted(records, key=repr)
    return [names[name] for name in sorted(names)]


def num_files(num_rows: int) -> int:
    """Return how many files a table of so many rows has."""
    return 1 + num_rows // ROWS_PER_FILE


def file_number(record: Any, count: int) -> int:
    """Return the file a record belongs to, of `count`."""
    digest = hashlib.sha256(repr(place_of(record)).encode()).digest()
    return int.from_bytes(digest[:8], "big") % count


def write_table_file(folder: str, table: str, number: int, count: int, records: list[Any]) -> str:
    """Write one file of a table; returns its path."""
    path = join(folder, f"{table}-{number:05d}-of-{count:05d}.parquet")
    write_bytes(path, parquet_bytes(to_table(table, in_order(records))))
    return path


class WriteTable(beam.PTransform):
    """Write a PCollection of records as the table's files; an empty one gives an empty table."""

    def __init__(self, folder: str, table: str) -> None:
        super().__init__(f"WriteTable_{table}")
        self._folder, self._table = folder, table

    def expand(self, pcoll: Any) -> Any:
        """Return the PCollection of written paths."""
        count = pcoll | beam.combiners.Count.Globally() | "Files" >> beam.Map(num_files)
        total = AsSingleton(count)
        slots = count | "Slots" >> beam.FlatMap(lambda n: [(i, n) for i in range(n)])
        rows = pcoll | "Spread" >> beam.Map(lambda r, n: (file_number(r, n), r), total)
        folder, table = self._folder, self._table

        def write(number: int, groups: dict[str, Any]) -> str:
            return write_table_file(folder, table, number, next(iter(groups["slots"])), list(groups["rows"]))

        return {"slots": slots, "rows": rows} | beam.CoGroupByKey() | "Write" >> beam.MapTuple(write)
