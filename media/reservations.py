"""What a media file says against text and data mining and the training of models, as machines can read it.

Looked for are the assertions `c2pa.training-mining` and `cawg.training-mining` of content credentials (C2PA
1.4, CAWG 1.1), in XMP the property `plus:DataMining` of IPTC's metadata for photos and videos and
`tdm:reservation` of TDMRep, and a tag `tdm-reservation`, which no standard asks for and some write. Of MP4,
MOV and AVI the boxes and chunks that hold such are read; of all containers the tags; beside files of this
machine `talk.c2pa`, `talk.xmp` and `talk.mp4.xmp`. What is there and cannot be read counts as a reservation:
nobody can tell that it is none.
"""

import json
import os
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

# A manifest store has some kB, with thumbnails a few MB; an XMP packet some kB.
_MAX_BYTES = 2**24
_MAX_UNITS = 20_000
_C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
# The boxes that are entered, by how deep they lie.
_ENTERED = (b"moov", b"udta")
_UNREADABLE = "cannot be read"
_TAG = "tdm-reservation"
_MINING = re.compile(r"(?:c2pa|cawg)\.training-mining(?:\.v[0-9]+)?(?:__[0-9]+)?")
_ENTRY = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_PLUS = re.compile(rb"(?:ldf/vocab/|\bDataMining\W{1,4})(DMI-[A-Z-]{1,60})")
_PLUS_FREE = (b"DMI-ALLOWED", b"DMI-UNSPECIFIED")
_TDM_NAMESPACE = b"www.w3.org/ns/tdmrep"
_TDM = re.compile(rb":reservation\s*(?:=\s*[\"']|>)\s*([^\"'<\s]{1,20})")
# What a part says that was read: for XMP the packet, for C2PA the box or chunk.
_Part = tuple[str, bytes | None]


def side_files(path: Path) -> list[Path]:
    """Return the files that lie beside one of this machine and may hold reservations for it."""
    named = (path.with_suffix(".c2pa"), path.with_suffix(".xmp"), path.with_name(f"{path.name}.xmp"))
    return [place for place in named if place != path and place.is_file()]


def side_reservations(path: Path) -> tuple[str, ...]:
    """Return the reservations in the files beside one of this machine."""
    found: list[str] = []
    for place in side_files(path):
        kind = place.suffix[1:].lower()
        try:
            with place.open("rb") as handle:
                data = handle.read(_MAX_BYTES + 1)
        except OSError:
            data = None
        if data is None or len(data) > _MAX_BYTES:
            found.append(f"{kind} {_UNREADABLE}")
        else:
            found += xmp_reservations(data) if kind == "xmp" else c2pa_reservations(data)
    return tuple(sorted(set(found)))


def tag_reservations(tags: Mapping[str, str]) -> tuple[str, ...]:
    """Return the reservations among the tags of a container or a stream."""
    found = {key.casefold().replace("_", "-"): value.strip() for key, value in tags.items()}
    return (f"tag {_TAG}",) if found.get(_TAG, "0").casefold() not in ("0", "false", "no", "") else ()


def read_reservations(handle: BinaryIO) -> tuple[str, ...]:
    """Return the reservations that are embedded in a file, each once, in words of closed lists.

    No more than the boxes or chunks that may hold them is read, whatever the file's size.
    """
    size = handle.seek(0, os.SEEK_END)
    handle.seek(0)
    start = handle.read(12)
    if start[4:8] == b"ftyp":
        parts = _iso_parts(handle, (0, size), [0], _ENTERED)
    elif start[:4] == b"RIFF":
        parts = _riff_parts(handle, size)
    else:
        return ()
    found: list[str] = []
    for kind, data in parts:
        if data is None:
            found.append(f"{kind} {_UNREADABLE}")
        else:
            found += xmp_reservations(data) if kind == "xmp" else c2pa_reservations(data)
    return tuple(sorted(set(found)))


def xmp_reservations(packet: bytes) -> tuple[str, ...]:
    """Return the reservations in an XMP packet.

    It is searched, not parsed: an XML parser would be one more thing to attack, and one that gives up at the
    first error would let a reservation pass.
    """
    plain = packet.replace(b"\0", b"")  # as UTF-16 and UTF-32 write it
    found = [
        f"xmp plus:DataMining {said.decode('ascii')}"
        for said in _PLUS.findall(plain)
        if said not in _PLUS_FREE
    ]
    if _TDM_NAMESPACE in plain and any(said != b"0" for said in _TDM.findall(plain)):
        found.append("xmp tdm:reservation")
    return tuple(sorted(set(found)))


