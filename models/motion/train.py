"""Training of the motion model on shards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from body.model import BodyModel
from models.data.loader import WindowLoader
from models.data_card import write_data_card
from models.device import best_device
from models.diffusion import loss_weight, noised
from models.model_file import write_model
from models.motion.batches import Examples, MotionBatch, motion_windows, normalised
from models.motion.body_points import BodyPoints
from models.motion.calibrate import calibrate
from models.motion.checkpoint import (
    MODEL_FILE,
    MotionAbout,
    MotionModel,
    Scales,
    heard_anew,
    motion_bytes,
)
from models.motion.config import MotionConfig
from models.motion.losses import MotionLoss, Targets
from models.motion.network import MotionDenoiser, NetworkConfig
from models.motion.scales import measure_scales
from models.motion.sound import SoundFeatures
from models.ranks import rank_and_world
from models.training import CHECKPOINTS, Progress, Trainer, run_identity
from schemas.outcomes import BadInputError

_FPS = 25.0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DenoisingLoss:
    """The loss of a batch: noise it, let the network guess what is clean, compare.

    Rows of random numbers are drawn for the batch of all ranks; each takes its own.
    """

    network: MotionDenoiser
    loss: MotionLoss
    scales: Scales
    config: MotionConfig

    def __call__(self, batch: MotionBatch, draw: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the scalar to minimise and its parts."""
        config, x0 = self.config, normalised(batch, self.scales)
        rank, world = rank_and_world()
        size, frames, width = x0.motion_BTD.shape
        device = x0.motion_BTD.device
        mine = slice(rank * size, (rank + 1) * size)

        def uniform(*shape: int) -> Tensor:
            return torch.rand(size * world, *shape, generator=draw)[mine].to(device)

        noise = torch.randn(size * world, frames, width, generator=draw)[mine].to(device)
        level = torch.randn(size * world, 1, 1, generator=draw)[mine].to(device) * config.level_deviations
        heard = x0.sound_BTC + level if config.sound == "mel" else x0.sound_BTC
        heard = heard @ self.scales.sound_components
        kept = uniform(1, heard.shape[-1]) >= config.sound_dropout
        sound = torch.where(kept, heard, 0.0) / max(1 - config.sound_dropout, 1e-3)
        t, deaf = uniform(), uniform() < config.deaf_probability
        known = uniform() < config.known_probability
        known_BT = known[:, None] & (torch.arange(frames, device=device) < config.known_frames)
        x_BTD = torch.where(known_BT[..., None], x0.motion_BTD, noised(x0.motion_BTD, noise, t))
        reference = (x0.reference_BD - self.scales.reference_mean) / self.scales.reference_deviation
        guess = self.network(x_BTD, t, sound, reference, known_BT, x0.real_BT, deaf)
        # What is given is not to be guessed, but how it goes on counts.
        guess = torch.where(known_BT[..., None], x0.motion_BTD, guess)
        targets = Targets(
            x0_BTD=x0.motion_BTD,
            weight_BTD=x0.seen_BTD,
            origin_BD=x0.origin_BD,
            betas_BS=x0.betas_BS,
            level_B=loss_weight(t, config.loss.max_level),
        )
        with torch.autocast(device.type, enabled=False):  # places in space need more than three digits
            return self.loss(guess, targets)


