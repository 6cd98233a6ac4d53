"""Training of the video model on shards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from models.device import best_device
from models.diffusion import noised
from models.model_file import write_model
from models.ranks import rank_and_world
from models.train import Lesson, Listen, Maker, Material, learn, print_of
from models.training import Critic
from models.video.batches import frames_a_clip, video_batches, video_windows
from models.video.checkpoint import MODEL_FILE, VideoAbout, VideoModel, video_bytes, video_model
from models.video.config import VideoConfig
from models.video.controls import NUM_CONTROLS, WARP, VideoBatch, as_numbers, controls
from models.video.critic import MouthAndEyesCritic
from models.video.draws import ClipDraws
from models.video.learnt_from import together
from models.video.losses import VideoLoss
from models.video.network import WarpMender
from models.video.pairs import Segment
from models.video.perceptual import PerceptualDistance
from schemas.exclusions import veiled_key
from schemas.outcomes import BadInputError


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MendingLoss:
    """The loss of a batch: noise its frames, let the network mend their warps, compare; with a critic, let it
    tell them apart.
    """

    network: WarpMender
    loss: VideoLoss
    config: VideoConfig
    critic: MouthAndEyesCritic | None = None

    def __call__(self, batch: VideoBatch, draw: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the scalar to minimise and its parts."""
        config, frames = self.config, frames_a_clip(self.config)
        real, told = as_numbers(batch.target), controls(batch.frames)
        size, device = real.shape[-1], real.device
        drawn = ClipDraws(generator=draw, num_clips=len(real) // frames, frames=frames, device=device)
        noise = drawn.normal(3, size, size)
        t = torch.where(drawn.uniform() < config.noise_alone, 1.0, drawn.uniform())
        real, told = drawn.tinted(real, told, config.tint)
        rank, world = rank_and_world()
        looks = torch.rand(len(real) * world, 3, generator=draw)[rank * len(real) :][: len(real)]
        guess = self.network(noised(real, noise, t), t, told, config.num_frames)
        with torch.autocast(device.type, enabled=False):  # differences of colours need more than three digits
            total, parts = self.loss(guess, real, batch, config.num_frames, looks)
            if self.critic is not None:
                more = self.critic.losses(guess, real, told[:, WARP], batch)
                total, parts = total + torch.stack(list(more.values())).sum(), parts | more
        return total, parts


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _VideoMaker(Maker[VideoModel]):
    about: VideoAbout

    def model(self, weights: Mapping[str, Tensor], num_steps: int) -> VideoModel:
        return video_model(replace(self.about, num_steps=num_steps), weights)

    def write(self, folder: Path, model: VideoModel) -> None:
        write_model(folder / MODEL_FILE, video_bytes(model))


def train_video(
    material: Material,
    config: VideoConfig,
    segment: Segment | None,
    looks: PerceptualDistance | None,
    start: VideoModel | None = None,
    listen: Listen[VideoModel] | None = None,
) -> VideoModel:
    """Train on a split, going on from the folder's last checkpoint; write and return the model.

    Args:
        segment: tells a photo's person from the background.
        looks: what frames look like is compared by; None: by colours alone.
        start: a model to begin with, of the same network.
        listen: told of the progress, and given a way to get the model as it is then.

    Raises:
        BadInputError: if the shards don't fit (another body model, too few), or the folder holds another run.
    """
    body = material.body
    windows = video_windows(material.shards, config, material.split, *rank_and_world(), material.body_file)
    network = _network(config, body.model_id, start)
    if looks is not None:
        looks.to(best_device())
    loss = MendingLoss(network=network, loss=VideoLoss(config.loss, looks), config=config)
    lesson = Lesson(
        config=config,
        network=network,
        loss=loss,
        windows=windows,
        batches=video_batches(windows, body, config, segment),
        maker=_VideoMaker(about=_about(config, body.model_id, windows.keys, start)),
        start=print_of(start and video_bytes(start)),
        critic=_critic(loss, config),
    )
    return learn(lesson, material, listen)


def _network(config: VideoConfig, body_model: str, start: VideoModel | None) -> WarpMender:
    """Return what learns, as it begins."""
    torch.manual_seed(config.training.seed)
    network = WarpMender(config.network)
    if start is None:
        return network
    if start.about.network != config.network or start.about.body_model != body_model:
        raise BadInputError(
            "the model to begin with has another network or body model than the configuration"
        )
    network.load_state_dict(start.network.state_dict())
    return network


def _about(config: VideoConfig, body_model: str, keys: Sequence[str], start: VideoModel | None) -> VideoAbout:
    return VideoAbout(
        network=config.network,
        num_controls=NUM_CONTROLS,
        window_px=config.window_px,
        body_model=body_model,
        num_steps=0,
        trained_on=f"{len(keys)} clips",
        num_frames=config.num_frames,
        learnt_from=together(map(veiled_key, keys), () if start is None else start.about.learnt_from),
    )


def _critic(loss: MendingLoss, config: VideoConfig) -> Critic | None:
    """Return what learns against the network in the last share of the steps, one at least."""
    adversary, steps = config.adversary, config.training.num_steps
    if not adversary.share:
        return None
    critic = MouthAndEyesCritic(adversary, config.window_px)
    return Critic(
        network=critic,
        loss=replace(loss, critic=critic),
        first_step=steps - max(1, round(adversary.share * steps)),
        learning_rate=adversary.learning_rate,
    )
