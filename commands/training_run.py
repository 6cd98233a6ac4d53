"""What training any model shares on the command line: configurations by name or file, lines of progress,
TensorBoard, a page now and then.
"""

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from rich.console import Console
from tensorboardX import SummaryWriter

from models.data.clips import clips
from models.data.config import WindowConfig
from models.data.records import Window
from models.training import Progress
from pipelines.settings import settings_of
from pipelines.settings_file import read_settings_file
from schemas.outcomes import BadInputError

TENSORBOARD = "tensorboard"
_BASE = "base"
_HELD_OUT = ("test", "val")
C = TypeVar("C")


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


def clips_to_show(
    shards: Sequence[str], split: str, wanted: WindowConfig, number: int
) -> tuple[str, list[Window]]:
    """Return some clips that a page of training shows, and their split: one that is not trained on, if there
    is one.
    """
    for name in (*_HELD_OUT, split):
        try:
            return name, list(islice(clips(shards, wanted, split=name), number))
        except BadInputError:
            continue
    return split, []


def png_row(pictures: Sequence[npt.NDArray[np.uint8]]) -> bytes:
    """Return pictures (H, W, 3) of one size beside each other, as PNG."""
    buffer = io.BytesIO()
    Pillow.fromarray(np.concatenate(list(pictures), axis=1)).save(buffer, "PNG")
    return buffer.getvalue()


class TrainingListener:
    """Says how training goes, and draws the page when a checkpoint was kept."""

    def __init__(
        self, folder: Path, console: Console, draw_page: Callable[[Progress, Callable[[], Any]], None]
    ) -> None:
        self._console, self._draw_page = console, draw_page
        self._board = SummaryWriter(str(folder / TENSORBOARD))
        self._began: tuple[float, int] | None = None

    def __call__(self, progress: Progress, model: Callable[[], Any]) -> None:
        now = time.monotonic()
        self._began = self._began or (now, progress.step)
        for name, value in progress.losses.items():
            self._board.add_scalar(f"loss/{name}", value, progress.step)
        self._console.out(self._line(progress, now), highlight=False)
        if progress.kept:
            self._board.flush()
            self._draw_page(progress, model)

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
