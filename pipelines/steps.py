"""The Beam shell around a visit: earlier results, isolation, dead letters, counts; it knows no media."""

import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import GlobalWindows

from media.source import is_remote
from pipelines import progress
from pipelines.artefacts import ArtefactStore, ElementParts
from pipelines.elements import ClipTask, VisitResult, subject_of
from pipelines.failures import failure_of
from pipelines.isolation import IsolationConfig, num_processes, result_of, start_isolated
from pipelines.job_options import HERE, JobShape
from pipelines.recipes import CANNOT_LOOK, artefact_for, owner_of, with_whole_models
from pipelines.sender import Sender
from pipelines.stages import VISITS, Visit, VisitSections
from pipelines.stored_results import named, record_of, result_of_record
from pipelines.watch import Watch
from schemas.consent import refusal
from schemas.outcomes import Failure
from schemas.records.source import Source
from schemas.records.video import Artefact
from schemas.run import StageSummary
from schemas.stages import STAGE
from transforms.storage import FULL, map_files


class OutputError(RuntimeError):
    """The output folder cannot be written any more: nothing that follows could be kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A visit with all that it takes to run it, isolated and behind a timeout, unless its result is there."""

    visit: Visit
    level: str
    settings: Mapping[str, Any]
    recipes: Mapping[str, str]
    store: ArtefactStore
    isolation: IsolationConfig
    shape: JobShape = HERE

    @property
    def name(self) -> str:
        """The stage's name."""
        return self.visit.stage

    def artefact(self, element: Any) -> Artefact | None:
        """Return the name of what the visit makes of an element; None if it cannot be told.

        A file whose people did not agree is not even looked at.
        """
        if isinstance(element, Source) and refusal(element):
            return None
        try:
            return artefact_for(element, self.visit, self.recipes)
        except CANNOT_LOOK:
            return None  # the visit says what is wrong with the file

    def find(self, element: Any) -> tuple[Artefact | None, VisitResult | None]:
        """Return how a result would be named, and the result if an earlier run made it."""
        began = time.thread_time()
        artefact = self.artefact(element)
        record = None if artefact is None else self.store.find(owner_of(element), artefact)
        if artefact is None or record is None:
            return artefact, None
        try:
            found = result_of_record(record, element, self.visit, artefact)
        except (KeyError, TypeError, ValueError):
            return artefact, None  # not what this version keeps: it is made again
        costs = {**found.cpu_seconds, "find_artefact": time.thread_time() - began}
        return artefact, replace(found, cpu_seconds=costs)

    def start(self, element: Any, artefact: Artefact | None) -> Future[VisitResult]:
        """Queue the visit of one element."""
        return start_isolated(
            perform,
            *(self.visit, self.settings, self.store, artefact, element),
            config=self.isolation,
            media_seconds=subject_of(element).seconds,
        )

    def finish(self, element: Any, visit: Future[VisitResult]) -> VisitResult | Failure:
        """Wait for a visit and count it; what it raised becomes a Failure.

        Raises:
            OutputError: if the output folder is full or cannot be written.
        """
        try:
            result = result_of(visit, self.isolation)
        except OSError as error:
            if error.errno in FULL:
                raise OutputError(f"{self.store.root}: cannot be written ({error})") from error
            return self._failed(element, error)
        except Exception as error:
            return self._failed(element, error)
        progress.count(self.name, done=1, media_seconds=subject_of(element).seconds)
        return result

    def _failed(self, element: Any, error: Exception) -> Failure:
        progress.count(self.name, failed=1)
        raised = (type(error), repr(error), traceback.format_exception(error))
        return failure_of((element, raised), self.name, self.level)


def step_of(
    stage: str,
    config: VisitSections,
    recipes: Mapping[str, str],
    store: ArtefactStore,
    isolation: IsolationConfig,
    shape: JobShape = HERE,
) -> Step:
    """Return the step of a stage of the table with its own sections of a configuration.

    Models that the configuration names by relative paths go by whole ones: a worker has another folder.
    """
    visit = VISITS[stage]
    return Step(
        visit=visit,
        level=STAGE[stage].level,
        settings=with_whole_models(visit, visit.settings(config)),
        recipes=recipes,
        store=store,
        isolation=isolation,
        shape=shape,
    )


def perform(
    visit: Visit, settings: Mapping[str, Any], store: ArtefactStore, artefact: Artefact | None, element: Any
) -> VisitResult:
    """Visit an element and keep the result as an artefact; runs in an isolated process.

    Raises:
        Exception: whatever the visit raised; nothing is kept then.
    """
    # Into the worker's log: what it worked on, should it die, and where what it made would lie.
    kept = "-" if artefact is None else artefact.artefact_id
    print(f"{visit.stage} {subject_of(element).subject_id} {kept}", file=sys.stderr, flush=True)
    made = element.clip.artefacts if isinstance(element, ClipTask) else ()
    owner = owner_of(element)
    result = visit.visit(element, ElementParts(store, owner, made), **settings)
    if artefact is None:
        return replace(result, parts={})
    began = time.process_time()
    store.write(owner, artefact, record_of(result, visit), result.parts)
    costs = {**result.cpu_seconds, "write_artefact": time.process_time() - began}
    return named(replace(result, parts={}, cpu_seconds=costs), element, artefact)


