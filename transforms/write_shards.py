"""Write shards: accepted clips as WebDataset tar files with a Parquet index beside each.

A clip's shard follows from its key alone and the number of shards from the number of clips, and
inside a shard keys are sorted, so the same clips give the same bytes in any order, on any runner.
"""

import dataclasses
import hashlib
import io
import math
from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa

from media import count_frames
from schemas.attributes import declared_attributes
from schemas.parts import BODY_PART, LANDMARKS_PART, VIDEO_PART, PartReader
from schemas.plain import to_plain
from schemas.records import Clip
from schemas.sample import (
    CLIP_RECORDS,
    LANDMARK_UNITS_PER_PX,
    PARTS,
    SAMPLING_RATE_HZ,
    Sample,
    check_sample,
    encode_sample,
    npz_to_arrays,
    pcm_of_wav,
)
from transforms.clip_sound import clip_samples, sound_part
from transforms.storage import join, parquet_bytes, write_bytes

PartsOf = Callable[[Clip], PartReader]
INDEX_SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("shard", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("num_frames", pa.int64(), nullable=False),
        pa.field("duration_seconds", pa.float64(), nullable=False),
        *[pa.field(f"{part}_bytes", pa.int64(), nullable=False) for part in PARTS],
        *[pa.field(f"{part}_sha256", pa.string(), nullable=False) for part in PARTS],
    ]
)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ShardConfig:
    """How many clips a shard holds on average."""

    clips_per_shard: int = 100


def num_shards(num_clips: int, config: ShardConfig) -> int:
    """Return the number of shards of a split."""
    return max(math.ceil(num_clips / config.clips_per_shard), 1)


def shard_number(key: str, count: int) -> int:
    """Return the shard a key belongs to, of `count`."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % count


def sample_json(clip: Clip, config_hash: str) -> dict[str, Any]:
    """Return what a sample's .json says: words, scores, declared labels, provenance.

    Parts of the record that no step computed are null and named in `not_computed`.
    """
    record = to_plain(clip, published_only=True)
    source = record.pop("source")
    for name in ("artefacts", "status"):
        record.pop(name)
    later = [name for name in CLIP_RECORDS if record[name] is None]
    source.pop("attributes")
    attributes = declared_attributes(clip.source) if clip.attributes is None else clip.attributes
    return {
        "key": clip.clip_id,
        **record,
        "sampling_rate_hz": SAMPLING_RATE_HZ,
        "landmark_units_per_px": LANDMARK_UNITS_PER_PX,
        "speaker": source["speaker_id"],
        "attributes": [to_plain(attribute, published_only=True) for attribute in attributes],
        "not_computed": later,
        "provenance": {"source": source, "config_hash": config_hash},
    }


def assemble(clip: Clip, parts: PartReader, config_hash: str) -> Sample:
    """Return the sample of a clip, checked, put together from what the stages made of it.

    Raises:
        SampleError: if the parts do not fit together.
        OSError: if a part cannot be read.
    """
    sound = pcm_of_wav(parts.read("survey", sound_part(clip.clip_id)), SAMPLING_RATE_HZ)
    arrays = npz_to_arrays(parts.read("look", LANDMARKS_PART))
    if clip.body_fit is not None:
        arrays |= npz_to_arrays(parts.read("body", BODY_PART))
    sample = Sample(
        key=clip.clip_id,
        mp4=parts.read("look", VIDEO_PART),
        sound=clip_samples(sound, clip),
        arrays=arrays,
        about=sample_json(clip, config_hash),
    )
    check_sample(sample, count_frames)
    return sample


def build_shard(
    name: str, clips: Iterable[Clip], parts_of: PartsOf, config_hash: str
) -> tuple[bytes, pa.Table]:
    """Return a shard's tar file and its index; `name` is the shard's file name."""
    from webdataset.writer import TarWriter  # brings torch along, for which no other command should wait

    buffer = io.BytesIO()
    rows: list[dict[str, Any]] = []
    with TarWriter(buffer, user="mentor", group="mentor", mtime=0.0, encoder=False) as writer:
        for clip in sorted(clips, key=lambda c: c.clip_id):
            parts = encode_sample(assemble(clip, parts_of(clip), config_hash))
            writer.write({"__key__": clip.clip_id, **parts})
            rows.append(
                {
                    "key": clip.clip_id,
                    "shard": name,
                    "split": clip.split,
                    "num_frames": clip.num_frames,
                    "duration_seconds": clip.duration_seconds,
                    **{f"{ext}_bytes": len(parts[ext]) for ext in PARTS},
                    **{f"{ext}_sha256": hashlib.sha256(parts[ext]).hexdigest() for ext in PARTS},
                }
            )
    return buffer.getvalue(), pa.Table.from_pylist(rows, schema=INDEX_SCHEMA)


def write_shard(
    folder: str, split: str, number: int, clips: Iterable[Clip], parts_of: PartsOf, config_hash: str
) -> str:
    """Write one shard and its index; returns the shard's path."""
    name = f"{split}-{number:06d}.tar"
    data, index = build_shard(name, clips, parts_of, config_hash)
    write_bytes(join(folder, name), data)
    write_bytes(join(folder, f"{split}-{number:06d}.parquet"), parquet_bytes(index))
    return join(folder, name)
