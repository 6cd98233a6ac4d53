"""Many .npz files of the same shapes, quickly: made-up parts of a collection of any size."""

import functools
import io
import zipfile
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt


def stored_npz(arrays: dict[str, npt.NDArray[Any]]) -> bytes:
    """Return an .npz that is not compressed (what is random gets no smaller), by writing over another."""
    shapes = tuple((name, a.shape, a.dtype.str) for name, a in arrays.items())
    empty, members = _blank(shapes)
    data = bytearray(empty)
    for (start, end, checks), array in zip(members, arrays.values(), strict=True):
        data[end - array.nbytes : end] = array.tobytes()
        check = zlib.crc32(data[start:end]).to_bytes(4, "little")
        for place in checks:
            data[place : place + 4] = check
    return bytes(data)


@functools.lru_cache(maxsize=4)
def _blank(
    shapes: tuple[tuple[str, tuple[int, ...], str], ...],
) -> tuple[bytes, list[tuple[int, int, list[int]]]]:
    """Return an .npz of zeros; where each member starts and ends, and where its check sums (CRC) are."""
    buffer = io.BytesIO()
    np.savez(buffer, **{n: np.zeros(shape, kind) for n, shape, kind in shapes})  # pyright: ignore
    data, found = buffer.getvalue(), []
    with zipfile.ZipFile(buffer) as archive:
        for info in archive.infolist():
            head = info.header_offset
            lengths = [int.from_bytes(data[head + at : head + at + 2], "little") for at in (26, 28)]
            start = head + 30 + sum(lengths)
            named = data.rindex(info.filename.encode())  # in the directory at the end
            found.append((start, start + info.file_size, [head + 14, named - 46 + 16]))
    return data, found
