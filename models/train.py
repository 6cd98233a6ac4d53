"""Training of any model on shards: what is learnt from, what a kind of model brings, and what all share."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from torch import Tensor, nn

from body.model import BodyModel
from models.data.windows import ShardWindows
from models.data_card import write_data_card
from models.ranks import rank_and_world
from models.training import CHECKPOINTS, Batches, Critic, Loss, Progress, Trainer, TrainingConfig

M = TypeVar("M")
# Told of the progress, and given a way to get the model as it is then.
Listen = Callable[[Progress, Callable[[], M]], None]


class Trainable(Protocol):
    """The configuration of a kind of model: a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def training(self) -> TrainingConfig:
        """How it is trained."""
        ...

    @property
    def num_workers(self) -> int:
        """How many processes read."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Material:
    """What a model learns from, and the folder where it does.

    shards: run folders, folders of shards, or patterns; of them `split` is learnt. body: the model that they
    were fitted with; body_file: where it was read from, if it is not the one that ships: readers mirror with
    it. start_file: where the model to begin with was read from; its data card lies beside it.
    """

    shards: tuple[str, ...]
    folder: Path
    body: BodyModel
    split: str = "train"
    body_file: str | None = None
    start_file: Path | None = None


class Maker(Protocol[M]):
    """Makes models of a kind out of weights."""

    def model(self, weights: Mapping[str, Tensor], num_steps: int) -> M:
        """Return the model of averaged weights after so many steps."""
        ...

    def finished(self, model: M) -> M:
        """Return the last model with what is measured of it after training; asked once."""
        return model

    def write(self, folder: Path, model: M) -> None:
        """Write the model's file into a folder, whole or not at all."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Lesson(Generic[M]):
    """What a kind of model brings to its training.

    network: what learns, by `loss`; critic: what learns against it. batches: of `windows`. start: SHA-256 of
    the model to begin with, "" without one. fits: what else must be the same for a run to go on.
    """

    config: Trainable
    network: nn.Module
    loss: Loss
    windows: ShardWindows
    batches: Batches
    maker: Maker[M]
    start: str = ""
    fits: Mapping[str, str] = field(default_factory=dict[str, str])
    critic: Critic | None = None


def learn(lesson: Lesson[M], material: Material, listen: Listen[M] | None) -> M:
    """Train to the last step, going on from the folder's last checkpoint; write and return the model.

    Raises:
        BadInputError: if the folder holds another run, or the loss is no number.
    """
    trainer = Trainer(
        lesson.network,
        lesson.loss,
        lesson.batches,
        lesson.config.training,
        material.folder / CHECKPOINTS,
        _identity(lesson, material.body.model_id),
        lesson.critic,
    )
    write_data_card(material.folder, lesson.windows.keys, material.split, material.start_file)

    def model() -> M:
        return lesson.maker.model(trainer.ema, trainer.step)

    @cache
    def finished() -> M:
        return lesson.maker.finished(model())

    def shown() -> M:
        return finished() if trainer.step == lesson.config.training.num_steps else model()

    trainer.run(None if listen is None else lambda progress: listen(progress, shown))
    if rank_and_world()[0] == 0:
        lesson.maker.write(material.folder, finished())
    return finished()


def print_of(model: bytes | None) -> str:
    """Return the SHA-256 of the file of a model to begin with; "" for None."""
    return "" if model is None else hashlib.sha256(model).hexdigest()


def _identity(lesson: Lesson[Any], body_model: str) -> dict[str, str]:
    """Return what must be the same for a run to go on; how many processes read is not part of it."""
    settings = json.dumps(asdict(replace(lesson.config, num_workers=0)), sort_keys=True)
    return {
        "configuration": hashlib.sha256(settings.encode()).hexdigest(),
        "samples": lesson.windows.fingerprint,
        "body model": body_model,
        "start": lesson.start,
        **lesson.fits,
    }
