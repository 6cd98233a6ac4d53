"""The rows of a manifest, CSV or Parquet, as text: read right, or refused with the row that is not."""

import csv
import datetime
import io
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.intake_config import ManifestConfig
from pipelines.manifest_columns import column_names
from schemas.outcomes import BadInputError
from schemas.tables import TABLE_FAULTS
from schemas.visible import visible

_DELIMITERS = ",;\t"
_LIMIT = threading.Lock()
_MARKS = (  # the longest first: UTF-32's begins as UTF-16's does
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row: where it is ('line 3' of a CSV file, 'row 2' of a table); values by column, None if empty."""

    place: str
    values: dict[str, str | None]


def read_csv(data: bytes, config: ManifestConfig, where: str) -> list[Row]:
    """Return the rows of a CSV file.

    UTF-8, or UTF-16 and UTF-32 that begin with a byte order mark; separated by commas, semicolons or tabs,
    whichever the header is.

    Raises:
        BadInputError: naming the line that is no text, has a quote that does not end, or more or fewer
            cells than the header.
    """
    text = _decoded(data, where)
    lines = _csv_lines(text, _delimiter(text), where)
    header = next(lines, None)
    if header is None:
        raise BadInputError(f"{where}: the manifest has no rows")
    columns = column_names(header[1], config, where)
    rows: list[Row] = []
    for number, cells in lines:
        if len(cells) != len(header[1]):
            raise BadInputError(
                f"{where}: line {number} has {len(cells)} cells, the header {len(header[1])}; a cell with "
                "the separator in it needs quotes"
            )
        values = {name: cells[place].strip() or None for name, place in columns.items()}
        rows.append(Row(place=f"line {number}", values=values))
    return rows


def _decoded(data: bytes, where: str) -> str:
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInputError(
            f"{where}: line {line} is not {encoding.removesuffix('-sig').upper()} (byte "
            f"0x{data[error.start]:02x}); save the manifest as UTF-8"
        ) from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise BadInputError(
            f"{where}: line {line} holds a NUL byte; the file is damaged, or UTF-16 without a byte order mark"
        )
    return text


def _delimiter(text: str) -> str:
    """Return what separates the names of the header: what stands there most often outside of quotes."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(_DELIMITERS, key=bare.count)


def _csv_lines(text: str, delimiter: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each line that is not empty, with the number of the line on which they begin."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    begins = 1
    while True:
        try:
            cells = _next_line(reader, len(text))
        except StopIteration:
            return
        except csv.Error as error:
            raise BadInputError(f"{where}: line {begins}: {error}; look at its quotes") from error
        if len(cells) > 1 or "".join(cells).strip():
            yield begins, cells
        begins = reader.line_num + 1


def _next_line(reader: Iterator[list[str]], size: int) -> list[str]:
    """Return the reader's next line, whose cells may be as long as the file.

    A transcript of hours is longer than the module's 128 kB. Its limit is the whole process's, so it is set
    for the one line alone: whoever stops reading early, or reads in another thread, leaves it as it was.
    """
    with _LIMIT:
        before = csv.field_size_limit(max(size, 1))
        try:
            return next(reader)
        finally:
            csv.field_size_limit(before)


def read_parquet(data: bytes, config: ManifestConfig, where: str) -> list[Row]:
    """Return the rows of a Parquet file; numbers and booleans become the words that they print as.

    Raises:
        BadInputError: if it is damaged, or a column holds lists, records or what is no text.
    """
    try:
        with pq.ParquetFile(io.BytesIO(data)) as file:
            _check_size(file, config, where)
            header = file.schema_arrow.names
            columns = column_names(header, config, where)
            for name, place in columns.items():
                _check_type(file.schema_arrow.field(place), name, where)
            table = file.read(columns=[header[place] for place in columns.values()])
            table.validate(full=True)
    except TABLE_FAULTS as error:
        if isinstance(error, BadInputError):
            raise
        said = visible(str(error))[:200]
        raise BadInputError(f"{where}: not a Parquet file we can read ({said}); it may be damaged") from error
    cells = {name: _column(table.column(header[place]), name, where) for name, place in columns.items()}
    return [
        Row(place=f"row {number + 1}", values={name: values[number] for name, values in cells.items()})
        for number in range(table.num_rows)
    ]


def _check_size(file: pq.ParquetFile, config: ManifestConfig, where: str) -> None:
    about = file.metadata
    size = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    if size > config.max_size_bytes:
        raise BadInputError(f"{where}: unpacks to {size} bytes, more than manifest.max_size_bytes")


def _check_type(field: Any, name: str, where: str) -> None:
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if pa.types.is_nested(kind) or isinstance(kind, pa.BaseExtensionType):
        raise BadInputError(
            f"{where}: the column {name!r} holds {kind}; a cell is one text, number or boolean"
        )


def _column(column: Any, name: str, where: str) -> Sequence[str | None]:
    values: list[str | None] = []
    for number, cell in enumerate(column, start=1):
        try:
            value = cell.as_py()
            values.append(_text(value.decode() if isinstance(value, bytes) else value))
        except (*TABLE_FAULTS, ArithmeticError) as error:
            raise BadInputError(
                f"{where}: row {number}: the column {name!r} cannot be read ({visible(str(error))[:100]})"
            ) from error
    return values


def _text(value: Any) -> str | None:
    """Return a cell as text: booleans as true and false, whole fractions as whole numbers, gaps as None.

    A moment at midnight, which is how tables of pandas write a day, is that day.

    Raises:
        ValueError: if it holds a NUL byte.
    """
    if value is None or value != value:  # NaN is how tables of numbers write a gap
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime.datetime) and value.tzinfo is None and value.time() == datetime.time():
        value = value.date()
    text = str(value).strip()
    if "\0" in text:
        raise ValueError("a NUL byte")
    return text or None
