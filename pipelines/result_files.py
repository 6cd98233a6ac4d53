"""The files of a result that others are told of, each with its size and hash."""

import io

import pyarrow.parquet as pq

from pipelines.results import Result
from schemas.files import PublishedFile
from schemas.layout import INDEX, SHARDS, TABLES
from transforms.storage import join, list_folder, read_bytes, sha256_of
from transforms.write_shards import SHARD_BYTES, SHARD_SHA256


def published_files(result: Result) -> list[PublishedFile]:
    """Return the shards, indices and tables of a result, in order of their paths.

    Shards are not read: their indices know their hashes.

    Raises:
        OSError: if a file cannot be read.
    """
    found: list[PublishedFile] = []
    for room in (INDEX, SHARDS, TABLES):
        names = list_folder(join(result.folder, room))
        wanted = ".tar" if room == SHARDS else ".parquet"
        found += [_file(result, room, name) for name in names if name.endswith(wanted)]
    return found


def _file(result: Result, room: str, name: str) -> PublishedFile:
    digest, size = _noted(result, name) if room == SHARDS else (None, 0)
    if digest is None:
        digest, size = sha256_of(join(result.folder, room, name))
    return PublishedFile(path=f"{room}/{name}", num_bytes=size, sha256=digest)


def _noted(result: Result, shard: str) -> tuple[str | None, int]:
    """Return what a shard's index says of it; None of an index that earlier versions wrote."""
    index = read_bytes(join(result.index, f"{shard.removesuffix('.tar')}.parquet"))
    said = pq.read_schema(io.BytesIO(index)).metadata or {}
    digest = said.get(SHARD_SHA256.encode())
    return (None, 0) if digest is None else (digest.decode(), int(said[SHARD_BYTES.encode()]))
