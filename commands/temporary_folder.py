"""A folder for the temporary files of one command and all its processes, of which nothing stays.

Files of processes that are killed would otherwise stay (Beam leaves a folder too). A command that is
killed itself cannot clean up; the next one does.
"""

import atexit
import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from pipelines.stopping import on_stop

_PREFIX, _LOCK = "mentor-", "lock"


def use_own_temporary_folder() -> Path:
    """Have temporary files of this process and those that it starts go to a new folder; returns it.

    It is removed when the process ends, or else by the next command that the user starts. While the
    process lives it holds a lock on it, which the kernel gives back however the process ends.

    Raises:
        OSError: if there is no folder for temporary files that can be written.
    """
    base = Path(tempfile.gettempdir())
    _remove_left_over(base)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
    lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)  # kept open to the end
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None

    def remove() -> None:
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    on_stop(remove)
    return folder


def _remove_left_over(base: Path) -> None:
    """Remove the folders of commands that live no more."""
    for path in base.glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError):  # locked by its command, or another user's
            lock = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path.parent)
            finally:
                os.close(lock)
