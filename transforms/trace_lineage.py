"""Lineage: where each sample of a shard lies, and where it comes from."""

import tarfile
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from schemas.lineage import Lineage
from schemas.records.clip import Clip
from schemas.sample import PARTS


def lineage_of_shard(index: pa.Table, clips: Iterable[Clip]) -> list[Lineage]:
    """Return the lineage of a shard's samples, in their order.

    Args:
        index: the shard's index (`transforms.write_shards.INDEX_SCHEMA`).
        clips: those that are in it, in any order.
    """
    by_key = {clip.clip_id: clip for clip in clips}
    return [lineage_of(by_key[row["key"]], row) for row in index.to_pylist()]


def lineage_of(clip: Clip, row: Mapping[str, Any]) -> Lineage:
    """Return the lineage of a clip, which lies where its row of an index says."""
    start, whole = row["sample_offset"], clip.piece_of
    return Lineage(
        key=clip.clip_id,
        shard=row["shard"],
        split=row["split"],
        sample_offset=start,
        sample_bytes=max(_end(row, part) for part in PARTS) - start,
        source_name=clip.source.name,
        video_id=clip.video_id,
        shot_id=clip.shot_id,
        track_id=clip.track_id,
        piece_of_clip_id=whole.clip_id,
        start_seconds=clip.start_seconds,
        end_seconds=clip.end_seconds,
        fps=clip.fps,
        num_frames=clip.num_frames,
        crop_xyxy=clip.crop_xyxy,
        sound_shift_seconds=0.0 if clip.sync is None else clip.sync.repaired_frames / clip.fps,
        steps=(*(step for step in whole.artefacts if step not in clip.artefacts), *clip.artefacts),
    )


def _end(row: Mapping[str, Any], part: str) -> int:
    """Return where a part ends in its shard, with the padding that fills its last block."""
    blocks = -(-row[f"{part}_bytes"] // tarfile.BLOCKSIZE)
    return row[f"{part}_offset"] + blocks * tarfile.BLOCKSIZE
