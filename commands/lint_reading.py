"""What lint reads of a run's folder, without following a link, and never more than a part at a time."""

import io
import json
import os
import re
import stat
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from lint.published import TextFacts
from lint.shards import Member
from media.source import is_remote, local_path
from schemas.outcomes import BadInputError
from schemas.tables import TABLE_FAULTS
from schemas.tar_headers import TAR_FAULTS, TarHeaders, is_plain
from transforms.storage import join, list_files, open_remote, read_bytes

_KINDS = {stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
_MAX_FILE_BYTES, _MAX_TABLE_BYTES = 2**30, 2**34
_MIN_SECRET = 6  # shorter ones occur by chance
_MAX_MEMBERS = 1_000_000
# Two blocks of zeros end an archive; writers fill up to 20 blocks.
_MIN_TAIL_BYTES, _MAX_TAIL_BYTES = 1024, 20 * 512 + 1024
_DATA_URI = re.compile(rb"data:[a-z]+/[a-z0-9.+-]+;base64,[A-Za-z0-9+/=]+")


def walk(folder: str) -> tuple[dict[str, int], dict[str, str]]:
    """Return the sizes of the plain files below a folder by their path in it, and what else is there."""
    if is_remote(folder):
        start = len(folder.rstrip("/")) + 1
        return {path[start:]: size for path, size in list_files(folder)}, {}
    files: dict[str, int] = {}
    odd: dict[str, str] = {}
    root = local_path(folder)
    for place, folders, names in os.walk(root, followlinks=False):
        for name in sorted([*folders, *names]):
            path = Path(place) / name
            seen = path.lstat()
            relative = path.relative_to(root).as_posix()
            if stat.S_ISREG(seen.st_mode):
                files[relative] = seen.st_size
            elif not stat.S_ISDIR(seen.st_mode):
                odd[relative] = _KINDS.get(stat.S_IFMT(seen.st_mode), "a device")
    return files, odd


def read_plain(path: str) -> bytes | None:
    """Return a small file, None if it is not there or no plain file.

    Raises:
        BadInputError: if it is larger than any such file.
    """
    if not is_remote(path):
        place = local_path(path)
        if place.is_symlink() or not place.is_file():
            return None
        if place.stat().st_size > _MAX_FILE_BYTES:
            raise BadInputError(f"{path}: has more than {_MAX_FILE_BYTES} bytes")
    try:
        return read_bytes(path)
    except FileNotFoundError:
        return None


@contextmanager
def opened(path: str) -> Iterator[tuple[BinaryIO, int]]:
    """Open a file; gives it and its size in bytes."""
    if is_remote(path):
        handle, size = open_remote(path)
    else:
        place = local_path(path)
        handle, size = place.open("rb"), place.stat().st_size
    with handle:
        yield handle, size


def read_members(handle: BinaryIO, size: int) -> tuple[list[Member], str, bool]:
    """Return a tar file's headers, where reading them ended ('' at its end), and whether nothing follows."""
    members: list[Member] = []
    headers = TarHeaders(handle)
    try:
        for member in headers:
            members.append(_member(member))
            if len(members) > _MAX_MEMBERS:
                return members, f"holds more than {_MAX_MEMBERS} files", True
            if member.offset_data + member.size > size and member.isreg():
                return members, f"ends before {member.name[:100]!r} does", True
    except TAR_FAULTS as error:
        return members, f"cannot be read ({type(error).__name__}: {error})"[:300], True
    handle.seek(headers.end)
    tail = handle.read(_MAX_TAIL_BYTES + 1)
    if len(tail) < _MIN_TAIL_BYTES:
        return members, "ends without the two empty blocks that end an archive", True
    return members, "", len(tail) <= _MAX_TAIL_BYTES and not any(tail)


def _member(member: tarfile.TarInfo) -> Member:
    return Member(
        name=member.name,
        offset=member.offset,
        data_offset=member.offset_data,
        size=member.size,
        is_file=is_plain(member),
        owner=(member.uname, member.gname, member.mtime),
    )


@contextmanager
def parquet(path: str) -> Iterator[pq.ParquetFile]:
    """Open a table.

    Raises:
        BadInputError: if it is damaged, or claims to be larger than any table.
    """
    try:
        with opened(path) as (handle, _):
            source: Any = handle if not is_remote(path) else io.BytesIO(handle.read())
            with pq.ParquetFile(source) as file:
                groups = range(file.metadata.num_row_groups)
                size = sum(file.metadata.row_group(i).total_byte_size for i in groups)
                if size > _MAX_TABLE_BYTES:
                    raise BadInputError(f"{path}: claims {size} bytes of values")
                yield file
    except TABLE_FAULTS as error:
        if isinstance(error, BadInputError):
            raise
        raise BadInputError(f"{path}: cannot be read ({error})"[:300]) from error


def has_columns(schema: pa.Schema, wanted: pa.Schema) -> bool:
    """Return whether a table has all wanted columns, of their types."""
    return all(f.name in schema.names and schema.field(f.name).type == f.type for f in wanted)


def table_rows(paths: Sequence[str], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return some columns of the rows of a table's files."""
    rows: list[dict[str, Any]] = []
    for path in paths:
        with parquet(path) as file:
            for batch in file.iter_batches(columns=list(columns)):
                rows += batch.to_pylist()
    return rows


def texts_of_table(path: str) -> Iterator[bytes]:
    """Yield what a table says in words, and its notes on itself, batch by batch."""
    with parquet(path) as file:
        schema = file.schema_arrow
        yield repr(schema.metadata).encode("utf-8", "backslashreplace")
        worded = [field.name for field in schema if _has_words(field.type)]
        for batch in file.iter_batches(columns=worded) if worded else ():
            yield json.dumps(batch.to_pylist(), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _has_words(kind: Any) -> bool:
    """Return whether values of an Arrow type hold text."""
    if pa.types.is_list(kind):
        return _has_words(kind.value_type)
    if pa.types.is_struct(kind):
        return any(_has_words(kind.field(i).type) for i in range(kind.num_fields))
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def texts_of_page(data: bytes) -> bytes:
    """Return a page without the pictures in it, whose letters mean nothing."""
    return _DATA_URI.sub(b"data:", data)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What must be in nothing that is published: folders of inputs, identifiers with their fields."""

    places: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict[str, str])

    def facts(self, file: str, piece: bytes) -> TextFacts:
        """Return the facts of a piece of a published file."""
        return TextFacts(file=file, pieces=[piece], places=self.places, names=self.names)


def read_secrets(data: bytes | None) -> Secrets:
    """Return the folders of the last run's inputs, and the identifiers that pseudonyms stand for.

    Names that are published in another way, or that text holds by chance, are left out.

    Args:
        data: what this machine notes of the last run; None where there is nothing.
    """
    try:
        known: Mapping[str, Any] = json.loads(data or b"{}")
        sources = [s for s in known.get("sources", []) if isinstance(s, dict)]
        folders = {str(s.get("uri", "")).rsplit("/", 1)[0] for s in sources}
        fields = {name: list(map(str, values)) for name, values in known.get("pseudonyms", {}).items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Secrets()
    shown = " ".join(str({k: v for k, v in s.items() if k not in ("uri", *fields)}) for s in sources)
    names = {
        value: name
        for name, values in fields.items()
        for value in values
        if len(value) >= _MIN_SECRET and not value.isdecimal() and value not in shown
    }
    places = sorted(f for f in folders if f.count("/") >= 2 and len(f) >= _MIN_SECRET)
    return Secrets(places, names)


def below(folder: str, path: str) -> str:
    """Return where a file of a result lies, by its path in it."""
    return join(folder, *path.split("/"))
