"""The register of identities: which clip was recognised as whom. It holds no faces."""

from collections.abc import Collection, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.cluster_identities import Member
from transforms.storage import parquet_bytes, read_if_there, write_bytes


def read_registry(path: str) -> list[tuple[str, str]]:
    """Return the identities that an earlier run registered: clip id and identity id."""
    data = read_if_there(path)
    if data is None:
        return []
    table = pq.read_table(pa.BufferReader(data))
    return list(zip(table["clip_id"].to_pylist(), table["identity_id"].to_pylist(), strict=True))


def write_registry(members: Sequence[Member], known: str, path: str) -> str:
    """Write who was recognised, merged with those in the register `known`; returns the path."""
    merged = dict(read_registry(known)) | {m.clip_id: m.identity_id for m in members}
    write_bytes(path, _registry_bytes(sorted(merged.items())))
    return path


def _registry_bytes(rows: Sequence[tuple[str, str]]) -> bytes:
    table = pa.table({"clip_id": [row[0] for row in rows], "identity_id": [row[1] for row in rows]})
    return parquet_bytes(table)


def forget_in_registry(path: str, clip_ids: Collection[str]) -> None:
    """Remove clips from a register, if it is there."""
    known = read_registry(path)
    kept = [row for row in known if row[0] not in set(clip_ids)]
    if len(kept) < len(known):
        write_bytes(path, _registry_bytes(kept))
