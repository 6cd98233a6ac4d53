"""Mentor's command line, which kills itself (SIGKILL) just before it changes a certain file.

    MENTOR_KILLED_AT='{"change": "rename", "place": "work/erasure/journal[.]json", "nth": 2}' \\
        python benchmarks/killed_at.py erase OUT --clip KEY --yes

`change` is one of `CHANGES`, `place` a regular expression of a whole path below OUT, the command's second
argument. What Python is about to do to a file it tells its audit hooks first (PEP 578); what was done before
is then on the disk, and what comes is not. With `MENTOR_CHANGES=FILE` all changes are written there instead.
"""

import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from commands.command_line import run  # noqa: E402

CHANGES = {
    "os.rename": "rename",
    "os.remove": "remove",
    "os.rmdir": "remove",
    "os.mkdir": "make",
    "os.link": "link",
    "os.symlink": "link",
    "open": "write",
}
# Which of an event's arguments is the file that is changed, and which the descriptor of its folder.
_FILE = {"os.rename": 1, "os.link": 1, "os.symlink": 1}
_FOLDER = {"os.remove": 1, "os.rmdir": 1, "os.mkdir": 2}


def changed(event: str, arguments: tuple[Any, ...], root: Path) -> str | None:
    """Return the path below a folder of a file that is about to be changed, None if there is none such."""
    file = arguments[_FILE.get(event, 0)]
    if event not in CHANGES or not isinstance(file, str | bytes | os.PathLike):
        return None
    if event == "open" and not _writes(arguments):
        return None
    path = Path(os.fsdecode(file))
    folder = arguments[_FOLDER[event]] if event in _FOLDER else -1
    if not path.is_absolute():
        path = (Path(f"/proc/self/fd/{folder}").readlink() if folder >= 0 else Path.cwd()) / path
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else None


def _writes(arguments: tuple[Any, ...]) -> bool:
    return bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def watch(root: Path, wanted: dict[str, Any] | None, noted: str | None) -> None:
    """Die before the wanted change of a file below a folder, or note all changes."""
    seen = [0]

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in CHANGES:
            return
        place = changed(event, arguments, root)
        if place is None:
            return
        if noted:
            log = os.open(noted, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(log, f"{CHANGES[event]} {place}\n".encode())
            os.close(log)
        if wanted and CHANGES[event] == wanted["change"] and re.fullmatch(wanted["place"], place):
            seen[0] += 1
            if seen[0] == wanted["nth"]:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(look)


if __name__ == "__main__":
    told = os.environ.get("MENTOR_KILLED_AT")
    watch(Path(sys.argv[2]).resolve(), json.loads(told) if told else None, os.environ.get("MENTOR_CHANGES"))
    run()
