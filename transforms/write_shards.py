"""Build shards: accepted clips as WebDataset tar files, and an index of each.

Inside a shard keys are sorted, so the same clips give the same bytes in any order, on any runner. The index
lies in a folder of its own, so that the folder of shards is a data set to every loader.
"""

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from media import count_frames
from schemas.parts import BODY_PART, LANDMARKS_PART, VIDEO_PART, PartReader
from schemas.records.clip import Clip
from schemas.sample import (
    PARTS,
    SAMPLING_RATE_HZ,
    Sample,
    check_sample,
    encode_sample,
    npz_to_arrays,
    pcm_of_wav,
)
from transforms.clip_sound import clip_samples, sound_part
from transforms.energon import pack_offsets
from transforms.sample_json import sample_json

PartsOf = Callable[[Clip], PartReader]
INDEX_SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("shard", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("num_frames", pa.int64(), nullable=False),
        pa.field("fps", pa.float64(), nullable=False),
        pa.field("duration_seconds", pa.float64(), nullable=False),
        pa.field("width", pa.int64(), nullable=False),
        pa.field("height", pa.int64(), nullable=False),
        pa.field("sampling_weight", pa.float64(), nullable=False),
        pa.field("identity_id", pa.string()),
        pa.field("language", pa.string()),
        pa.field("consent_expires_on", pa.string()),
        pa.field("consent_withdrawn_on", pa.string()),
        pa.field("sample_offset", pa.int64(), nullable=False),
        *[pa.field(f"{part}_offset", pa.int64(), nullable=False) for part in PARTS],
        *[pa.field(f"{part}_bytes", pa.int64(), nullable=False) for part in PARTS],
        *[pa.field(f"{part}_sha256", pa.string(), nullable=False) for part in PARTS],
    ]
)


# In an index's own metadata: size and SHA-256 of its shard, so that nobody has to read that to know them.
SHARD_BYTES, SHARD_SHA256 = "mentor.shard_bytes", "mentor.shard_sha256"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shard:
    """A shard's tar file, the index of its samples, and where each sample begins, for Megatron-Energon."""

    tar: bytes
    index: pa.Table
    sample_offsets: bytes


def assemble(clip: Clip, parts: PartReader, config_hash: str) -> Sample:
    """Return the sample of a clip, checked, put together from what the stages made of it.

    Raises:
        SampleError: if the parts do not fit together.
        OSError: if a part cannot be read.
    """
    sound = pcm_of_wav(parts.read("survey", sound_part(clip)), SAMPLING_RATE_HZ)
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


def build_shard(name: str, clips: Iterable[Clip], parts_of: PartsOf, config_hash: str) -> Shard:
    """Return a shard; `name` is its file name."""
    ordered = sorted(clips, key=lambda c: c.clip_id)
    return pack_shard(name, ((clip, assemble(clip, parts_of(clip), config_hash)) for clip in ordered))


def pack_shard(name: str, samples: Iterable[tuple[Clip, Sample]]) -> Shard:
    """Return a shard of samples in the order given, each with the clip it shows."""
    from webdataset.writer import TarWriter  # brings torch along, for which no other command should wait

    buffer = io.BytesIO()
    rows: list[dict[str, Any]] = []
    with TarWriter(buffer, user="mentor", group="mentor", mtime=0.0, encoder=False) as writer:
        for clip, sample in samples:
            parts = encode_sample(sample)
            rows.append(_row(name, clip, parts))
            writer.write({"__key__": sample.key, **parts})
    offsets, end = _offsets(buffer)
    tar = buffer.getvalue()
    index = pa.Table.from_pylist([row | offsets[row["key"]] for row in rows], schema=index_schema(tar))
    starts = index["sample_offset"].to_pylist()
    return Shard(tar=tar, index=index, sample_offsets=pack_offsets([*starts, end]))


def index_schema(tar: bytes) -> pa.Schema:
    """Return the schema of a shard's index, which knows the shard's size and hash."""
    told = {SHARD_BYTES: str(len(tar)), SHARD_SHA256: hashlib.sha256(tar).hexdigest()}
    return INDEX_SCHEMA.with_metadata(told)


def _row(shard: str, clip: Clip, parts: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "key": clip.clip_id,
        "shard": shard,
        "split": clip.split,
        "num_frames": clip.num_frames,
        "fps": clip.fps,
        "duration_seconds": clip.duration_seconds,
        "width": clip.width,
        "height": clip.height,
        "sampling_weight": clip.sampling_weight or 0.0,
        "identity_id": clip.identity and clip.identity.identity_id,
        "language": clip.transcript and clip.transcript.language,
        "consent_expires_on": clip.source.terms.expires_on,
        "consent_withdrawn_on": clip.source.terms.withdrawn_on,
        **{f"{ext}_bytes": len(parts[ext]) for ext in PARTS},
        **{f"{ext}_sha256": hashlib.sha256(parts[ext]).hexdigest() for ext in PARTS},
    }


def _offsets(tar: io.BytesIO) -> tuple[dict[str, dict[str, int]], int]:
    """Return where each sample and the content of its parts begin in a tar file, and where the last one ends.

    They are read back: a writer that buffers cannot tell where it is.
    """
    found: dict[str, dict[str, int]] = {}
    end = 0
    tar.seek(0)
    with tarfile.open(fileobj=tar, mode="r:") as archive:
        for member in archive:
            key, part = member.name.split(".", 1)
            sample = found.setdefault(key, {"sample_offset": member.offset})
            sample[f"{part}_offset"] = member.offset_data
            end = member.offset_data + -(-member.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
    return found, end
