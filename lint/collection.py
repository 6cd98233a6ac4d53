"""Rules on all shards together: the samples are the accepted clips, each once, as the tables have them."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lint.records import Rows
from lint.rules import Found, Rule
from schemas.exclusions import veiled_key

_OFF = 1e-9
# Columns of an index by those of the table of clips.
SAME = {
    "split": "split",
    "num_frames": "num_frames",
    "fps": "fps",
    "width": "width",
    "height": "height",
    "sampling_weight": "sampling_weight",
    "identity_id": "identity_identity_id",
    "language": "transcript_language",
    "consent_expires_on": "source_terms_expires_on",
    "consent_withdrawn_on": "source_terms_withdrawn_on",
}
INDEX_COLUMNS = ("key", "shard", "duration_seconds", *SAME)
_ENERGON = "shards/.nv-meta/.info.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class CollectionFacts:
    """The indices' rows, the rows of accepted clips by key, and how many samples each shard's headers show.

    `energon` is Megatron-Energon's note of the shards' sizes, `excluded` are veiled keys.
    """

    index: Rows
    clips: Mapping[str, Mapping[str, Any]]
    shard_sizes: Mapping[str, int]
    energon: bytes | None
    excluded: frozenset[str]


def _sample_missing(facts: CollectionFacts) -> Iterator[Found]:
    listed = {row["key"] for row in facts.index}
    for key in sorted(facts.clips.keys() - listed):
        yield "tables/clips", key, "is accepted and in no shard"


def _sample_extra(facts: CollectionFacts) -> Iterator[Found]:
    for row in facts.index:
        if row["key"] not in facts.clips:
            yield f"shards/{row['shard']}"[:200], str(row["key"])[:100], "is no accepted clip of the table"


def _sample_twice(facts: CollectionFacts) -> Iterator[Found]:
    where: dict[str, list[str]] = {}
    for row in facts.index:
        where.setdefault(row["key"], []).append(str(row["shard"])[:40])
    for key, shards in where.items():
        if len(set(shards)) > 1:
            yield f"shards/{shards[0]}", str(key)[:100], f"is in {', '.join(sorted(shards))}"


def _index_row(facts: CollectionFacts) -> Iterator[Found]:
    for row in facts.index:
        clip = facts.clips.get(row["key"])
        if clip is None:
            continue
        wanted = {name: clip[column] for name, column in SAME.items()}
        wanted["duration_seconds"] = clip["num_frames"] / clip["fps"] if clip["fps"] else 0.0
        wanted["sampling_weight"] = wanted["sampling_weight"] or 0.0
        for name, value in wanted.items():
            if not _is_same(row[name], value):
                yield (
                    f"index/{row['shard'].removesuffix('.tar')}.parquet"[:200],
                    str(row["key"])[:100],
                    f"{name} is {row[name]!r}, in the table {value!r}"[:200],
                )


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, int | float):
        return abs(one - other) <= _OFF * max(1.0, abs(other))
    return one == other


def _energon_sizes(facts: CollectionFacts) -> Iterator[Found]:
    if not facts.shard_sizes and facts.energon is None:
        return
    try:
        said = json.loads(facts.energon or b"")["shard_counts"]
        differing = {
            n for n in said.keys() | facts.shard_sizes.keys() if said.get(n) != facts.shard_sizes.get(n)
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        yield _ENERGON, "", "is missing, or no note of the shards' sizes"
        return
    for name in sorted(map(str, differing)):
        yield _ENERGON, name[:60], f"says {said.get(name)}, and there are {facts.shard_sizes.get(name)}"


def waiting(facts: CollectionFacts) -> int:
    """Return how many samples are excluded and still there, until the next result takes their place."""
    keys = Counter(row["key"] for row in facts.index)
    return sum(veiled_key(str(key)) in facts.excluded for key in keys) if facts.excluded else 0


_AGAIN = "package again"
RULES: tuple[Rule, ...] = (
    Rule(code="sample-missing", means="an accepted clip is in no shard", advice=_AGAIN,
         check=_sample_missing),
    Rule(code="sample-extra", means="a shard holds a sample that is no accepted clip",
         advice="do not pass the shard on: nobody knows whose clip that is; package again",
         check=_sample_extra),
    Rule(code="sample-twice", means="a sample is in two shards", advice=_AGAIN, check=_sample_twice),
    Rule(code="index-row", means="an index says something else of a clip than the table", advice=_AGAIN,
         check=_index_row),
    Rule(code="energon-sizes", means="Megatron-Energon is told wrong numbers of samples", advice=_AGAIN,
         check=_energon_sizes),
)  # fmt: skip
