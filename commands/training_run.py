"""What training any model shares on the command line: configurations by name or file, lines of progress,
TensorBoard, a page now and then.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from rich.console import Console
from tensorboardX import SummaryWriter

from body.load import load_body_model
from media.source import is_remote, local_path
from models.ranks import join_ranks
from models.train import Listen, Material
from models.training import Progress, leave_a_core_for_reading
from pipelines.settings import settings_of
from pipelines.settings_file import read_settings_file
from schemas.layout import MODELS
from schemas.outcomes import BadInputError
from transforms.storage import join

TENSORBOARD = "tensorboard"
_BASE = "base"
C = TypeVar("C")
M = TypeVar("M")


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingRun:
    """What is to be trained, as the command line says it."""

    shards: tuple[str, ...]
    config: str
    folder: str | None
    start: str | None
    split: str
    body_model: str | None
    pretrained: str | None

    @property
    def start_file(self) -> Path | None:
        """The file of the model to begin with."""
        return None if self.start is None else Path(self.start)

    def material(self, model: str) -> Material:
        """Return what is learnt from, and where: below the first run, unless a folder is named.

        Raises:
            BadInputError: if that is not on this machine, or the body model cannot be read.
        """
        folder = self.folder or join(self.shards[0], MODELS, model)
        if is_remote(folder):
            raise BadInputError(
                f"--to {folder}: training writes to a folder of this machine; name one with --to"
            )
        return Material(
            shards=self.shards,
            folder=local_path(folder),
            body=load_body_model(self.body_model),
            split=self.split,
            body_file=self.body_model,
            start_file=self.start_file,
        )


def load_config(name: str, kind: type[C], configs: Mapping[str, Callable[[], C]]) -> C:
    """Return a configuration by name, or of a YAML file: sections over those of `base`, a name.

    Raises:
        BadInputError: naming what is unknown or cannot be.
    """
    if name in configs:
        return configs[name]()
    if not Path(name).is_file():
        raise BadInputError(
            f"--config {name}: no such file, nor a configuration; there are {', '.join(configs)}"
        )
    sections = dict(read_settings_file(name))
    base = sections.pop(_BASE, next(iter(configs)))
    if base not in configs:
        raise BadInputError(f"--config {name}: base {base!r} is none of {', '.join(configs)}")
    plain: Any = configs[base]()
    return settings_of(kind, _merged(asdict(plain), sections))


def _merged(plain: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(plain)
    for key, value in changes.items():
        below = out.get(key)
        out[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return out


@contextlib.contextmanager
def listened_to(
    material: Material, console: Console, draw_page: Callable[[Sequence[dict[str, float]], M], None]
) -> Iterator[Listen[M] | None]:
    """Join the processes that train together; gives the first of them what is to be told of the progress.

    Args:
        draw_page: told of the losses and given the model whenever a checkpoint was kept.
    """
    leave_a_core_for_reading()
    with join_ranks() as rank:
        yield _Listener(material.folder, console, draw_page) if rank == 0 else None


class _Listener(Generic[M]):
    """Says how training goes, and has the page drawn when a checkpoint was kept."""

    def __init__(
        self, folder: Path, console: Console, draw_page: Callable[[Sequence[dict[str, float]], M], None]
    ) -> None:
        self._console, self._draw_page = console, draw_page
        self._board = SummaryWriter(str(folder / TENSORBOARD))
        self._began: tuple[float, int] | None = None

    def __call__(self, progress: Progress, model: Callable[[], M]) -> None:
        now = time.monotonic()
        self._began = self._began or (now, progress.step)
        for name, value in progress.losses.items():
            self._board.add_scalar(f"loss/{name}", value, progress.step)
        self._console.out(self._line(progress, now), highlight=False)
        if progress.kept:
            self._board.flush()
            self._draw_page(progress.history, model())

    def _line(self, progress: Progress, now: float) -> str:
        assert self._began is not None
        done = progress.step - self._began[1]
        parts = [f"step {progress.step}/{progress.num_steps}", f"loss {progress.losses['loss']:.3f}"]
        if done:
            pace = (now - self._began[0]) / done
            left = pace * (progress.num_steps - progress.step)
            parts += [f"{pace:.2f} s a step ({progress.batch_size / pace:,.0f} windows a second)"]
            parts += [f"about {left / 60:.0f} min left"]
        parts.append(f"waited {progress.waited_share:.0%} for data")
        return ", ".join(parts)
