"""Which flags and runners are taken, and what is said of the others."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import DirectOptions, StandardOptions

from pipelines import runner_needs
from pipelines.runner import runner_options
from schemas.outcomes import BadInputError

OWN = ("--input", "--output", "--config", "--fresh")


def refusal(*flags: str) -> str:
    with pytest.raises(BadInputError) as caught:
        runner_options(flags, OWN)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def listening() -> Iterator[str]:
    """The address of a server that takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def silent() -> str:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("flags", [[], ["--runner=DirectRunner"], ["--runner", "direct"], ["--runner=fnapi"]])
def test_locally_one_runner_in_this_process_works(flags: list[str]) -> None:
    options = runner_options(flags, OWN)
    assert options.view_as(StandardOptions).runner == "FnApiRunner"
    assert options.view_as(DirectOptions).direct_running_mode == "in_memory"


def test_what_beam_knows_is_passed_on() -> None:
    options = runner_options(["--direct_running_mode=multi_processing", "--direct_num_workers=2"], OWN)
    assert options.view_as(DirectOptions).direct_num_workers == 2


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--confg", "run.yaml"], "unknown argument '--confg'; did you mean --config?"),
        (["--confg=run.yaml"], "did you mean --config?"),
        (["--runer=FlinkRunner"], "unknown argument '--runer=FlinkRunner'; did you mean --runner?"),
        (["--direct_num_worker=2"], "did you mean --direct_num_workers?"),
        (["--max_clips", "3"], "unknown argument '--max_clips'"),
        (["more.mp4"], "unknown argument 'more.mp4'"),
        (["--runner=FnApiRunner", "a", "b"], "unknown argument 'a'; unknown argument 'b'"),
        (["-c", "run.yaml"], "unknown argument '-c'"),
        (["--direct_num_workers=two"], "direct_num_workers: invalid int value: 'two'"),
        (["--direct_running_mode=fast"], "invalid choice: 'fast'"),
        (["--runner=Flnk"], "Beam has no such runner; did you mean FlinkRunner?"),
        (["--runner=mine.of.Runner"], "No module named 'mine'"),
    ],
)
def test_what_nobody_knows_is_refused_with_the_nearest(flags: list[str], said: str) -> None:
    assert said in refusal(*flags)


@pytest.mark.parametrize(
    ("flags", "missing"),
    [
        (["--runner=PortableRunner"], ["--job_endpoint", "--environment_type"]),
        (["--runner=PortableRunner", "--job_endpoint=embed"], ["--environment_type: LOOPBACK"]),
        (
            ["--runner=PortableRunner", "--job_endpoint=embed", "--environment_type=DOCKER"],
            ["--environment_options=docker_container_image"],
        ),
        (
            ["--runner=PortableRunner", "--job_endpoint=embed", "--environment_type=PROCESS"],
            ["process_command"],
        ),
        (["--runner=PortableRunner", "--job_endpoint=nowhere", "--environment_type=LOOPBACK"], ["HOST:PORT"]),
        (["--runner=PrismRunner"], ["--prism_location"]),
        (["--runner=prism", "--prism_location=/no/prism"], ["/no/prism is no file"]),
        (["--runner=FlinkRunner"], ["--job_endpoint", "--flink_job_server_jar"]),
        (["--runner=SparkRunner"], ["--job_endpoint", "--spark_job_server_jar"]),
        (["--runner=DataflowRunner"], ["--project", "--region", "--temp_location", "--sdk_container_image"]),
        (
            ["--runner=DataflowRunner", "--project=some-project", "--region=europe-west1"],
            ["--temp_location=gs://"],
        ),
        (
            [
                *("--runner=DataflowRunner", "--project=some-project", "--region=europe-west1"),
                *("--temp_location=gs://some-bucket/tmp", "--setup_file=./setup.py"),
            ],
            ["--sdk_container_image=IMAGE"],
        ),
    ],
)
def test_a_runner_says_what_it_lacks_before_it_begins(flags: list[str], missing: list[str]) -> None:
    said = refusal(*flags)
    assert said.startswith("--runner=") and all(flag in said for flag in missing)
    assert not any(f.split("=")[0] in said.partition(" needs ")[2] for f in flags if "region" in f)


def test_a_server_that_does_not_answer_is_named(silent: str) -> None:
    loopback = ["--runner=PortableRunner", "--environment_type=LOOPBACK"]
    assert f"nobody answers at {silent}" in refusal(*loopback, f"--job_endpoint={silent}")
    assert f"nobody answers at {silent}" in refusal("--runner=flink", f"--flink_master={silent}")


def test_a_server_that_answers_is_used(listening: str, tmp_path: Path) -> None:
    for flags in (
        ["--runner=PortableRunner", "--environment_type=LOOPBACK", f"--job_endpoint={listening}"],
        ["--runner=PortableRunner", "--environment_type=LOOPBACK", "--job_endpoint=embed"],
        ["--runner=PrismRunner", f"--job_endpoint={listening}"],
    ):
        assert runner_options(flags, OWN).view_as(StandardOptions).runner in flags[0]


def test_flink_on_this_machine_needs_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jar = tmp_path / "server.jar"
    jar.write_bytes(b"")
    monkeypatch.setattr(runner_needs.shutil, "which", lambda _: None)
    assert "Java, to start the job server" in refusal("--runner=FlinkRunner", f"--flink_job_server_jar={jar}")
    monkeypatch.setattr(runner_needs.shutil, "which", lambda name: f"/usr/bin/{name}")
    runner_options(["--runner=FlinkRunner", f"--flink_job_server_jar={jar}"], OWN)
