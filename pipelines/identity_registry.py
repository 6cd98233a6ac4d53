"""The register of identities in OUT/biometric: which clip was recognised as whom. It holds no faces.

It lies in a fixed number of files, each clip in one by its id, so that no worker holds all of it.
"""

import hashlib
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from transforms.cluster_identities import Member
from transforms.embed_faces import FOLDER
from transforms.storage import join, parquet_bytes, read_bytes, write_bytes

_NUM_SHARDS = 16


def registry_path(output: str, shard: int) -> str:
    """Return where a run registers the identities of a shard."""
    return join(output, FOLDER, "registry", f"{shard:02d}-of-{_NUM_SHARDS}.parquet")


def registry_paths(output: str) -> list[str]:
    """Return where a run registers identities, whether or not the files are there."""
    return [registry_path(output, shard) for shard in range(_NUM_SHARDS)]


def shard_of(clip_id: str) -> int:
    """Return the shard that a clip is registered in."""
    return hashlib.sha256(clip_id.encode()).digest()[0] % _NUM_SHARDS


def read_registry(path: str) -> list[tuple[str, str]]:
    """Return the identities that an earlier run registered in a file: clip id and identity id."""
    if not FileSystems.exists(path):
        return []
    table = pq.read_table(pa.BufferReader(read_bytes(path)))
    return list(zip(table["clip_id"].to_pylist(), table["identity_id"].to_pylist(), strict=True))


def write_registry(shard: tuple[int, Iterable[Member]], output: str) -> str:
    """Write who was recognised, merged with what the shard has registered; returns the path."""
    number, members = shard
    path = registry_path(output, number)
    known = dict(read_registry(path)) | {m.clip_id: m.identity_id for m in members}
    rows = sorted(known.items())
    table = pa.table({"clip_id": [row[0] for row in rows], "identity_id": [row[1] for row in rows]})
    write_bytes(path, parquet_bytes(table))
    return path
