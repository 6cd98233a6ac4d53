"""Reading and writing whole files, locally or through Beam's filesystems.

A local file appears under its name only when it is complete: it is written under a temporary name beside it
and renamed. An object store shows an object only when its upload ends, so there it is written in place.
"""

import errno
import glob
import hashlib
import io
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import BinaryIO, TypeVar, cast

import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from media.source import is_remote, local_path, set_remote_opener
from transforms.remote_errors import as_os_error
from transforms.s3_client import put_object, share_client

TEMPORARY = ".tmp"
# What errors say of a place where nothing more can be written, whatever it is; and of one that is not ours.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
CANNOT_WRITE = (*FULL, errno.EACCES, errno.EPERM)
T = TypeVar("T")
U = TypeVar("U")
_THREADS = 16
_BLOCK_BYTES = 1 << 20
_MISSING = (FileNotFoundError, NotADirectoryError)


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Let what a store's client raises come as this machine's files would raise it."""
    try:
        yield
    except (ValueError, KeyboardInterrupt):  # no path, or a filesystem that Beam does not know
        raise
    except Exception as error:  # clients raise many types
        raise as_os_error(error, path) from error


def join(folder: str, *names: str) -> str:
    """Join path parts of a local or remote folder."""
    return FileSystems.join(folder, *names)


def write_bytes(path: str, data: bytes) -> None:
    """Write a file whole or not at all, making its folder.

    Raises:
        OSError: if it cannot be written; PermissionError if we may not.
    """
    if is_remote(path):
        with _told(path):
            _upload(path, data)
        return
    target = local_path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f"{target.name}.{uuid.uuid4().hex}{TEMPORARY}")
    try:
        scratch.write_bytes(data)
        scratch.replace(target)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def _upload(path: str, data: bytes) -> None:
    if path.startswith("s3://"):
        put_object(path, data)
        return
    with FileSystems.create(path, compression_type=CompressionTypes.UNCOMPRESSED) as handle:
        handle.write(data)


def read_bytes(path: str) -> bytes:
    """Read a whole file.

    Raises:
        FileNotFoundError: if it is not there.
        OSError: if it cannot be read.
    """
    if not is_remote(path):
        return local_path(path).read_bytes()
    with _told(path), open_remote(path)[0] as handle:
        return handle.read()


def sha256_of(path: str) -> tuple[str, int]:
    """Return the SHA-256 of a file and its size in bytes; it is read piece by piece.

    Raises:
        OSError: if it cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    remote = is_remote(path)
    told = _told(path) if remote else nullcontext()
    with told, open_remote(path)[0] if remote else local_path(path).open("rb") as handle:
        while block := handle.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


def read_if_there(path: str) -> bytes | None:
    """Read a whole file, None if it is not there."""
    try:
        return read_bytes(path)
    except _MISSING:
        return None


def sizes_of(paths: Sequence[str]) -> dict[str, int]:
    """Return the size in bytes of those files that are there; all of one filesystem."""
    if not paths:
        return {}
    if not is_remote(paths[0]):
        found = {path: local_path(path) for path in paths}
        return {path: place.stat().st_size for path, place in found.items() if place.is_file()}
    literal = [glob.escape(path) for path in paths]
    with _told(paths[0]):
        matched = [m for result in FileSystems.match(literal) for m in result.metadata_list]
    return {m.path: m.size_in_bytes for m in matched}


def list_files(folder: str) -> Iterator[tuple[str, int]]:
    """Yield the path and the size of every file below a folder, sorted; none if it is not there."""
    if is_remote(folder):
        try:
            with _told(folder):
                matched = FileSystems.match([join(glob.escape(folder), "**")])[0].metadata_list
        except FileNotFoundError:  # some filesystems refuse to list what is not there
            return
        yield from sorted((m.path, m.size_in_bytes) for m in matched)
        return
    for place in sorted(local_path(folder).rglob("*")):
        if place.is_file() and not place.is_symlink():
            yield str(place), place.stat().st_size


def list_folder(folder: str) -> list[str]:
    """Return the names of what is directly in a folder, sorted; none if it is not there."""
    if not is_remote(folder):
        place = local_path(folder)
        return sorted(p.name for p in place.iterdir()) if place.is_dir() else []
    prefix = folder.rstrip("/") + "/"
    return sorted({path.removeprefix(prefix).split("/")[0] for path, _ in list_files(folder)})


def delete_tree(path: str) -> int:
    """Delete a file or a folder with all in it, if it is there; returns how many bytes went."""
    files = list(list_files(path)) or list(sizes_of([path]).items())
    if is_remote(path):
        if files:
            with _told(path):
                FileSystems.delete([name for name, _ in files])
    else:
        place = local_path(path)
        if place.is_symlink() or place.is_file():
            place.unlink(missing_ok=True)
        else:
            shutil.rmtree(place, ignore_errors=True)
    return sum(size for _, size in files)


def link_or_copy(path: str, target: str) -> None:
    """Let a file that nobody changes be at another place of its filesystem too, making its folder.

    Raises:
        FileNotFoundError: if it is not there.
        OSError: if it cannot be.
    """
    if is_remote(path):
        with _told(target):
            FileSystems.copy([path], [target])
        return
    place = local_path(target)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    try:
        os.link(local_path(path), place)
    except OSError:  # not every filesystem has links
        shutil.copyfile(local_path(path), place)


def map_files(function: Callable[[T], U], items: Sequence[T], remote: bool) -> list[U]:
    """Return what a function that looks at files says of each item, in their order.

    On a remote filesystem that is waiting, mostly, and done for many at a time.
    """
    if not remote:
        return [function(item) for item in items]
    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(function, items))


def parquet_bytes(table: pa.Table) -> bytes:
    """Return a table as a zstd-compressed Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def open_remote(uri: str) -> tuple[BinaryIO, int]:
    """Open a file through Beam's filesystems; returns it and its size in bytes.

    Raises:
        FileNotFoundError: if it is not there.
        OSError: if it cannot be opened.
    """
    with _told(uri):
        matched = FileSystems.match([glob.escape(uri)])[0].metadata_list
        if not matched:
            raise FileNotFoundError(f"{uri}: no such file")
        handle = FileSystems.open(uri, compression_type=CompressionTypes.UNCOMPRESSED)
    return cast(BinaryIO, handle), matched[0].size_in_bytes


set_remote_opener(open_remote)
share_client()
if getattr(FileSystems, "_pipeline_options", None) is None:  # Beam's workers have set the job's by now
    FileSystems.set_options(PipelineOptions([]))  # without any s3:// does not work, and gs:// reads sys.argv
