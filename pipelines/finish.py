"""Finish: from the clips that came through all filters to balance, splits, shards, tables.

    passed -> balance -> split -> check -> shards
    everything -> bias tables
    everything -> tables

`curate` ends with it and `package` consists of it, so that both make the same bytes.
"""

import dataclasses
import json
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsDict

from pipelines import progress
from pipelines.config import CurateConfig, config_hash
from pipelines.failures import failure_of
from pipelines.ledger import Ledger, ended, failure_summary
from pipelines.run_folder import Places
from pipelines.steps import add_summaries, summary
from schemas.layout import STAGES_JSON
from schemas.records import Clip
from schemas.stages import CLIP_STAGES
from schemas.tables import TABLES
from transforms.assign_split import assign_split
from transforms.balance import Balance
from transforms.storage import write_bytes
from transforms.summarise_bias import SummariseBias
from transforms.write_shards import ShardConfig, assemble, num_shards, shard_number, write_shard
from transforms.write_tables import WriteTable


class Finish(beam.PTransform):
    """A dict of PCollections: `passed` clips, `summaries`, and what each table holds already.

    Writes the result's shards and tables, and notes the stages' summaries; returns the written paths.
    """

    def __init__(self, config: CurateConfig, places: Places) -> None:
        super().__init__("Finish")
        self._config, self._places = config, places

    def expand(self, pcolls: Any) -> Any:
        """Return the PCollection of written paths."""
        ledger = Ledger()
        for name in set(pcolls) - {"passed", "summaries"}:
            ledger.add(name, pcolls[name])
        ledger.count(pcolls["summaries"])
        clips, targets = self._balance(pcolls["passed"], ledger)
        shards = self._write_shards(clips, ledger)
        merged = ledger.merged()
        stages = self._write_stages(merged.pop("summaries"))
        tables = {**merged, **self._bias(merged), "balance_targets": targets}
        folder = self._places.result.tables
        written = [tables[name] | WriteTable(folder, name) for name in TABLES if name in tables]
        return (shards, stages, *written) | "Written" >> beam.Flatten()

    def _balance(self, clips: Any, ledger: Ledger) -> Any:
        """Return the selected clips and what became of the targets."""
        kept, gone, plan = clips | Balance(self._config.balance)
        ledger.add("rejections", gone | "WhyUnbalanced" >> beam.Map(lambda pair: pair[1]))
        ledger.add("clips", gone | "Unbalanced" >> beam.Map(lambda pair: ended(pair[0], "rejected")))
        ledger.count(kept | "CountKept" >> beam.Map(_balance_summary, 1))
        ledger.count(gone | "CountGone" >> beam.Map(lambda pair: _balance_summary(pair[0], 0)))
        return kept, plan | "Targets" >> beam.FlatMap(lambda p: p.targets)

    def _write_shards(self, clips: Any, ledger: Ledger) -> Any:
        digest, config = config_hash(self._config), self._config
        placed = clips | "Split" >> beam.Map(assign_split, config.split)
        counted = placed | "ExpectCheck" >> beam.Map(progress.expect, "check")
        good, dead = counted | "Check" >> beam.Map(_checked, self._places, digest).with_exception_handling()
        failures = dead | "CheckDead" >> beam.Map(failure_of, "check", "clip")
        ledger.add("failures", failures)
        ledger.add("clips", dead | "CheckFailed" >> beam.MapTuple(lambda c, _: ended(c, "failed")))
        ledger.count(failures | "CountCheckDead" >> beam.Map(failure_summary))
        ledger.count(good | "CountShards" >> beam.Map(_shard_summary))
        accepted = good | "Accept" >> beam.Map(ended, "accepted")
        ledger.add("clips", accepted)
        sizes = accepted | "BySplit" >> beam.Map(lambda c: (c.split, 1)) | beam.CombinePerKey(sum)
        keyed: Any = accepted | "Shard" >> beam.Map(_shard_key, AsDict(sizes), config.shards)
        places, folder = self._places, self._places.result.shards
        return (
            keyed
            | "GroupShards" >> beam.GroupByKey()
            | "WriteShards"
            >> beam.MapTuple(
                lambda key, group: write_shard(folder, key[0], key[1], group, places.parts_of, digest)
            )
        )

    def _bias(self, merged: dict[str, Any]) -> Any:
        targets = {t.attributes[0]: t.shares for t in self._config.balance.targets if len(t.attributes) == 1}
        records = {name: merged[name] for name in ("clips", "rejections", "failures", "videos")}
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


def _shard_key(clip: Clip, sizes: dict[str, int], config: ShardConfig) -> tuple[tuple[str, int], Clip]:
    split = clip.split or "train"
    return (split, shard_number(clip.clip_id, num_shards(sizes[split], config))), clip


def _write_json(value: Any, path: str) -> str:
    write_bytes(path, json.dumps(value).encode())
    return path
