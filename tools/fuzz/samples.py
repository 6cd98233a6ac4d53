"""Fuzzing targets: shards, their indices, and the parts of training samples."""

import io
import json
import tarfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from body.load import load_body_model
from commands.lint_reading import read_members
from lint.decoded import decode_parts
from models.data.catalogue import read_catalogue
from models.data.config import SampleLimits, WindowConfig
from models.data.decode import Span, decode_window, read_about
from models.data.places import find_shards
from schemas.sample import ARRAYS, BODY_ARRAYS, PARTS, check_sample, decode_sample
from tests.models.made_shards import fitted_with, write_shards
from tools.fuzz.arrays import strange_npz
from tools.fuzz.target import Choices, Target, as_file, strange_json

_LENGTH = 4
_SPAN = Span(start=1, length=5, num_valid=3, mirrored=False, reference=0)
_MIRRORED = Span(start=0, length=2, num_valid=2, mirrored=True)


@cache
def shard_bytes() -> tuple[bytes, bytes]:
    """Return a shard of two clips and its index."""
    with TemporaryDirectory() as folder:
        fit = fitted_with(load_body_model().model_id)
        write_shards(Path(folder), [_LENGTH, _LENGTH], num_shards=1, body_fit=fit)
        (shard,) = find_shards(folder)
        (index,) = Path(folder).rglob("*.parquet")
        return Path(shard).read_bytes(), index.read_bytes()


@cache
def parts() -> tuple[str, dict[str, bytes]]:
    """Return the key and the parts of a sample."""
    with tarfile.open(fileobj=io.BytesIO(shard_bytes()[0])) as archive:
        members = archive.getmembers()
        key = members[0].name.split(".")[0]
        found = {p: archive.extractfile(f"{key}.{p}").read() for p in PARTS}  # pyright: ignore
    return key, found


def read_windows(changed: dict[str, bytes], **wanted: Any) -> None:
    """Read windows of the sample with some of its parts changed; `wanted` goes into the configuration."""
    key, whole = parts()
    config = WindowConfig(num_frames=5, **wanted)
    about = read_about(key, changed.get("json", whole["json"]), config.limits)
    for span in (_SPAN, _MIRRORED):
        decode_window(key, about, whole | changed, span, config)


def _about(data: bytes) -> None:
    made = strange_json(json.loads(parts()[1]["json"]), Choices(data))
    _all_readers({"json": made})


def _plain_about(data: bytes) -> None:
    _all_readers({"json": data})


def _all_readers(changed: dict[str, bytes]) -> None:
    """Give parts to lint, which says of all what is wrong, and to what programs read samples with."""
    _, whole = parts()
    decode_parts(whole | changed)
    errors: list[Exception] = []
    for read in (lambda: _sample(whole | changed), lambda: read_windows(changed, with_clip_sound=True)):
        try:
            read()
        except ValueError as error:  # all our own errors are; the other reader has its turn first
            errors.append(error)
    for error in errors:
        raise error


def _sample(found: dict[str, bytes]) -> None:
    sample = decode_sample(parts()[0], found)
    check_sample(sample, lambda _: _LENGTH)


def _npz(data: bytes) -> None:
    names = tuple(ARRAYS | BODY_ARRAYS)
    _arrays_of(strange_npz(data, parts()[1]["npz"]), names)


def _plain_npz(data: bytes) -> None:
    _arrays_of(data, tuple(ARRAYS | BODY_ARRAYS))


def _arrays_of(data: bytes, names: tuple[str, ...]) -> None:
    _all_readers({"npz": data})
    read_windows({"npz": data}, arrays=names)


def _wav(data: bytes) -> None:
    _all_readers({"wav": data})


def _mp4(data: bytes) -> None:
    decode_parts(parts()[1] | {"mp4": data})
    read_windows({"mp4": data}, with_frames=True)


def _shard(data: bytes) -> None:
    data = _summed(data)
    read_members(io.BytesIO(data), len(data))
    read_catalogue([str(as_file("alone/train-000000.tar", data))], frozenset(), SampleLimits())


def _index(data: bytes) -> None:
    as_file("run/index/train-000000.parquet", data)
    shard = as_file("run/shards/train-000000.tar", b"")
    read_catalogue([str(shard)], frozenset(), SampleLimits())


def _summed(data: bytes) -> bytes:
    """Return a tar file whose headers have the sums that they should have, as far as they follow on."""
    whole, at = bytearray(data), 0
    while at + 512 <= len(whole):
        header = whole[at : at + 512]
        if any(header):
            header[148:156] = b" " * 8
            whole[at + 148 : at + 156] = b"%06o\0 " % sum(header)
        try:
            size = int(bytes(header[124:136]).rstrip(b"\0 ") or b"0", 8)
        except ValueError:
            size = 0
        at += 512 * (1 + -(-max(size, 0) // 512))
    return bytes(whole)


def _tars() -> Sequence[bytes]:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("a" * 120 + ".json")
        member.pax_headers = {"GNU.sparse.map": "1,2", "GNU.sparse.size": "5", "path": "x.json"}
        archive.addfile(member)
    small = io.BytesIO()
    with tarfile.open(fileobj=small, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("b" * 150 + ".npz"))
        member = tarfile.TarInfo("c.json")
        member.size = 2
        archive.addfile(member, io.BytesIO(b"{}"))
    return [small.getvalue(), made.getvalue()]


TARGETS = (
    Target(name="sample-json", read=_plain_about, seeds=lambda: [parts()[1]["json"]]),
    Target(name="sample-json-values", read=_about, seeds=lambda: [bytes(range(64))], max_bytes=256),
    Target(name="sample-npz", read=_plain_npz, seeds=lambda: [parts()[1]["npz"]]),
    Target(name="sample-npz-arrays", read=_npz, seeds=lambda: [bytes(range(64))], max_bytes=512),
    Target(name="sample-wav", read=_wav, seeds=lambda: [parts()[1]["wav"]]),
    Target(name="sample-mp4", read=_mp4, seeds=lambda: [parts()[1]["mp4"]]),
    Target(name="shard", read=_shard, seeds=_tars),
    Target(name="shard-index", read=_index, seeds=lambda: [shard_bytes()[1]]),
)