def train_motion(
    shards: Sequence[str],
    folder: Path,
    config: MotionConfig,
    body: BodyModel,
    features: SoundFeatures,
    split: str = "train",
    start: MotionModel | None = None,
    listen: Callable[[Progress, Callable[[], MotionModel]], None] | None = None,
    body_file: str | None = None,
    start_file: Path | None = None,
) -> MotionModel:
    """Train on a split, going on from the folder's last checkpoint; write and return the model.

    Args:
        shards: run folders, folders of shards, or patterns.
        body: the model that the shards were fitted with.
        features: what the configuration calls the sound.
        start: a model to begin with, of the same network, sound and window.
        body_file: where `body` was read from, if it is not the one that ships: readers mirror with it.
        start_file: where `start` was read from; its data card lies beside it.
        listen: told of the progress, and given a way to get the model as it is then.

    Raises:
        BadInputError: if the shards don't fit (another body model or frame rate, too few), or the folder
            holds another run.
    """
    rank, world = rank_and_world()
    if config.training.batch_size % world:
        raise BadInputError(
            f"training.batch_size {config.training.batch_size} is no multiple of {world} processes"
        )
    examples, points = Examples(features, body.model_id, _FPS, config.pose_against), BodyPoints(body)
    if start is not None:
        _check_start(start, config, features.name, body.model_id)
    # On what one process would read, so that all ranks have the same.
    measured = motion_windows(shards, config, split, 0, 1, body_file)
    scales = measure_scales(measured, examples, config, points.lid_opening())
    if start is not None:
        scales = start.scales.widened(scales)
    windows = motion_windows(shards, config, split, rank, world, body_file)
    torch.manual_seed(config.training.seed)
    heard = scales.sound_components.shape[1]
    network = MotionDenoiser(config.network, heard)
    if start is not None:
        network.load_state_dict(heard_anew(start.network.state_dict(), start.scales, scales))
    device = best_device()
    scales = scales.to(device)
    loss = MotionLoss(config.loss, points, scales).to(device)
    trainer = Trainer(
        network,
        DenoisingLoss(network=network, loss=loss, scales=scales, config=config),
        WindowLoader(windows, make=examples, num_workers=config.num_workers),
        config.training,
        folder / CHECKPOINTS,
        run_identity(config, windows.fingerprint, body.model_id, start and motion_bytes(start)),
    )
    write_data_card(folder, windows.keys, split, start_file)

    about = _about(config, features, body, heard, windows.num_samples)

    def model() -> MotionModel:
        drawn = MotionDenoiser(config.network, heard)
        drawn.load_state_dict(trainer.ema)
        said = replace(about, num_steps=trainer.step)
        return MotionModel(about=said, network=drawn.eval(), scales=scales.to(torch.device("cpu")))

    @cache
    def finished() -> MotionModel:
        done = model()
        lively = calibrate(done, features, points.cpu(), shards, split, config.liveliness_people)
        return replace(done, about=replace(done.about, liveliness=lively))

    def shown() -> MotionModel:
        return finished() if trainer.step == config.training.num_steps else model()

    trainer.run(None if listen is None else lambda progress: listen(progress, shown))
    if rank == 0:
        write_model(folder / MODEL_FILE, motion_bytes(finished()))
    return finished()


def _about(
    config: MotionConfig, features: SoundFeatures, body: BodyModel, heard: int, num_samples: int
) -> MotionAbout:
    return MotionAbout(
        network=config.network,
        sound=config.sound,
        sound_name=features.name,
        sound_width=features.width,
        sound_components=heard,
        fps=_FPS,
        window_frames=config.window_frames,
        known_frames=config.known_frames,
        pose_against=config.pose_against,
        liveliness=config.liveliness,
        body_model=body.model_id,
        num_steps=0,
        trained_on=f"{num_samples} clips",
    )


def _check_start(start: MotionModel, config: MotionConfig, sound_name: str, body_model: str) -> None:
    """Raise BadInputError unless training can begin with a model."""
    about = start.about
    for name, wanted, had in (
        ("network", _shape(config.network), _shape(about.network)),
        ("sound", sound_name, about.sound_name),
        ("body model", body_model, about.body_model),
        ("pose_against", config.pose_against, about.pose_against),
    ):
        if wanted != had:
            raise BadInputError(f"the model to begin with has {name} {had}, and the configuration {wanted}")


def _shape(network: NetworkConfig) -> NetworkConfig:
    """Return what a network's weights depend on."""
    return replace(network, dropout=0.0)
