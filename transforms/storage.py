"""Writing and reading whole files, locally or through Beam's filesystems.

A file appears under its name only when it is complete: it is written under a temporary name
beside it and renamed.
"""

import io
import uuid
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from media.source import is_remote, local_path, set_remote_opener


def join(folder: str, *names: str) -> str:
    """Join path parts of a local or remote folder."""
    return FileSystems.join(folder, *names)


def write_bytes(path: str, data: bytes) -> None:
    """Write a file atomically, making its folder."""
    scratch = f"{path}.{uuid.uuid4().hex}.tmp"
    if is_remote(path):
        with FileSystems.create(scratch, compression_type=CompressionTypes.UNCOMPRESSED) as handle:
            handle.write(data)
        if FileSystems.exists(path):
            FileSystems.delete([path])
        FileSystems.rename([scratch], [path])
        return
    target = local_path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    Path(scratch).write_bytes(data)
    Path(scratch).replace(target)


def read_bytes(path: str) -> bytes:
    """Read a whole file."""
    if is_remote(path):
        with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as handle:
            return cast(bytes, handle.read())
    return local_path(path).read_bytes()


def parquet_bytes(table: pa.Table) -> bytes:
    """Return a table as a zstd-compressed Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def open_remote(uri: str) -> tuple[BinaryIO, int]:
    """Open a file through Beam's filesystems; returns it and its size in bytes.

    Raises:
        OSError: if it is not there or cannot be opened.
    """
    try:
        matched = FileSystems.match([uri])[0].metadata_list
        if not matched:
            raise FileNotFoundError("no such file")
        handle = FileSystems.open(uri, compression_type=CompressionTypes.UNCOMPRESSED)
    except BeamIOError as error:
        raise OSError(str(error)) from error
    return cast(BinaryIO, handle), matched[0].size_in_bytes


set_remote_opener(open_remote)
