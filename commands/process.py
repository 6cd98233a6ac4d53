"""How the process of a command behaves: its threads and warnings, and what a signal does to it.

Ctrl-C and SIGTERM end a command within seconds, with one line and no traceback: workers are ended, what
they had finished stays written, and what would outlive the process is put in order (`pipelines.stopping`).
"""

import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# A second signal, or this time, and the process ends whatever has been put in order by then.
PATIENCE_SECONDS = 4.0
STOPPED = b"stopped: what was finished is kept; run the same command again to go on\n"
STOPPED_WHOLE = b"stopped: nothing was written; run the same command again to begin anew\n"
_said = STOPPED


def prepare_process(goes_on: bool = True) -> None:
    """Set up a command's process; call before numeric libraries and Beam are imported.

    Args:
        goes_on: whether the command, stopped and run again, goes on from what it had finished; others write
            all at their end.
    """
    global _said
    _said = STOPPED if goes_on else STOPPED_WHOLE
    # Beam and its cloud clients warn at import about what local runs do not use.
    warnings.filterwarnings("ignore", category=FutureWarning)
    logging.getLogger().setLevel(logging.ERROR)
    # Of processes that are ended by force; what they leave is cleaned up by who says this.
    os.environ["PYTHONWARNINGS"] = "ignore::FutureWarning,ignore:resource_tracker:UserWarning"
    from pipelines.worker import lead_run, limit_threads

    limit_threads()
    lead_run()


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """While the block runs, end the process on SIGINT (exit code 130) and SIGTERM (143). Main thread only.

    All threads but one block the signals, so that a main thread in native code holds up nothing. What the
    caller had ignored stays ignored.
    """
    awaited = {n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) != signal.SIG_IGN}
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    if sys.platform == "linux":
        # A terminal sends SIGINT to all processes, but what is started from here (Beam's workers, too) ends
        # when this process ends it: being ignored is inherited. Linux keeps a blocked signal none the less.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_wait_for_signal, args=(awaited,), daemon=True).start()
    try:
        yield
    finally:
        stopping = sys.modules.get("pipelines.stopping")
        if stopping is not None:
            stopping.hold_if_stopping()


def _wait_for_signal(awaited: set[signal.Signals]) -> None:
    number = signal.sigwait(awaited)
    screen, once = _silence(), threading.Lock()

    def leave() -> None:
        once.acquire()  # never released
        os.write(screen, _said)
        # Threads of Beam's runner would keep the interpreter from ending.
        os._exit(128 + number)

    threading.Timer(PATIENCE_SECONDS, leave).start()
    threading.Thread(target=_stop, args=(leave,), daemon=True).start()
    signal.sigwait(awaited)
    leave()


def _stop(leave: Callable[[], None]) -> None:
    """End everything that was started, give back what is held, and leave."""
    try:
        from pipelines import stopping

        stopping.begin_stop()
        from pipelines.isolation import close_pools

        close_pools()
        _kill(_descendants(os.getpid()))
        stopping.run_callbacks()
    finally:
        leave()


def _silence() -> int:
    """Drop what is written to standard error from now on; returns where it went.

    Threads of Beam report the loss of their workers there.
    """
    screen = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    return screen


def _descendants(pid: int) -> list[int]:
    """Return the processes below one: Beam's workers and what they started. Empty without /proc."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:  # "pid (name) state parent ...", where the name may hold anything
            parent = int(status.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):  # it has ended
            continue
        children.setdefault(parent, []).append(int(status.parent.name))
    found, new = [], [pid]
    while new:
        new = [child for parent in new for child in children.get(parent, [])]
        found += new
    return found


def _kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            # A tracker ends by itself, when it has removed what the processes it belongs to leave over.
            if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
        except OSError:
            continue
