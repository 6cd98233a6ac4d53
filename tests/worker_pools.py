"""Worker pools in processes of their own, each in a folder of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_POOL = "apache_beam.runners.worker.worker_pool_main"
_IN_TURN = "pipelines.worker_pools"
_PATIENCE_SECONDS = 90.0


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def pools(
    folder: Path, number: int, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """Start pools, and one address in front of them; yields it and the pools' processes."""
    # `python` is what a pool starts its workers with.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {**os.environ, "PATH": path, **(environment or {})}
    ports = [free_port() for _ in range(number + 1)]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for i, port in enumerate(ports[:-1]):
            started.append(_start(folder / f"pool{i}", [_POOL, f"--service_port={port}"], environment))
        addresses = [f"localhost:{port}" for port in ports[:-1]]
        front = [_IN_TURN, f"--service_port={ports[-1]}", *addresses]
        started.append(_start(folder / "front", front, environment))
        for port in ports:
            _wait_for(port)
        yield f"localhost:{ports[-1]}", started[:-1]
    finally:
        for process in started:
            end(process)


def _start(cwd: Path, module: Sequence[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    cwd.mkdir(parents=True)
    with (cwd / "log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", *module],
            cwd=cwd, env=dict(environment), stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("localhost", port), 1.0):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nobody listens at {port}")


def end(process: "subprocess.Popen[bytes]") -> None:
    """Kill a pool with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait()
