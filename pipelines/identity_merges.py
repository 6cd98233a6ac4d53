"""What made identities, in OUT/biometric/merges: a row for each two groups of clips that became one person.

As the register of identities it lies in a fixed number of files, each row in that of its second clip, and
rows of earlier runs stay: what they say made two groups one, later runs only know as registered.
"""

import io
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.identity_registry import shard_of, shard_path, shard_paths
from schemas.merges import IdentityMerge
from schemas.tables import from_row, to_table
from transforms.storage import parquet_bytes, read_if_there, write_bytes

TABLE = "identity_merges"


def shard_of_merge(merge: IdentityMerge) -> int:
    """Return the shard that a merge is written in."""
    return shard_of(merge.second_clip_id)


def read_merges(path: str) -> list[IdentityMerge]:
    """Return the merges in one file; none if it is not there, or not of this version.

    What is lost with such a file the next run tells anew, with today's distances.
    """
    return _merges_in(read_if_there(path))


def merges_of(folder: str, clip_id: str) -> list[IdentityMerge]:
    """Return the merges in which a group was called by a clip, in the order in which its person grew."""
    found = [
        merge
        for path in shard_paths(folder)
        for merge in read_merges(path)
        if clip_id in (merge.first_clip_id, merge.second_clip_id)
    ]
    return sorted(found, key=lambda m: (m.first_num_clips + m.second_num_clips, m.second_clip_id))


def write_merges(shard: tuple[int, Iterable[IdentityMerge]], known: str, folder: str) -> str:
    """Write a shard's merges with those that earlier runs left in `known`; returns the path."""
    number, merges = shard
    found = {_ends(merge): merge for merge in read_merges(shard_path(known, number))}
    told = {second for _, second in found}
    for merge in merges:
        if merge.made_by != "registered":
            found[_ends(merge)] = merge
        elif merge.second_clip_id not in told:
            found.setdefault(_ends(merge), merge)
    path = shard_path(folder, number)
    write_bytes(path, _table_bytes(list(found.values())))
    return path


def forget_in_merges(folder: str, clip_ids: Iterable[str]) -> None:
    """Remove the merges that name one of some clips."""
    gone = set(clip_ids)
    for path in shard_paths(folder):
        data = read_if_there(path)
        kept = _table_bytes([m for m in _merges_in(data) if not gone & set(_ends(m))])
        if data is not None and data != kept:
            write_bytes(path, kept)


def _merges_in(data: bytes | None) -> list[IdentityMerge]:
    if data is None:
        return []
    try:
        return [from_row(TABLE, row) for row in pq.read_table(io.BytesIO(data)).to_pylist()]
    except (pa.ArrowException, KeyError, TypeError):
        return []


def _ends(merge: IdentityMerge) -> tuple[str, str]:
    return merge.first_clip_id, merge.second_clip_id


def _table_bytes(merges: Sequence[IdentityMerge]) -> bytes:
    return parquet_bytes(to_table(TABLE, sorted(merges, key=_ends)))
