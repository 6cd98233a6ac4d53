"""What a result says once some of its clips and videos are gone: its tables, its stages' counts, its people.

Rows that stay keep what they say; counts are those that a run without the erased ones would have, costs are
what was spent. Bias tables are computed anew from the rows that stay, with the same bounds for small groups.
What tells of balancing as it was, and of declarations beside estimates, is not known without what was erased
and is left empty: `package` or `curate` tells it again.

An erased file stays in the counts, as a rejection without a name. So it comes out the same when the manifest
still has it, and nobody learns from the tables who it was.
"""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam

from pipelines.config import CurateConfig
from pipelines.erase.plan import ErasePlan
from pipelines.erase.remaining_counts import clip_counts, costs_before
from pipelines.erase.shards import ShardChange, change_shard, read_index, write_energon
from pipelines.erased import REASON, unnamed
from pipelines.erased_spans import erased_rejection
from pipelines.package import records_of_table
from pipelines.places import Places
from pipelines.results import Result
from pipelines.steps import add_summaries
from schemas.bias import BalanceSplit
from schemas.layout import STAGES_JSON
from schemas.lineage import Lineage
from schemas.outcomes import Failure, Rejection
from schemas.records.clip import Clip
from schemas.run import PeopleSummary
from schemas.stages import CLIP_STAGES
from schemas.tables import TABLES
from transforms.balance.candidates import attribute_names, candidate_of
from transforms.balance.config import BalanceConfig
from transforms.balance.splits import describe_split
from transforms.storage import write_bytes
from transforms.summarise_bias import SummariseBias
from transforms.trace_lineage import lineage_of
from transforms.write_tables import WriteTable

# Without these tables nobody can be told from the difference of two results; `package` makes them anew.
_EMPTIED = ("balance_targets", "balance_warnings", "declared_perceived")
_KEPT = ("videos", "shots", "face_tracks", "clips", "rejections", "failures", "unused_declarations")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Doomed:
    """The ids of what goes, by which rows are told from those that stay.

    `tracks` have no clip any more; `groups` are new names of groups of look-alikes.
    """

    clips: frozenset[str]
    videos: frozenset[str]
    names: frozenset[str]
    tracks: frozenset[str]
    groups: Mapping[str, str]

    def stays(self, table: str, record: Any) -> bool:
        """Return whether a table keeps a record."""
        if getattr(record, "video_id", None) in self.videos:
            return False
        if table == "clips":
            return record.clip_id not in self.clips
        if table == "face_tracks":
            return record.track_id not in self.tracks
        if table in ("rejections", "failures"):
            return record.subject_id not in self.clips and record.source_name not in self.names
        return table != "unused_declarations" or record.source_name not in self.names

    def renamed(self, record: Any) -> Any:
        """Return a record that names nothing of what goes: no file, no group called after somebody."""
        if isinstance(record, Rejection) and record.also:
            said = tuple(word for word in record.also if not word.endswith(tuple(self.names)))
            return dataclasses.replace(record, also=said)
        if not isinstance(record, Clip) or record.identity is None:
            return record
        group = self.groups.get(record.identity.split_group)
        if group is None:
            return record
        return dataclasses.replace(record, identity=dataclasses.replace(record.identity, split_group=group))


def doomed_of(result: Result, plan: ErasePlan) -> Doomed:
    """Return by which ids the rows of what goes are told.

    Raises:
        BadInputError: if the table of clips cannot be read.
    """
    rows = result.read_table("clips", ["clip_id", "track_id"]).to_pylist()
    gone = set(plan.clip_ids)
    tracks = {r["track_id"] for r in rows if r["clip_id"] in gone}
    return Doomed(
        clips=frozenset(gone),
        videos=frozenset(plan.video_ids),
        names=frozenset(plan.source_names),
        tracks=frozenset(tracks - {r["track_id"] for r in rows if r["clip_id"] not in gone}),
        groups=dict(plan.groups),
    )


