"""A job on Dataflow outlives the command that sent it: what the run folder notes of it, and how it is.

While it may run, nobody else writes into the folder; the command that sent it, run again, waits for it and
sends no other, so the same work is not paid for twice.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions

from schemas.extras import require
from schemas.layout import SENT_JOB, WORK
from schemas.outcomes import BadInputError
from schemas.sample import to_json_bytes
from transforms.storage import delete_tree, join, read_if_there, write_bytes

# A process that is being stopped has about four seconds.
_ANSWER_SECONDS = 3.0
RUNNING, DONE, ENDED = "running", "done", "ended"
# What Dataflow calls the others are states of a job that is not over.
_ENDED = ("FAILED", "CANCELLED", "CANCELLING", "UPDATED", "DRAINED", "STOPPED")


@dataclass(frozen=True, kw_only=True, slots=True)
class SentJob:
    """A job on Dataflow and what it makes.

    `result` names the result that it writes, `inputs_hash` what that is made from (None where no command can
    take the job up again), `mentor` the code that sent it, `day` the one on which consents were judged,
    `sent_at` the time in seconds since 1970.
    """

    command: str
    job_id: str
    project: str
    region: str
    endpoint: str | None
    result: str
    inputs_hash: str | None
    mentor: str
    day: str
    sent_at: float

    @property
    def page(self) -> str:
        """Its page in Google's console."""
        place = f"dataflow/jobs/{self.region}/{self.job_id}"
        return f"https://console.cloud.google.com/{place}?project={self.project}"

    @property
    def how_to_end(self) -> str:
        """The command that ends it."""
        return f"`gcloud dataflow jobs cancel {self.job_id} --region={self.region} --project={self.project}`"

    def options(self) -> PipelineOptions:
        """Return the options with which Beam's client speaks of it."""
        endpoint = [f"--dataflow_endpoint={self.endpoint}"] if self.endpoint else []
        return PipelineOptions([f"--project={self.project}", f"--region={self.region}", *endpoint])


def note_job(root: str, job: SentJob) -> None:
    """Write down in a run folder that a job was sent for it."""
    write_bytes(join(root, WORK, SENT_JOB), to_json_bytes(asdict(job)))


def noted_job(root: str) -> SentJob | None:
    """Return the job whose end no command has seen yet; None if there is none."""
    data = read_if_there(join(root, WORK, SENT_JOB))
    try:
        return None if data is None else SentJob(**json.loads(data))
    except (ValueError, TypeError, RecursionError):  # torn, or of another version: nobody can ask for it
        return None


def forget_job(root: str) -> None:
    """Forget the job that was sent for a run folder."""
    delete_tree(join(root, WORK, SENT_JOB))


def client_of(job: SentJob) -> Any:
    """Return Beam's client for the service that runs a job."""
    require("gcp", "google.cloud.dataflow_v1beta3")
    from apache_beam.runners.dataflow.internal.apiclient import DataflowApplicationClient

    return DataflowApplicationClient(job.options())


def state_of(job: SentJob) -> str:
    """Ask the service once how a job is: RUNNING, DONE, or ENDED without a result.

    Raises:
        BadInputError: if it cannot be asked.
    """
    from google.api_core.exceptions import NotFound

    try:
        asked = {"job_id": job.job_id, "project_id": job.project, "location": job.region}
        found = client_of(job)._jobs_client.get_job(asked, timeout=_ANSWER_SECONDS, retry=None)
    except NotFound:
        return ENDED
    except BadInputError:
        raise
    except Exception as error:  # of many clients
        said = " ".join(str(error).split())[:300]
        raise BadInputError(f"{_named(job)} may still run, and cannot be asked for ({said})") from error
    state = found.current_state.name.removeprefix("JOB_STATE_")
    return DONE if state == "DONE" else ENDED if state in _ENDED else RUNNING


def cancel_job(job: SentJob) -> None:
    """Ask the service once to end a job.

    Raises:
        Exception: of its client, if it did not answer or refused.
    """
    from google.cloud.dataflow_v1beta3 import Job, JobState, UpdateJobRequest

    ended = Job(requested_state=JobState.JOB_STATE_CANCELLED)
    asked = UpdateJobRequest(job_id=job.job_id, project_id=job.project, location=job.region, job=ended)
    client_of(job)._jobs_client.update_job(asked, timeout=_ANSWER_SECONDS, retry=None)


def refuse_if_running(root: str) -> None:
    """Refuse to write into a folder for which a job may run; one that is over is forgotten.

    Raises:
        BadInputError: names the job and what to do.
    """
    job = noted_job(root)
    if job is None:
        return
    if state_of(job) == RUNNING:
        raise running_error(root, job)
    forget_job(root)


def running_error(root: str, job: SentJob) -> BadInputError:
    """Return what is said to who wants to do something else with a folder than the job that runs for it."""
    return BadInputError(
        f"{root}: {_named(job)} runs ({job.page}): the command that sent it, run again, waits for it; "
        f"{job.how_to_end} ends it"
    )


def _named(job: SentJob) -> str:
    return f"the job {job.job_id} on Dataflow of the last {job.command}"
