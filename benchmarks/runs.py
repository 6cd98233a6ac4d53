"""Runs of the command line in fresh processes, and reading what a run wrote."""

import csv
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import yaml

from benchmarks.material import VIDEO_FOLDER
from schemas.layout import WORK

_COMMAND = Path(__file__).resolve().parent.parent / "run_pipeline.py"


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """A finished run: wall time, and processor time of all its processes, start-up included."""

    folder: Path
    exit_code: int
    wall_seconds: float
    cpu_seconds: float


def run_curate(data: Path, sources: list[str], folder: Path, num_processes: int) -> Measured:
    """Curate sources (paths below video/) in a fresh process; its log goes to folder.log.

    Args:
        num_processes: `isolation.num_processes`; 0 means one a core.

    Raises:
        RuntimeError: if the run did not come to its end; names the log.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    # An earlier benchmark's run, perhaps of another version or interrupted: what it made is not measured.
    if (folder / "run.json").is_file() or (folder / WORK).is_dir():
        shutil.rmtree(folder)
    settings = {"isolation": {"num_processes": num_processes}}
    manifest, config = write_inputs(data, sources, folder, settings)
    command = [sys.executable, str(_COMMAND), "curate", "--input", str(manifest.absolute())]
    command += ["--output", str(folder.absolute()), "--config", str(config.absolute())]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    path = folder.with_name(f"{folder.name}.log")
    with path.open("w", encoding="utf-8") as log:
        done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, cwd=_COMMAND.parent, check=False)
    wall = time.monotonic() - started
    if done.returncode not in (0, 3):  # 3: complete, with problems that the run names
        raise RuntimeError(f"curate ended with exit code {done.returncode}; see {path}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(folder=folder, exit_code=done.returncode, wall_seconds=wall, cpu_seconds=cpu)


def write_inputs(data: Path, sources: list[str], folder: Path, settings: dict[str, Any]) -> tuple[Path, Path]:
    """Write the manifest of sources (paths below video/) and the configuration of a run beside its folder."""
    manifest = folder.parent / f"{folder.name}-inputs.csv"
    with manifest.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["uri"])
        # Relative paths are the sources' names as they are written, by which results are found again.
        folder_of_videos = os.path.relpath(data / VIDEO_FOLDER, manifest.parent)
        writer.writerows([f"{folder_of_videos}/{s}"] for s in sources)
    config = folder.parent / f"{folder.name}-config.yaml"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return manifest, config


def read_run(folder: Path) -> dict[str, Any]:
    """Return run.json of a finished run.

    Raises:
        FileNotFoundError: if the run did not finish.
    """
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))


def read_rows(folder: Path, table: str) -> list[dict[str, Any]]:
    """Return the rows of one of a run's tables."""
    paths = [str(p) for p in sorted((folder / "tables").glob(f"{table}-*.parquet"))]
    return ds.dataset(paths).to_table().to_pylist()


def count_samples(folder: Path) -> int:
    """Return the number of samples that the indices of a run's shards list."""
    paths = [str(p) for p in sorted((folder / "index").glob("*.parquet"))]
    return ds.dataset(paths).count_rows() if paths else 0
