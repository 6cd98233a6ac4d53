"""Where shards are, and reading some bytes of them: on this machine, or wherever fsspec reaches.

No name ever reaches a shell: webdataset's `pipe:` is refused, and so are fsspec's chains of filesystems.
"""

import glob
import itertools
import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar, cast

import braceexpand
import fsspec

from media.source import is_remote, local_path
from schemas.layout import CURRENT, CURRENT_OBJECT, RESULTS, SHARDS, named_result
from schemas.outcomes import BadInputError

REMOTE_SCHEMES = ("http", "https", "s3", "gs", "gcs", "abfs", "abfss", "az", "hf", "memory")
_SUFFIX = ".tar"
_MAX_SHARDS = 100_000
_TRIES, _WAIT_SECONDS = 3, 1.0
_OTHER_SCHEME = re.compile(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]+:")
T = TypeVar("T")


def find_shards(shards: str | Path | Iterable[str | Path]) -> list[str]:
    """Return the tar files that a run folder, a folder of shards, a pattern or a list of them means, sorted.

    A run folder's current result is looked up once: what is returned belongs to one result.

    Raises:
        BadInputError: if there are none, or a name is not one that is opened here.
    """
    names = [shards] if isinstance(shards, str | Path) else list(shards)
    found = {shard for name in names for shard in _expand(str(name))}
    if not found:
        shown = ", ".join(map(str, names[:3]))
        raise BadInputError(
            f"{shown}: no shards there; give a run's folder, its folder `shards`, or names of .tar files"
        )
    return sorted(found)


def _expand(name: str) -> list[str]:
    if is_remote(name):
        return _expand_remote(name)
    if _OTHER_SCHEME.match(name) and not Path(name).exists():
        _refuse(name)
    path = local_path(name)
    if path.is_dir():
        return [str(tar) for tar in sorted(_shard_folder(path).glob(f"*{_SUFFIX}"))]
    if path.is_file():
        return [str(path.resolve())]
    return [str(Path(p).resolve()) for one in _braces(str(path)) for p in _matches(one) if Path(p).is_file()]


def _shard_folder(path: Path) -> Path:
    for inner in (path / CURRENT / SHARDS, path / SHARDS):
        if inner.is_dir():
            return inner.resolve()
    return path.resolve()


def _matches(pattern: str) -> list[str]:
    return sorted(glob.glob(pattern)) if glob.has_magic(pattern) else [pattern]  # noqa: PTH207 (any root)


def _braces(name: str) -> list[str]:
    try:
        found = list(itertools.islice(braceexpand.braceexpand(name), _MAX_SHARDS + 1))
    except ValueError:
        return [name]
    if len(found) > _MAX_SHARDS:
        raise BadInputError(f"{name[:200]}: stands for more than {_MAX_SHARDS} names")
    return found


def _refuse(name: str) -> None:
    raise BadInputError(
        f"{name[:200]}: not a place that is opened here; shards are local files or "
        + ", ".join(f"{scheme}://" for scheme in REMOTE_SCHEMES)
    )


def _filesystem(uri: str) -> tuple[Any, str]:
    """Return fsspec's filesystem of a URI, and the path there."""
    if uri.split("://")[0].lower() not in REMOTE_SCHEMES or "::" in uri:
        _refuse(uri)
    # Else gcsfs first asks another host, by another protocol, what kind of bucket it is.
    os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    try:
        return fsspec.core.url_to_fs(uri)
    except ImportError as error:
        raise BadInputError(f"{uri[:200]}: {error}") from error


def _expand_remote(uri: str) -> list[str]:
    _filesystem(uri)
    if uri.endswith(_SUFFIX):
        return [name for one in _braces(uri) for name in _remote_matches(one)]
    folder = uri.rstrip("/")
    current = read_if_there(f"{folder}/{CURRENT_OBJECT}")
    if current is not None:
        folder = f"{folder}/{RESULTS}/{_named(current, folder)}"
    for inner in (f"{folder}/{SHARDS}", folder):
        if found := _remote_matches(f"{inner}/*{_SUFFIX}"):
            return found
    return []


def _named(data: bytes, folder: str) -> str:
    name = named_result(data)
    if name is not None:
        return name
    raise BadInputError(f"{folder}/{CURRENT_OBJECT}: does not name a result; run curate again")


def _remote_matches(uri: str) -> list[str]:
    if not glob.has_magic(uri):
        return [uri]
    filesystem, path = _filesystem(uri)
    try:
        found = tried(lambda: filesystem.glob(path))
    except (OSError, ValueError, NotImplementedError) as error:
        raise BadInputError(f"{uri}: cannot be listed ({error}); name the shards one by one") from error
    return sorted(str(filesystem.unstrip_protocol(name)) for name in cast(Sequence[str], found))


def tried(action: Callable[[], T]) -> T:
    """Return what an action on a remote place gives, tried again after errors that may pass."""
    for attempt in range(1, _TRIES):
        try:
            return action()
        except (FileNotFoundError, PermissionError):
            raise
        except OSError:
            time.sleep(attempt * _WAIT_SECONDS)
    return action()


def open_file(uri: str) -> IO[bytes]:
    """Open a file for reading; it can seek.

    Raises:
        OSError: if it cannot be opened.
        BadInputError: if it is not a place that is opened here.
    """
    if not is_remote(uri):
        return local_path(uri).open("rb")
    filesystem, path = _filesystem(uri)
    return cast(IO[bytes], tried(lambda: filesystem.open(path, "rb")))


def read_range(uri: str, start: int, size: int) -> bytes:
    """Return `size` bytes from `start` on.

    Raises:
        OSError: if they cannot be read, or the file ends before them.
    """
    if is_remote(uri):
        filesystem, path = _filesystem(uri)
        data = cast(bytes, tried(lambda: filesystem.cat_file(path, start=start, end=start + size)))
    else:
        with local_path(uri).open("rb") as handle:
            handle.seek(start)
            data = handle.read(size)
    if len(data) != size:
        what = "the server does not give parts of files" if len(data) > size else "the file ends before"
        raise OSError(f"{len(data)} bytes instead of {size}: {what}")
    return data


def read_if_there(uri: str) -> bytes | None:
    """Return a whole small file, None if it is not there."""
    try:
        if not is_remote(uri):
            return local_path(uri).read_bytes()
        filesystem, path = _filesystem(uri)
        return cast(bytes, tried(lambda: filesystem.cat_file(path)))
    except (FileNotFoundError, NotADirectoryError):
        return None


def parent(uri: str) -> str:
    """Return the folder that a file or a folder lies in."""
    return uri.rsplit("/", 1)[0] if is_remote(uri) else str(local_path(uri).parent)


def beside(folder: str, *names: str) -> str:
    """Return the path of what lies in a folder."""
    return "/".join([folder.rstrip("/"), *names])


def base_name(uri: str) -> str:
    """Return a file's own name."""
    return uri.rsplit("/", 1)[-1] if is_remote(uri) else local_path(uri).name
