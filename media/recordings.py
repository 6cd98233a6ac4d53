"""Where recordings begin in a file that holds several, one after the other, as `cat` makes them.

Demuxers stop after the first, take its headers for the next one's pictures, or look up the next one's bytes
in the first. So files are walked along their outermost units, which takes one short read for each, and every
recording is opened as a file of its own. Transport and program streams have no header to look for: there the
clock tells (`media.clock`).
"""

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from media.clock import Kind
from media.source import MediaError
from schemas.records.video import Reading

ByteSpan = tuple[int, int]

# A file of more is no recording that was taken up again; each is opened several times.
MAX_RECORDINGS = 500
# So many units are looked at: hours of FLV, which has one for each picture and block of sound.
_MAX_UNITS = 5_000_000
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_EBML_HEADER = b"\x1a\x45\xdf\xa3"
_FLV_HEADER = b"FLV\x01"
_FLV_TAGS = (8, 9, 18)  # sound, pictures, data
_MXF_KEY, _MXF_HEADER = b"\x06\x0e\x2b\x34", b"\x0d\x01\x02\x01\x01\x02"
_UNIT_BYTES = 27 + 255  # a page of Ogg has the longest header

# Of the bytes a unit starts with and how many are left from there: whether a recording begins with it, and
# its length. None where it is no unit.
_Unit = tuple[bool, int] | None


def find_recordings(uri: str, handle: BinaryIO, size: int) -> tuple[ByteSpan, ...]:
    """Return the bytes of each recording in a file of some size; none if it holds one alone.

    Raises:
        MediaError: if there are absurdly many.
    """
    starts: list[int] = []
    for begins, at in _units(handle, size):
        if begins:
            starts.append(at)
        if len(starts) > MAX_RECORDINGS:
            raise MediaError(f"{uri}: more than {MAX_RECORDINGS} recordings, one after the other")
    if len(starts) < 2:
        return ()
    ends = [*starts[1:], size]
    return tuple(zip([0, *starts[1:]], ends, strict=True))


def _units(handle: BinaryIO, size: int) -> Iterator[tuple[bool, int]]:
    """Yield of each outermost unit whether a recording begins with it, and where it is."""
    handle.seek(0)
    parse = _parser(handle.read(_UNIT_BYTES))
    at, was_first = 0, False
    for _ in range(_MAX_UNITS):
        if parse is None or at >= size:
            return
        handle.seek(at)
        unit = parse(handle.read(_UNIT_BYTES), size - at)
        if unit is None or unit[1] <= 0:
            return
        # The streams of an Ogg file begin with a page each, one after the other.
        yield unit[0] and not (was_first and parse is _ogg), at
        was_first = unit[0]
        at += unit[1]


def _parser(start: bytes) -> Callable[[bytes, int], _Unit] | None:
    if start[4:8] == b"ftyp":
        return _iso
    known: tuple[tuple[bytes, Callable[[bytes, int], _Unit]], ...] = (
        (_EBML_HEADER, _matroska),
        (_ASF_HEADER, _asf),
        (_FLV_HEADER, _flv),
        (b"RIFF", _riff),
        (b"OggS", _ogg),
        (_MXF_KEY, _mxf),
    )
    return next((parse for magic, parse in known if start.startswith(magic)), None)


def _iso(head: bytes, left: int) -> _Unit:
    """A box of ISO/IEC 14496-12, 4.2."""
    if len(head) < 16:
        return None
    length, kind, long_length = struct.unpack_from(">I4sQ", head)
    length = {0: left, 1: long_length}.get(length, length)
    return None if length < 8 else (kind == b"ftyp", length)


def _matroska(head: bytes, left: int) -> _Unit:
    """An element of RFC 8794; one of unknown size is entered."""
    id_bytes = 9 - head[0].bit_length()
    if id_bytes > 4 or len(head) < id_bytes + 8:
        return None
    size_bytes = 9 - head[id_bytes].bit_length()
    if size_bytes > 8:
        return None
    header = id_bytes + size_bytes
    all_ones = (1 << 7 * size_bytes) - 1
    size = int.from_bytes(head[id_bytes:header]) & all_ones
    return head.startswith(_EBML_HEADER), header + (0 if size == all_ones else size)


def _asf(head: bytes, left: int) -> _Unit:
    """An object of the Advanced Systems Format, 2.1."""
    if len(head) < 24:
        return None
    (length,) = struct.unpack_from("<Q", head, 16)
    return None if length < 24 else (head.startswith(_ASF_HEADER), length)


def _flv(head: bytes, left: int) -> _Unit:
    """A file header with the number after it, or a tag with its own."""
    if head.startswith(_FLV_HEADER):
        return True, 9 + 4
    if len(head) < 11 or head[0] & 31 not in _FLV_TAGS:
        return None
    return False, 11 + int.from_bytes(head[1:4]) + 4


def _riff(head: bytes, left: int) -> _Unit:
    """A chunk; OpenDML continues a long AVI with chunks of another form."""
    if len(head) < 12 or not head[:4].strip().isalnum():
        return None
    (length,) = struct.unpack_from("<I", head, 4)
    return head.startswith(b"RIFF") and head[8:12] != b"AVIX", 8 + length + length % 2


def _ogg(head: bytes, left: int) -> _Unit:
    """A page of RFC 3533, 6."""
    if len(head) < 27 or not head.startswith(b"OggS"):
        return None
    count = head[26]
    return bool(head[5] & 2), 27 + count + sum(head[27 : 27 + count])


def _mxf(head: bytes, left: int) -> _Unit:
    """A triplet of SMPTE 336: key, length, value."""
    if len(head) < 26 or not head.startswith(_MXF_KEY):
        return None
    extra = head[16] & 0x7F if head[16] & 0x80 else 0
    length = int.from_bytes(head[17 : 17 + extra]) if extra else head[16]
    return None if extra > 8 else (head[8:14] == _MXF_HEADER, 17 + extra + length)


@dataclass(frozen=True, slots=True)
class Part:
    """A recording of a file, or the whole file where it holds one; [start, end) in seconds of the video."""

    span: ByteSpan | None
    reading: Reading
    start_seconds: float
    end_seconds: float


def parts_of(reading: Reading, kind: Kind) -> list[Part]:
    """Return the parts of a file that have pictures or sound, in order, each with how to read it alone."""
    if not reading.recordings:
        return [Part(None, reading, 0.0, math.inf)]
    return [
        Part(
            (r.first_byte, r.end_byte),
            Reading(picture_stream=r.picture_stream, sound_stream=r.sound_stream, clock=r.clock),
            r.start_seconds,
            r.end_seconds,
        )
        for r in reading.recordings
        if (r.picture_stream if kind == "picture" else r.sound_stream) is not None
    ]
