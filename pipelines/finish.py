"""Finish: from the clips that came through all filters to balance, splits, shards, tables.

    passed -> split -> balance -> check -> shards
    everything -> bias tables
    everything -> tables

`curate` ends with it and `package` consists of it, so that both make the same bytes.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsDict

from pipelines import progress
from pipelines.config import CurateConfig, config_hash
from pipelines.failures import failure_of
from pipelines.ledger import Ledger, ended, failure_summary
from pipelines.places import Places
from pipelines.splits import AssignSplits
from pipelines.steps import add_summaries, summary
from schemas.layout import STAGES_JSON
from schemas.lineage import Lineage
from schemas.records.clip import Clip
from schemas.stages import CLIP_STAGES
from schemas.tables import TABLES
from transforms.balance import Balance
from transforms.compare_declared import CompareDeclared, HideSmall
from transforms.energon import energon_files
from transforms.shard_layout import (
    Bucket,
    ShardConfig,
    bucket_of,
    hash_of,
    num_in_split,
    shard_name,
    shards_of,
)
from transforms.storage import write_bytes
from transforms.summarise_bias import SummariseBias
from transforms.trace_lineage import lineage_of_shard
from transforms.write_shards import assemble, build_shard
from transforms.write_tables import WriteTable


class Finish(beam.PTransform):
    """A dict of PCollections: `passed` clips, `summaries`, and what each table holds already.

    `declared_perceived` is among them where clips do not say what was estimated in a declaration's place.

    Writes the result's shards and tables, and notes the stages' summaries; returns the written paths.
    """

    def __init__(self, config: CurateConfig, places: Places) -> None:
        super().__init__("Finish")
        self._config, self._places = config, places

    def expand(self, pcolls: Any) -> Any:
        """Return the PCollection of written paths."""
        ledger = Ledger()
        for name in set(pcolls) - {"passed", "summaries", "declared_perceived"}:
            ledger.add(name, pcolls[name])
        ledger.count(pcolls["summaries"])
        clips, plan = self._balance(pcolls["passed"], ledger)
        shards, lineage = self._write_shards(clips, ledger)
        merged = ledger.merged()
        stages = self._write_stages(merged.pop("summaries"))
        compared = pcolls.get("declared_perceived")
        if compared is None:
            compared = merged["clips"] | CompareDeclared()
        targets = plan | "Targets" >> beam.FlatMap(lambda p: p.targets)
        splits = plan | "Splits" >> beam.FlatMap(lambda p: p.splits)
        tables = {
            **merged,
            **self._bias({**merged, "balance_targets": targets, "balance_splits": splits}),
            "balance_warnings": plan | "Warnings" >> beam.FlatMap(lambda p: p.warnings),
            "declared_perceived": compared | HideSmall(self._config.bias.min_people),
            "lineage": lineage,
        }
        folder = self._places.result.tables
        written = [tables[name] | WriteTable(folder, name) for name in TABLES if name in tables]
        return (shards, stages, *written) | "Written" >> beam.Flatten()

    def _balance(self, clips: Any, ledger: Ledger) -> Any:
        """Return the selected clips, with split and weight, and the plan."""
        placed = clips | AssignSplits(self._config.split)
        kept, gone, plan = placed | Balance(self._config.balance)
        ledger.add("rejections", gone | "WhyUnbalanced" >> beam.Map(lambda pair: pair[1]))
        ledger.add("clips", gone | "Unbalanced" >> beam.Map(_unselected))
        ledger.count(kept | "CountKept" >> beam.Map(_balance_summary, 1))
        ledger.count(gone | "CountGone" >> beam.Map(lambda pair: _balance_summary(pair[0], 0)))
        return kept, plan

    def _write_shards(self, clips: Any, ledger: Ledger) -> Any:
        """Return the paths of what was written, and the lineage of each sample."""
        config = self._config
        accepted = self._check(clips, ledger) | "Accept" >> beam.Map(ended, "accepted")
        ledger.add("clips", accepted)
        placed: Any = accepted | "Bucket" >> beam.Map(_in_bucket)
        sizes: Any = placed | "BucketSizes" >> beam.combiners.Count.PerKey()
        shards: Any = (
            placed
            | "GroupBuckets" >> beam.GroupByKey()
            | "Shard" >> beam.FlatMap(_by_shard, AsDict(sizes), config.shards)
            | "GroupShards" >> beam.GroupByKey()
        )
        energon = (
            sizes
            | "AllSizes" >> beam.combiners.ToDict()
            | "WriteEnergon" >> beam.FlatMap(_write_energon, self._places, config.shards)
        )
        packed = self._pack(shards)
        paths = packed | "ShardPaths" >> beam.Map(lambda written: written[0])
        lineage = packed | "Lineage" >> beam.FlatMap(lambda written: written[1])
        return (paths, energon) | "ShardFiles" >> beam.Flatten(), lineage

    def _pack(self, shards: Any) -> Any:
        """Write each shard; returns its path and the lineage of its samples."""
        return shards | "WriteShards" >> beam.Map(_write_shard, self._places, config_hash(self._config))

    def _check(self, clips: Any, ledger: Ledger) -> Any:
        """Return the clips whose samples can be put together; the others are failures."""
        digest = config_hash(self._config)
        counted = clips | "ExpectCheck" >> beam.Map(progress.expect, "check")
        good, dead = counted | "Check" >> beam.Map(_checked, self._places, digest).with_exception_handling()
        failures = dead | "CheckDead" >> beam.Map(failure_of, "check", "clip")
        ledger.add("failures", failures)
        ledger.add("clips", dead | "CheckFailed" >> beam.MapTuple(lambda c, _: ended(c, "failed")))
        ledger.count(failures | "CountCheckDead" >> beam.Map(failure_summary))
        ledger.count(good | "CountShards" >> beam.Map(_shard_summary))
        return good

    def _bias(self, merged: dict[str, Any]) -> Any:
        targets = {t.attributes[0]: t.shares for t in self._config.balance.targets if len(t.attributes) == 1}
        names = ("clips", "rejections", "failures", "videos", "balance_targets", "balance_splits")
        records = {name: merged[name] for name in names}
        return records | SummariseBias(self._config.bias, CLIP_STAGES, targets)

    def _write_stages(self, summaries: Any) -> Any:
        """Write the stage summaries for run.json."""
        path = self._places.note(STAGES_JSON)
        return (
            summaries
            | "AddUp" >> beam.CombinePerKey(add_summaries)
            | "Values" >> beam.Values()
            | "Plain" >> beam.Map(dataclasses.asdict)
            | "Together" >> beam.combiners.ToList()
            | "WriteStages" >> beam.Map(_write_json, path)
        )


def _unselected(judged: tuple[Clip, Any]) -> Clip:
    """Return a clip that balancing rejects: it is in no split."""
    return dataclasses.replace(ended(judged[0], "rejected"), split=None)


def _balance_summary(clip: Clip, num_out: int) -> Any:
    seconds = clip.duration_seconds
    return summary("balance", "clip", num_out=num_out, num_rejected=1 - num_out, media_seconds=seconds)


def _checked(clip: Clip, places: Places, digest: str) -> Clip:
    """Put a clip's sample together, which checks its contract; raises SampleError."""
    assemble(clip, places.parts_of(clip), digest)
    progress.count("check", done=1, media_seconds=clip.duration_seconds)
    return clip


