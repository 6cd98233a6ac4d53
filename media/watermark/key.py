"""The key of the watermark: who has it can find the mark, and forge or remove it."""

import os
from pathlib import Path
from typing import Literal

from schemas.outcomes import BadInputError

KEY_VARIABLE = "MENTOR_WATERMARK_KEY"
# Everybody has it: the mark then tells honest tools that a video was made, and no more.
PUBLIC_KEY = b"Mentor: the public watermark key, first edition"
_MIN_BYTES, _MAX_BYTES = 16, 4096


def read_key(path: str | None) -> bytes:
    """Return the key in a file, else in the file that MENTOR_WATERMARK_KEY names, else the public one.

    Raises:
        BadInputError: if the file cannot be read, or its key is too short or too long.
    """
    place = path or os.environ.get(KEY_VARIABLE)
    if not place:
        return PUBLIC_KEY
    try:
        with Path(place).open("rb") as file:
            key = file.read(_MAX_BYTES + 1).strip()
    except OSError as error:
        raise BadInputError(f"watermark key {place}: cannot be read ({error.strerror or error})") from error
    if not _MIN_BYTES <= len(key) <= _MAX_BYTES:
        raise BadInputError(
            f"watermark key {place}: should have from {_MIN_BYTES} to {_MAX_BYTES} bytes; "
            "`openssl rand -hex 32` makes one"
        )
    return key


def key_kind(key: bytes) -> Literal["public", "own"]:
    """Return whether a key is the one that everybody has."""
    return "public" if key == PUBLIC_KEY else "own"
