"""Files of a result as others are told of them: where they lie in it, how large they are, what is in them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedFile:
    """A file of a result: its path below the result's folder, its size, and the SHA-256 of its bytes."""

    path: str
    num_bytes: int
    sha256: str


def fingerprint(files: Sequence[PublishedFile]) -> str:
    """Return one SHA-256 for files: of the lines that `sha256sum` prints of them, in order of their paths."""
    lines = sorted((file.path, file.sha256) for file in files)
    return hashlib.sha256("".join(f"{digest}  {path}\n" for path, digest in lines).encode()).hexdigest()
