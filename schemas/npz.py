"""Reading .npz files from strangers: no pickle, nothing larger than it says, nothing larger than allowed."""

import ast
import functools
import math
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Literal, TypeGuard

import numpy as np

from schemas.outcomes import BadInputError

MAX_ARRAY_BYTES = 400 * 2**20  # SMPL-X's largest array, posedirs in float64, has 122 MB
MAX_TOTAL_BYTES = 1200 * 2**20
_MAX_HEADER_BYTES = 10_000
_MAX_MEMBERS = 500
_MAGIC_BYTES = 8
# What numpy writes; other methods pack tighter, and their errors are of other kinds.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FAULTS = (
    zipfile.BadZipFile,
    ValueError,
    SyntaxError,
    EOFError,
    KeyError,
    RuntimeError,  # encrypted, of another version of zip, nested too deeply
    struct.error,
    zlib.error,
    TypeError,
    MemoryError,
)


def read_arrays(
    source: Path | IO[bytes], wanted: Iterable[str] | None = None, name: str | None = None
) -> dict[str, np.ndarray]:
    """Return the wanted arrays that the file holds; all if `wanted` is None.

    Arrays of Python objects are left out, as if absent: reading them would run code from the file. Where all
    are asked for, they are an error.

    Args:
        source: a path, or an open file that can seek.
        name: what errors call the file; its path if None.

    Raises:
        BadInputError: if the file cannot be read, is no .npz, is damaged or claims too much memory.
    """
    path = str(source) if name is None else name
    try:
        with zipfile.ZipFile(source) as archive:
            return _read_members(archive, None if wanted is None else set(wanted), path)
    except BadInputError:
        raise
    except FileNotFoundError as error:
        raise BadInputError(f"{path}: no such file") from error
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read ({error})") from error
    except _FAULTS as error:
        raise BadInputError(f"{path}: not a sound .npz file ({type(error).__name__}: {error})") from error


def _read_members(archive: zipfile.ZipFile, wanted: set[str] | None, path: str) -> dict[str, np.ndarray]:
    members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if len(members) > _MAX_MEMBERS:
        raise BadInputError(f"{path}: {len(members)} arrays are too many")
    arrays: dict[str, np.ndarray] = {}
    total = 0
    for name in sorted(members if wanted is None else wanted & members.keys()):
        if members[name].compress_type not in _METHODS:
            raise BadInputError(f"{path}: array {name} is packed in a way that numpy does not write")
        with archive.open(members[name]) as handle:
            array = _read_array(handle, f"{path}: array {name}", MAX_TOTAL_BYTES - total)
        if array is None and wanted is None:
            raise BadInputError(f"{path}: array {name} holds Python objects: nothing is unpickled")
        if array is not None:
            total += array.nbytes
            arrays[name] = array
    return arrays


def _read_array(handle: IO[bytes], where: str, budget: int) -> np.ndarray | None:
    """Return the array of one .npy stream (NEP 1), None if it holds objects.

    The header is parsed here, and not by numpy, so that its claims are checked before any memory is
    taken for them.
    """
    magic = handle.read(_MAGIC_BYTES)
    if len(magic) < _MAGIC_BYTES or magic[:6] != b"\x93NUMPY" or magic[6] not in (1, 2, 3):
        raise BadInputError(f"{where}: not in .npy format")
    length = int.from_bytes(handle.read(2 if magic[6] == 1 else 4), "little")
    if length > _MAX_HEADER_BYTES:
        raise BadInputError(f"{where}: its header claims {length} bytes")
    try:
        header = _parsed(handle.read(length), "utf-8" if magic[6] == 3 else "latin1")
    except _NotNpyError as error:
        raise BadInputError(f"{where}: its header is not one of .npy") from error
    if header is None:
        return None
    shape, kind, order = header
    size = math.prod(shape) * kind.itemsize
    if size > min(MAX_ARRAY_BYTES, budget):
        raise BadInputError(f"{where}: claims {size / 2**20:.0f} MB, more than any array has")
    content = _read_exactly(handle, size, where)
    return np.frombuffer(content, kind).reshape(shape, order=order)


class _NotNpyError(ValueError):
    """A header that is not one of .npy."""


@functools.lru_cache(maxsize=256)
def _parsed(header: bytes, encoding: str) -> tuple[tuple[int, ...], np.dtype[Any], Literal["C", "F"]] | None:
    """Return the shape, type and order that a header tells, None of what is not read."""
    found = ast.literal_eval(header.decode(encoding).strip())
    if not _is_header(found):
        raise _NotNpyError
    shape, described = found["shape"], found["descr"]
    if not isinstance(described, str) or not _is_shape(shape):
        return None  # a structured type, which none of ours has
    kind = np.dtype(described)
    return None if kind.hasobject else (shape, kind, "F" if found["fortran_order"] else "C")


def _is_header(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict) and {"descr", "shape", "fortran_order"} <= value.keys()


def _is_shape(shape: object) -> TypeGuard[tuple[int, ...]]:
    return _is_tuple(shape) and all(isinstance(n, int) and 0 <= n < 2**40 for n in shape)


def _is_tuple(value: object) -> TypeGuard[tuple[object, ...]]:
    return isinstance(value, tuple)


def _read_exactly(handle: IO[bytes], size: int, where: str) -> bytearray:
    """Read `size` bytes piece by piece: a short file must not cost the memory that it claims."""
    pieces: list[bytes] = []
    left = size
    while left:
        piece = handle.read(min(left, 1 << 24))
        if not piece:
            raise BadInputError(f"{where}: {size - left} of {size} bytes are there")
        pieces.append(piece)
        left -= len(piece)
    if handle.read(1):
        raise BadInputError(f"{where}: has more than its {size} bytes")
    return bytearray().join(pieces)  # arrays of it can be written to
