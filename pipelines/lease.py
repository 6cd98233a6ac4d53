"""A lease on a run folder: one writer at a time, and a dead one's place is free.

On this machine's files the kernel keeps the lease: a lock that ends with the process that holds it, however
that ends. On other filesystems an object names the holder and is renewed while the holder lives; one that is
no longer renewed is taken over.
"""

import fcntl
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from media.source import is_remote, local_path
from pipelines.stopping import on_stop
from schemas.outcomes import BadInputError
from transforms.storage import delete_tree, read_if_there, write_bytes

RENEW_SECONDS = 20.0
# A holder that has not renewed its lease for this long is dead.
STALE_SECONDS = 120.0
# What reading a holder's note may raise that was not written whole, or by somebody else.
_TORN = (ValueError, LookupError, TypeError, OverflowError, RecursionError)


@contextmanager
def lease(path: str, command: str) -> Iterator[None]:
    """Hold the lease at a path for the time of a block.

    Raises:
        BadInputError: if somebody else holds it; names host, process and start.
        OSError: if the folder cannot be written.
    """
    holder = {
        "host": socket.gethostname(),
        "process": os.getpid(),
        "command": command,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "token": uuid.uuid4().hex,
    }
    with _remote_lease(path, holder) if is_remote(path) else _local_lease(path, holder):
        yield


@contextmanager
def _local_lease(path: str, holder: dict[str, object]) -> Iterator[None]:
    place = local_path(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(place, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _taken(path, os.pread(handle, 4096, 0)) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(holder).encode(), 0)
        yield
    finally:
        os.close(handle)


@contextmanager
def _remote_lease(path: str, holder: dict[str, object]) -> Iterator[None]:
    found = read_if_there(path)
    if found is not None and not _is_stale(found):
        raise _taken(path, found)
    _renew(path, holder)
    # Of two that came at the same moment the last to write holds it; the other finds that out here.
    time.sleep(0.2)
    now = read_if_there(path) or b""
    if str(holder["token"]).encode() not in now:
        raise _taken(path, now)
    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(RENEW_SECONDS):
            _renew(path, holder)

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()

    def release() -> None:
        delete_tree(path)

    forget = on_stop(release)
    try:
        yield
    finally:
        forget()
        ended.set()
        keeper.join()
        release()


def _renew(path: str, holder: dict[str, object]) -> None:
    write_bytes(path, json.dumps({**holder, "renewed": time.time()}).encode())


def _is_stale(data: bytes) -> bool:
    """Return whether a holder is dead: its process on this machine is gone, or it stopped renewing."""
    try:
        holder = json.loads(data)
        if holder["host"] == socket.gethostname() and not _is_alive(int(holder["process"])):
            return True
        return not time.time() - float(holder["renewed"]) <= STALE_SECONDS  # NaN is no time
    except _TORN:
        return True  # torn while it was written: nobody holds it


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _taken(path: str, data: bytes) -> BadInputError:
    folder = path.rsplit("/work/", 1)[0]
    try:
        holder = json.loads(data)
        who = (
            f"{holder['command']} on {holder['host']}, process {holder['process']}, since {holder['started']}"
        )
    except _TORN:
        who = "another run"
    return BadInputError(f"--output {folder}: in use by {who}; wait for it, or choose another folder")
