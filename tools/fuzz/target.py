"""A reader to be fuzzed: what it is given to begin with, and the errors that it may answer with."""

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from media.source import MediaError
from models.data.records import BadSampleError
from schemas.outcomes import BadInputError
from schemas.sample import SampleError

# What our readers say of a file that cannot be read; anything else is a finding.
NAMED_ERRORS = (BadInputError, MediaError, SampleError, BadSampleError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A function of bytes, and files to begin with.

    `read` may raise one of `NAMED_ERRORS`. `max_bytes` bounds the inputs, `seconds` what one may take.
    """

    name: str
    read: Callable[[bytes], object]
    seeds: Callable[[], Sequence[bytes]]
    max_bytes: int = 1 << 16
    seconds: int = 5


@cache
def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="mentor-fuzz-")


def as_file(name: str, data: bytes) -> Path:
    """Return a file of these bytes; the next call with this name overwrites it."""
    path = Path(_folder().name) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def zipped(members: Sequence[tuple[str, bytes]]) -> bytes:
    """Return an archive whose checksums are right, so that what lies in it is reached."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data)
    return made.getvalue()


class Choices:
    """Decisions made of bytes, so that a fuzzer that changes bytes changes decisions."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def below(self, number: int) -> int:
        """Return a number from 0 to `number` - 1; 0 when the bytes are used up."""
        taken = self._data[self._at : self._at + 2]
        self._at += 2
        return int.from_bytes(taken) % number

    def rest(self) -> bytes:
        """Return the bytes that are left."""
        return self._data[self._at :]


STRANGE: tuple[object, ...] = (
    None, True, 0, -1, 1, 5000, 70000, 2**31, 2**63, 10**30, 10**400, -(10**400), 0.5, -0.0, 1e308, -1e-308,
    float("inf"), float("nan"), "", "x", "\0", "\ud800", "../../etc/passwd", "9" * 50, [], [0], [[]], [None],
    ["x"], [1e308] * 10, [10**400], {}, {"": 0}, {"words": 1}, {"betas": ["x"]}, [{}], [[[[[[]]]]]], "é" * 99,
)  # fmt: skip


def strange_json(plain: object, choices: Choices) -> bytes:
    """Return JSON in which some values are others, keys are missing, or all lies deep."""
    changed = json.loads(json.dumps(plain))
    for _ in range(1 + choices.below(4)):
        changed = _changed(changed, choices)
    if choices.below(50) == 1:
        depth = 1 << choices.below(18)
        return b"[" * depth + json.dumps(changed).encode() + b"]" * depth
    return json.dumps(changed).encode()


def _changed(value: object, choices: Choices) -> object:
    inside = (
        dict(enumerate(value)) if isinstance(value, list) else dict(value) if isinstance(value, dict) else {}
    )
    if not inside or choices.below(8) == 1:
        return STRANGE[choices.below(len(STRANGE))]
    key = list(inside)[choices.below(len(inside))]
    if choices.below(10) == 1:
        del inside[key]
    else:
        inside[key] = _changed(inside[key], choices)
    return list(inside.values()) if isinstance(value, list) else inside
