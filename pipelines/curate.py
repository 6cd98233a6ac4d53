"""Curate: from raw talking videos to training shards and tables.

    sources -> probe -> one of each content -> survey -> clips
    clips -> propose filter -> audio -> filter -> look -> filter -> sync -> compare faces of a shot
          -> filter -> words -> filter -> body -> filter -> accepted
    accepted -> split -> check -> shards
    everything on the way -> tables

Sync comes before words: it costs a fiftieth of them, and words are found in sound that is in its
place. The steps embed_faces, cluster_identities, estimate_attributes and
balance have their place between words and split; until they are built their records are None and
samples name them in `not_computed`.
"""

import dataclasses
import json
from collections.abc import Iterable, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsDict

from pipelines import progress, visits
from pipelines.config import CurateConfig, config_hash
from pipelines.steps import RunStep, Step, add_summaries, failure_of, summary
from pipelines.visits import ClipTask, VisitResult
from schemas.outcomes import Failure, Rejection
from schemas.records import Clip, Source, Video
from transforms.assign_split import assign_split
from transforms.filter_clips import Rule, judge_clip
from transforms.score_sync import with_rivals
from transforms.storage import join, write_bytes
from transforms.write_shards import ShardConfig, num_shards, read_sample, shard_number, write_shard
from transforms.write_tables import WriteTable


