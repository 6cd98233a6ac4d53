"""Worker pools in processes of their own, each in a folder and, if need be, a network of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_POOL = "apache_beam.runners.worker.worker_pool_main"
_IN_TURN = "pipelines.worker_pools"
_PATIENCE_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class PoolPlace:
    """Where a pool is: its host, its port (0 for any), and what its command is given to."""

    host: str
    port: int = 0
    through: tuple[str, ...] = ()


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def pools(
    folder: Path, places: Sequence[PoolPlace], environment: Mapping[str, str]
) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """Start pools, and one address in front of them; yields it and the pools' processes."""
    # `python` is what a pool starts its workers with.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    environment = {**os.environ, **environment, "PATH": path}
    started: list[subprocess.Popen[bytes]] = []
    addresses: list[tuple[str, int]] = []
    try:
        for i, place in enumerate(places):
            addresses.append((place.host, place.port or free_port()))
            module = [_POOL, f"--service_port={addresses[-1][1]}"]
            started.append(_start(folder / f"pool{i}", module, environment, place.through))
        front = free_port()
        named = [f"{host}:{port}" for host, port in addresses]
        module = [_IN_TURN, f"--service_port={front}", *named]
        started.append(_start(folder / "front", module, environment))
        for address in (*addresses, ("localhost", front)):
            wait_for(address)
        yield f"localhost:{front}", started[:-1]
    finally:
        for process in started:
            end(process)


def _start(
    cwd: Path, module: Sequence[str], environment: Mapping[str, str], through: Sequence[str] = ()
) -> "subprocess.Popen[bytes]":
    cwd.mkdir(parents=True)
    with (cwd / "log").open("wb") as log:
        return subprocess.Popen(
            [*through, sys.executable, "-W", "ignore", "-m", *module],
            cwd=cwd, env=dict(environment), stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def wait_for(address: tuple[str, int]) -> None:
    """Wait until somebody listens.

    Raises:
        TimeoutError: if nobody does for long.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(address, 1.0):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nobody listens at {address}")


def end(process: "subprocess.Popen[bytes]") -> None:
    """Kill a pool with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait()
