"""The register of identities: which clip was recognised as whom. It holds no faces.

It lies in a fixed number of files, each clip in one by its id, so that no worker holds all of it.
"""

import hashlib
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.cluster_identities import Member
from transforms.storage import join, parquet_bytes, read_if_there, write_bytes

_NUM_SHARDS = 16


def shard_paths(folder: str) -> list[str]:
    """Return the files of a folder that is kept in shards, whether or not they are there."""
    return [shard_path(folder, shard) for shard in range(_NUM_SHARDS)]


def shard_path(folder: str, shard: int) -> str:
    """Return the file of a shard."""
    return join(folder, f"{shard:02d}-of-{_NUM_SHARDS}.parquet")


def shard_of(clip_id: str) -> int:
    """Return the shard that a clip is in."""
    return hashlib.sha256(clip_id.encode()).digest()[0] % _NUM_SHARDS


def read_registry(path: str) -> list[tuple[str, str]]:
    """Return the identities that an earlier run registered in a file: clip id and identity id."""
    data = read_if_there(path)
    if data is None:
        return []
    table = pq.read_table(pa.BufferReader(data))
    return list(zip(table["clip_id"].to_pylist(), table["identity_id"].to_pylist(), strict=True))


def write_registry(shard: tuple[int, Iterable[Member]], known: str, folder: str) -> str:
    """Write who was recognised, merged with what the shard of the register `known` says; returns the path."""
    number, members = shard
    merged = dict(read_registry(shard_path(known, number))) | {m.clip_id: m.identity_id for m in members}
    path = shard_path(folder, number)
    write_bytes(path, _registry_bytes(sorted(merged.items())))
    return path


def forget_in_registry(folder: str, clip_ids: Iterable[str]) -> None:
    """Remove clips from a register, where they are in it."""
    gone = set(clip_ids)
    for path in shard_paths(folder):
        known = read_registry(path)
        kept = [row for row in known if row[0] not in gone]
        if len(kept) < len(known):
            write_bytes(path, _registry_bytes(kept))


def _registry_bytes(rows: Sequence[tuple[str, str]]) -> bytes:
    table = pa.table({"clip_id": [row[0] for row in rows], "identity_id": [row[1] for row in rows]})
    return parquet_bytes(table)
