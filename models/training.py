"""The loop that trains a model: steps, averages of the weights, checkpoints that a killed run goes on from.

What a step draws at random comes from a generator of its own, seeded by the run's seed and the step's
number; so a run that goes on draws what it would have drawn, and ranks draw parts of what one process would.
Layers that drop numbers draw from torch's own generator, which a step seeds too, on each rank otherwise.
"""

import json
import math
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn

from models.checkpoints import keep, last_kept
from models.device import best_device, moved
from models.learner import Learner
from models.named_tensors import below
from models.ranks import average_over_ranks, rank_and_world
from schemas.bounds import Chance, Count, Positive
from schemas.outcomes import BadInputError

Precision = Literal["float32", "bfloat16"]
CHECKPOINTS = "checkpoints"


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingConfig:
    """How a model is trained. Steps and windows are counted over all ranks together."""

    num_steps: Count = 1000
    batch_size: Count = 32
    learning_rate: Positive = 4e-4
    warmup_steps: int = 50
    # At the end of a cosine, as a share of the first.
    final_learning_rate: float = 0.1
    weight_decay: float = 0.01
    max_gradient_norm: Positive = 1.0
    ema_decay: Chance = 0.999
    precision: Precision = "float32"
    seed: int = 0
    log_steps: Count = 25
    checkpoint_steps: Count = 250


