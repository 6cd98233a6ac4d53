"""Damaged copies of media files: bits flipped, parts cut off, swapped, zeroed, doubled, lengths falsified."""

import random
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

_MP4_BOX = re.compile(
    rb"moov|mvhd|trak|tkhd|mdia|mdhd|minf|stbl|stsd|stts|ctts|stsc|stsz|stco|stss|elst|edts|mdat|avcC|esds"
)
_AVI_CHUNK = re.compile(rb"RIFF|LIST|avih|strh|strf|movi|idx1|00dc|01wb")
_PROGRAM_CODE = re.compile(rb"\x00\x00\x01[\xba\xbb\xc0\xe0]")
_LENGTHS = (0, 1, 8, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 0x00FFFFFF)
_TS_PACKET = 188


def _header(data: bytes, suffix: str) -> tuple[int, int]:
    """Return the bytes in which a file says what it holds."""
    if suffix in (".mp4", ".mov"):
        at = max(data.find(b"moov") - 4, 0)
        return at, min(at + 8000, len(data))
    return 0, min(1500, len(data))


def _flipped(data: bytes, low: int, high: int, count: int, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(count):
        changed[rng.randrange(low, high)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def flip_header(data: bytes, suffix: str, rng: random.Random) -> bytes:
    """Flip bits of the header."""
    return _flipped(data, *_header(data, suffix), rng.choice([1, 2, 5, 20]), rng)


def flip_body(data: bytes, suffix: str, rng: random.Random) -> bytes:
    """Flip bits anywhere behind the first tenth."""
    return _flipped(data, len(data) // 10, len(data), rng.choice([1, 10, 100, 1000]), rng)


def truncate(data: bytes, suffix: str, rng: random.Random) -> bytes:
    """Cut off the end."""
    return data[: rng.randrange(1, len(data))]


def swap(data: bytes, suffix: str, rng: random.Random) -> bytes:
    """Exchange a block of the first half with one of the second."""
    size = min(rng.choice([64, 512, 4096]), len(data) // 4)
    first = rng.randrange(0, len(data) // 2 - size)
    second = rng.randrange(len(data) // 2, len(data) - size)
    changed = bytearray(data)
    changed[first : first + size], changed[second : second + size] = (
        data[second : second + size],
        data[first : first + size],
    )
    return bytes(changed)


def zero(data: bytes, suffix: str, rng: random.Random) -> bytes:
    """Write zeros over a block."""
    size = rng.choice([16, 256, 4096, 20000])
    at = rng.randrange(0, max(len(data) - size, 1))
    return data[:at] + bytes(min(size, len(data) - at)) + data[at + size :]


def zero_tail(data: bytes, suffix: str, rng: random.Random) -> bytes:
    """Write zeros over the end, as a download that was given its full size does."""
    at = int(len(data) * rng.uniform(0.5, 0.95))
    return data[:at] + bytes(len(data) - at)


def garble(data: bytes, suffix: str, rng: random.Random) -> bytes:
    """Write noise over 400 bytes."""
    at = rng.randrange(0, len(data) - 400)
    return data[:at] + rng.randbytes(400) + data[at + 400 :]


def double(data: bytes, suffix: str, rng: random.Random) -> bytes:
    """Repeat a block once or twice."""
    size = rng.randrange(100, len(data) // 2)
    at = rng.randrange(0, len(data) - size)
    return data[:at] + data[at : at + size] * rng.choice([2, 3]) + data[at + size :]


def falsify_length(data: bytes, suffix: str, rng: random.Random) -> bytes:
    """Write a false number where the container keeps a length, a count or a time."""
    number = rng.choice([*_LENGTHS, rng.randrange(2**32)])
    order = ">"
    if suffix in (".mp4", ".mov"):
        box = rng.choice(list(_MP4_BOX.finditer(data)))
        at = box.start() - 4 if rng.random() < 0.5 else box.end() + rng.choice([4, 8, 12, 16])
    elif suffix == ".avi":
        order, at = "<", rng.choice(list(_AVI_CHUNK.finditer(data))).end()
    elif suffix in (".mpg", ".vob"):
        at = rng.choice(list(_PROGRAM_CODE.finditer(data))).end()
    elif suffix == ".ts":
        at = _TS_PACKET * rng.randrange(len(data) // _TS_PACKET) + rng.choice([0, 4, 8, 13])
    else:
        at = rng.randrange(0, min(1200, len(data)))
    at = min(at, len(data) - 4)
    return data[:at] + struct.pack(f"{order}I", number) + data[at + 4 :]


Mutation = Callable[[bytes, str, random.Random], bytes]
MUTATIONS: tuple[Mutation, ...] = (
    flip_header,
    flip_body,
    truncate,
    swap,
    zero,
    zero_tail,
    falsify_length,
    double,
    garble,
)


def mutants(sources: list[Path], number: int, seed: int, folder: Path) -> Iterator[tuple[Path, Path]]:
    """Write damaged copies one after the other; yield each with what it was made of.

    Every source meets every mutation in turn.
    """
    for i in range(number):
        source = sources[i % len(sources)]
        mutation = MUTATIONS[i // len(sources) % len(MUTATIONS)]
        made = folder / f"{i:03d}_{source.stem}_{mutation.__name__}{source.suffix}"
        made.write_bytes(mutation(source.read_bytes(), source.suffix, random.Random(f"{seed} {i}")))
        yield made, source
