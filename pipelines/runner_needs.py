"""What each of Beam's runners cannot begin without, so that a run says so before it works.

Beam would find out minutes later, in a traceback, or fetch programs over the network, which Mentor does not.
"""

import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from apache_beam.options.pipeline_options import PipelineOptions

_PATIENCE_SECONDS = 5.0
_EMBEDDED = "embed"  # Beam's own job server, in this process
_MASTERS_OF_THEIR_OWN = ("[auto]", "[local]", "local")


def missing_for(runner: str, options: PipelineOptions) -> list[str]:
    """Return what is missing for a runner, by its name as Beam spells it; [] if it may begin."""
    return _NEEDS.get(runner, lambda _: [])(_Given(options))


class _Given:
    """The options of all kinds by name; what is not there is None."""

    def __init__(self, options: PipelineOptions) -> None:
        self._all: dict[str, Any] = options.get_all_options()

    def __getattr__(self, name: str) -> Any:
        return self._all.get(name)


def _portable(given: _Given) -> list[str]:
    if not given.job_endpoint:
        return ["--job_endpoint=HOST:PORT of a running job server, or embed", *_environment(given)]
    return [*_endpoint(given.job_endpoint, "--job_endpoint"), *_environment(given)]


def _prism(given: _Given) -> list[str]:
    if given.job_endpoint:
        return _endpoint(given.job_endpoint, "--job_endpoint")
    place = given.prism_location
    if place and (Path(place).is_file() or urlsplit(place).scheme in ("http", "https")):
        return []
    if place:
        return [f"a Prism program at --prism_location: {place} is no file"]
    return ["--prism_location=FILE, a Prism program of Beam's releases, or --job_endpoint of a running one"]


def _flink(given: _Given) -> list[str]:
    return _on_java(given, given.flink_master, "--flink_master", given.flink_job_server_jar, "flink")


def _spark(given: _Given) -> list[str]:
    return _on_java(given, given.spark_master_url, "--spark_master_url", given.spark_job_server_jar, "spark")


def _on_java(given: _Given, master: str, flag: str, jar: str | None, name: str) -> list[str]:
    """Return what is missing for a runner whose job server is a Java program, unless one is running."""
    if given.job_endpoint:
        return _portable(given)
    missing: list[str] = []
    if not jar or not (Path(jar).is_file() or urlsplit(jar).scheme):
        missing.append(
            f"--job_endpoint=HOST:PORT of a running job server, or --{name}_job_server_jar=FILE and Java to "
            "start one"
        )
    elif shutil.which(given.job_server_java_launcher or "java") is None:
        missing.append("Java, to start the job server")
    if not str(master).startswith(_MASTERS_OF_THEIR_OWN):
        missing += [*_endpoint(master, flag), *_environment(given)]
    return missing


def _dataflow(given: _Given) -> list[str]:
    wanted = {
        "project": "--project=PROJECT",
        "region": "--region=REGION",
        "temp_location": "--temp_location=gs://BUCKET/FOLDER",
    }
    missing = [flag for name, flag in wanted.items() if not getattr(given, name)]
    if given.temp_location and not given.temp_location.startswith("gs://"):
        missing.append("--temp_location on gs://")
    if not given.sdk_container_image:  # --setup_file would have pip gather 3.7 GB on each worker, and wrongly
        missing.append(
            "--sdk_container_image=IMAGE, in which Mentor and its models are installed (Dockerfile)"
        )
    return missing


_NEEDS: dict[str, Callable[[_Given], list[str]]] = {
    "PortableRunner": _portable,
    "PrismRunner": _prism,
    "FlinkRunner": _flink,
    "SparkRunner": _spark,
    "DataflowRunner": _dataflow,
}


def _environment(given: _Given) -> list[str]:
    """Return what is missing for workers that have Mentor: Beam's default is its own image, which has not."""
    named = {option.partition("=")[0] for option in given.environment_options or ()}
    kind = (given.environment_type or "").upper()
    if given.output_executable_path or kind == "LOOPBACK":
        return []
    if not kind:
        return ["--environment_type: LOOPBACK for workers on this machine, or PROCESS, DOCKER, EXTERNAL"]
    option = {
        "DOCKER": "docker_container_image",
        "PROCESS": "process_command",
        "EXTERNAL": "external_service_address",
    }.get(kind)
    if option is None or given.environment_config or option in named:
        embedded = kind == "EXTERNAL" and given.job_endpoint == _EMBEDDED and given.environment_config
        return _endpoint(given.environment_config, "--environment_config") if embedded else []
    return [f"--environment_options={option}=..., where Mentor is installed"]


def _endpoint(address: str, flag: str) -> list[str]:
    """Return what is wrong with a server's address: [] if somebody listens there."""
    if address == _EMBEDDED:
        return []
    parts = urlsplit(address if "//" in address else f"//{address}")
    try:
        host, port = parts.hostname, parts.port
        if host is None or port is None:
            return [f"{flag}=HOST:PORT, not {address}"]
        with socket.create_connection((host, port), _PATIENCE_SECONDS):
            return []
    except ValueError:
        return [f"{flag}=HOST:PORT, not {address}"]
    except OSError as error:
        return [f"a server at {flag}: nobody answers at {address} ({error.strerror or error})"]
