"""What pages of models in training share."""

import io
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from models.data.clips import clips
from models.data.config import WindowConfig
from models.data.records import Window
from models.train import Material
from reports.training import Strip, training_page
from schemas.outcomes import BadInputError
from transforms.storage import write_bytes

PAGE = "index.html"
_HELD_OUT = ("test", "val")


class TrainedAbout(Protocol):
    """What any trained model says of itself."""

    @property
    def trained_on(self) -> str:
        """How many clips."""
        ...

    @property
    def num_steps(self) -> int:
        """How many steps."""
        ...

    @property
    def body_model(self) -> str:
        """The body model of its clips."""
        ...


def clips_to_show(material: Material, wanted: WindowConfig, number: int) -> tuple[str, list[Window]]:
    """Return some clips that a page of training shows, and their split: one that is not trained on, if there
    is one.
    """
    for name in (*_HELD_OUT, material.split):
        try:
            return name, list(islice(clips(material.shards, wanted, split=name), number))
        except BadInputError:
            continue
    return material.split, []


def png_row(pictures: Sequence[npt.NDArray[np.uint8]]) -> bytes:
    """Return pictures (H, W, 3) of one size beside each other, as PNG."""
    buffer = io.BytesIO()
    Pillow.fromarray(np.concatenate(list(pictures), axis=1)).save(buffer, "PNG")
    return buffer.getvalue()


def write_training_page(
    title: str,
    material: Material,
    about: TrainedAbout,
    facts: Sequence[tuple[str, str]],
    history: Sequence[dict[str, float]],
    strips: Sequence[Strip],
) -> None:
    """Write the page into the folder of training.

    Args:
        about: the model; facts: what else is said of its kind.
        history, strips: see `training_page`.
    """
    told = (
        # Where they lie on this machine is nobody else's business.
        ("Shards", ", ".join(Path(place).name for place in material.shards)),
        ("Trained on", f"{about.trained_on} of {material.split}, {about.num_steps:,} steps"),
        *facts,
        ("Body model", about.body_model),
    )
    write_bytes(str(material.folder / PAGE), training_page(title, told, history, strips))
