"""One result of a run folder: the typed reader and writer of its summary, tables, shards and pages."""

import dataclasses
import functools
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from media import is_remote
from schemas.layout import (
    CROISSANT_JSON,
    ERASURES,
    ERASURES_PAGE,
    INDEX,
    REPORT,
    RUN_JSON,
    SHARDS,
    TABLES,
)
from schemas.outcomes import BadInputError
from schemas.run import RunSummary
from schemas.sample import to_json_bytes
from schemas.tables import SCHEMA_VERSION, TABLE_FAULTS, arrow_schema
from transforms.energon import ENERGON_FOLDER, OFFSETS_SUFFIX
from transforms.storage import join, list_folder, parquet_bytes, read_bytes, write_bytes
from transforms.write_shards import Shard


@dataclass(frozen=True, slots=True)
class Result:
    """A result in its folder, local or remote."""

    folder: str

    @property
    def name(self) -> str:
        """The name by which the run folder knows it."""
        return self.folder.rstrip("/").rsplit("/", 1)[-1]

    @property
    def shards(self) -> str:
        """The folder of the shards."""
        return join(self.folder, SHARDS)

    @property
    def index(self) -> str:
        """The folder of the shards' indices."""
        return join(self.folder, INDEX)

    @property
    def tables(self) -> str:
        """The folder of the tables."""
        return join(self.folder, TABLES)

    def table_files(self, table: str) -> list[str]:
        """Return the files of a table, sorted."""
        names = [n for n in list_folder(self.tables) if n.endswith(".parquet")]
        return [join(self.tables, n) for n in names if n.rsplit(".", 1)[0].split("-")[0] == table]

    def read_table(
        self, table: str, columns: list[str] | None = None, where: pc.Expression | None = None
    ) -> pa.Table:
        """Return a table's rows.

        Raises:
            BadInputError: if it is missing, of another version, or cannot be read.
        """
        return pa.concat_tables(list(self.table_parts(table, columns, where)))

    def table_parts(
        self, table: str, columns: list[str] | None = None, where: pc.Expression | None = None
    ) -> Iterator[pa.Table]:
        """Yield a table's rows a file at a time: a large collection's do not fit into memory at once.

        Raises:
            BadInputError: if it is missing, of another version, or cannot be read.
        """
        files = self.table_files(table)
        if not files:
            raise BadInputError(f"{self.folder}: the table {table} is missing; run curate again")
        for file in files:
            yield _read_parquet(file, columns, where)

    def check_table(self, table: str) -> None:
        """Raise BadInputError if a table lacks columns of this version."""
        for file in self.table_files(table):
            with readable(file):
                there = set(pq.read_schema(io.BytesIO(read_bytes(file))).names)
            if missing := set(arrow_schema(table).names) - there:
                raise BadInputError(
                    f"{file}: has no {', '.join(sorted(missing)[:3])}; it is of another version: "
                    "run curate again"
                )

    def read_summary(self) -> RunSummary:
        """Return run.json.

        Raises:
            BadInputError: if it is missing, of another version or not the summary of a run.
        """
        path = join(self.folder, RUN_JSON)
        try:
            data = from_json(read_bytes(path))
            version = data.get("schema_version") if isinstance(data, dict) else None
            if version == SCHEMA_VERSION:
                return _summary_reader().validate_python(data)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(map(str, first["loc"]))
            raise BadInputError(
                f"{path}: not the summary of a run ({key}: {first['msg']}); run curate again"
            ) from error
        except (OSError, ValueError) as error:
            raise BadInputError(f"{path}: not the summary of a run ({error}); run curate again") from error
        raise BadInputError(
            f"{path}: schema version {str(version)[:20]}, this is {SCHEMA_VERSION}: run curate again"
        )

    def write_summary(self, summary: RunSummary) -> None:
        """Write run.json."""
        write_bytes(join(self.folder, RUN_JSON), to_json_bytes(dataclasses.asdict(summary)))

    def write_page(self, name: str, data: bytes) -> None:
        """Write a file of the report."""
        write_bytes(join(self.folder, REPORT, *name.split("/")), data)

    def write_croissant(self, data: bytes) -> None:
        """Write croissant.json."""
        write_bytes(join(self.folder, CROISSANT_JSON), data)

    def page_path(self, name: str) -> str:
        """Return where a file of the report is."""
        return join(self.folder, REPORT, *name.split("/"))

    @property
    def erasures_href(self) -> str:
        """The way from a page of the report to the page of erasures, as a link.

        On this machine a reader opens the report by OUT/report, elsewhere in the result's own folder.
        """
        up = 3 if is_remote(self.folder) else 1
        return "/".join([*[".."] * up, ERASURES, ERASURES_PAGE])

    def shard_index(self) -> pa.Table | None:
        """Return the indices of all shards as one table; None without shards.

        Raises:
            BadInputError: if one cannot be read.
        """
        names = [n for n in list_folder(self.index) if n.endswith(".parquet")]
        read = [_read_parquet(join(self.index, n), None, None) for n in names]
        return pa.concat_tables(read) if read else None

    def write_shard(self, name: str, shard: Shard) -> str:
        """Write a shard and its index; returns the shard's path."""
        write_bytes(join(self.shards, f"{name}.tar"), shard.tar)
        write_bytes(join(self.shards, f"{name}.tar{OFFSETS_SUFFIX}"), shard.sample_offsets)
        self.write_index(name, shard.index)
        return join(self.shards, f"{name}.tar")

    def write_index(self, name: str, index: pa.Table) -> None:
        """Write the index of a shard."""
        write_bytes(join(self.index, f"{name}.parquet"), parquet_bytes(index))

    def write_energon(self, files: Mapping[str, bytes]) -> list[str]:
        """Write Megatron-Energon's files about the shards; returns their paths."""
        paths = {join(self.shards, ENERGON_FOLDER, name): data for name, data in files.items()}
        for path, data in paths.items():
            write_bytes(path, data)
        return list(paths)

    def read_shard(self, name: str) -> bytes:
        """Return a shard's bytes.

        Raises:
            BadInputError: if the name is no file directly in the folder of shards.
            OSError: if it cannot be read.
        """
        if name not in list_folder(self.shards):
            raise BadInputError(f"{self.shards}: no shard {name[:200]!r}")
        return read_bytes(join(self.shards, name))


@functools.cache
def _summary_reader() -> TypeAdapter[RunSummary]:
    return TypeAdapter(RunSummary)


def _read_parquet(path: str, columns: list[str] | None, where: pc.Expression | None) -> pa.Table:
    with readable(path):
        return pq.read_table(io.BytesIO(read_bytes(path)), columns=columns, filters=where)


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Let errors of reading a table name its file, as BadInputError."""
    try:
        yield
    except TABLE_FAULTS as error:
        raise BadInputError(f"{path}: cannot be read ({error})") from error
