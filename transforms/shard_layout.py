"""The layout of shards: which shard of its split a clip lies in.

Clips are ordered by the hash of their key, which mixes videos, and the order is cut into shards of the same
size, one clip more or less. So it follows from the set of keys alone, on any runner, and no shard is empty.
The order is found a bucket of hashes at a time: no worker sees all keys.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from schemas.bounds import Count

# A split and a bucket of it: the first byte of the hash.
Bucket = tuple[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class ShardConfig:
    """How many clips a shard holds, and how many shards a small split has at least.

    Loaders give whole shards to their workers; with eight, two machines of four workers have one each.
    """

    clips_per_shard: Count = 100
    min_shards: Count = 8


def num_shards(num_clips: int, config: ShardConfig) -> int:
    """Return the number of shards of a split."""
    few = min(config.min_shards, num_clips)
    return max(math.ceil(num_clips / config.clips_per_shard), few, 1)


def hash_of(key: str) -> bytes:
    """Return what keys are ordered by."""
    return hashlib.sha256(key.encode()).digest()


def bucket_of(split: str, key: str) -> Bucket:
    """Return the bucket that a key lies in; buckets are in the order of hashes."""
    return split, hash_of(key)[0]


def num_in_split(split: str, sizes: Mapping[Bucket, int]) -> int:
    """Return how many clips a split has, from the sizes of all buckets."""
    return sum(size for (name, _), size in sizes.items() if name == split)


def shards_of(bucket: Bucket, sizes: Mapping[Bucket, int], config: ShardConfig) -> list[int]:
    """Return the shard of each clip of a bucket, in the order of hashes."""
    split, number = bucket
    before = sum(size for (name, other), size in sizes.items() if name == split and other < number)
    total = num_in_split(split, sizes)
    count = num_shards(total, config)
    return [(before + rank) * count // total for rank in range(sizes[bucket])]


def shard_sizes(num_clips: int, config: ShardConfig) -> list[int]:
    """Return how many clips each shard of a split holds."""
    count = num_shards(num_clips, config)
    starts = [math.ceil(number * num_clips / count) for number in range(count + 1)]
    return [end - start for start, end in pairwise(starts)]


def shard_name(split: str, number: int) -> str:
    """Return the name of a shard, without ending."""
    return f"{split}-{number:06d}"
