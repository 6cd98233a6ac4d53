"""One writer of a run folder at a time; a dead one's place is free, on any filesystem."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines import lease as leases
from pipelines.run_folder import RunFolder
from schemas.outcomes import BadInputError
from tests import remote_files
from tests.run_folder_makers import below, word_of
from transforms.storage import read_bytes

ROOT = Path(__file__).parent.parent
HOLD = """
import sys, time
sys.path.insert(0, {root!r})
from tests import remote_files
from pipelines.run_folder import RunFolder
with RunFolder(sys.argv[1]).writing("package"):
    print("holds", flush=True)
    time.sleep(60)
"""


@contextlib.contextmanager
def another_holder(root: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds a folder."""
    command = [sys.executable, "-c", HOLD.format(root=str(ROOT)), root]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "holds\n"
            yield process
        finally:
            process.kill()


def test_a_second_writer_learns_who_holds_the_folder_and_a_dead_one_is_followed(root: str) -> None:
    folder = RunFolder(root)
    with another_holder(root) as process:
        with pytest.raises(BadInputError) as refused, folder.writing("curate"):
            pytest.fail("two writers")
        said = str(refused.value)
        year = time.strftime("%Y-", time.gmtime())
        for part in (root, "package", socket.gethostname(), f"process {process.pid}", f"since {year}"):
            assert part in said
        assert "\n" not in said
        process.send_signal(signal.SIGKILL)
        process.wait()
        with folder.writing("curate"):
            assert word_of(folder) is None
    with folder.writing("curate"):
        pass


def test_the_lease_is_given_back(root: str) -> None:
    folder = RunFolder(root)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), folder.writing("curate"):
            raise ZeroDivisionError
    assert below(root) == {}


@pytest.fixture
def remote_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(remote_files.VARIABLE, str(tmp_path / "store"))
    return "fake://bucket/out/work/lease.json"


def holder(**changes: Any) -> bytes:
    """Return the lease of somebody on another machine."""
    fields = {"host": "elsewhere", "process": 1, "command": "curate", "started": "2026-01-02T03:04:05+00:00"}
    return json.dumps({**fields, "token": "t", "renewed": time.time(), **changes}).encode()


def test_a_holder_on_another_machine_is_believed_while_it_renews(remote_lease: str) -> None:
    remote_files.put(remote_lease, holder(renewed=time.time() - leases.STALE_SECONDS + 10))
    who = "curate on elsewhere, process 1, since 2026-01-02T03:04:05"
    with pytest.raises(BadInputError, match=who), leases.lease(remote_lease, "curate"):
        pytest.fail("two writers")


@pytest.mark.parametrize(
    "left",
    [
        holder(renewed=time.time() - leases.STALE_SECONDS - 10),
        holder(host=socket.gethostname(), process=2**22 + 1),  # beyond the largest process number
        b"",
        b'{"host": "else',
        b"[]",
        b"null",
    ],
    ids=["stale", "dead here", "empty", "torn", "list", "null"],
)
def test_a_dead_holder_is_followed(remote_lease: str, left: bytes) -> None:
    remote_files.put(remote_lease, left)
    with leases.lease(remote_lease, "curate"):
        (data,) = remote_files.objects().values()
        assert json.loads(data)["process"] == os.getpid()
    assert remote_files.objects() == {}


def test_a_lease_is_renewed_while_it_is_held(remote_lease: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.05)
    with leases.lease(remote_lease, "curate"):
        seen = [json.loads(read_bytes(remote_lease))["renewed"]]
        time.sleep(0.3)
        seen.append(json.loads(read_bytes(remote_lease))["renewed"])
    assert seen[1] > seen[0]
    time.sleep(0.15)
    assert remote_files.objects() == {}, "nobody renews it any more"


def test_of_two_that_come_at_once_the_last_to_write_holds_it(
    remote_lease: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases.time, "sleep", lambda _: remote_files.put(remote_lease, holder()))
    with pytest.raises(BadInputError, match="elsewhere"), leases.lease(remote_lease, "curate"):
        pytest.fail("two writers")
    assert remote_files.objects() == {remote_lease: read_bytes(remote_lease)}, "the other's lease stays"
