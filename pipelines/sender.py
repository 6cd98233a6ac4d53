"""The Mentor that sent a job and the one that works on it are the same, or the work ends at once.

Of two versions neither the code nor the names of artefacts agree: elements would fail one by one for reasons
that nobody understands, or results of two kinds would be mixed without a word.
"""

import functools
import hashlib
import re
from pathlib import Path
from typing import Any, TypeVar

from schemas.version import VERSION

T = TypeVar("T")
# What makes results; commands and reports may differ.
_ROOMS = ("schemas", "body", "media", "backends", "transforms", "pipelines")


_TOLD = re.compile(r"this worker has Mentor .*? that sends the job")


class OtherMentorError(RuntimeError):
    """A worker has another Mentor than the one that sent the job."""


@functools.cache
def this_mentor() -> str:
    """Return the version of this Mentor with a hash of the code that makes results."""
    place = Path(__file__).resolve().parent.parent
    files = sorted(path for room in _ROOMS for path in (place / room).rglob("*.py"))
    seen = hashlib.sha256()
    for path in files:
        seen.update(path.relative_to(place).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{VERSION} ({seen.hexdigest()[:12]})"


def check_sender(sender: str) -> None:
    """Check that a job was sent by the Mentor that this process has.

    Raises:
        OtherMentorError: if it was another.
    """
    if sender != this_mentor():
        raise OtherMentorError(
            f"this worker has Mentor {this_mentor()}, the job was sent by Mentor {sender}: give workers the "
            "image or the wheel of the Mentor that sends the job"
        )


def told_of_other_mentor(error: Exception) -> str | None:
    """Return what a job's error says of another Mentor, None if it says nothing: it comes in words alone."""
    found = _TOLD.search(str(error))
    return found[0] if found else None


def of_this_mentor(element: T, sender: str) -> T:
    """Return an element of a job that this process's Mentor sent.

    Raises:
        OtherMentorError: if another sent it.
    """
    check_sender(sender)
    return element


class Sender:
    """Stands before what a job holds: where it comes alive, the Mentor there is compared at once.

    An object that is pickled with this as its first part comes alive part by part, and what follows is not
    even looked for if the Mentors differ.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _came_alive, (this_mentor(),)


def _came_alive(sender: str) -> Sender:
    check_sender(sender)
    return Sender()