class Curate(beam.PTransform):
    """The whole chain. Input: a PCollection of Source. Writes below `output`."""

    def __init__(self, config: CurateConfig, output: str) -> None:
        super().__init__("Curate")
        self._config, self._output = config, output

    def expand(self, pcoll: Any) -> Any:
        """Return the PCollection of written paths."""
        ledger = _Ledger()
        videos = self._probe(pcoll, ledger)
        tasks = self._survey(videos, ledger)
        clips = self._visit_clips(tasks, ledger)
        shards = self._write(clips, ledger)
        written = [shards]
        for table, parts in ledger.tables.items():
            merged = parts | f"Merge_{table}" >> beam.Flatten()
            written.append(merged | WriteTable(join(self._output, "tables"), table))
        written.append(self._write_stages(ledger))
        return written | "Written" >> beam.Flatten()

    def _step(self, name: str, level: str, visit: Any, *arguments: Any) -> Step:
        return Step(
            name=name,
            level=level,
            visit=visit,
            arguments=(self._config, *arguments),
            isolation=self._config.isolation,
        )

    def _probe(self, sources: Any, ledger: "_Ledger") -> Any:
        step = self._step("probe", "video", visits.probe_visit)
        results = ledger.run(sources, step, _level_summary)
        found = results | "Videos" >> beam.FlatMap(_outputs)
        grouped = found | "ById" >> beam.Map(_keyed_by_id) | beam.GroupByKey()
        unique = grouped | "First" >> beam.FlatMapTuple(lambda _, same: first_of(same)[:1])
        doubles = grouped | "Doubles" >> beam.FlatMapTuple(lambda _, same: duplicates_of(same))
        ledger.add("rejections", doubles)
        ledger.add("videos", unique)
        ledger.count(unique | "CountUnique" >> beam.Map(lambda v: summary("deduplicate", "video", num_out=1)))
        ledger.count(
            doubles | "CountDoubles" >> beam.Map(lambda r: summary("deduplicate", "video", num_rejected=1))
        )
        return unique

    def _survey(self, videos: Any, ledger: "_Ledger") -> Any:
        results = ledger.run(videos, self._step("survey", "video", visits.survey_visit), _level_summary)
        ledger.add("shots", results | "Shots" >> beam.FlatMap(lambda r: r.shots))
        ledger.add("face_tracks", results | "Tracks" >> beam.FlatMap(lambda r: r.tracks))
        return results | "Candidates" >> beam.FlatMap(_outputs)

    def _visit_clips(self, tasks: Any, ledger: "_Ledger") -> Any:
        tasks = self._filter(tasks, "propose", ledger)
        for name, visit, extra in (
            ("audio", visits.audio_visit, (self._output,)),
            ("look", visits.look_visit, ()),
            ("sync", visits.sync_visit, ()),
            ("words", visits.words_visit, ()),
            ("body", visits.body_visit, ()),
        ):
            results = ledger.run(tasks, self._step(name, "clip", visit, *extra), None)
            ledger.count(results | f"Cost_{name}" >> beam.FlatMap(_cost_only, name))
            found = results | f"Found_{name}" >> beam.FlatMap(_outputs)
            if name == "sync":
                found = self._compare_faces(found)
            tasks = self._filter(found, name, ledger)
        return tasks | "Clips" >> beam.Map(lambda t: t.clip)

    def _compare_faces(self, tasks: Any) -> Any:
        """Tell the clips of each shot how their faces compare with others seen at the same time."""
        return (
            tasks
            | "ByShot" >> beam.Map(_keyed_by_shot)
            | "FacesOfShot" >> beam.GroupByKey()
            | "CompareFaces" >> beam.FlatMapTuple(_compared)
        )

    def _filter(self, tasks: Any, stage: str, ledger: "_Ledger") -> Any:
        """Divide clips by the rules of a stage; the rejected go to the ledger."""
        judged = tasks | f"Judge_{stage}" >> beam.Map(_judged, self._config.filter.rules, stage)
        kept = judged | f"Keep_{stage}" >> beam.FlatMapTuple(lambda t, why: [t] if why is None else [])
        gone = judged | f"Drop_{stage}" >> beam.FlatMapTuple(lambda t, why: [] if why is None else [(t, why)])
        ledger.add("rejections", gone | f"Why_{stage}" >> beam.Map(lambda pair: pair[1]))
        ledger.add("clips", gone | f"Lost_{stage}" >> beam.Map(lambda pair: _ended(pair[0].clip, "rejected")))
        ledger.count(judged | f"Tally_{stage}" >> beam.Map(_filter_summary, stage))
        return kept

    def _write(self, clips: Any, ledger: "_Ledger") -> Any:
        digest, config = config_hash(self._config), self._config
        placed = clips | "Split" >> beam.Map(assign_split, config.split)
        counted = placed | "ExpectCheck" >> beam.Map(progress.expect, "check")
        good, dead = counted | "Check" >> beam.Map(_checked, digest).with_exception_handling()
        failures = dead | "CheckDead" >> beam.Map(failure_of, "check", "clip")
        ledger.add("failures", failures)
        ledger.add("clips", dead | "CheckFailed" >> beam.MapTuple(lambda c, _: _ended(c, "failed")))
        ledger.count(failures | "CountCheckDead" >> beam.Map(_failure_summary))
        ledger.count(good | "CountShards" >> beam.Map(_shard_summary))
        accepted = good | "Accept" >> beam.Map(_ended, "accepted")
        ledger.add("clips", accepted)
        sizes = accepted | "BySplit" >> beam.Map(lambda c: (c.split, 1)) | beam.CombinePerKey(sum)
        keyed = accepted | "Shard" >> beam.Map(_shard_key, AsDict(sizes), config.shards)
        folder = join(self._output, "shards")
        return (
            keyed
            | "GroupShards" >> beam.GroupByKey()
            | "WriteShards"
            >> beam.MapTuple(lambda key, group: write_shard(folder, key[0], key[1], group, digest))
        )

    def _write_stages(self, ledger: "_Ledger") -> Any:
        """Write the stage summaries for run.json."""
        path = join(self._output, "work", "stages.json")
        return (
            ledger.summaries
            | "Summaries" >> beam.Flatten()
            | "AddUp" >> beam.CombinePerKey(add_summaries)
            | "Values" >> beam.Values()
            | "Plain" >> beam.Map(dataclasses.asdict)
            | "Together" >> beam.combiners.ToList()
            | "WriteStages" >> beam.Map(_write_json, path)
        )


