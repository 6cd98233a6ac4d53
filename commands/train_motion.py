"""Train the motion model on shards: the configuration by name or file, progress, TensorBoard, a page to
look at.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from tensorboardX import SummaryWriter

from body.load import load_body_model
from body.model import BodyModel
from commands.motion_page import write_page
from models.motion.checkpoint import MODEL_FILE, MotionModel, load_motion
from models.motion.config import CONFIGS, MotionConfig
from models.motion.train import train_motion
from models.ranks import join_ranks
from models.training import Progress, leave_a_core_for_reading
from pipelines.settings import settings_of
from pipelines.settings_file import read_settings_file
from schemas.layout import MODELS
from schemas.outcomes import BadInputError

TENSORBOARD = "tensorboard"
_BASE = "base"


@dataclass(frozen=True, kw_only=True, slots=True)
class MotionRun:
    """What is to be trained, as the command line says it."""

    shards: tuple[str, ...]
    config: str
    folder: str | None
    start: str | None
    split: str
    body_model: str | None


def train(run: MotionRun, console: Console) -> Path:
    """Train; returns the model's file.

    Raises:
        BadInputError: if shards, configuration or folder cannot be used.
    """
    leave_a_core_for_reading()
    config = load_motion_config(run.config)
    folder = Path(run.folder) if run.folder else Path(run.shards[0]) / MODELS / "motion"
    body = load_body_model(run.body_model)
    start = None if run.start is None else load_motion(Path(run.start))
    with join_ranks() as rank:
        listener = _Listener(run, folder, body, console) if rank == 0 else None
        train_motion(run.shards, folder, config, body, run.split, start, listener)
    return folder / MODEL_FILE


def load_motion_config(name: str) -> MotionConfig:
    """Return a configuration by name, or of a YAML file: sections over those of `base`, a name.

    Raises:
        BadInputError: naming what is unknown or cannot be.
    """
    if name in CONFIGS:
        return CONFIGS[name]()
    if not Path(name).is_file():
        raise BadInputError(
            f"--config {name}: no such file, nor a configuration; there are {', '.join(CONFIGS)}"
        )
    sections = dict(read_settings_file(name))
    base = sections.pop(_BASE, "cpu_small")
    if base not in CONFIGS:
        raise BadInputError(f"--config {name}: base {base!r} is none of {', '.join(CONFIGS)}")
    return settings_of(MotionConfig, _merged(asdict(CONFIGS[base]()), sections))


def _merged(plain: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(plain)
    for key, value in changes.items():
        below = out.get(key)
        out[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return out


class _Listener:
    """Says how training goes, and draws the page now and then."""

    def __init__(self, run: MotionRun, folder: Path, body: BodyModel, console: Console) -> None:
        self._run, self._folder, self._body, self._console = run, folder, body, console
        self._board = SummaryWriter(str(folder / TENSORBOARD))
        self._began: tuple[float, int] | None = None

    def __call__(self, progress: Progress, model: Callable[[], MotionModel]) -> None:
        now = time.monotonic()
        self._began = self._began or (now, progress.step)
        for name, value in progress.losses.items():
            self._board.add_scalar(f"loss/{name}", value, progress.step)
        self._console.out(self._line(progress, now), highlight=False)
        if progress.kept:
            self._board.flush()
            shards = self._run.shards
            write_page(self._folder, shards, self._run.split, progress.history, model(), self._body)

    def _line(self, progress: Progress, now: float) -> str:
        assert self._began is not None
        done = progress.step - self._began[1]
        parts = [f"step {progress.step}/{progress.num_steps}", f"loss {progress.losses['loss']:.3f}"]
        if done:
            pace = (now - self._began[0]) / done
            left = pace * (progress.num_steps - progress.step)
            parts += [f"{pace:.2f} s a step", f"about {left / 60:.0f} min left"]
        parts.append(f"waited {progress.waited_share:.0%} for data")
        return ", ".join(parts)