class Remaining(beam.PTransform):
    """Writes the result without what goes: shards, tables, and the stages' counts as a note."""

    def __init__(
        self,
        before: Result,
        places: Places,
        plan: ErasePlan,
        config: CurateConfig,
        changes: Sequence[ShardChange],
        sizes: Mapping[str, Sequence[int]],
    ) -> None:
        super().__init__("Remaining")
        self._before, self._places, self._plan = before, places, plan
        self._config, self._changes, self._sizes = config, changes, sizes

    def expand(self, pipeline: Any) -> Any:
        """Return the PCollection of written paths."""
        doomed = doomed_of(self._before, self._plan)
        every = {name: records_of_table(pipeline, self._before, name) for name in _KEPT}
        kept = {name: records | _Keep(name, doomed) for name, records in every.items()}
        told = (
            pipeline | "Unnamed" >> beam.Create(_unnamed_rejections(self._before, self._plan)),
            every["clips"]
            | "Gone" >> beam.Filter(lambda c: c.clip_id in doomed.clips and c.video_id not in doomed.videos)
            | "GoneSpans" >> beam.Map(erased_rejection),
        )
        kept["rejections"] = (kept["rejections"], *told) | "AllRejections" >> beam.Flatten()
        shards, energon = self._shards(pipeline)
        tables = {**kept, **self._balance(pipeline, kept), "lineage": self._lineage(shards, kept["clips"])}
        folder = self._places.result.tables
        written = [tables[name] | WriteTable(folder, name) for name in TABLES]
        return (*written, self._stages(pipeline, kept), shards, energon) | beam.Flatten()

    def _lineage(self, shards: Any, clips: Any) -> Any:
        """Return where each sample lies now, and where it comes from, of shards by their paths."""
        found = {
            "rows": shards | "IndexRows" >> beam.FlatMap(_index_rows, self._places.result),
            "clips": clips | "KeySamples" >> beam.Map(lambda clip: (clip.clip_id, clip)),
        }
        return found | "Located" >> beam.CoGroupByKey() | "Lineage" >> beam.FlatMap(_lineage)

    def _balance(self, pipeline: Any, kept: Mapping[str, Any]) -> dict[str, Any]:
        """Return the tables about groups of people, made from the rows that stay."""
        empty = {name: pipeline | f"No_{name}" >> beam.Create([]) for name in _EMPTIED}
        splits = (
            kept["clips"]
            | "Drawn" >> beam.FlatMap(_drawn)
            | "BySplit" >> beam.GroupByKey()
            | "DescribeSplits" >> beam.Map(_split, self._config.balance)
        )
        targets = {t.attributes[0]: t.shares for t in self._config.balance.targets if len(t.attributes) == 1}
        names = ("clips", "rejections", "failures", "videos")
        records = {name: kept[name] for name in names}
        found = {**records, "balance_targets": empty["balance_targets"], "balance_splits": splits}
        told: Any = found | SummariseBias(self._config.bias, CLIP_STAGES, targets)
        return {**empty, **told}

    def _stages(self, pipeline: Any, kept: Mapping[str, Any]) -> Any:
        keyed = {
            "clips": kept["clips"] | "KeyClips" >> beam.Map(lambda clip: (clip.clip_id, clip)),
            "rejections": kept["rejections"] | "KeyRejections" >> beam.FlatMap(_of_clip),
            "failures": kept["failures"] | "KeyFailures" >> beam.FlatMap(_of_clip),
        }
        counted = keyed | "Ends" >> beam.CoGroupByKey() | "CountClips" >> beam.FlatMap(clip_counts)
        costs = pipeline | "Costs" >> beam.Create(costs_before(self._before, self._plan))
        path = self._places.note(STAGES_JSON)
        return (
            (counted, costs)
            | "Summaries" >> beam.Flatten()
            | "AddUp" >> beam.CombinePerKey(add_summaries)
            | "Values" >> beam.Values()
            | "Plain" >> beam.Map(dataclasses.asdict)
            | "Together" >> beam.combiners.ToList()
            | "WriteStages" >> beam.Map(_write_json, path)
        )

    def _shards(self, pipeline: Any) -> tuple[Any, Any]:
        gone, groups = frozenset(self._plan.clip_ids), dict(self._plan.groups)
        shards = (
            pipeline
            | "Shards" >> beam.Create(list(self._changes))
            | "Spread" >> beam.Reshuffle()
            | "ChangeShards" >> beam.Map(change_shard, self._before, self._places.result, gone, groups)
        )
        energon = (
            pipeline
            | "Sizes" >> beam.Create([dict(self._sizes)])
            | "Energon" >> beam.FlatMap(lambda sizes, after: write_energon(after, sizes), self._places.result)
        )
        return shards, energon


