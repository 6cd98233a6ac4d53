"""Lint, shard by shard: headers and index first, then each sample, of which one is in memory at a time."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from commands.lint_reading import Secrets, below, has_columns, opened, parquet, read_members, read_plain
from commands.lint_report import Report
from lint import collection, published, samples, shards
from lint.decoded import decode_parts
from lint.folder import shard_names
from pipelines.results import Result
from schemas.outcomes import BadInputError
from schemas.run import RunSummary
from schemas.sample import to_json_bytes
from schemas.tables import from_row
from transforms.sample_json import sample_json
from transforms.write_shards import INDEX_SCHEMA

# The table of clips is read once for so many shards: their rows are what is held.
_SHARDS_AT_ONCE = 50


@dataclass(slots=True)
class Seen:
    """What all shards hold: rows of their indices, and how many samples each has by its headers."""

    index: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    sizes: dict[str, int] = field(default_factory=dict[str, int])


def look_at_shards(
    result: Result,
    files: Mapping[str, int],
    summary: RunSummary | None,
    sound: set[str],
    secrets: Secrets,
    report: Report,
    progress: Callable[[str], None],
) -> Seen:
    """Check all shards and their samples.

    Args:
        sound: the tables that can be compared with.
    """
    seen = Seen()
    every = shard_names(files)
    for first in range(0, len(every), _SHARDS_AT_ONCE):
        facts = [_facts(result, name, files) for name in every[first : first + _SHARDS_AT_ONCE]]
        keys = {key for shard in facts for key in shard.samples()}
        wanted = _wanted(result, keys, summary) if summary and "clips" in sound else {}
        for shard in facts:
            progress(shard.file)
            report.check(shards.RULES, shard)
            seen.sizes[f"{shard.name}.tar"] = len(shard.samples())
            seen.index += [{name: row[name] for name in collection.INDEX_COLUMNS} for row in shard.index]
            _look_at_samples(result, shard, wanted, secrets, report)
    return seen


def _facts(result: Result, name: str, files: Mapping[str, int]) -> shards.ShardFacts:
    with opened(below(result.folder, f"shards/{name}.tar")) as (handle, size):
        members, fault, tail_is_empty = read_members(handle, size)
    schema, rows, index_fault = None, [], ""
    if f"index/{name}.parquet" in files:
        try:
            schema, rows = _read_index(below(result.folder, f"index/{name}.parquet"))
        except BadInputError as error:
            index_fault = str(error)[-300:]
    energon = f"shards/{name}.tar.idx"
    return shards.ShardFacts(
        name=name,
        members=members,
        fault=fault,
        tail_is_empty=tail_is_empty,
        index_schema=schema,
        index=rows,
        index_fault=index_fault,
        wanted_schema=INDEX_SCHEMA,
        energon=read_plain(below(result.folder, energon)) if energon in files else None,
    )


def _read_index(path: str) -> tuple[pa.Schema, list[dict[str, Any]]]:
    """Return an index's schema and rows; none where columns are not those of this version."""
    with parquet(path) as file:
        schema = file.schema_arrow
        if not has_columns(schema, INDEX_SCHEMA):
            return schema, []
        batches = file.iter_batches(columns=INDEX_SCHEMA.names)
        return schema, [row for batch in batches for row in batch.to_pylist()]


def _wanted(result: Result, keys: set[str], summary: RunSummary) -> dict[str, Any]:
    """Return what the samples' JSON must say by the table of clips, of those that are accepted."""
    where = pc.field("clip_id").isin(sorted(keys)) & (pc.field("status") == "accepted")
    rows = result.read_table("clips", None, where).to_pylist()
    return {row["clip_id"]: (row, summary.config_hash) for row in rows}


def _said(row: Mapping[str, Any], digest: str) -> Mapping[str, Any] | None:
    try:
        return json.loads(to_json_bytes(sample_json(from_row("clips", row), digest)))
    except (TypeError, ValueError, KeyError):  # numbers that are none: the tables' own findings
        return None


def _look_at_samples(
    result: Result, shard: shards.ShardFacts, wanted: Mapping[str, Any], secrets: Secrets, report: Report
) -> None:
    rows = {row["key"]: row for row in shard.index}
    with opened(below(result.folder, f"shards/{shard.name}.tar")) as (handle, _):
        for key, parts in _parts(handle, shard):
            said = _said(*wanted[key]) if key in wanted else None
            facts = samples.SampleFacts(
                shard=shard.name,
                key=key,
                parts=parts,
                decoded=decode_parts(parts),
                row=rows.get(key),
                wanted=said,
            )
            report.check(samples.RULES, facts)
            report.check(published.RULES, secrets.facts(shard.file, parts.get("json", b"")))


def _parts(handle: BinaryIO, shard: shards.ShardFacts) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Yield the bytes of each sample's parts but those that are too large."""
    for key, members in shard.samples().items():
        parts: dict[str, bytes] = {}
        for part, member in members.items():
            if member.size <= shards.MAX_PART_BYTES[part]:
                handle.seek(member.data_offset)
                parts[part] = handle.read(member.size)
        yield key, parts