def c2pa_reservations(store: bytes) -> tuple[str, ...]:
    """Return the reservations in a C2PA manifest store, those of ingredients too.

    Signatures and hashes are not checked: what was said before a change still says what its author wants.
    """
    import c2pa  # a library of 53 MB, which few files need

    from media.credentials.sign import OFFLINE

    settings = {**OFFLINE, "verify": {**OFFLINE["verify"], "verify_after_reading": False}}
    try:
        with (
            c2pa.Context.from_dict(settings) as context,
            c2pa.Reader("application/c2pa", BytesIO(store), context=context) as reader,
        ):
            told = json.loads(reader.json())
        return tuple(sorted(set(_mining(told))))
    except (c2pa.C2paError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return (f"c2pa {_UNREADABLE}",)


def _mining(told: dict[str, Any]) -> Iterator[str]:
    """Yield the entries of training and mining assertions that do not allow a use without conditions."""
    for manifest in told["manifests"].values():
        for assertion in manifest.get("assertions", ()):
            if not _MINING.fullmatch(str(assertion.get("label", ""))):
                continue
            for name, entry in assertion["data"]["entries"].items():
                use = str(entry.get("use"))
                if use != "allowed":
                    shown = name if _ENTRY.fullmatch(name) else "an entry"
                    yield f"c2pa {shown} {use if use in ('notAllowed', 'constrained') else 'unclear'}"


def _iso_parts(
    handle: BinaryIO, span: tuple[int, int], units: list[int], entered: Sequence[bytes]
) -> Iterator[_Part]:
    """Yield the boxes of an MP4 or MOV that may hold reservations (ISO/IEC 14496-12, 4.2; XMP part 3).

    Args:
        span: where in the file to look; `units` counts the boxes, `entered` are those to enter, a level each.
    """
    at, end = span
    while at + 8 <= end:
        units[0] += 1
        handle.seek(at)
        head = handle.read(32)
        length, kind = struct.unpack_from(">I4s", head)
        header = 16 if length == 1 else 8
        if length == 1 and len(head) >= 16:
            (length,) = struct.unpack_from(">Q", head, 8)
        length = end - at if length == 0 else length
        if length < header or units[0] > _MAX_UNITS:
            return
        inner, stop = at + header, min(at + length, end)
        if kind in entered[:1]:
            yield from _iso_parts(handle, (inner, stop), units, entered[1:])
        elif kind == b"XMP_":
            yield "xmp", _content(handle, inner, stop)
        elif kind == b"uuid" and head[header : header + 16] == _XMP:
            yield "xmp", _content(handle, inner + 16, stop)
        elif kind == b"uuid" and head[header : header + 16] == _C2PA:
            if (data := _content(handle, inner + 16, stop)) is None:
                yield "c2pa", None
            elif (store := _store(data)) is not None:
                yield "c2pa", store
        at += length


def _store(box: bytes) -> bytes | None:
    """Return the manifest store of a C2PA box (C2PA 2.2, A.5); None for one of hashes alone.

    Version and flags (4 bytes), the purpose as text that a zero ends, an offset, the store, a box of JUMBF.
    """
    purpose, _, rest = box[4:].partition(b"\0")
    at = rest.find(b"jumb", 4, 64)
    return None if purpose == b"merkle" else rest[max(at - 4, 0) :]


def _riff_parts(handle: BinaryIO, size: int) -> Iterator[_Part]:
    """Yield the chunks of an AVI that may hold reservations (XMP part 3; C2PA 2.2, A.3)."""
    at = 12
    for _ in range(_MAX_UNITS):
        handle.seek(at)
        head = handle.read(12)
        if len(head) < 8:
            return
        (length,) = struct.unpack_from("<I", head, 4)
        if head[:4] in (b"RIFF", b"LIST") and head[8:12] in (b"AVIX", b"INFO"):
            at += 12  # its chunks follow
            continue
        kind = {b"_PMX": "xmp", b"C2PA": "c2pa"}.get(head[:4])
        if kind is not None:
            yield kind, _content(handle, at + 8, min(at + 8 + length, size))
        at += 8 + length + length % 2


def _content(handle: BinaryIO, start: int, stop: int) -> bytes | None:
    """Return a part of a file, None if it is larger than any that should be."""
    if stop - start > _MAX_BYTES:
        return None
    handle.seek(start)
    return handle.read(stop - start)
