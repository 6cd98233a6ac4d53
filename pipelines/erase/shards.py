"""Shards without some of their samples: what holds none of them is linked, and its bytes are the same.

Samples that stay keep their bytes, headers included. A shard of which nothing is left goes, and the last one
of its split takes its number, so that numbers run from 0 on without a gap. Nothing is balanced anew.
"""

import hashlib
import io
import json
import re
import tarfile
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.results import Result
from schemas.outcomes import BadInputError
from schemas.sample import to_json_bytes
from transforms.energon import OFFSETS_SUFFIX, energon_files_of, pack_offsets
from transforms.shard_layout import shard_name
from transforms.storage import join, link_or_copy, list_folder, read_bytes
from transforms.write_shards import Shard, index_schema

_NAME = re.compile(r"(?P<split>[a-z]+)-(?P<number>\d{6})")
_JSON = "json"


@dataclass(frozen=True, kw_only=True, slots=True)
class ShardChange:
    """What becomes of a shard: its name, what it is called afterwards, and how many samples are left of it.

    `rewrite` says that some of its samples go, or say something else afterwards.
    """

    name: str
    becomes: str
    num_samples: int
    rewrite: bool


def planned_changes(
    result: Result, gone: Collection[str], relabelled: Collection[str]
) -> tuple[list[ShardChange], dict[str, list[int]]]:
    """Return what becomes of the shards that have samples left, and how large those of each split are then.

    Args:
        gone: keys that go; relabelled: keys of samples that belong to a group that gets another name.

    Raises:
        BadInputError: if an index cannot be read.
    """
    left: dict[str, dict[int, tuple[int, bool]]] = defaultdict(dict)
    for name in sorted(n.removesuffix(".parquet") for n in list_folder(result.index)):
        found = _NAME.fullmatch(name)
        if found is None:
            continue
        keys = read_index(result, name)["key"].to_pylist()
        kept = [key for key in keys if key not in gone]
        if kept:
            changed = len(kept) < len(keys) or any(key in relabelled for key in kept)
            left[found["split"]][int(found["number"])] = (len(kept), changed)
    changes: list[ShardChange] = []
    sizes: dict[str, list[int]] = {}
    for split, shards in sorted(left.items()):
        numbers = _numbers(sorted(shards))
        sizes[split] = [0] * len(shards)
        for number, becomes in numbers.items():
            sizes[split][becomes] = shards[number][0]
            changes.append(
                ShardChange(
                    name=shard_name(split, number),
                    becomes=shard_name(split, becomes),
                    num_samples=shards[number][0],
                    rewrite=shards[number][1],
                )
            )
    return changes, sizes


def _numbers(left: Sequence[int]) -> dict[int, int]:
    """Return the new number of each shard: its own, or a gap's for those beyond the new end."""
    gaps = sorted(set(range(len(left))) - set(left))
    return {n: n for n in left if n < len(left)} | dict(
        zip([n for n in left if n >= len(left)], gaps, strict=True)
    )


def read_index(result: Result, name: str) -> pa.Table:
    """Return the index of one shard.

    Raises:
        BadInputError: if it cannot be read.
    """
    path = join(result.index, f"{name}.parquet")
    try:
        return pq.read_table(io.BytesIO(read_bytes(path)))
    except (OSError, pa.ArrowException) as error:
        raise BadInputError(f"{path}: cannot be read ({error}); package again first") from error


def change_shard(
    change: ShardChange, before: Result, after: Result, gone: Collection[str], groups: Mapping[str, str]
) -> str:
    """Write what becomes of a shard to another result; returns its path.

    Args:
        groups: new names of groups of look-alikes.
    """
    index = read_index(before, change.name)
    if change.rewrite:
        tar = read_bytes(join(before.shards, f"{change.name}.tar"))
        return after.write_shard(change.becomes, without(tar, index, f"{change.becomes}.tar", gone, groups))
    for ending in (".tar", f".tar{OFFSETS_SUFFIX}"):
        link_or_copy(
            join(before.shards, f"{change.name}{ending}"), join(after.shards, f"{change.becomes}{ending}")
        )
    name = f"{change.name}.parquet"
    if change.name == change.becomes:
        link_or_copy(join(before.index, name), join(after.index, name))
    else:
        rows = [row | {"shard": f"{change.becomes}.tar"} for row in index.to_pylist()]
        after.write_index(change.becomes, pa.Table.from_pylist(rows, schema=index.schema))
    return join(after.shards, f"{change.becomes}.tar")


def write_energon(after: Result, sizes: Mapping[str, Sequence[int]]) -> list[str]:
    """Tell Megatron-Energon of the shards that are left."""
    return after.write_energon(energon_files_of(sizes)) if sizes else []


def without(
    tar: bytes, index: pa.Table, name: str, gone: Collection[str], groups: Mapping[str, str]
) -> Shard:
    """Return a shard without some samples, and with groups renamed in what the others say."""
    rows = {row["key"]: row | {"shard": name} for row in index.to_pylist() if row["key"] not in gone}
    out = bytearray()
    starts: dict[str, int] = {}
    with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as archive:
        for member in archive:
            key, part = member.name.split(".", 1)
            if key not in rows:
                continue
            starts.setdefault(key, len(out))
            data = tar[member.offset_data :][: member.size]
            said = _renamed(data, groups) if part == _JSON and groups else data
            if said is data:  # as it stands, with its headers
                out += tar[member.offset : member.offset_data]
            else:
                member.size = len(said)
                out += member.tobuf(tarfile.PAX_FORMAT)
                rows[key] |= {"json_bytes": len(said), "json_sha256": hashlib.sha256(said).hexdigest()}
            rows[key][f"{part}_offset"] = len(out)
            out += said + bytes(-len(said) % tarfile.BLOCKSIZE)
    offsets = pack_offsets([*starts.values(), len(out)])
    out += bytes(2 * tarfile.BLOCKSIZE)
    out += bytes(-len(out) % tarfile.RECORDSIZE)
    told = [rows[key] | {"sample_offset": start} for key, start in starts.items()]
    changed = bytes(out)
    table = pa.Table.from_pylist(told, schema=index_schema(changed))
    return Shard(tar=changed, index=table, sample_offsets=offsets)


def _renamed(data: bytes, groups: Mapping[str, str]) -> bytes:
    about: dict[str, Any] = json.loads(data)
    identity = about.get("identity")
    if not isinstance(identity, dict) or identity.get("split_group") not in groups:
        return data
    identity["split_group"] = groups[identity["split_group"]]
    return to_json_bytes(about)
