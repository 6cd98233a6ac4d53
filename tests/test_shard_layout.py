"""Which shard a clip lies in: the same on any runner, sizes that differ by one, none empty."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from transforms.shard_layout import (
    Bucket,
    ShardConfig,
    bucket_of,
    hash_of,
    num_shards,
    shard_sizes,
    shards_of,
)


def assigned(keys: list[str], config: ShardConfig) -> dict[str, int]:
    """Return the shard of each key of a split, as a run finds it: a bucket at a time."""
    buckets: dict[Bucket, list[str]] = {}
    for key in sorted(keys, key=hash_of):
        buckets.setdefault(bucket_of("train", key), []).append(key)
    sizes = {bucket: len(inside) for bucket, inside in buckets.items()}
    found = ((inside, shards_of(bucket, sizes, config)) for bucket, inside in buckets.items())
    return {key: shard for keys, shards in found for key, shard in zip(keys, shards, strict=True)}


@given(st.integers(0, 10**7), st.integers(1, 10**5), st.integers(1, 64))
def test_shards_are_as_many_as_wanted(num_clips: int, per_shard: int, few: int) -> None:
    count = num_shards(num_clips, ShardConfig(clips_per_shard=per_shard, min_shards=few))
    assert count * per_shard >= num_clips and count >= min(num_clips, few, 8) and count <= max(num_clips, 1)
    assert (count - 1) * per_shard < max(num_clips, 1) or count <= few


@given(st.integers(1, 200), st.integers(1, 50))
def test_no_shard_is_empty_and_sizes_differ_by_one(num_clips: int, per_shard: int) -> None:
    config = ShardConfig(clips_per_shard=per_shard)
    found = Counter(assigned([f"key{i}" for i in range(num_clips)], config).values())
    sizes = [found[number] for number in range(num_shards(num_clips, config))]
    assert max(sizes) - min(sizes) <= 1 and min(sizes) >= 1 and max(sizes) <= max(per_shard, 1)
    assert sizes == shard_sizes(num_clips, config)


def test_eight_clips_are_eight_shards() -> None:
    assert sorted(assigned([f"key{i}" for i in range(8)], ShardConfig()).values()) == list(range(8))


def test_other_splits_do_not_count() -> None:
    keys = [f"key{i}" for i in range(20)]
    sizes = Counter(bucket_of("train", key) for key in keys) + Counter({("val", 0): 500, ("val", 255): 3})
    alone = Counter(bucket_of("train", key) for key in keys)
    for bucket in alone:
        assert shards_of(bucket, sizes, ShardConfig()) == shards_of(bucket, alone, ShardConfig())
