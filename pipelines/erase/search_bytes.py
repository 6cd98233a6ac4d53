"""Looking for erased material below a run folder by bytes: names, ids and hashes, wherever they stand.

Files are read once. Members of archives are looked at one by one, texts in tables and JSON value by value; an
id is found in any file that does not pack it away.
"""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.ids import ID_HEX_DIGITS
from transforms.storage import list_files, read_bytes

_ID = re.compile(rb"(?<![0-9a-f])[0-9a-f]{%d}(?![0-9a-f])" % ID_HEX_DIGITS)
Veil = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Found:
    """Something of what was erased: where, below the run folder, and by what it is known."""

    path: str
    by: str


class ByteSearch:
    """Searches files for veiled ids and hashes."""

    def __init__(self, veil: Veil, ids: Collection[str], hashes: Collection[str]) -> None:
        """Prepare.

        Args:
            veil: what stands for a value, by kind `id` or `bytes`.
        """
        self._veil, self._ids, self._hashes = veil, frozenset(ids), frozenset(hashes)
        self._known: dict[str, bool] = {}
        self.num_files = self.num_bytes = self.num_members = 0

    def below(self, root: str, without: Collection[str]) -> Iterator[Found]:
        """Yield what is left below a folder; folders and files directly below it may be left out.

        Raises:
            OSError: if a file cannot be read.
        """
        for path, size in list_files(root):
            below = path.removeprefix(root.rstrip("/")).lstrip("/")
            if any(below == name or below.startswith(f"{name}/") for name in without):
                continue
            self.num_files, self.num_bytes = self.num_files + 1, self.num_bytes + size
            yield from (Found(below, by) for by in self.in_file(below, read_bytes(path)))

    def in_file(self, name: str, data: bytes) -> Iterator[str]:
        """Yield by what a file is known."""
        if self._holds_id(name.encode("utf-8", "surrogateescape")):
            yield "its name holds an id"
        if self._is_erased(data):
            yield "its bytes"
        if self._holds_id(data):
            yield "it holds an id"
        if name.endswith(".tar"):
            yield from self._in_tar(data)
        if any(map(self._is_named, _texts(name, data))):
            yield "a value in it"

    def _in_tar(self, data: bytes) -> Iterator[str]:
        try:
            with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
                for member in archive:
                    handle = archive.extractfile(member)
                    self.num_members += 1
                    if handle is not None and self._is_erased(handle.read()):
                        yield "the bytes of a member"
        except tarfile.TarError:  # what is in it as it stands was looked at
            return

    def _is_erased(self, data: bytes) -> bool:
        return self._veil("bytes", hashlib.sha256(data).hexdigest()) in self._hashes

    def _holds_id(self, data: bytes) -> bool:
        return any(self._is_named(word.decode()) for word in set(_ID.findall(data)))

    def _is_named(self, word: str) -> bool:
        if word not in self._known:
            self._known[word] = self._veil("id", word) in self._ids
        return self._known[word]


def _texts(name: str, data: bytes) -> Iterator[str]:
    """Yield the texts of a file that holds values one by one."""
    if name.endswith(".parquet"):
        yield from _texts_of_table(data)
    elif name.endswith(".json"):
        yield from _texts_of_json(data)


def _texts_of_table(data: bytes) -> Iterator[str]:
    """Yield the different texts of a table, however deep in lists and records, and the ids in them."""
    try:
        table = pq.read_table(io.BytesIO(data))
    except (OSError, pa.ArrowException):
        return
    for column in table.columns:
        yield from _texts_of(column.combine_chunks())


def _texts_of(array: Any) -> Iterator[str]:
    if pa.types.is_string(array.type):
        for text in array.unique().to_pylist():
            if text is not None:
                yield text
                yield from (word.decode() for word in _ID.findall(text.encode("utf-8", "surrogatepass")))
    elif pa.types.is_list(array.type):
        yield from _texts_of(array.flatten())
    elif pa.types.is_struct(array.type):
        for part in array.flatten():
            yield from _texts_of(part)


def _texts_of_json(data: bytes) -> Iterator[str]:
    try:
        left: list[Any] = [json.loads(data)]
    except (ValueError, RecursionError):
        return
    while left:
        value = left.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            left += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            left += value