class _Ledger:
    """Gathers, while the pipeline is built, what goes to which table."""

    def __init__(self) -> None:
        names = ("videos", "shots", "face_tracks", "clips", "rejections", "failures")
        self.tables: dict[str, list[Any]] = {name: [] for name in names}
        self.summaries: list[Any] = []

    def add(self, table: str, records: Any) -> None:
        """Let records go to a table."""
        self.tables[table].append(records)

    def count(self, summaries: Any) -> None:
        """Let keyed summaries be added up."""
        self.summaries.append(summaries)

    def run(self, elements: Any, step: Step, tally: Any) -> Any:
        """Run a step; its rejections and failures go to the tables, its costs to the summaries."""
        results, failures, failed = elements | RunStep(step)
        name = step.name
        if step.level == "clip":
            self.add("clips", failed | f"Failed_{name}" >> beam.Map(lambda t: _ended(t.clip, "failed")))
        self.add("rejections", results | f"Rejections_{name}" >> beam.FlatMap(lambda r: r.rejections))
        self.add("failures", failures)
        self.count(failures | f"CountFailures_{name}" >> beam.Map(_failure_summary))
        if tally is not None:
            self.count(results | f"CountResults_{name}" >> beam.Map(tally, name, step.level))
        return results


def first_of(videos: Iterable[Video]) -> list[Video]:
    """Return videos of one content in the order in which the first is kept."""
    return sorted(videos, key=lambda v: (v.source.name, v.source.uri))


def duplicates_of(videos: Iterable[Video]) -> list[Rejection]:
    """Return the rejections of all but the first video of one content."""
    first, *others = first_of(videos)
    return [
        Rejection(
            stage="deduplicate",
            level="video",
            subject_id=other.video_id,
            video_id=other.video_id,
            uri=other.source.uri,
            reason="duplicate",
            score=None,
            threshold=None,
            also=(f"same content as {first.source.name}",),
            seconds=other.duration_seconds,
        )
        for other in others
    ]


def _keyed_by_id(video: Video) -> tuple[str, Video]:
    return video.video_id, video


def _keyed_by_shot(task: ClipTask) -> tuple[str, ClipTask]:
    return task.clip.shot_id, task


def _compared(_: str, tasks: Iterable[ClipTask]) -> list[ClipTask]:
    together = sorted(tasks, key=lambda task: task.clip.clip_id)
    clips = with_rivals([task.clip for task in together])
    return [dataclasses.replace(t, clip=clip) for t, clip in zip(together, clips, strict=True)]


def _outputs(result: VisitResult) -> Sequence[Any]:
    return result.outputs


def _ended(clip: Clip, status: Any) -> Clip:
    return dataclasses.replace(clip, status=status)


def _judged(task: ClipTask, rules: Sequence[Rule], stage: str) -> tuple[ClipTask, Rejection | None]:
    return task, judge_clip(task.clip, rules, stage)


def _filter_summary(judged: tuple[ClipTask, Rejection | None], stage: str) -> Any:
    task, why = judged
    return summary(
        stage, "clip", num_out=int(why is None), num_rejected=int(why is not None),
        media_seconds=task.clip.duration_seconds,
    )  # fmt: skip


def _level_summary(result: VisitResult, stage: str, level: str) -> Any:
    """A video that gives nothing to the next stage counts as rejected there."""
    found = bool(result.outputs)
    seconds = result.outputs[0].duration_seconds if stage == "probe" and found else 0.0
    if stage == "survey":
        seconds = sum(s.end_seconds - s.start_seconds for s in result.shots)
    return summary(
        stage, level, num_out=int(found), num_rejected=int(not found), media_seconds=seconds, result=result
    )


def _cost_only(result: VisitResult, stage: str) -> list[Any]:
    return [summary(stage, "clip", result=result)]


def _failure_summary(failure: Failure) -> Any:
    return summary(failure.stage, failure.level, num_failed=1)


def _checked(clip: Clip, digest: str) -> Clip:
    """Read a clip's parts and check the sample's contract; raises SampleError."""
    read_sample(clip, digest)
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


def sources_collection(pipeline: Any, sources: Sequence[Source]) -> Any:
    """Return the sources as a PCollection, in the given order."""
    return pipeline | "Sources" >> beam.Create(list(sources))
