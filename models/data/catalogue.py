"""Which samples there are and where their parts lie: from the shards' indices, or from their headers.

Samples that must not be read any more are left out here, before a byte of them is read.
"""

import dataclasses
import datetime
import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from models.data.config import SampleLimits
from models.data.places import base_name, beside, open_file, parent, read_if_there
from schemas.exclusions import veiled_key
from schemas.layout import INDEX
from schemas.outcomes import BadInputError
from schemas.sample import KEY_PATTERN, PARTS
from schemas.tables import TABLE_FAULTS
from schemas.tar_headers import TAR_FAULTS, TarHeaders, is_plain
from schemas.terms import last_day

_NUMBERS = ("num_frames", "fps", "sampling_weight")
_OFFSETS = tuple(f"{part}_offset" for part in PARTS)
_SIZES = tuple(f"{part}_bytes" for part in PARTS)
_MAX_MEMBERS = 10_000_000
_PERSON = "identity_id"
# The end of a consent, in an index and in a sample's JSON; indices of before this version have none.
_ENDS = ("consent_expires_on", "consent_withdrawn_on")
_ENDS_IN_TERMS = ("expires_on", "withdrawn_on")
_UNTIL = "until"
_ABSENT = -1
_UNKNOWN: dict[str, Any] = {"num_frames": -1, "fps": 1.0, "sampling_weight": 1.0, _PERSON: None}
_UNKNOWN[_UNTIL] = datetime.date.max.toordinal()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Catalogue:
    """N samples of some shards, in order of shard and place.

    keys (N,); person (N,) a number for each identity, one of its own for a clip without; shard (N,) which of
    `shards`; num_frames (N,), -1 where the sample does not say; fps (N,); weight (N,) >= 0; until (N,) the
    ordinal (`date.toordinal`) of the last day on which its consent holds; offsets and sizes (N, 4) in bytes
    of the parts json, mp4, npz, wav; -1 where absent.
    """

    shards: tuple[str, ...]
    keys: tuple[str, ...]
    person: npt.NDArray[np.int64]
    shard: npt.NDArray[np.int64]
    num_frames: npt.NDArray[np.int64]
    fps: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]
    until: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]

    def take(self, chosen: npt.NDArray[Any]) -> "Catalogue":
        """Return some samples, by a mask or by numbers."""
        rows = np.arange(len(self.keys))[chosen]
        arrays = {
            name: getattr(self, name)[rows]
            for name in ("person", "shard", "num_frames", "fps", "weight", "until", "offsets", "sizes")
        }
        return dataclasses.replace(self, keys=tuple(self.keys[row] for row in rows), **arrays)


def of_split(shards: Sequence[str], split: str | None) -> list[str]:
    """Return the shards of a split, by their names; all if it is None.

    Raises:
        BadInputError: if there are none.
    """
    found = [s for s in shards if split is None or base_name(s).startswith(f"{split}-")]
    if not found:
        others = sorted({base_name(shard).rsplit("-", 1)[0] for shard in shards})
        raise BadInputError(
            f"{shards[0]}: no shards of the split {split!r}; there are {', '.join(others[:5])} "
            "(split=None takes all)"
        )
    return found


def read_catalogue(shards: Sequence[str], excluded: frozenset[str], limits: SampleLimits) -> Catalogue:
    """Return the samples of shards without those that are excluded (veiled keys).

    Raises:
        BadInputError: if a shard or its index cannot be read.
    """
    rows: list[dict[str, Any]] = []
    for number, shard in enumerate(shards):
        found = _indexed(shard, excluded)
        if found is None:
            found = list(_scanned(shard, excluded, limits))
        rows += [row | {"shard": number} for row in found]

    def column(name: str, kind: str) -> npt.NDArray[Any]:
        return np.array([row[name] for row in rows], kind)

    def columns(names: Sequence[str]) -> npt.NDArray[np.int64]:
        return np.array([[row[name] for name in names] for row in rows], np.int64).reshape(-1, len(names))

    return Catalogue(
        shards=tuple(shards),
        keys=tuple(row["key"] for row in rows),
        person=_numbered([row[_PERSON] for row in rows]),
        shard=column("shard", "int64"),
        num_frames=column("num_frames", "int64"),
        fps=column("fps", "float64"),
        weight=column("sampling_weight", "float64"),
        until=column(_UNTIL, "int64"),
        offsets=columns(_OFFSETS),
        sizes=columns(_SIZES),
    )


