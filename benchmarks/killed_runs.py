"""Runs of the command line that are killed, and what they did, left and made."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from schemas.stages import STAGE

SCRIPT = Path(__file__).resolve().parent.parent / "run_pipeline.py"
COMPLETE = (0, 3)  # 3: with problems that the run names
PAGES = ("report/index.html", "report/bias.html")
_LOOK_SECONDS = 0.02
# Longer than a worker takes to see that its parent is gone, and than the kernel to clear it away.
_END_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A command line of Mentor; what it says goes to the end of the file `log`."""

    arguments: tuple[str, ...]
    log: Path
    script: Path = SCRIPT
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> subprocess.Popen[bytes]:
        """Start it as the leader of a group of processes of its own."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(self.script), *self.arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=SCRIPT.parent,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )

    def run(self) -> float:
        """Run it to its end; returns the seconds it took.

        Raises:
            RuntimeError: if it did not come to its end; names the log.
        """
        started = time.monotonic()
        code = self.start().wait()
        if code not in COMPLETE:
            raise RuntimeError(f"{' '.join(self.arguments[:1])} ended with exit code {code}; see {self.log}")
        return time.monotonic() - started

    def kill_when(self, condition: Callable[[], bool], delay_seconds: float = 0.0) -> float | None:
        """Run it, and kill its main process some time after a condition came true.

        Returns:
            The seconds that it ran; None if it came to its end before that.

        Raises:
            RuntimeError: if it ended in another way, or processes of it live on.
        """
        started = time.monotonic()
        process = self.start()
        while process.poll() is None and not condition():
            time.sleep(_LOOK_SECONDS)
        deadline = time.monotonic() + delay_seconds
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        process.kill()
        code, ran = process.wait(), time.monotonic() - started
        if code not in (*COMPLETE, -signal.SIGKILL):
            raise RuntimeError(f"{' '.join(self.arguments[:1])} ended with exit code {code}; see {self.log}")
        deadline = time.monotonic() + _END_SECONDS
        while alive := processes_of(process.pid):
            if time.monotonic() > deadline:
                raise RuntimeError(f"processes live on: {alive}")
            time.sleep(_LOOK_SECONDS)
        return ran if code == -signal.SIGKILL else None


def processes_of(group: int) -> list[int]:
    """Return the living processes of a group. Empty without /proc."""
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:  # "pid (name) state parent group ...", where the name may hold anything
            state, _, owner = status.read_text().rpartition(")")[2].split()[:3]
        except OSError:  # it has ended
            continue
        if int(owner) == group and state not in "ZX":
            found.append(int(status.parent.name))
    return found


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit that was begun: its stage, its element, and what it would make."""

    stage: str
    subject: str
    artefact: str


def visits(folder: Path) -> list[Visit]:
    """Return the visits that were ever begun into a run folder, from what its workers logged."""
    found: list[Visit] = []
    for log in sorted((folder / "logs").glob("worker*.log")):
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            stage, _, rest = line.partition(" ")
            subject, _, artefact = rest.rpartition(" ")
            if stage in STAGE and subject:
                found.append(Visit(stage, subject, artefact))
    return found


def finished(folder: Path) -> set[str]:
    """Return the ids of all whole artefacts of a run folder."""
    return {p.parent.name.rpartition("-")[2] for p in folder.glob("artefacts/*/*/*/record.json")}


@dataclass(slots=True)
class Account:
    """What became of the visits of a run that is killed, from attempt to attempt."""

    folder: Path
    num_begun: Counter[Visit] = field(default_factory=Counter)
    done: set[str] = field(default_factory=set)

    def attempt(self) -> tuple[list[Visit], list[Visit]]:
        """Look at what the last attempt did; returns the visits it repeated, and those it lost."""
        now = Counter(visits(self.folder))
        begun = list((now - self.num_begun).elements())
        repeated = [visit for visit in begun if visit.artefact in self.done]
        self.num_begun, self.done = now, finished(self.folder)
        return repeated, [visit for visit in begun if visit.artefact not in self.done]


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of what a run published but run.json, which tells its cost, by relative path."""
    files = [p for name in ("shards", "tables") for p in (folder / name).rglob("*") if p.is_file()]
    files += [folder / page for page in PAGES]
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def leftovers(folder: Path) -> list[str]:
    """Return what a finished run should not have left in its folder, by relative path."""
    current = (folder / "current").resolve()
    found = [p for p in folder.rglob("*") if p.name.endswith((".tmp", ".partial"))]
    found += [p for p in (folder / "results").iterdir() if p.resolve() != current]
    found += [p for p in (folder / "work").iterdir() if p.name not in ("lease.json", "last_run.json")]
    return sorted(p.relative_to(folder).as_posix() for p in found)