def _index_rows(path: str, after: Result) -> Iterator[tuple[str, Mapping[str, Any]]]:
    name = path.rsplit("/", 1)[-1].removesuffix(".tar")
    for row in read_index(after, name).to_pylist():
        yield row["key"], row


def _lineage(grouped: tuple[str, Mapping[str, Any]]) -> Iterator[Lineage]:
    for row in grouped[1]["rows"]:
        for clip in grouped[1]["clips"]:
            yield lineage_of(clip, row)


class _Keep(beam.PTransform):
    """Records in; those that stay out."""

    def __init__(self, table: str, doomed: Doomed) -> None:
        super().__init__(f"Keep_{table}")
        self._table, self._doomed = table, doomed

    def expand(self, pcoll: Any) -> Any:
        """Return the PCollection of records."""
        table, doomed = self._table, self._doomed
        return pcoll | beam.Filter(lambda r: doomed.stays(table, r)) | beam.Map(doomed.renamed)


def _unnamed_rejections(before: Result, plan: ErasePlan) -> list[Rejection]:
    """Return a rejection for every file that goes; they are numbered on from those of earlier erasures."""
    reasons = before.read_table("rejections", ["reason", "level"]).to_pylist()
    known = sum(r["reason"] == REASON and r["level"] == "video" for r in reasons)
    names = [unnamed(known + number + 1).name for number in range(len(plan.source_names))]
    return [
        Rejection(
            stage="probe", level="video", subject_id=name, video_id=None, source_name=name, reason=REASON,
            score=None, threshold=None,
        )
        for name in names
    ]  # fmt: skip


def _of_clip(outcome: Rejection | Failure) -> Iterator[tuple[str, Any]]:
    if outcome.level == "clip":
        yield outcome.subject_id, outcome


def remaining_people(before: Result, plan: ErasePlan) -> PeopleSummary:
    """Return what a result says of its people without those who go; nothing is compared anew."""
    people = before.read_summary().people
    gone = {*plan.clip_ids, *plan.identities, *plan.speakers}
    rows = before.read_table("clips", ["clip_id", "identity_identity_id"]).to_pylist()
    lost = sum(r["clip_id"] in gone and r["identity_identity_id"] is not None for r in rows)
    near = [line for line in people.too_near if not any(one in line for one in gone)]
    return PeopleSummary(
        num_faces=max(people.num_faces - lost, 0),
        num_identities=max(people.num_identities - len(plan.identities), 0),
        nearest_across_splits=None,
        too_near=near,
        speakers_with_several_identities=[
            s for s in people.speakers_with_several_identities if s not in gone
        ],
        identities_with_several_speakers=[
            i for i in people.identities_with_several_speakers if i not in gone
        ],
    )


def _drawn(clip: Clip) -> Iterator[tuple[str, Clip]]:
    if clip.status != "rejected" and clip.split is not None and clip.sampling_weight is not None:
        yield clip.split, clip


def _split(drawn: tuple[str, Iterable[Clip]], config: BalanceConfig) -> BalanceSplit:
    split, clips = drawn
    ordered = sorted(clips, key=lambda clip: clip.clip_id)
    candidates = [candidate_of(clip, attribute_names(config)) for clip in ordered]
    weights = {c.values: clip.sampling_weight or 0.0 for c, clip in zip(candidates, ordered, strict=True)}
    return describe_split(split, candidates, weights, config)


def _write_json(value: Any, path: str) -> str:
    write_bytes(path, json.dumps(value).encode())
    return path
