"""Training of the motion model on shards."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from models.data.loader import WindowLoader
from models.data.windows import ShardWindows
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
from models.train import Lesson, Listen, Maker, Material, learn, print_of
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


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _MotionMaker(Maker[MotionModel]):
    about: MotionAbout
    scales: Scales
    features: SoundFeatures
    points: BodyPoints
    material: Material
    config: MotionConfig

    def model(self, weights: Mapping[str, Tensor], num_steps: int) -> MotionModel:
        network = MotionDenoiser(self.about.network, self.about.sound_components)
        network.load_state_dict(weights)
        about = replace(self.about, num_steps=num_steps)
        return MotionModel(about=about, network=network.eval(), scales=self.scales)

    def finished(self, model: MotionModel) -> MotionModel:
        learnt, people = (self.material.shards, self.material.split), self.config.liveliness_people
        lively = calibrate(model, self.features, self.points.cpu(), *learnt, people)
        return replace(model, about=replace(model.about, liveliness=lively))

    def write(self, folder: Path, model: MotionModel) -> None:
        write_model(folder / MODEL_FILE, motion_bytes(model))


def train_motion(
    material: Material,
    config: MotionConfig,
    features: SoundFeatures,
    start: MotionModel | None = None,
    listen: Listen[MotionModel] | None = None,
) -> MotionModel:
    """Train on a split, going on from the folder's last checkpoint; write and return the model.

    Args:
        features: what the configuration calls the sound.
        start: a model to begin with, of the same network, sound and window.
        listen: told of the progress, and given a way to get the model as it is then.

    Raises:
        BadInputError: if the shards don't fit (another body model or frame rate, too few), or the folder
            holds another run.
    """
    body_model, device = material.body.model_id, best_device()
    _check(config, features.name, body_model, start)
    points, examples = BodyPoints(material.body), Examples(features, body_model, _FPS, config.pose_against)
    scales = _scales(material, config, examples, points, start)
    windows = _windows(material, config, *rank_and_world())
    about = _about(config, features, body_model, scales, windows.num_samples)
    network, there = _network(config, scales, start), scales.to(device)
    loss = MotionLoss(config.loss, points, there).to(device)
    lesson = Lesson(
        config=config,
        network=network,
        loss=DenoisingLoss(network=network, loss=loss, scales=there, config=config),
        windows=windows,
        batches=WindowLoader(windows, make=examples, num_workers=config.num_workers),
        maker=_MotionMaker(
            about=about, scales=scales, features=features, points=points, material=material, config=config
        ),
        start=print_of(start and motion_bytes(start)),
    )
    return learn(lesson, material, listen)


def _scales(
    material: Material,
    config: MotionConfig,
    examples: Examples,
    points: BodyPoints,
    start: MotionModel | None,
) -> Scales:
    # On what one process would read, so that all ranks have the same.
    measured = measure_scales(_windows(material, config, 0, 1), examples, config, points.lid_opening())
    return measured if start is None else start.scales.widened(measured)


def _windows(material: Material, config: MotionConfig, rank: int, world: int) -> ShardWindows:
    return motion_windows(material.shards, config, material.split, rank, world, material.body_file)


def _network(config: MotionConfig, scales: Scales, start: MotionModel | None) -> MotionDenoiser:
    """Return what learns, as it begins."""
    torch.manual_seed(config.training.seed)
    network = MotionDenoiser(config.network, scales.sound_components.shape[1])
    if start is not None:
        network.load_state_dict(heard_anew(start.network.state_dict(), start.scales, scales))
    return network


def _about(
    config: MotionConfig, features: SoundFeatures, body_model: str, scales: Scales, num_samples: int
) -> MotionAbout:
    return MotionAbout(
        network=config.network,
        sound=config.sound,
        sound_name=features.name,
        sound_width=features.width,
        sound_components=scales.sound_components.shape[1],
        fps=_FPS,
        window_frames=config.window_frames,
        known_frames=config.known_frames,
        pose_against=config.pose_against,
        liveliness=config.liveliness,
        body_model=body_model,
        num_steps=0,
        trained_on=f"{num_samples} clips",
    )


def _check(config: MotionConfig, sound_name: str, body_model: str, start: MotionModel | None) -> None:
    """Raise BadInputError unless ranks can share batches, and training can begin with a model."""
    size, (_, world) = config.training.batch_size, rank_and_world()
    if size % world:
        raise BadInputError(f"training.batch_size {size} is no multiple of {world} processes")
    if start is None:
        return
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