def _shard_summary(clip: Clip) -> Any:
    return summary("check", "clip", num_out=1, media_seconds=clip.duration_seconds)


def _in_bucket(clip: Clip) -> tuple[tuple[str, int], Clip]:
    return bucket_of(clip.split or "train", clip.clip_id), clip


def _by_shard(
    grouped: Any, sizes: Mapping[Bucket, int], config: ShardConfig
) -> Iterator[tuple[tuple[str, int], Clip]]:
    """Yield each clip of a bucket with the split and number of its shard."""
    bucket, clips = grouped
    ordered = sorted(clips, key=lambda clip: hash_of(clip.clip_id))
    for clip, shard in zip(ordered, shards_of(bucket, sizes, config), strict=True):
        yield (bucket[0], shard), clip


def _write_shard(grouped: Any, places: Places, digest: str) -> tuple[str, list[Lineage]]:
    (split, number), clips = grouped
    name, clips = shard_name(split, number), list(clips)
    shard = build_shard(f"{name}.tar", clips, places.parts_of, digest)
    return places.result.write_shard(name, shard), lineage_of_shard(shard.index, clips)


def _write_energon(sizes: Any, places: Places, config: ShardConfig) -> list[str]:
    splits = {split: num_in_split(split, sizes) for split in {split for split, _ in sizes}}
    return places.result.write_energon(energon_files(splits, config)) if splits else []


def _write_json(value: Any, path: str) -> str:
    write_bytes(path, json.dumps(value).encode())
    return path
