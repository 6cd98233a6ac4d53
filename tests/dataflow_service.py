"""A stand-in for the Dataflow service on loopback: takes jobs, keeps what it was sent, and runs them.

It speaks the REST side of the service's API (v1b3). Unless it is told not to, the staged pipeline runs on
Beam's local runner in a process of its own, again if that dies, up to four times, as with work items.
Machines, containers, autoscaling and rebalancing are not played: the image is checked, never started.

    python -m tests.dataflow_service gs://BUCKET/.../pipeline.pb

runs a staged pipeline; the process has what a worker has: the environment, and Mentor.
"""

import http.server
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.cloud.dataflow_v1beta3 import JobState

ATTEMPTS = 4
_JOBS = re.compile(
    r"/v1b3/projects/(?P<project>[^/]+)/locations/(?P<region>[^/]+)/jobs(?:/(?P<id>[^/?]+))?(?P<rest>.*)"
)
Process = subprocess.Popen[bytes]


@dataclass(slots=True)
class Service:
    """The jobs that came, as they were sent, and how their attempts ended (exit codes).

    Jobs that are not played stay as a test says, in `states`; `counters` are what all jobs count, and with
    `refusal` (an HTTP status and what is said) none is taken.
    """

    log: Path
    environment: Mapping[str, str]
    disturb: Callable[[Process, int], None]
    played: bool = True
    port: int = 0
    jobs: list[dict[str, Any]] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    attempts: list[int] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    refusal: tuple[int, str] | None = None

    @property
    def endpoint(self) -> str:
        """What --dataflow_endpoint is given: with this name Beam's client speaks REST."""
        return f"http://localhost:{self.port}"

    def take(self, job: dict[str, Any], project: str, region: str) -> dict[str, Any]:
        """Take a job and begin with it."""
        name = f"job-{len(self.jobs)}"
        self.jobs.append({**job, "id": name, "projectId": project, "location": region})
        self.states[name] = "JOB_STATE_RUNNING"
        if self.played:
            threading.Thread(target=self._run, args=(self.jobs[-1],), daemon=True).start()
        return self.told(name)

    def change(self, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
        """Cancel a job that is not played; nothing else is asked for."""
        assert not self.played and JobState(wanted["requestedState"]) == JobState.JOB_STATE_CANCELLED
        self.states[name] = "JOB_STATE_CANCELLED"
        return self.told(name)

    def metrics(self) -> dict[str, Any]:
        """Return what the service says that workers counted, of what was tried and of what is certain."""
        told: list[dict[str, Any]] = []
        for name, value in self.counters.items():
            for certain in ({}, {"tentative": "true"}):
                context = {"namespace": "mentor", "step": "s1", **certain}
                whole = {"origin": "user", "name": name, "context": context}
                told.append({"name": whole, "scalar": value + len(certain)})
        return {"metrics": told}

    def told(self, name: str) -> dict[str, Any]:
        """Return what the service says of a job."""
        job = next(job for job in self.jobs if job["id"] == name)
        shown = {
            k: job[k] for k in ("id", "projectId", "location", "name", "type", "clientRequestId") if k in job
        }
        return {**shown, "currentState": self.states[name]}

    def _run(self, job: dict[str, Any]) -> None:
        url = job["environment"]["sdkPipelineOptions"]["options"]["pipelineUrl"]
        command = [sys.executable, "-W", "ignore", "-m", "tests.dataflow_service", url]
        for attempt in range(1, ATTEMPTS + 1):
            with self.log.open("ab") as log:
                process = subprocess.Popen(
                    command, env=dict(self.environment), stdout=log, stderr=log, cwd=Path(__file__).parents[1]
                )
                self.disturb(process, attempt)
                self.attempts.append(process.wait())
            if self.attempts[-1] == 0:
                self.states[job["id"]] = "JOB_STATE_DONE"
                return
        self.states[job["id"]] = "JOB_STATE_FAILED"


class _Handler(http.server.BaseHTTPRequestHandler):
    service: Service

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is said."""

    def do_POST(self) -> None:
        job, found = self._body(), _JOBS.match(self.path)
        if self.service.refusal is not None:
            code, said = self.service.refusal
            self._answer({"error": {"code": code, "message": said}}, code)
        else:
            self._answer(None if found is None else self.service.take(job, found["project"], found["region"]))

    def do_PUT(self) -> None:
        body, found = self._body(), _JOBS.match(self.path)
        self._answer(None if found is None else self.service.change(found["id"], body))

    def do_GET(self) -> None:
        found = _JOBS.match(self.path)
        if found is None or found["id"] not in self.service.states:
            self._answer(None)
        elif found["rest"].startswith("/metrics"):
            self._answer(self.service.metrics())
        else:  # messages: there are none
            self._answer({} if found["rest"].startswith("/") else self.service.told(found["id"]))

    def _body(self) -> dict[str, Any]:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, value: dict[str, Any] | None, code: int = 200) -> None:
        body = json.dumps({} if value is None else value).encode()
        self.send_response(404 if value is None else code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(
    log: Path,
    environment: Mapping[str, str],
    disturb: Callable[[Process, int], None] = lambda *_: None,
    *,
    played: bool = True,
) -> Iterator[Service]:
    """Run the service.

    Args:
        played: whether jobs run; else they wait for a test to say how they are.
        log: where workers write.
        environment: of the workers.
        disturb: is called with a worker's process and the number of the attempt, and may end it.
    """
    service = Service(log, environment, disturb, played)
    handler = type("Handler", (_Handler,), {"service": service})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    service.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


def run_staged(url: str) -> None:
    """Run a staged pipeline in this process, whatever image it asks for."""
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.portability import common_urns, python_urns
    from apache_beam.portability.api import beam_runner_api_pb2 as api
    from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

    from transforms.storage import read_bytes

    pipeline = api.Pipeline.FromString(read_bytes(url))
    for environment in pipeline.components.environments.values():
        assert environment.urn == common_urns.environments.DOCKER.urn
        environment.urn, environment.payload = python_urns.EMBEDDED_PYTHON, b""
    FnApiRunner().run_via_runner_api(pipeline, PipelineOptions([])).wait_until_finish()


if __name__ == "__main__":
    run_staged(sys.argv[1])
