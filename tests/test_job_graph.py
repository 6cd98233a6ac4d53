"""The job as it is sent to workers elsewhere: what is pickled in it comes alive where Mentor is installed.

A worker has the installed packages, not our working directory and not the program that sent the job.
"""

import base64
import bz2
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_runner_api_pb2 as api
from apache_beam.transforms.environments import DockerEnvironment

from pipelines.config import CurateConfig
from pipelines.curate import Curate, sources_collection
from pipelines.run_folder import RunFolder
from schemas.records.source import Source
from tests.wheel_makers import Installed

IMAGE = "registry.example/mentor:1"
_LOAD = """
import sys
from apache_beam.internal import pickler
failed = set()
for line in sys.stdin.buffer:
    try:
        pickler.loads(line.strip())
    except Exception as error:
        failed.add(f"{type(error).__name__}: {error}")
print(*sorted(failed), sep="\\n", end="")
"""


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The whole chain translated for workers that run an image."""
    folder = RunFolder(str(tmp_path_factory.mktemp("graph") / "out"))
    pipeline = beam.Pipeline()
    sources = sources_collection(pipeline, [Source(uri="talk.mp4", name="talk.mp4")])
    _ = sources | Curate(CurateConfig(), folder.places(folder.new_result()))
    return pipeline.to_runner_api(default_environment=DockerEnvironment.from_container_image(IMAGE))


def functions(graph: Any) -> Iterator[bytes]:
    """Yield every DoFn and CombineFn of a graph, pickled."""
    for transform in graph.components.transforms.values():
        urn, payload = transform.spec.urn, transform.spec.payload
        if urn == common_urns.primitives.PAR_DO.urn:
            function = api.ParDoPayload.FromString(payload).do_fn
        elif urn.startswith("beam:transform:combine_"):
            function = api.CombinePayload.FromString(payload).combine_fn
        else:
            continue
        if function.payload:  # some functions of Beam's own go by name alone
            yield function.payload.strip()


def failures(graph: Any, environment: dict[str, str], cwd: Path) -> list[str]:
    """Return what a process with an environment of its own cannot make of them."""
    done = subprocess.run(
        [sys.executable, "-c", _LOAD],
        input=b"\n".join(functions(graph)),
        env=environment,
        cwd=cwd,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().splitlines()


def test_an_installed_mentor_is_all_that_workers_need(
    graph: Any, installed: Installed, tmp_path: Path
) -> None:
    assert len(list(functions(graph))) > 300
    assert failures(graph, installed.environment, tmp_path) == []
    bare = {**installed.environment, "PYTHONPATH": ""}
    assert "ModuleNotFoundError: No module named 'pipelines'" in failures(graph, bare, tmp_path)


def test_nothing_is_taken_from_the_program_that_sends_the_job(graph: Any) -> None:
    plain = [bz2.decompress(base64.b64decode(function)) for function in functions(graph)]
    assert not [function for function in plain if b"__main__" in function]


def test_every_function_runs_in_the_image(graph: Any) -> None:
    images = {
        api.DockerPayload.FromString(environment.payload).container_image
        for environment in graph.components.environments.values()
    }
    assert images == {IMAGE}