class Loss(Protocol):
    """Computes a batch's loss, and its parts to be shown."""

    def __call__(self, batch: Any, draw: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the scalar to minimise and its parts by name."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Critic:
    """A network that learns beside the trained one, against it, in the last steps; no model holds it.

    loss: both networks', from step `first_step` on in place of the trained network's alone.
    """

    network: nn.Module
    loss: Loss
    first_step: int
    learning_rate: float


class Batches(Protocol):
    """Batches without end, whose place can be kept."""

    def __iter__(self) -> Iterator[Any]:
        """Yield this rank's share of every batch."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return the place after the batches that were yielded, as plain values."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a place."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """What a listener is told now and then: means since the last time, and those before it in `history`.

    waited_share: of the time since then, spent waiting for data. kept: a checkpoint was written at this step.
    """

    step: int
    num_steps: int
    batch_size: int
    losses: dict[str, float]
    history: list[dict[str, float]]
    waited_share: float
    kept: bool


class Trainer:
    """A run of training in a folder; made again on the same folder it goes on from the last checkpoint."""

    def __init__(
        self,
        network: nn.Module,
        loss: Loss,
        batches: Batches,
        config: TrainingConfig,
        folder: Path,
        identity: Mapping[str, Any],
        critic: Critic | None = None,
    ) -> None:
        """Prepare, and go on from the folder's last checkpoint if it has one.

        Args:
            identity: plain values that make runs comparable (configuration, data): a checkpoint with others
                is refused.
            critic: what learns against the network in the last steps.

        Raises:
            BadInputError: if the folder's checkpoint is of another run, or damaged.
        """
        self.device = best_device()
        self.network, self.config, self.step = network.to(self.device), config, 0
        self._loss, self._batches, self._folder = loss, batches, folder
        self._identity = json.loads(json.dumps(dict(identity), sort_keys=True))
        self.ema = {name: value.detach().clone() for name, value in network.state_dict().items()}
        optimiser = torch.optim.AdamW(
            network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, betas=(0.9, 0.99)
        )
        learner = Learner(network, optimiser, config.max_gradient_norm, lambda step: _rate(step, config))
        self._learners, self._critic = {"": learner}, critic
        if critic is not None:
            self._learners["critic."] = _against(critic, config, self.device)
        self.losses: list[dict[str, float]] = []
        self._since_log: list[dict[str, float]] = []
        if (last := last_kept(folder, self._identity)) is not None:
            self._restore(*last)

    def run(self, listen: Callable[[Progress], None] | None = None) -> None:
        """Train to the last step.

        Raises:
            BadInputError: if the loss is no number; what was reached by the last checkpoint stays.
        """
        batches = iter(self._batches)
        try:
            self._advance_to_the_end(batches, listen)
        finally:
            # Processes that read end now, and not when Python happens to clear them away.
            if isinstance(batches, Generator):
                batches.close()

    def _advance_to_the_end(self, batches: Iterator[Any], listen: Callable[[Progress], None] | None) -> None:
        waited, since = 0.0, time.monotonic()
        while self.step < self.config.num_steps:
            asked = time.monotonic()
            batch = next(batches)
            waited += time.monotonic() - asked
            parts = self._advance(self.step, batch)
            self.step += 1
            self._since_log.append(parts)
            last = self.step == self.config.num_steps
            kept = last or self.step % self.config.checkpoint_steps == 0
            if last or self.step % self.config.log_steps == 0:
                means = _means(self._since_log)
                self.losses.append({"step": float(self.step), **means})
                self._since_log = []
                if listen is not None:
                    share = waited / max(time.monotonic() - since, 1e-9)
                    listen(self._progress(means, share, kept))
                waited, since = 0.0, time.monotonic()
            if kept:
                self._keep()

    def _progress(self, losses: dict[str, float], waited_share: float, kept: bool) -> Progress:
        return Progress(
            step=self.step,
            num_steps=self.config.num_steps,
            batch_size=self.config.batch_size,
            losses=losses,
            history=self.losses,
            waited_share=waited_share,
            kept=kept,
        )

    def _advance(self, step: int, batch: Any) -> dict[str, float]:
        config = self.config
        late = self._critic if self._critic is not None and step >= self._critic.first_step else None
        loss_of = self._loss if late is None else late.loss
        number = (config.seed << 32) + step
        draw = torch.Generator().manual_seed(number)
        torch.manual_seed(_seed_of_layers(number))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=config.precision == "bfloat16"):
            loss, parts = loss_of(moved(batch, self.device), draw)
        if not torch.isfinite(loss):
            raise BadInputError(
                f"step {step}: the loss is {loss.item()}; the last checkpoint in {self._folder} is as it "
                "was. A lower learning_rate may help"
            )
        for learner in self._learners.values():
            learner.forget()
        loss.backward()
        for learner in self._learners.values():
            learner.advance(step)
        self._average_weights(step)
        return average_over_ranks({"loss": loss.detach(), **parts})

    @torch.no_grad()
    def _average_weights(self, step: int) -> None:
        """Move the averages; early on they forget faster, so that the start does not stay in them."""
        decay = min(self.config.ema_decay, (1 + step) / (10 + step))
        now = self.network.state_dict()
        # All at once, as a graphics card begins each of a hundred small works later than it ends it.
        torch._foreach_lerp_([self.ema[name] for name in now], list(now.values()), 1 - decay)

    def _keep(self) -> None:
        if rank_and_world()[0] != 0:
            return
        said = {
            "step": self.step,
            "identity": self._identity,
            "losses": self.losses,
            "since_log": self._since_log,
            "batches": self._batches.state_dict(),
        }
        tensors = {f"ema.{name}": value for name, value in self.ema.items()}
        for whose, learner in self._learners.items():
            tensors |= {f"{whose}{name}": value for name, value in learner.tensors().items()}
        keep(self._folder, self.step, tensors, said)

    def _restore(self, tensors: Mapping[str, Tensor], said: Mapping[str, Any]) -> None:
        for whose, learner in self._learners.items():
            learner.restore(below(whose, tensors), self.device)
        self.ema = {name: value.to(self.device) for name, value in below("ema.", tensors).items()}
        self.step, self.losses, self._since_log = said["step"], said["losses"], said["since_log"]
        self._batches.load_state_dict(said["batches"])


def _against(critic: Critic, config: TrainingConfig, device: torch.device) -> Learner:
    """Return how a critic learns: at one rate, without memory of a network that it has made to change (the
    moments of Karras et al., StyleGAN2, 2020).
    """
    parameters = critic.network.to(device).parameters()
    optimiser = torch.optim.AdamW(parameters, lr=critic.learning_rate, weight_decay=0.0, betas=(0.0, 0.99))
    return Learner(critic.network, optimiser, config.max_gradient_norm, lambda _: 1.0)


def _seed_of_layers(number: int) -> int:
    """Return the seed of what layers draw in a step on this rank; `number` seeds what the loss draws."""
    rank, world = rank_and_world()
    seeds = torch.randint(1 << 62, (world,), generator=torch.Generator().manual_seed(~number))
    return int(seeds[rank])


def _means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of each value over the rows that have it."""
    names = dict.fromkeys(name for row in rows for name in row)
    found = {name: [row[name] for row in rows if name in row] for name in names}
    return {name: sum(values) / len(values) for name, values in found.items()}


def _rate(step: int, config: TrainingConfig) -> float:
    """Return the learning rate of a step as a share of the first: a warm-up, then a cosine."""
    if step < config.warmup_steps:
        return (step + 1) / config.warmup_steps
    share = (step - config.warmup_steps) / max(1, config.num_steps - config.warmup_steps)
    return config.final_learning_rate + (1 - config.final_learning_rate) * (1 + math.cos(math.pi * share)) / 2


def leave_a_core_for_reading() -> None:
    """Let torch use all cores but one, where the data are read."""
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
