"""Curate: from raw talking videos to training shards and tables.

    sources -> probe -> not reserved -> one of each content -> survey -> clips
    clips -> propose filter -> audio -> filter -> look -> divide at jumps -> filter
          -> sync -> compare clips of a video
          -> filter -> words -> filter -> body -> filter -> people (who is who, copies) -> passed
    pieces of divided clips -> propose filter -> audio -> filter -> look -> filter, with the others
    passed, and everything on the way -> finish (balance, splits, shards, tables)

Sync comes before words: it costs a fiftieth of them, and words are found in sound that is in its
place.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import apache_beam as beam

from media.source import whole_uri
from pipelines.config import CurateConfig
from pipelines.elements import ClipTask, VisitResult
from pipelines.erased import Erased
from pipelines.erased_spans import without_spans
from pipelines.finish import Finish
from pipelines.job_options import JobShape
from pipelines.ledger import Ledger, ended
from pipelines.people import People, PeopleResult
from pipelines.places import Places
from pipelines.recipes import recipes_of
from pipelines.same_content import duplicates_of, kept_of
from pipelines.sender import of_this_mentor, this_mentor
from pipelines.stages import visits_of
from pipelines.steps import Step, step_of, summary
from schemas.attributes import unused_declarations
from schemas.consent import refusal
from schemas.outcomes import Rejection, video_rejection
from schemas.records.source import Source
from schemas.records.video import Video
from transforms.compare_faces import with_rivals
from transforms.filter_clips import Rule, judge_clip, max_jump
from transforms.judge_consent import RESERVED, ConsentConfig, heeds_reservations
from transforms.propose_clips import ClipConfig, lost_to_jumps, pieces_between_jumps
from transforms.score_sync import SyncConfig, with_shared_offset


class Curate(beam.PTransform):
    """The whole chain. Input: a PCollection of Source. Writes artefacts and the result's shards and tables.

    Args:
        log_folder: where worker processes write what native libraries print.
        shape: how the job is spread.
        erased: what must not come back of videos that stay.

    Raises:
        BadInputError: if a model that the configuration names is not there or not the pinned one.
    """

    def __init__(
        self,
        config: CurateConfig,
        places: Places,
        log_folder: str | None = None,
        shape: JobShape | None = None,
        erased: Erased | None = None,
    ) -> None:
        super().__init__("Curate")
        self._config, self._places, self._shape = config, places, shape or JobShape()
        self._erased = erased if erased is not None and erased.spans else None
        self._isolation = dataclasses.replace(config.isolation, log_folder=log_folder)
        self._recipes = recipes_of(config)

    def expand(self, pcoll: Any) -> Any:
        """Return the PCollection of written paths."""
        ledger = Ledger()
        ledger.add("unused_declarations", pcoll | "Unused" >> beam.FlatMap(_unused))
        videos = self._probe(pcoll, ledger)
        tasks = self._survey(videos, ledger)
        people = self._people(self._visit_clips(tasks, ledger), ledger)
        finished = {"passed": people.kept, **ledger.merged()} | Finish(self._config, self._places)
        return (*people.written, finished) | "AllWritten" >> beam.Flatten()

    def _step(self, name: str) -> Step:
        return step_of(name, self._config, self._recipes, self._places.store, self._isolation, self._shape)

    def _probe(self, sources: Any, ledger: Ledger) -> Any:
        results = ledger.run(sources, self._step("probe"), _level_summary, judge=self._heed)
        found = results | "Videos" >> beam.FlatMap(_outputs)
        grouped = found | "ById" >> beam.Map(_keyed_by_id) | beam.GroupByKey()
        survey = self._step("survey")
        unique = (
            grouped
            | "First" >> beam.MapTuple(lambda _, same: kept_of(same))
            | "NameSurvey" >> beam.Map(with_artefact, survey)
        )
        doubles = grouped | "Doubles" >> beam.FlatMapTuple(lambda _, same: duplicates_of(same))
        ledger.add("rejections", doubles)
        ledger.add("videos", unique)
        ledger.count(unique | "CountUnique" >> beam.Map(lambda v: summary("deduplicate", "video", num_out=1)))
        ledger.count(
            doubles | "CountDoubles" >> beam.Map(lambda r: summary("deduplicate", "video", num_rejected=1))
        )
        return unique

    def _heed(self, results: Any) -> Any:
        return results | "Reservations" >> beam.Map(without_reserved, self._config.consent)

    def _survey(self, videos: Any, ledger: Ledger) -> Any:
        results = ledger.run(videos, self._step("survey"), _level_summary)
        if self._erased is not None:
            whole = results | "LeaveErased" >> beam.Map(without_spans, self._erased, self._places.store)
            ledger.add("rejections", whole | "WhyErased" >> beam.FlatMapTuple(lambda _, why: why))
            results = whole | "NotErased" >> beam.MapTuple(lambda result, _: result)
        ledger.add("shots", results | "Shots" >> beam.FlatMap(lambda r: r.shots))
        ledger.add("face_tracks", results | "Tracks" >> beam.FlatMap(lambda r: r.tracks))
        return results | "Candidates" >> beam.FlatMap(_outputs)

    def _visit_clips(self, tasks: Any, ledger: Ledger) -> Any:
        names = [stage.name for stage, _ in visits_of("clip")]
        until_look, later = names[: names.index("look") + 1], names[names.index("look") + 1 :]
        whole, pieces = self._divide(self._seen(tasks, until_look, ledger), until_look, ledger)
        again = self._seen(pieces, until_look, ledger, of="_pieces")
        tasks = self._filter((whole, again) | "Looked" >> beam.Flatten(), "look", ledger)
        for name in later:
            found = self._visit(tasks, name, ledger)
            if name == "sync":
                found = self._compare_clips(found)
            tasks = self._filter(found, name, ledger)
        return tasks | "Clips" >> beam.Map(lambda t: t.clip)

    def _seen(self, tasks: Any, names: Sequence[str], ledger: Ledger, of: str = "") -> Any:
        """Visit clips up to the look, with the rules before it; those of the look itself are left out."""
        for before, name in itertools.pairwise(("propose", *names)):
            tasks = self._visit(self._filter(tasks, before, ledger, of), name, ledger, of)
        return tasks

    def _visit(self, tasks: Any, name: str, ledger: Ledger, of: str = "") -> Any:
        results = ledger.run(tasks, self._step(name), None, of)
        ledger.count(results | f"Cost_{name}{of}" >> beam.FlatMap(_cost_only, name))
        return results | f"Found_{name}{of}" >> beam.FlatMap(_outputs)

    def _divide(self, seen: Any, names: Sequence[str], ledger: Ledger) -> tuple[Any, Any]:
        """Divide clips at jump cuts that only the look sees; returns those left whole, and the pieces.

        The pieces take their clip's place in all counts, as if the survey had seen the cut.
        """
        bound = max_jump(self._config.filter.rules)
        divided = seen | "Divide" >> beam.Map(_divided, bound, self._config.clips)
        parted = divided | "Parted" >> beam.Filter(lambda pair: bool(pair[1]))
        ledger.add("rejections", parted | "LostToJumps" >> beam.FlatMap(_lost_to_jumps, bound))
        for name in ("propose", *names[:-1]):
            ledger.count(parted | f"Uncount_{name}" >> beam.Map(_uncounted, name))
        whole = divided | "Whole" >> beam.FlatMapTuple(lambda task, pieces: [] if pieces else [task])
        return whole, parted | "Pieces" >> beam.FlatMapTuple(lambda _, pieces: pieces)

    def _compare_clips(self, tasks: Any) -> Any:
        """Tell the clips of each video how late its sound is, and how faces seen at the same time compare."""
        return (
            tasks
            | "ByVideo" >> beam.Map(_keyed_by_video)
            | "ClipsOfVideo" >> beam.GroupByKey()
            | "CompareClips" >> beam.FlatMap(_compared, self._config.sync)
        )

    def _filter(self, tasks: Any, stage: str, ledger: Ledger, of: str = "") -> Any:
        """Divide clips by the rules of a stage; the rejected go to the ledger."""
        at = f"{stage}{of}"
        judged = tasks | f"Judge_{at}" >> beam.Map(_judged, self._config.filter.rules, stage)
        kept = judged | f"Keep_{at}" >> beam.FlatMapTuple(lambda t, why: [t] if why is None else [])
        gone = judged | f"Drop_{at}" >> beam.FlatMapTuple(lambda t, why: [] if why is None else [(t, why)])
        ledger.add("rejections", gone | f"Why_{at}" >> beam.Map(lambda pair: pair[1]))
        ledger.add("clips", gone | f"Lost_{at}" >> beam.Map(lambda pair: ended(pair[0].clip, "rejected")))
        ledger.count(judged | f"Tally_{at}" >> beam.Map(_filter_summary, stage))
        return kept

    def _people(self, clips: Any, ledger: Ledger) -> PeopleResult:
        """Find identities and copies; what is lost there goes to the ledger."""
        found = clips | People(self._config, self._places)
        ledger.add("rejections", found.rejections)
        ledger.add("failures", found.failures)
        ledger.add("clips", found.lost | "LostPeople" >> beam.Map(ended, "rejected"))
        ledger.add("clips", found.failed | "FailedPeople" >> beam.Map(ended, "failed"))
        for counted in found.summaries:
            ledger.count(counted)
        return found


def without_reserved(result: VisitResult, config: ConsentConfig) -> VisitResult:
    """Return what a probe found, with rejections for videos whose own files reserve text and data mining."""
    gone = [v for v in result.outputs if v.reservations and heeds_reservations(v.source, config)]
    kept = [video for video in result.outputs if video not in gone]
    rejected = (video_rejection(video, "probe", RESERVED, video.reservations) for video in gone)
    return dataclasses.replace(result, outputs=tuple(kept), rejections=(*result.rejections, *rejected))


def with_artefact(video: Video, survey: Step) -> Video:
    """Return a video that names what its survey makes of it."""
    artefact = survey.artefact(video)
    return video if artefact is None else dataclasses.replace(video, artefacts=(artefact,))


def _unused(source: Source) -> Sequence[Any]:
    """Return what a manifest declares and cannot be used; of people who did not agree, nothing is written."""
    return () if refusal(source) else unused_declarations(source)


def _keyed_by_id(video: Video) -> tuple[str, Video]:
    return video.video_id, video


def _keyed_by_video(task: ClipTask) -> tuple[str, ClipTask]:
    return task.clip.video_id, task


def _compared(of_video: tuple[str, Iterable[ClipTask]], sync: SyncConfig) -> list[ClipTask]:
    together = sorted(of_video[1], key=lambda task: task.clip.clip_id)
    clips = with_rivals(with_shared_offset([task.clip for task in together], sync))
    return [dataclasses.replace(t, clip=clip) for t, clip in zip(together, clips, strict=True)]


def _outputs(result: VisitResult) -> Sequence[Any]:
    return result.outputs


def _divided(task: ClipTask, bound: float, config: ClipConfig) -> tuple[ClipTask, list[ClipTask]]:
    pieces = pieces_between_jumps(task.clip, task.track, bound, config)
    return task, [dataclasses.replace(task, clip=piece) for piece in pieces]


def _lost_to_jumps(parted: tuple[ClipTask, list[ClipTask]], bound: float) -> list[Rejection]:
    return lost_to_jumps(parted[0].clip, [piece.clip for piece in parted[1]], bound)


def _uncounted(parted: tuple[ClipTask, list[ClipTask]], stage: str) -> Any:
    """Take a clip that was divided back from a stage that let it pass."""
    return summary(stage, "clip", num_out=-1, media_seconds=-parted[0].clip.duration_seconds)


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


def sources_collection(pipeline: Any, sources: Sequence[Source]) -> Any:
    """Return the sources as a PCollection, in the given order, for workers in whatever folder."""
    whole = [dataclasses.replace(source, uri=whole_uri(source.uri)) for source in sources]
    return (
        pipeline | "Sources" >> beam.Create(whole) | "SameMentor" >> beam.Map(of_this_mentor, this_mentor())
    )