def _indexed(shard: str, excluded: frozenset[str]) -> list[dict[str, Any]] | None:
    """Return what a shard's index says of its samples; None if there is none."""
    stem = base_name(shard).removesuffix(".tar")
    place = beside(parent(parent(shard)), INDEX, f"{stem}.parquet")
    again = "run curate again, or remove it: then the shard's headers are read"
    try:
        data = read_if_there(place)
        if data is None:
            return None
        ends = [name for name in _ENDS if name in pq.read_schema(io.BytesIO(data)).names]
        columns = ["key", _PERSON, *_NUMBERS, *_OFFSETS, *_SIZES, *ends]
        table = pq.read_table(io.BytesIO(data), columns=columns)
        rows: list[dict[str, Any]] = table.to_pylist()
    except TABLE_FAULTS as error:
        raise BadInputError(f"{place}: cannot be read ({error}); {again}") from error
    for row in rows:
        if not _is_sound(row):
            raise BadInputError(f"{place}: sample {str(row['key'])[:100]!r} is badly described; {again}")
        row[_UNTIL] = last_day(*(row.get(name) for name in _ENDS)).toordinal()
    found = [row for row in rows if veiled_key(row["key"]) not in excluded]
    return sorted(found, key=lambda row: row[_OFFSETS[0]])


def _numbered(people: Sequence[str | None]) -> npt.NDArray[np.int64]:
    """Return a number for each name, and one of its own for each that has none."""
    known: dict[str, int] = {}
    return np.array(
        [len(people) + row if who is None else known.setdefault(who, row) for row, who in enumerate(people)],
        np.int64,
    )


def _is_sound(row: dict[str, Any]) -> bool:
    key = row["key"]
    places = [row[name] for name in (*_OFFSETS, *_SIZES)]
    return (
        isinstance(key, str)
        and (row[_PERSON] is None or isinstance(row[_PERSON], str))
        and KEY_PATTERN.fullmatch(key) is not None
        and all(isinstance(n, int) and 0 <= n < 2**62 for n in places)
        and _is_number(row["num_frames"], 1)
        and _is_number(row["fps"], 0.1)
        and _is_number(row["sampling_weight"], 0.0)
    )


def _is_number(value: Any, least: float) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and least <= value < 1e9


def _scanned(shard: str, excluded: frozenset[str], limits: SampleLimits) -> Iterator[dict[str, Any]]:
    """Yield what a shard's headers and the samples' JSON say; contents of other parts are not read."""
    try:
        with open_file(shard) as handle:
            for key, members in _members(handle).items():
                if veiled_key(key) in excluded:
                    continue
                json_member = members.get(PARTS[0])
                said = _UNKNOWN if json_member is None else _said(handle, json_member, limits)
                places = {f"{part}_offset": members.get(part, (_ABSENT, _ABSENT))[0] for part in PARTS}
                sizes = {f"{part}_bytes": members.get(part, (_ABSENT, _ABSENT))[1] for part in PARTS}
                yield {"key": key, **said, **places, **sizes}
    except TAR_FAULTS as error:
        raise BadInputError(f"{shard}: not a shard that can be read ({error})") from error


def _members(handle: IO[bytes]) -> dict[str, dict[str, tuple[int, int]]]:
    """Return where the parts of each sample lie: offset and size."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for count, member in enumerate(TarHeaders(handle)):
        if count > _MAX_MEMBERS:
            raise tarfile.ReadError(f"more than {_MAX_MEMBERS} files in it")
        key, _, part = member.name.partition(".")
        if is_plain(member) and part in PARTS and KEY_PATTERN.fullmatch(key):
            found.setdefault(key, {})[part] = (member.offset_data, member.size)
    return found


def _said(handle: IO[bytes], member: tuple[int, int], limits: SampleLimits) -> dict[str, Any]:
    """Return what a sample's JSON says of it; a damaged one is found out when it is drawn."""
    if member[1] > limits.max_json_bytes:
        return _UNKNOWN
    handle.seek(member[0])
    try:
        about = json.loads(handle.read(member[1]))
        said: dict[str, Any] = {name: about[name] for name in _NUMBERS}
        said[_PERSON] = (about.get("identity") or {}).get(_PERSON)
        said[_UNTIL] = until_of(about)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _UNKNOWN
    least = (1, 0.1, 0.0)
    sound = all(_is_number(said[n], bound) for n, bound in zip(_NUMBERS, least, strict=True))
    sound &= said[_PERSON] is None or isinstance(said[_PERSON], str)
    return said if sound else _UNKNOWN


def until_of(about: Mapping[str, Any]) -> int:
    """Return the last day on which a consent holds, as an ordinal, by what a sample's JSON says.

    Samples of versions that knew no end have none; one that is not readable ended before all days.
    """
    found: Any = about
    for name in ("provenance", "source", "terms"):
        found = found.get(name) if isinstance(found, Mapping) else None
        if found is None:
            return datetime.date.max.toordinal()
    if not isinstance(found, Mapping):
        return datetime.date.min.toordinal()
    return last_day(*(found.get(name) for name in _ENDS_IN_TERMS)).toordinal()
