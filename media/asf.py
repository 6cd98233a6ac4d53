"""What the header of an ASF file says of its length: FFmpeg guesses it where the file's size is another."""

import struct

_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
# How much of a file is looked at: the header comes first, and this object of it early.
HEAD_BYTES = 1 << 16


def declared_seconds(head: bytes) -> float | None:
    """Return the play duration less the preroll (Advanced Systems Format, 3.2); None of a live stream."""
    at = head.find(_FILE_PROPERTIES)
    if at < 0 or len(head) < at + 92:
        return None
    play, _, preroll, flags = struct.unpack_from("<QQQI", head, at + 64)
    seconds = play / 1e7 - preroll / 1e3
    return None if flags & 1 or seconds <= 0 else seconds
