"""What a Dataflow job is sent with: defaults, what the user gives instead, what stages ask of machines."""

from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.environments import DockerEnvironment, resource_hints_from_options

from pipelines.config import CurateConfig
from pipelines.curate import Curate, sources_collection
from pipelines.job_options import ONE_HARNESS, JobShape, shape_of, with_defaults
from pipelines.run_folder import RunFolder
from pipelines.stages import VISITS
from schemas.outcomes import BadInputError
from schemas.records.source import Source

MIN_RAM, CORES = "beam:resources:min_ram_bytes:v1", "beam:resources:cpu_count:v1"
NEEDED = ("--project=some-project", "--region=europe-west1", "--temp_location=gs://some-bucket/tmp")


def sent(*flags: str) -> dict[str, Any]:
    """Return the options of a Dataflow job by name."""
    return PipelineOptions(with_defaults("DataflowRunner", [*NEEDED, *flags], "curate")).get_all_options()


def test_a_job_has_one_harness_a_machine_and_a_bound() -> None:
    options = sent()
    assert options["experiments"] == [ONE_HARNESS]
    assert (options["machine_type"], options["disk_size_gb"]) == ("n2-standard-8", 50)
    assert (options["autoscaling_algorithm"], options["max_num_workers"]) == ("THROUGHPUT_BASED", 10)
    assert options["number_of_worker_harness_threads"] == 4
    assert not options["streaming"] and not options["save_main_session"]
    assert options["labels"] == ["mentor-command=curate", "mentor-version=0-1-0"]
    assert options["job_name"].startswith("mentor-curate-")


def test_what_the_user_gives_is_kept_and_the_rest_added() -> None:
    options = sent("--machine_type=c3-standard-22", "--num_workers=40", "--experiments=a", "--labels=team=x")
    assert (options["machine_type"], options["max_num_workers"]) == ("c3-standard-22", 40)
    assert options["experiments"] == ["a", ONE_HARNESS]
    assert options["labels"] == ["team=x", "mentor-command=curate", "mentor-version=0-1-0"]
    mine = sent("--experiments=use_multiple_sdk_containers", "--job_name=mine", "--labels=mentor-command=x")
    assert mine["experiments"] == ["use_multiple_sdk_containers"] and mine["job_name"] == "mine"
    assert mine["labels"] == ["mentor-command=x", "mentor-version=0-1-0"]


def test_other_runners_get_what_the_user_gives() -> None:
    assert with_defaults("FlinkRunner", ["--parallelism=4"], "curate") == ["--parallelism=4"]


def test_credentials_that_the_pool_would_not_see_are_refused() -> None:
    with pytest.raises(BadInputError, match="AWS_PROFILE"):
        with_defaults("FnApiRunner", ["--s3_access_key_id=x"], "curate")


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("--no_wait_until_finish", "waits for the job"),
        ("--template_location=gs://some-bucket/template", "docs/dataflow.md"),
        ("--dry_run=true", "Mentor's is --dry-run"),
        ("--streaming", "ends with its inputs"),
        ("--update", "cancel it"),
    ],
)
@pytest.mark.parametrize("runner", ["DataflowRunner", "FlinkRunner"])
def test_what_would_keep_the_command_from_seeing_the_end_is_refused(
    runner: str, flag: str, said: str
) -> None:
    with pytest.raises(BadInputError, match=f"{flag.partition('=')[0]}: .*{said}"):
        with_defaults(runner, [*NEEDED, flag], "curate")


@pytest.mark.parametrize(
    ("machine", "cores"),
    [
        ("n2-standard-8", 8),
        ("e2-highmem-16", 16),
        ("n2-custom-12-32768", 12),
        ("n1-custom-4-20480-ext", 4),
        ("c3-standard-8-lssd", 8),
        ("e2-medium", None),
    ],
)
def test_the_machine_says_how_many_cores(machine: str, cores: int | None) -> None:
    options = PipelineOptions(["--runner=DataflowRunner", f"--machine_type={machine}"])
    assert shape_of(options, "FnApiRunner") == JobShape(elsewhere=True, cores=cores)


def environments(folder: Path, *flags: str) -> dict[str, dict[str, bytes]]:
    """Return the resource hints of the environment of each transform of a Dataflow job."""
    flags = ("--runner=DataflowRunner", *with_defaults("DataflowRunner", [*NEEDED, *flags], "curate"))
    shape = shape_of(PipelineOptions(flags), "FnApiRunner")
    hints = [f"--resource_hint={name}={value}" for name, value in shape.of_all().items()]
    options = PipelineOptions([*flags, *hints])
    run = RunFolder(str(folder / "out"))
    pipeline = beam.Pipeline()
    sources = sources_collection(pipeline, [Source(uri="talk.mp4", name="talk.mp4")])
    _ = sources | Curate(CurateConfig(), run.places(run.new_result()), shape=shape)
    all_hints = resource_hints_from_options(options)
    image = DockerEnvironment.from_container_image("registry.example/mentor:1", resource_hints=all_hints)
    graph = pipeline.to_runner_api(default_environment=image)
    known = graph.components.environments
    return {
        t.unique_name: dict(known[t.environment_id].resource_hints)
        for t in graph.components.transforms.values()
        if t.environment_id
    }


def test_without_right_fitting_all_have_the_hints_of_the_stage_that_needs_most(tmp_path: Path) -> None:
    found = environments(tmp_path)
    # One set of hints is one environment, and one environment is one container on each machine.
    assert {tuple(sorted(hints.items())) for hints in found.values()} == {
        ((CORES, b"8"), (MIN_RAM, b"20000000000"))
    }


def test_prime_gives_each_stage_what_it_asks_for(tmp_path: Path) -> None:
    found = environments(tmp_path, "--dataflow_service_options=enable_prime")
    for stage, visit in VISITS.items():
        asked = {MIN_RAM: str(round(8e9 * visit.ram_gb)).encode(), CORES: b"8"}
        assert found[f"Curate/{stage}/Visit/ParDo(VisitBundle)"] == asked
    assert found["Sources/Map(decode)"] == {}
