"""Groups of a runner's shuffle in files, and what each step of a run takes."""

import shutil
import struct
import time
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

NUM_FILES = 64
_BUFFER_BYTES = 1 << 20
_HEAD = struct.Struct("<II")


@dataclass(slots=True)
class StepCost:
    """What a step took: processor time, what it shuffled, its largest group, the peak of memory in MB."""

    cpu_seconds: float = 0.0
    shuffle_bytes: int = 0
    shuffle_records: int = 0
    waiting_bytes: int = 0
    largest_bytes: int = 0
    largest_values: int = 0
    largest_of: str = ""
    peak_mb: float = 0.0


@dataclass(slots=True)
class Costs:
    """What the steps of a run took; `step` is the one that time is spent in now."""

    steps: dict[str, StepCost] = field(default_factory=lambda: defaultdict(StepCost))
    step: str = ""
    _since: float = field(default_factory=time.process_time)

    def enter(self, step: str) -> str:
        """Charge the time until now to the step that it was spent in; returns its name."""
        now, before = time.process_time(), self.step
        self.steps[before].cpu_seconds += now - self._since
        self._since, self.step = now, step
        return before

    def shuffled(self, step: str, num_bytes: int, records: int) -> None:
        """Note what was written for a grouping."""
        self.steps[step].shuffle_bytes += num_bytes
        self.steps[step].shuffle_records += records

    def held(self, step: str, of: str, num_bytes: int, values: int = 1) -> None:
        """Note a group that is held at once."""
        cost = self.steps[step]
        if num_bytes > cost.largest_bytes:
            cost.largest_bytes, cost.largest_values, cost.largest_of = num_bytes, values, of

    def begin_phase(self, step: str) -> None:
        """Forget the peak of memory so far."""
        Path("/proc/self/clear_refs").write_text("5")

    def end_phase(self, step: str) -> None:
        """Note the peak of memory since."""
        peak = _status_mb("VmHWM")
        self.steps[step].peak_mb = max(self.steps[step].peak_mb, peak)


_running: ContextVar[Costs | None] = ContextVar("running", default=None)


def measure(costs: Costs) -> None:
    """Let `charged` charge time to these costs."""
    _running.set(costs)


@contextmanager
def charged(step: str) -> Iterator[None]:
    """Charge what is done to a step of its own, whatever step does it."""
    costs = _running.get()
    before = None if costs is None else costs.enter(step)
    try:
        yield
    finally:
        if costs is not None and before is not None:
            costs.enter(before)


def _status_mb(what: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024
    return float("nan")


class Spool:
    """Records in a file, in order; they are read once."""

    def __init__(self, folder: Path, costs: Costs) -> None:
        self._path, self._costs, self._buffer = folder / "spool", costs, bytearray()

    def add(self, data: bytes) -> None:
        """Keep a record."""
        self._buffer += _HEAD.pack(len(data), 0)
        self._buffer += data
        self._costs.steps[self._costs.step].waiting_bytes += len(data)
        if len(self._buffer) > _BUFFER_BYTES:
            self._flush()

    def _flush(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            file.write(self._buffer)
        self._buffer = bytearray()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the records and remove the file."""
        self._flush()
        with self._path.open("rb") as file:
            while head := file.read(_HEAD.size):
                yield file.read(_HEAD.unpack(head)[0])
        shutil.rmtree(self._path.parent)


class Groups:
    """Keys and values in files by the keys' hashes; they are read once, a file at a time."""

    def __init__(self, folder: Path, step: str, costs: Costs) -> None:
        self._folder, self._step, self._costs = folder, step, costs
        self._buffers = [bytearray() for _ in range(NUM_FILES)]

    def add(self, key: bytes, value: bytes) -> None:
        """Keep a value."""
        number = zlib.crc32(key) % NUM_FILES
        buffer = self._buffers[number]
        buffer += _HEAD.pack(len(key), len(value))
        buffer += key
        buffer += value
        self._costs.shuffled(self._step, len(key) + len(value), 1)
        if len(buffer) > _BUFFER_BYTES:
            self._flush(number)

    def _flush(self, number: int) -> None:
        if self._buffers[number]:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / f"{number:03d}").open("ab") as file:
                file.write(self._buffers[number])
            self._buffers[number] = bytearray()

    def __iter__(self) -> Iterator[tuple[bytes, list[bytes]]]:
        """Yield the groups and remove the files."""
        for number in range(NUM_FILES):
            self._flush(number)
        for number in range(NUM_FILES):
            path = self._folder / f"{number:03d}"
            if path.exists():
                groups = self._read(path)
                path.unlink()
                while groups:
                    key, values = groups.popitem()
                    size = len(key) + sum(map(len, values))
                    self._costs.held(self._step, self._folder.name, size, len(values))
                    yield key, values
        shutil.rmtree(self._folder, ignore_errors=True)

    @staticmethod
    def _read(path: Path) -> dict[bytes, list[bytes]]:
        found: dict[bytes, list[bytes]] = {}
        with path.open("rb") as file:
            while head := file.read(_HEAD.size):
                key_size, value_size = _HEAD.unpack(head)
                found.setdefault(file.read(key_size), []).append(file.read(value_size))
        return found
