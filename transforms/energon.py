"""What Megatron-Energon wants to find beside shards: a data set that it loads without `energon prepare`.

The files are those of Energon 7 (`megatron.energon.flavors.webdataset`): how many samples each shard holds,
which shards are which split, what kind of samples, and beside each shard where its samples begin.
"""

import struct
from collections.abc import Mapping, Sequence

from schemas.sample import to_json_bytes
from transforms.shard_layout import ShardConfig, shard_name, shard_sizes

ENERGON_FOLDER = ".nv-meta"
OFFSETS_SUFFIX = ".idx"
# Splits that Energon's loaders ask for, whether or not a run has clips for them.
_SPLITS = ("train", "val", "test")
_DATASET = b"__module__: megatron.energon\n__class__: CrudeWebdataset\n"


def pack_offsets(offsets: Sequence[int]) -> bytes:
    """Return the content of a shard's `.tar.idx`: where each sample begins, and where the last one ends."""
    return struct.pack(f"<{len(offsets)}Q", *offsets)


def energon_files(split_sizes: Mapping[str, int], config: ShardConfig) -> dict[str, bytes]:
    """Return the files of Energon's folder, by name, for splits of so many clips."""
    sizes = {split: shard_sizes(num_clips, config) for split, num_clips in sorted(split_sizes.items())}
    return energon_files_of(sizes)


def energon_files_of(sizes: Mapping[str, Sequence[int]]) -> dict[str, bytes]:
    """Return the files of Energon's folder, by name, for splits whose shards hold so many clips."""
    counts = {
        split: {f"{shard_name(split, number)}.tar": size for number, size in enumerate(found)}
        for split, found in sorted(sizes.items())
    }
    parts = {split: list(counts.get(split, {})) for split in _SPLITS}
    every = {shard: size for shards in counts.values() for shard, size in shards.items()}
    return {
        ".info.json": to_json_bytes({"energon_version": "7.4.1", "shard_counts": every}),
        "split.yaml": to_json_bytes({"split_parts": parts, "exclude": []}),
        "dataset.yaml": _DATASET,
    }
