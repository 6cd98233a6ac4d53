"""The headers of a stranger's tar file: without a byte of its contents, and nothing larger than a header."""

import tarfile
from collections.abc import Iterator
from typing import IO, Any

MAX_HEADER_BYTES = 2**20
# What reading headers may raise: beside tarfile's own, numbers that are none or too large, and headers that
# announce one another without end.
TAR_FAULTS = (tarfile.TarError, OSError, EOFError, ValueError, OverflowError, RecursionError)


class _HeaderReader:
    """A file of which no more than headers are read at once: a tar file can claim headers of any size."""

    def __init__(self, handle: IO[bytes]) -> None:
        self._handle = handle
        self.seek, self.tell = handle.seek, handle.tell

    def read(self, size: int) -> bytes:
        """Read at most a header."""
        if size > MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._handle.read(size)


class TarHeaders:
    """Iterates the members of an uncompressed tar file; `end` is then where the next header would begin."""

    def __init__(self, handle: IO[bytes]) -> None:
        self._handle = handle
        self.end = 0

    def __iter__(self) -> Iterator[tarfile.TarInfo]:
        """Yield the members.

        Raises:
            TAR_FAULTS: whatever is wrong.
        """
        reader: Any = _HeaderReader(self._handle)
        last = -1
        with tarfile.open(fileobj=reader, mode="r:") as archive:
            for member in archive:
                if member.offset <= last:  # a size can be negative
                    raise tarfile.ReadError(f"after {member.name[:100]!r} it begins again before it")
                last = member.offset
                vars(archive)["members"] = []  # tarfile would keep them all
                yield member
            self.end = int(vars(archive)["offset"])


def is_plain(member: tarfile.TarInfo) -> bool:
    """Return whether a member is a file with its content: no link, device, folder or file with holes."""
    return member.isreg() and not member.issparse()
