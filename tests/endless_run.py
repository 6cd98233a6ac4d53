"""A run whose visits never end, for tests that end it: `python tests/endless_run.py FOLDER [Beam flags]`.

Each visit writes a file FOLDER/PID and one for a process that it starts, then stays in native code.
"""

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

NUM_PROCESSES = 2


def endless_visit(_: object, __: object, *, folder: str) -> Any:
    """Start a process that reads from a pipe, as ffmpeg does, and never return, nor let Python run."""
    reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    for pid in (os.getpid(), reader.pid):
        (Path(folder) / str(pid)).touch()
    ctypes.PyDLL(None).sleep(600)  # holds the interpreter's lock


def main(folder: str, beam_flags: list[str]) -> None:
    """Run one endless stage, with what a command has around it."""
    import apache_beam as beam
    from rich.console import Console

    from pipelines.artefacts import ArtefactStore
    from pipelines.isolation import IsolationConfig
    from pipelines.progress import display
    from pipelines.runner import runner_options
    from pipelines.stages import Visit
    from pipelines.steps import RunStep, Step
    from pipelines.stopping import on_stop
    from schemas.records.source import Source
    from tests.endless_run import endless_visit  # by a name that other processes know

    on_stop((Path(folder) / "given-back").touch)
    isolation = IsolationConfig(num_processes=NUM_PROCESSES, log_folder=str(Path(folder) / "logs"))
    step = Step(
        visit=Visit(stage="probe", visit=endless_visit, sections=()),
        level="video",
        settings={"folder": folder},
        recipes={"probe": "a recipe"},
        store=ArtefactStore(str(Path(folder) / "out")),
        isolation=isolation,
    )
    sources = [Source(uri=str(number), name=str(number)) for number in range(8)]
    with display(Console()), beam.Pipeline(options=runner_options(beam_flags)) as pipeline:
        _ = pipeline | beam.Create(sources) | RunStep(step)


if __name__ == "__main__":
    from commands.process import prepare_process, stop_on_signals
    from commands.temporary_folder import use_own_temporary_folder

    with stop_on_signals():
        use_own_temporary_folder()
        prepare_process()
        main(sys.argv[1], sys.argv[2:])
