"""The Beam shell around a visit: isolation, dead letters, counts. Nothing here knows media."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from pipelines import progress
from pipelines.visits import ClipTask, VisitResult
from schemas.outcomes import Failure
from schemas.records import Clip, Source, Video
from schemas.run import StageSummary
from transforms.isolation import IsolationConfig, run_isolated


@dataclass(frozen=True, slots=True)
class Subject:
    """What outcomes say about the element they belong to."""

    subject_id: str
    video_id: str | None
    uri: str
    seconds: float


def subject_of(element: Any) -> Subject:
    """Return how an element of any level is named in outcomes."""
    if isinstance(element, Source):
        return Subject(element.name, None, element.uri, 0.0)
    if isinstance(element, Video):
        return Subject(element.video_id, element.video_id, element.source.uri, element.duration_seconds)
    clip = element.clip if isinstance(element, ClipTask) else element
    if isinstance(clip, Clip):
        return Subject(clip.clip_id, clip.video_id, clip.source.uri, clip.duration_seconds)
    raise TypeError(f"no subject for a {type(element).__name__}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A visit with its name and level, run in an isolated process behind a timeout."""

    name: str
    level: str
    visit: Callable[..., VisitResult]
    arguments: tuple[Any, ...]
    isolation: IsolationConfig

    def run(self, element: Any) -> VisitResult:
        """Visit one element."""
        seconds = subject_of(element).seconds
        try:
            result = run_isolated(
                self.visit, element, *self.arguments, config=self.isolation, media_seconds=seconds
            )
        except Exception:
            progress.count(self.name, failed=1)
            raise
        progress.count(self.name, done=1, media_seconds=seconds)
        return result


def failure_of(dead: tuple[Any, tuple[type, str, list[str]]], stage: str, level: str) -> Failure:
    """Return the Failure of a dead letter: an element and what its stage raised."""
    element, error = dead
    subject = subject_of(element)
    return Failure(
        stage=stage,
        level=level,
        subject_id=subject.subject_id,
        video_id=subject.video_id,
        uri=subject.uri,
        error_type=error[0].__name__,
        error=_message(error),
        traceback="".join(error[2]),
        seconds=subject.seconds or None,
    )


def _message(error: tuple[type, str, list[str]]) -> str:
    """Return the text of an exception out of its repr, on one line."""
    text = error[1]
    name = error[0].__name__
    if text.startswith(f"{name}(") and text.endswith(")"):
        text = text[len(name) + 1 : -1].strip("'\"")
    return text


class RunStep(beam.PTransform):
    """Elements in; results, failures and failed elements out. A Reshuffle breaks the fan-out."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.name)
        self._step = step

    def expand(self, pcoll: Any) -> Any:
        """Return PCollections of VisitResult, of Failure and of the elements that failed."""
        spread = pcoll | "Count" >> beam.Map(progress.expect, self._step.name) | beam.Reshuffle()
        done, dead = spread | "Visit" >> beam.Map(self._step.run).with_exception_handling()
        failures = dead | "DeadLetter" >> beam.Map(failure_of, self._step.name, self._step.level)
        return done, failures, dead | "Failed" >> beam.Keys()


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