class VisitBundle(beam.DoFn):
    """Visits the elements of a bundle together: the pool's queue, not Beam's threads, keeps cores busy.

    Results that earlier runs made are taken from their artefacts. The other elements are queued together,
    the longest first, so that no core waits for a long element at the end; one Beam thread feeds any number
    of processes. (Beam's own threads take whole bundles, fixed beforehand, and each costs 0.8 s of
    unpickling this chain.)

    On machines elsewhere a bundle is taken in portions, no more than two elements a process at a time: what
    it has not taken yet its runner can give to another machine, and what is lost with a machine is little.
    """

    FAILURES, FAILED = "failures", "failed"

    def __init__(self, step: Step) -> None:
        super().__init__()
        self._step = step
        self._begin()

    def __reduce__(self) -> tuple[Any, ...]:
        return _visit_bundle, (Sender(), self._step)

    def _begin(self) -> None:
        self._waiting: list[Any] = []
        self._visits: dict[Future[VisitResult], Any] = {}
        self._watch = Watch(self._step.name)

    def start_bundle(self) -> None:
        """Begin with no elements: a DoFn serves many bundles."""
        self._begin()

    def process(self, element: Any) -> Iterator[Any]:
        """Keep an element until the bundle, or a portion of it, is whole; then yield as `finish_bundle`."""
        self._waiting.append(element)
        if self._step.shape.elsewhere and len(self._waiting) >= num_processes(self._step.isolation):
            yield from self._ended(at_most=len(self._waiting))
            yield from self._start()

    def finish_bundle(self) -> Iterator[Any]:
        """Yield VisitResults, and for what failed the Failure and the element, as they are done."""
        for found in (self._start(), self._ended(at_most=0)):
            for one in found:
                if isinstance(one, TaggedOutput):
                    yield TaggedOutput(one.tag, GlobalWindows.windowed_value(one.value))
                else:
                    yield GlobalWindows.windowed_value(one)

    def _start(self) -> Iterator[VisitResult]:
        """Queue the elements that wait; yield the results that are there already."""
        longest_first = sorted(self._waiting, key=lambda e: -subject_of(e).seconds)
        self._waiting = []
        found = map_files(self._step.find, longest_first, is_remote(self._step.store.root))
        for element, (artefact, result) in zip(longest_first, found, strict=True):
            if result is None:
                self._visits[self._step.start(element, artefact)] = element
        for element, (_, result) in zip(longest_first, found, strict=True):
            if result is not None:
                progress.count(self._step.name, reused=1, media_seconds=subject_of(element).seconds)
                yield result

    def _ended(self, at_most: int) -> Iterator[Any]:
        """Yield what visits give, as they end, until so many are left."""
        while len(self._visits) > at_most:
            for visit in self._watch.ended(self._visits):
                element = self._visits.pop(visit)
                done = self._step.finish(element, visit)
                if isinstance(done, Failure):
                    yield TaggedOutput(self.FAILURES, done)
                    yield TaggedOutput(self.FAILED, element)
                else:
                    yield done


def _visit_bundle(_: Sender, step: Step) -> VisitBundle:
    return VisitBundle(step)


class RunStep(beam.PTransform):
    """Elements in; results, failures and failed elements out. A Reshuffle breaks the fan-out."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.name)
        self._step = step

    def expand(self, pcoll: Any) -> Any:
        """Return PCollections of VisitResult, of Failure and of the elements that failed."""
        spread = pcoll | "Count" >> beam.Map(progress.expect, self._step.name) | beam.Reshuffle()
        visits = beam.ParDo(VisitBundle(self._step))
        visits.with_resource_hints(**self._step.shape.of_stage(self._step.name))
        done = spread | "Visit" >> visits.with_outputs(
            VisitBundle.FAILURES, VisitBundle.FAILED, main="results"
        )
        return done.results, done[VisitBundle.FAILURES], done[VisitBundle.FAILED]


def summary(
    stage: str,
    level: str,
    *,
    num_out: int = 0,
    num_rejected: int = 0,
    num_failed: int = 0,
    media_seconds: float = 0.0,
    result: VisitResult | None = None,
) -> tuple[tuple[str, str], StageSummary]:
    """Return the keyed contribution of one element to its stage's summary."""
    steps = {} if result is None else dict(result.cpu_seconds)
    return (stage, level), StageSummary(
        stage=stage,
        level=level,
        num_in=num_out + num_rejected + num_failed,
        num_out=num_out,
        num_rejected=num_rejected,
        num_failed=num_failed,
        cpu_seconds=sum(steps.values()),
        media_seconds=media_seconds,
        frames_decoded=0 if result is None else result.frames_decoded,
        cpu_by_step=steps,
        num_reused=int(result is not None and result.reused),
    )


def add_summaries(parts: Any) -> StageSummary | None:
    """Add summaries of one stage (associative and commutative, as Beam's combiners must be)."""
    total: StageSummary | None = None
    for part in parts:
        total = part if total is None else _add(total, part)
    return total


def _add(a: StageSummary, b: StageSummary) -> StageSummary:
    steps = dict(a.cpu_by_step)
    for name, seconds in b.cpu_by_step.items():
        steps[name] = steps.get(name, 0.0) + seconds
    counts = ("num_in", "num_out", "num_rejected", "num_failed", "cpu_seconds", "media_seconds")
    added = {name: getattr(a, name) + getattr(b, name) for name in (*counts, "frames_decoded", "num_reused")}
    return StageSummary(stage=a.stage, level=a.level, cpu_by_step=steps, **added)
