"""The register of identities in OUT/biometric: which clip was recognised as whom. It holds no faces."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from transforms.cluster_identities import Member
from transforms.embed_faces import FOLDER
from transforms.storage import join, parquet_bytes, read_bytes, write_bytes


def registry_path(output: str) -> str:
    """Return where a run registers identities."""
    return join(output, FOLDER, "registry.parquet")


def read_registry(path: str) -> list[tuple[str, str]]:
    """Return the identities that an earlier run registered: clip id and identity id."""
    if not FileSystems.exists(path):
        return []
    table = pq.read_table(pa.BufferReader(read_bytes(path)))
    return list(zip(table["clip_id"].to_pylist(), table["identity_id"].to_pylist(), strict=True))


def write_registry(members: Sequence[Member], path: str) -> str:
    """Write who was recognised, merged with what is registered; returns the path."""
    known = dict(read_registry(path)) | {m.clip_id: m.identity_id for m in members}
    rows = sorted(known.items())
    table = pa.table({"clip_id": [row[0] for row in rows], "identity_id": [row[1] for row in rows]})
    write_bytes(path, parquet_bytes(table))
    return path
