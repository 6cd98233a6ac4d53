"""A job on Dataflow: told of and followed, ended with its command, taken up by the next if that is lost."""

import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.dataflow import dataflow_runner
from apache_beam.utils import retry
from rich.console import Console

from commands import follow_job
from commands.follow_job import Made, job_to_take_up, run_to_end, take_up
from pipelines import progress, stopping
from pipelines.run_folder import RunFolder
from pipelines.runner import runner_options
from pipelines.sent_job import SentJob, note_job, noted_job, state_of
from schemas.outcomes import BadInputError
from tests import dataflow_service
from tests.cloud_servers import Store
from tests.dataflow_service import Service
from transforms.storage import list_folder, write_bytes

FLAGS = (
    *("--runner=DataflowRunner", "--project=some-project", "--region=europe-west1"),
    *("--temp_location=gs://bucket/tmp", "--sdk_container_image=registry.example/mentor:1"),
)
MADE = Made(command="curate", result="20260101T000000-abcdef", inputs_hash="as before", day="2026-01-01")


@pytest.fixture
def service(google_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A service whose jobs are as the test says; Beam asks for them without waiting long."""
    quick = SimpleNamespace(sleep=lambda _: time.sleep(0.02), time=time.time)
    monkeypatch.setattr(dataflow_runner, "time", quick)
    monkeypatch.setattr(retry.Clock, "sleep", lambda *_: None)
    monkeypatch.setattr(follow_job, "FOLLOW_SECONDS", 0.02)
    with ExitStack() as stack:
        yield stack.enter_context(dataflow_service.serving(tmp_path / "log", {}, played=False))
        stopping._callbacks.clear()


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(str(tmp_path / "out"))


class Sent:
    """A command that sent a job, in a thread; what it says, and what ended it."""

    def __init__(self, service: Service, folder: RunFolder, job: SentJob | None = None) -> None:
        self._said = io.StringIO()
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(service, folder, job), daemon=True)
        self._thread.start()

    def _run(self, service: Service, folder: RunFolder, job: SentJob | None) -> None:
        console = Console(file=self._said, width=200)
        try:
            if job is not None:
                take_up(job, folder, console)
                return
            options = runner_options([*FLAGS, f"--dataflow_endpoint={service.endpoint}"])
            pipeline = beam.Pipeline(options=options)
            _ = pipeline | beam.Create([1])
            run_to_end(pipeline, options, MADE, folder, console)
        except BaseException as error:
            self.error = error

    def says(self, text: str) -> None:
        deadline = time.monotonic() + 60.0
        while text not in self._said.getvalue():
            assert time.monotonic() < deadline and self._thread.is_alive(), (
                self._said.getvalue(),
                self.error,
            )
            time.sleep(0.02)

    def ended(self) -> BaseException | None:
        self._thread.join(60.0)
        assert not self._thread.is_alive()
        return self.error


def sent_job(service: Service, state: str = "RUNNING", **changes: Any) -> SentJob:
    """Return a job of the service as a command that is lost had noted it."""
    service.take({"name": "mentor"}, "some-project", "europe-west1")
    service.states["job-0"] = f"JOB_STATE_{state}"
    job = SentJob(
        command="curate",
        job_id="job-0",
        project="some-project",
        region="europe-west1",
        endpoint=service.endpoint,
        result=MADE.result,
        inputs_hash=MADE.inputs_hash,
        mentor=follow_job.this_mentor(),
        day=MADE.day,
        sent_at=0.0,
    )
    return replace(job, **changes)


def test_a_job_is_told_of_noted_and_followed(service: Service, folder: RunFolder) -> None:
    service.counters |= {"probe_expected": 9, "probe_done": 3, "probe_reused": 2, "survey_failed": 1}
    command = Sent(service, folder)
    page = "https://console.cloud.google.com/dataflow/jobs/europe-west1/job-0?project=some-project"
    command.says(f"Job job-0 on Dataflow: {page}")
    job = noted_job(folder.root)
    assert job is not None and job.page == page and job.result == MADE.result and state_of(job) == "running"
    deadline = time.monotonic() + 30.0
    while "survey" not in progress._counts:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    line = progress.progress_line(progress._counts, 0.0, 0.0)
    assert "probe 5/9, 2 from before" in line
    service.states["job-0"] = "JOB_STATE_DONE"
    assert command.ended() is None and noted_job(folder.root) == job, "until its result is published"


def test_a_job_that_fails_is_told_on_a_line(service: Service, folder: RunFolder) -> None:
    command = Sent(service, folder)
    command.says("Job job-0")
    service.states["job-0"] = "JOB_STATE_CANCELLED"
    error = command.ended()
    assert isinstance(error, BadInputError) and "\n" not in str(error)
    assert "State: CANCELLED" in str(error) and "jobs/europe-west1/job-0" in str(error)
    assert noted_job(folder.root) is None


def test_stopping_the_command_ends_the_job(service: Service, folder: RunFolder) -> None:
    command = Sent(service, folder)
    command.says("Job job-0")
    stopping.run_callbacks()
    command.says("Job job-0 was cancelled.")
    assert service.states["job-0"] == "JOB_STATE_CANCELLED" and noted_job(folder.root) is None
    assert command.ended() is not None, "here the process lives on"


def test_a_job_that_cannot_be_ended_is_left_to_the_user(service: Service, folder: RunFolder) -> None:
    job = sent_job(service, endpoint="http://localhost:1")
    note_job(folder.root, job)
    said = io.StringIO()
    follow_job._end(job, folder, Console(file=said, width=200))
    assert "goes on; end it with `gcloud dataflow jobs cancel job-0 --region=europe-west1" in said.getvalue()
    assert noted_job(folder.root) == job


def test_a_job_that_is_not_taken_is_told_on_a_line(service: Service, folder: RunFolder) -> None:
    service.refusal = (403, "Dataflow API has not been used in project some-project before")
    error = Sent(service, folder).ended()
    assert isinstance(error, BadInputError) and "\n" not in str(error)
    assert str(error).startswith("Dataflow did not take the job: 403") and "has not been used" in str(error)


def test_the_same_command_waits_for_a_job_whose_sender_is_lost(service: Service, folder: RunFolder) -> None:
    job = sent_job(service)
    note_job(folder.root, job)
    assert job_to_take_up(folder, "as before") == job
    command = Sent(service, folder, job)
    command.says("Note: waiting for job job-0 of the last curate")
    service.states["job-0"] = "JOB_STATE_DONE"
    assert command.ended() is None and len(service.jobs) == 1
    assert job_to_take_up(folder, "as before") == job, "done, and its result is there to be published"


@pytest.mark.parametrize("changes", [{"inputs_hash": "another"}, {"mentor": "another"}])
def test_a_job_for_something_else_is_not_waited_for(
    service: Service, folder: RunFolder, changes: dict[str, str]
) -> None:
    note_job(folder.root, sent_job(service, **changes))
    with pytest.raises(
        BadInputError, match=r"job-0 on Dataflow of the last curate runs .*gcloud dataflow jobs"
    ):
        job_to_take_up(folder, "as before")
    service.states["job-0"] = "JOB_STATE_DONE"
    assert job_to_take_up(folder, "as before") is None and noted_job(folder.root) is None


def test_nobody_writes_into_a_folder_while_a_job_runs_for_it(service: Service, folder: RunFolder) -> None:
    note_job(folder.root, sent_job(service))
    for place in ("results", "work"):
        write_bytes(f"{folder.root}/{place}/{MADE.result}/tables/part", b"half")
        write_bytes(f"{folder.root}/{place}/dead/tables/part", b"half")
    with (
        pytest.raises(BadInputError, match="job-0 on Dataflow of the last curate runs"),
        folder.writing("package"),
    ):
        pass
    with folder.writing("curate"):
        assert list_folder(f"{folder.root}/results") == [MADE.result], "what the job makes stays"
        assert MADE.result in list_folder(f"{folder.root}/work")
    service.states["job-0"] = "JOB_STATE_FAILED"
    with folder.writing("package"):
        assert noted_job(folder.root) is None and list_folder(f"{folder.root}/results") == []


def test_a_job_that_is_lost_sight_of_stays_noted(service: Service, folder: RunFolder) -> None:
    job = sent_job(service)
    note_job(folder.root, job)

    def wait_until_finish() -> None:
        raise AssertionError("Job did not reach to a terminal state")  # as Beam has it where its poll failed

    sent = SimpleNamespace(wait_until_finish=wait_until_finish)
    with pytest.raises(
        BadInputError, match=r"cannot be asked for any more .* may go on: run the same command"
    ):
        follow_job._follow(sent, job, folder, Console(file=io.StringIO()))
    assert noted_job(folder.root) == job


def test_a_service_that_does_not_answer_is_told(service: Service, folder: RunFolder) -> None:
    note_job(folder.root, sent_job(service, endpoint="http://localhost:1"))
    with pytest.raises(BadInputError, match=r"job-0 on Dataflow .* may still run, and cannot be asked for"):
        job_to_take_up(folder, "as before")


def test_a_job_that_the_service_does_not_know_is_over(service: Service, folder: RunFolder) -> None:
    note_job(folder.root, sent_job(service, job_id="job-7"))
    assert job_to_take_up(folder, "as before") is None and noted_job(folder.root) is None


def test_a_note_that_is_torn_is_none(folder: RunFolder) -> None:
    for torn in (b"{", b"[]", json.dumps({"job_id": "x"}).encode()):
        write_bytes(f"{folder.root}/work/job.json", torn)
        assert noted_job(folder.root) is None
