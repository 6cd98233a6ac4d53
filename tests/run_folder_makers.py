"""Run folders that tests write and break, on this machine or on a made-up object store."""

from pathlib import Path
from typing import Any

from media.source import is_remote
from pipelines.results import Result
from pipelines.run_folder import RunFolder
from schemas.layout import LAYOUT_JSON, RUN_JSON
from schemas.tables import to_table
from tests import remote_files
from transforms.storage import join, list_files, parquet_bytes, read_bytes, write_bytes


class Stopped(BaseException):
    """The end of a process, as far as a test can play it."""


def dying(call: Any, steps: int) -> Any:
    """Return a function that does what `call` does so many times, and then ends the process."""
    left = [steps]

    def called(*arguments: Any, **named: Any) -> Any:
        if left[0] == 0:
            raise Stopped
        left[0] -= 1
        return call(*arguments, **named)

    return called


def below(root: str) -> dict[str, bytes]:
    """Return all files below a folder but its lease and the note of its layout, by relative path."""
    files = {path.removeprefix(root).lstrip("/"): read_bytes(path) for path, _ in list_files(root)}
    return {name: data for name, data in files.items() if name not in ("work/lease.json", LAYOUT_JSON)}


def delete(path: str) -> None:
    """Delete a file."""
    if is_remote(path):
        remote_files.FakeStore(None).delete([path])
    else:
        Path(path).unlink()


def make_result(folder: RunFolder, word: str, *, tables: dict[str, list[Any]] | None = None) -> Result:
    """Write a small result in which every file but the tables says the same word."""
    result = folder.new_result()
    write_bytes(join(result.shards, "train-000000.tar"), word.encode())
    for name, records in (tables or {}).items():
        path = join(result.tables, f"{name}-00000-of-00001.parquet")
        write_bytes(path, parquet_bytes(to_table(name, records)))
    result.write_page("index.html", word.encode())
    write_bytes(join(result.folder, RUN_JSON), word.encode())
    return result


def word_of(folder: RunFolder) -> str | None:
    """Return what the current result says, which must be one word in all its files."""
    current = folder.current()
    if current is None:
        return None
    words = {read_bytes(p).decode() for p, _ in list_files(current.folder) if not p.endswith(".parquet")}
    (word,) = words
    return word
