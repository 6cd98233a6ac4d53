"""A made-up object store, `fake://bucket/key`, for runs whose inputs and output are not on this machine.

Objects lie below the folder that the environment variable FAKE_STORE names, so that all processes of a run
see the same. As on a real store an object appears when its upload ends, whole, nothing is renamed in place,
and there are no folders, only names that begin alike.

Beam knows a filesystem once its module is imported, so only programs that import this one have it.
"""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import quote, unquote

from apache_beam.io.filesystem import BeamIOError, CompressionTypes, FileMetadata, FileSystem

VARIABLE = "FAKE_STORE"
PREFIX = "fake://"


class Upload:
    """A file that becomes an object when it is closed."""

    def __init__(self, scratch: Path, target: Path) -> None:
        self._handle, self._scratch, self._target = scratch.open("wb"), scratch, target
        self.write, self.flush = self._handle.write, self._handle.flush

    def close(self) -> None:
        if not self._handle.closed:
            self._handle.close()
            self._scratch.replace(self._target)

    def __enter__(self) -> "Upload":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class FakeStore(FileSystem):
    """Beam's view of the store."""

    @classmethod
    def scheme(cls) -> str:
        return PREFIX.removesuffix("://")

    def join(self, basepath: str, *paths: str) -> str:
        return "/".join([basepath.rstrip("/"), *[p.strip("/") for p in paths]])

    def split(self, path: str) -> tuple[str, str]:
        head, _, tail = path.rpartition("/")
        return head, tail

    def has_dirs(self) -> bool:
        return False

    def mkdirs(self, path: str) -> None:
        """There are no folders."""

    def _list(self, dir_or_prefix: str) -> Iterator[FileMetadata]:
        for place in sorted(_objects().iterdir()):
            path = PREFIX + unquote(place.name)
            if path.startswith(dir_or_prefix):
                yield self.metadata(path)

    def create(
        self, path: str, mime_type: str = "", compression_type: str = CompressionTypes.AUTO
    ) -> BinaryIO:
        uploads = _root() / "uploads"
        uploads.mkdir(parents=True, exist_ok=True)
        return cast(BinaryIO, Upload(uploads / uuid.uuid4().hex, _place(path)))

    def open(self, path: str, mime_type: str = "", compression_type: str = CompressionTypes.AUTO) -> BinaryIO:
        return cast(BinaryIO, _place(path).open("rb"))

    def copy(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        for source, target in zip(source_file_names, destination_file_names, strict=True):
            with self.create(target) as handle:
                handle.write(_place(source).read_bytes())

    def rename(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        self.copy(source_file_names, destination_file_names)
        self.delete(source_file_names)

    def exists(self, path: str) -> bool:
        return _place(path).is_file()

    def size(self, path: str) -> int:
        return self.metadata(path).size_in_bytes

    def last_updated(self, path: str) -> float:
        return self.metadata(path).last_updated_in_seconds

    def metadata(self, path: str) -> Any:
        try:
            status = _place(path).stat()
        except OSError as error:
            raise BeamIOError("no such object", {path: error}) from error
        return FileMetadata(path, status.st_size, status.st_mtime)

    def delete(self, paths: list[str]) -> None:
        missing: dict[str, Exception] = {}
        for path in paths:
            try:
                _place(path).unlink()
            except OSError as error:
                missing[path] = error
        if missing:
            raise BeamIOError("Delete operation failed", missing)


def _root() -> Path:
    return Path(os.environ[VARIABLE])


def _objects() -> Path:
    folder = _root() / "objects"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _place(path: str) -> Path:
    return _objects() / quote(path.removeprefix(PREFIX), safe="")


def objects(prefix: str = PREFIX) -> dict[str, bytes]:
    """Return all objects whose names begin so, by name."""
    found = {PREFIX + unquote(place.name): place for place in sorted(_objects().iterdir())}
    return {name: place.read_bytes() for name, place in found.items() if name.startswith(prefix)}


def put(path: str, data: bytes) -> None:
    """Write an object."""
    _place(path).write_bytes(data)
