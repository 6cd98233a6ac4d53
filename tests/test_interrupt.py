"""Ending a run from outside: Ctrl-C, SIGTERM and SIGKILL, as a shell or a cluster does it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from commands.process import PATIENCE_SECONDS, STOPPED, STOPPED_WHOLE
from pipelines.stopping import on_stop, run_callbacks
from tests.endless_run import NUM_PROCESSES

ROOT = Path(__file__).parent.parent
IN_MEMORY: tuple[str, ...] = ()
PROCESSES = ("--runner=FnApiRunner", "--direct_running_mode=multi_processing", "--direct_num_workers=1")


def listen_to_ctrl_c() -> None:
    """What a test runner in the background ignores, a program that it starts ignores too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_gone(pid: int) -> bool:
    """Return whether a process has ended (whether or not somebody has asked how)."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] in "ZX"


@dataclass(frozen=True, slots=True)
class Endless:
    """A run that never ends, and where its processes leave their numbers."""

    process: subprocess.Popen[str]
    folder: Path
    temporary: Path

    def pids(self) -> list[int]:
        return [int(p.name) for p in self.folder.iterdir() if p.name.isdigit()]

    def another_command(self) -> None:
        """Run a command that has the same folder for temporary files."""
        command = [sys.executable, str(ROOT / "run_pipeline.py"), "--help"]
        environment = {**os.environ, "TMPDIR": str(self.temporary)}
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)

    def end(self, number: int) -> tuple[float, str, str]:
        """Send a signal to the whole group, as a terminal does; return seconds and what was said."""
        started = time.monotonic()
        os.killpg(self.process.pid, number)
        out, err = self.process.communicate(timeout=20)
        return time.monotonic() - started, out, err


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Endless]]:
    running: list[Endless] = []

    def start(*flags: str, busy: int = NUM_PROCESSES) -> Endless:
        folder, temporary = tmp_path / "run", tmp_path / "temporary"
        folder.mkdir()
        temporary.mkdir()
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "endless_run.py"), str(folder), *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(temporary)},
            start_new_session=True,
            preexec_fn=listen_to_ctrl_c,
        )
        endless = Endless(process, folder, temporary)
        running.append(endless)
        # Two for each visit: the worker and what it started.
        assert wait_for(lambda: len(endless.pids()) >= 2 * busy or process.poll() is not None, 60)
        assert process.poll() is None, process.communicate()
        return endless

    yield start
    for endless in running:
        if endless.process.poll() is None:
            os.killpg(endless.process.pid, signal.SIGKILL)
            endless.process.wait()


@pytest.mark.parametrize(
    ("flags", "number", "code"),
    [(IN_MEMORY, signal.SIGINT, 130), (IN_MEMORY, signal.SIGTERM, 143), (PROCESSES, signal.SIGINT, 130)],
)
def test_a_signal_ends_a_run_with_one_line_and_all_its_processes(
    start: Callable[..., Endless], flags: tuple[str, ...], number: int, code: int
) -> None:
    run = start(*flags)
    pids = run.pids()
    seconds, out, err = run.end(number)
    assert run.process.returncode == code and seconds < 5
    assert err.endswith(STOPPED.decode()) and "Traceback" not in out + err
    # Beam's own worker processes say what they do when they start, and a run on a slow machine how far it is.
    told = [line for line in out.splitlines() if not re.match(r" +\d+ s  ", line)]
    assert flags == PROCESSES or (told, err) == ([], STOPPED.decode())
    assert wait_for(lambda: all(map(is_gone, pids)), 1), "workers live on"
    assert (run.folder / "given-back").exists() and not any(run.temporary.iterdir())
    logs = {p.name: p.read_text() for p in run.folder.glob("logs/*")}
    assert set(logs) <= {f"worker-{n}.log" for n in range(NUM_PROCESSES)}
    # Workers note what they begin, and have nothing to say about their end.
    said = [line for log in logs.values() for line in log.splitlines()]
    assert flags == PROCESSES or [line for line in said if not line.startswith("probe ")] == []


@pytest.mark.parametrize("flags", [IN_MEMORY, PROCESSES])
def test_processes_end_with_a_run_that_is_killed(
    start: Callable[..., Endless], flags: tuple[str, ...]
) -> None:
    run = start(*flags)
    pids = run.pids()
    run.another_command()
    (own,) = run.temporary.iterdir()
    assert (own / "lock").exists(), "the folder of a living command is its own"
    run.process.kill()
    run.process.communicate(timeout=20)
    assert wait_for(lambda: all(map(is_gone, pids)), 5), "workers live on"
    assert wait_for(lambda: group_is_empty(run.process.pid), 5), "something of the run lives on"
    run.another_command()
    assert not any(run.temporary.iterdir())
    names = {p.name for p in run.folder.glob("logs/*")}
    assert names <= {f"worker-{slot}.log" for slot in range(NUM_PROCESSES)}


def group_is_empty(group: int) -> bool:
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, owner = status.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(owner) == group and state not in "ZX":
            return False
    return True


SLOW_TO_STOP = """
import time
from commands.process import stop_on_signals
from pipelines.stopping import on_stop

def linger():
    print("lingers", flush=True)
    time.sleep(60)

with stop_on_signals():
    on_stop(linger)
    print("works", flush=True)
    time.sleep(60)
"""


def test_a_second_ctrl_c_waits_for_nothing() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_TO_STOP],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=listen_to_ctrl_c,
    ) as process:
        assert process.stdout is not None
        for said in ("works\n", "lingers\n"):
            assert process.stdout.readline() == said
            os.killpg(process.pid, signal.SIGINT)
        started = time.monotonic()
        _, err = process.communicate(timeout=20)
    assert time.monotonic() - started < PATIENCE_SECONDS / 2
    assert (process.returncode, err) == (130, STOPPED.decode())


def test_callbacks_run_last_first_and_one_that_fails_keeps_none_from_running() -> None:
    called: list[str] = []

    def fail() -> None:
        raise OSError("gone")

    on_stop(lambda: called.append("first"))
    forget = on_stop(lambda: called.append("forgotten"))
    on_stop(fail)
    on_stop(lambda: called.append("last"))
    forget()
    run_callbacks()
    assert called == ["last", "first"]
    run_callbacks()
    assert called == ["last", "first"]


@pytest.mark.parametrize(
    ("arguments", "line", "stopped"),
    [
        (["curate", "--input", "videos", "--output", "out"], "mentor curate: videos -> out\n", STOPPED),
        (["evaluate", "out"], "mentor evaluate: out\n", STOPPED_WHOLE),
    ],
)
def test_the_first_line_waits_for_no_import_and_ctrl_c_during_imports_is_clean(
    tmp_path: Path, arguments: list[str], line: str, stopped: bytes
) -> None:
    slow = tmp_path / "slow" / "apache_beam"
    slow.mkdir(parents=True)
    (slow / "__init__.py").write_text("import time\ntime.sleep(60)\n")
    (tmp_path / "videos").mkdir()
    started = time.monotonic()
    with subprocess.Popen(
        [sys.executable, str(ROOT / "run_pipeline.py"), *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(slow.parent)},
        start_new_session=True,
        preexec_fn=listen_to_ctrl_c,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == line
        assert time.monotonic() - started < 2
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=5)
    assert (process.returncode, err) == (130, stopped.decode())
