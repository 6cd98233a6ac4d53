"""The Beam shell around a visit: isolation, dead letters, counts. Nothing here knows media."""

import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, as_completed
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import GlobalWindows

from pipelines import progress
from pipelines.failures import failure_of, subject_of
from pipelines.isolation import IsolationConfig, result_of, start_isolated
from pipelines.visits import VisitResult
from schemas.outcomes import Failure
from schemas.run import StageSummary


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A visit with its name and level, run in an isolated process behind a timeout."""

    name: str
    level: str
    visit: Callable[..., VisitResult]
    arguments: tuple[Any, ...]
    isolation: IsolationConfig

    def start(self, element: Any) -> Future[VisitResult]:
        """Queue the visit of one element."""
        seconds = subject_of(element).seconds
        return start_isolated(
            self.visit, element, *self.arguments, config=self.isolation, media_seconds=seconds
        )

    def finish(self, element: Any, visit: Future[VisitResult]) -> VisitResult | Failure:
        """Wait for a visit and count it; what it raised becomes a Failure."""
        try:
            result = result_of(visit)
        except Exception as error:
            progress.count(self.name, failed=1)
            raised = (type(error), repr(error), traceback.format_exception(error))
            return failure_of((element, raised), self.name, self.level)
        progress.count(self.name, done=1, media_seconds=subject_of(element).seconds)
        return result


class VisitBundle(beam.DoFn):
    """Visits all elements of a bundle at once: the pool's queue, not Beam's threads, keeps cores busy.

    A bundle's elements are queued together, the longest first, so that no core waits for a long
    element at the end; one Beam thread feeds any number of processes. (Beam's own threads take
    whole bundles, fixed beforehand, and each costs 0.8 s of unpickling this chain.)
    """

    FAILURES, FAILED = "failures", "failed"

    def __init__(self, step: Step) -> None:
        super().__init__()
        self._step = step
        self._elements: list[Any] = []

    def start_bundle(self) -> None:
        """Begin with no elements: a DoFn serves many bundles."""
        self._elements = []

    def process(self, element: Any) -> None:
        """Keep an element until the bundle is whole."""
        self._elements.append(element)

    def finish_bundle(self) -> Iterator[Any]:
        """Yield VisitResults, and for what failed the Failure and the element, as they are done."""
        longest_first = sorted(self._elements, key=lambda e: -subject_of(e).seconds)
        visits = {self._step.start(element): element for element in longest_first}
        for visit in as_completed(visits):
            element = visits[visit]
            found = self._step.finish(element, visit)
            if isinstance(found, Failure):
                yield TaggedOutput(self.FAILURES, GlobalWindows.windowed_value(found))
                yield TaggedOutput(self.FAILED, GlobalWindows.windowed_value(element))
            else:
                yield GlobalWindows.windowed_value(found)


class RunStep(beam.PTransform):
    """Elements in; results, failures and failed elements out. A Reshuffle breaks the fan-out."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.name)
        self._step = step

    def expand(self, pcoll: Any) -> Any:
        """Return PCollections of VisitResult, of Failure and of the elements that failed."""
        spread = pcoll | "Count" >> beam.Map(progress.expect, self._step.name) | beam.Reshuffle()
        done = spread | "Visit" >> beam.ParDo(VisitBundle(self._step)).with_outputs(
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
    steps = {} if result is None else result.cpu_seconds
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
        cpu_by_step=dict(steps),
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
    return StageSummary(
        stage=a.stage,
        level=a.level,
        num_in=a.num_in + b.num_in,
        num_out=a.num_out + b.num_out,
        num_rejected=a.num_rejected + b.num_rejected,
        num_failed=a.num_failed + b.num_failed,
        cpu_seconds=a.cpu_seconds + b.cpu_seconds,
        media_seconds=a.media_seconds + b.media_seconds,
        frames_decoded=a.frames_decoded + b.frames_decoded,
        cpu_by_step=steps,
    )
