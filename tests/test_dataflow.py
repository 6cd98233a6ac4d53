"""A job from the command line to DONE on a stand-in for Dataflow, its worker and its sender killed once."""

import contextlib
import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from apache_beam.portability.api import beam_runner_api_pb2 as api
from google.cloud.dataflow_v1beta3 import AutoscalingAlgorithm, JobType

from benchmarks.killed_runs import PAGES, digests
from tests import cloud_servers, dataflow_service
from tests.cloud_servers import Store
from tests.dataflow_service import Process, Service
from tests.resume_runs import TALKERS, VISITS, Place, counts
from transforms.storage import list_files, read_bytes

IMAGE = "registry.example/mentor:1"
OUT = "gs://bucket/out"
FLAGS = (
    *("--runner=DataflowRunner", "--project=some-project", "--region=europe-west1", "--labels=team=faces"),
    *("--temp_location=gs://bucket/tmp", f"--sdk_container_image={IMAGE}"),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store of this job's own."""
    with cloud_servers.google(tmp_path_factory.mktemp("dataflow-store")) as store:
        yield store


@pytest.fixture(scope="module")
def job(place: Place, store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service after the job is done."""
    root = tmp_path_factory.mktemp("dataflow")
    manifest = Path(place.manifest(TALKERS))
    for path in (manifest, *(place.videos / name for name in TALKERS)):
        store.put(f"videos/{path.name}", path.read_bytes())

    lost = threading.Event()

    def kill_once(process: Process, attempt: int) -> None:
        while attempt == 1 and process.poll() is None:
            if any("/audio-" in path or "%2Faudio-" in path for _, path, _ in list(store.requests)):
                process.kill()  # in the middle: both videos are surveyed, and a clip's sound is measured
                lost.set()
            time.sleep(0.05)

    environment = {**os.environ, **store.environment}
    with pytest.MonkeyPatch.context() as patched, contextlib.ExitStack() as stack:
        for name, value in store.environment.items():
            patched.setenv(name, value)
        patched.setattr("apache_beam.internal.gcp.auth._Credentials._credentials_init", False)
        service = stack.enter_context(dataflow_service.serving(root / "workers.log", environment, kill_once))
        sender = replace(place, root=root, environment=dict(store.environment))
        flags = (*FLAGS, f"--dataflow_endpoint={service.endpoint}")
        command = sender.curate(OUT, f"gs://bucket/videos/{manifest.name}", *flags)
        assert command.kill_when(lost.is_set) is not None
        command.run()
        yield service


def environment_of(job: Service) -> dict[str, Any]:
    (sent,) = job.jobs
    return sent["environment"]


def test_the_job_ends_done_and_the_result_is_published(job: Service) -> None:
    assert list(job.states.values()) == ["JOB_STATE_DONE"]
    assert job.attempts == [-9, 0], "the first worker was killed"
    assert json.loads(read_bytes(f"{OUT}/current.json"))["result"]


def test_the_command_run_again_waited_for_the_job_of_the_one_that_was_killed(job: Service) -> None:
    assert len(job.jobs) == 1
    said = (job.log.parent / "out.log").read_text()
    page = "https://console.cloud.google.com/dataflow/jobs/europe-west1/job-0?project=some-project"
    assert f"Job job-0 on Dataflow: {page}" in said
    assert f"Note: waiting for job job-0 of the last curate: {page}" in said
    notes = {path.removeprefix(f"{OUT}/work/") for path, _ in list_files(f"{OUT}/work")}
    assert notes == {"last_run.json"}


def test_the_job_is_what_was_asked_for(job: Service) -> None:
    (sent,) = job.jobs
    assert (sent["projectId"], sent["location"]) == ("some-project", "europe-west1")
    assert sent["type"] == JobType.JOB_TYPE_BATCH
    assert sent["name"].startswith("mentor-curate-")
    assert sent["labels"] == {"team": "faces", "mentor-command": "curate", "mentor-version": "0-1-0"}
    experiments = environment_of(job)["experiments"]
    assert "no_use_multiple_sdk_containers" in experiments
    assert not {"use_multiple_sdk_containers", "enable_streaming_engine"} & set(experiments)


def test_workers_are_one_container_of_the_image_a_machine(job: Service) -> None:
    (pool,) = environment_of(job)["workerPools"]
    assert (pool["machineType"], pool["diskSizeGb"], pool["numThreadsPerWorker"]) == ("n2-standard-8", 50, 4)
    basic = AutoscalingAlgorithm.AUTOSCALING_ALGORITHM_BASIC  # THROUGHPUT_BASED by another name
    assert pool["autoscalingSettings"] == {"algorithm": basic, "maxNumWorkers": 10}
    (container,) = pool["sdkHarnessContainerImages"]
    assert container["containerImage"] == pool["workerHarnessContainerImage"] == IMAGE


def test_what_is_staged_is_the_graph_and_no_code(job: Service) -> None:
    options = environment_of(job)["sdkPipelineOptions"]["options"]
    staged = [path for path, _ in list_files(options["pipelineUrl"].rpartition("/")[0])]
    assert {path.rsplit("/", 1)[-1] for path in staged} <= {
        "pipeline.pb",
        "submission_environment_dependencies.txt",
    }
    pipeline = read_bytes(options["pipelineUrl"])
    assert hashlib.sha256(pipeline).hexdigest() == options["pipelineProtoHash"]
    (environment,) = {
        (api.DockerPayload.FromString(e.payload).container_image, *sorted(e.resource_hints.items()))
        for e in api.Pipeline.FromString(pipeline).components.environments.values()
    }
    hints = {name.split(":")[2]: value for name, value in environment[1:]}
    assert environment[0] == IMAGE and hints == {"cpu_count": b"8", "min_ram_bytes": b"20000000000"}


def test_the_bytes_are_those_of_a_local_run(job: Service, whole: Path) -> None:
    result = f"{OUT}/results/{json.loads(read_bytes(f'{OUT}/current.json'))['result']}"
    names = [path.removeprefix(f"{result}/") for path, _ in list_files(result)]
    shown = [name for name in names if name.split("/")[0] in ("shards", "tables") or name in PAGES]
    assert {n: hashlib.sha256(read_bytes(f"{result}/{n}")).hexdigest() for n in shown} == digests(whole)


def test_the_second_attempt_took_what_the_first_had_finished(job: Service) -> None:
    result = json.loads(read_bytes(f"{OUT}/current.json"))["result"]
    found = counts(read_bytes(f"{OUT}/results/{result}/run.json"))
    assert set(found) == set(VISITS)
    assert found["probe"] == found["survey"] == (2, 2), "both videos were done by the first"
