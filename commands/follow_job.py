"""Run a pipeline to its end. One on Dataflow is noted, told of and followed; stopping the command ends it."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from rich.console import Console

from pipelines import progress
from pipelines.job_options import DATAFLOW
from pipelines.run_folder import RunFolder
from pipelines.runner import job_shape
from pipelines.sender import this_mentor, told_of_other_mentor
from pipelines.sent_job import (
    DONE,
    RUNNING,
    SentJob,
    cancel_job,
    client_of,
    forget_job,
    note_job,
    noted_job,
    running_error,
    state_of,
)
from pipelines.stopping import on_stop
from schemas.outcomes import BadInputError

# As often as Dataflow counts anew.
FOLLOW_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """What a pipeline makes for which command: a result, by its name, with consents judged on a day.

    With `inputs_hash`, what that is made from, the same command, run again, waits for a job that outlived the
    command that sent it.
    """

    command: str
    result: str
    inputs_hash: str | None
    day: str


def run_to_end(
    pipeline: beam.Pipeline, options: PipelineOptions, made: Made, folder: RunFolder, console: Console
) -> None:
    """Run a pipeline, here or elsewhere, and wait for its end.

    Raises:
        BadInputError: if Dataflow did not take the job, or cannot be asked for it any more.
        Exception: whatever ended the pipeline.
    """
    given = options.get_all_options()
    if given["runner"] != DATAFLOW:
        _run_elsewhere_or_here(pipeline, options)
        return
    sent = _sent(pipeline)
    job = SentJob(
        command=made.command,
        job_id=sent.job_id(),
        project=given["project"],
        region=given["region"],
        endpoint=given["dataflow_endpoint"],
        result=made.result,
        inputs_hash=made.inputs_hash,
        mentor=this_mentor(),
        day=made.day,
        sent_at=time.time(),
    )
    note_job(folder.root, job)
    console.out(f"Job {job.job_id} on Dataflow: {job.page}", highlight=False)
    _follow(sent, job, folder, console)


def job_to_take_up(folder: RunFolder, inputs_hash: str) -> SentJob | None:
    """Return the job that an earlier command sent for the same result, and whose end nobody saw.

    A job that ended without a result, or with one of something else, is forgotten.

    Raises:
        BadInputError: if one of something else runs, or the service cannot be asked.
    """
    job = noted_job(folder.root)
    if job is None:
        return None
    state = state_of(job)
    same = (job.inputs_hash, job.mentor) == (inputs_hash, this_mentor())
    if same and state in (RUNNING, DONE):
        return job
    if state == RUNNING:
        raise running_error(folder.root, job)
    forget_job(folder.root)
    return None


def take_up(job: SentJob, folder: RunFolder, console: Console) -> None:
    """Wait for the end of a job that an earlier command sent.

    Raises:
        BadInputError: if it cannot be asked for any more.
        Exception: whatever ended it.
    """
    from apache_beam.runners.dataflow.dataflow_runner import DataflowPipelineResult, DataflowRunner

    console.out(f"Note: waiting for job {job.job_id} of the last {job.command}: {job.page}", highlight=False)
    runner: Any = DataflowRunner()
    runner.dataflow_client = client_of(job)
    sent: Any = DataflowPipelineResult(runner.dataflow_client.get_job(job.job_id), runner, job.options())
    _follow(sent, job, folder, console)


def _run_elsewhere_or_here(pipeline: beam.Pipeline, options: PipelineOptions) -> None:
    running = pipeline.run()
    is_served = job_shape(options).elsewhere and options.get_all_options()["job_endpoint"] != "embed"
    forget = on_stop(running.cancel) if is_served else lambda: None
    try:
        running.wait_until_finish()
    finally:
        forget()


def _sent(pipeline: beam.Pipeline) -> Any:
    try:
        return pipeline.run()
    except Exception as error:
        if isinstance(error, OSError) or type(error).__module__.startswith("google."):
            said = " ".join(str(error).split())[:500]
            raise BadInputError(f"Dataflow did not take the job: {said}") from error
        raise


def _follow(sent: Any, job: SentJob, folder: RunFolder, console: Console) -> None:
    forget = on_stop(lambda: _end(job, folder, console))
    try:
        with _followed(job):
            sent.wait_until_finish()
    except Exception as error:
        if type(error).__name__ == "DataflowRuntimeException":  # it is over
            forget_job(folder.root)
            raise BadInputError(told_of_other_mentor(error) or told_of_end(error, job)) from error
        said = " ".join(str(error).split())[:200]  # of Beam or its clients, which tried for minutes
        raise BadInputError(
            f"job {job.job_id} ({job.page}) cannot be asked for any more ({said}) and may go on: run the "
            f"same command again to wait for it, or end it with {job.how_to_end}"
        ) from error
    finally:
        forget()


def told_of_end(error: Exception, job: SentJob) -> str:
    """Return on one line what Beam says of a job that ended without a result."""
    said = " ".join(str(error).replace("Error:\nNone", "").split())[:600]
    return f"{said} Its messages: {job.page}; run the same command again to go on"


def _end(job: SentJob, folder: RunFolder, console: Console) -> None:
    """End a job whose command is being stopped."""
    try:
        cancel_job(job)
    except Exception:
        console.out(f"Job {job.job_id} goes on; end it with {job.how_to_end}", highlight=False)
        return
    console.out(f"Job {job.job_id} was cancelled.", highlight=False)
    forget_job(folder.root)


@contextmanager
def _followed(job: SentJob) -> Iterator[None]:
    """Show what the job's workers counted while the block runs."""
    ended, client = threading.Event(), client_of(job)

    def look() -> None:
        while not ended.wait(FOLLOW_SECONDS):
            with suppress(Exception):  # the counts are for show; the wait says what is wrong
                progress.note_counters(counters_of(client.get_job_metrics(job.job_id).metrics))

    follower = threading.Thread(target=look, daemon=True)
    follower.start()
    try:
        yield
    finally:
        ended.set()


def counters_of(metrics: Iterable[Any]) -> dict[str, int]:
    """Return Mentor's counters by name, summed over transforms, of what Dataflow tells of a job.

    Each comes twice: of all that was tried, and of what will not be done again, which is what counts here.
    """
    found: Counter[str] = Counter()
    for metric in metrics:
        context = metric.name.context
        if context.get("namespace") == "mentor" and context.get("tentative") != "true":
            found[metric.name.name] += int(metric.scalar)
    return dict(found)
