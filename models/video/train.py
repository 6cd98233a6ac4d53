"""Training of the video model on shards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from body.model import BodyModel
from models.data_card import write_data_card
from models.diffusion import noised
from models.model_file import write_model
from models.ranks import rank_and_world
from models.training import CHECKPOINTS, Critic, Progress, Trainer, run_identity
from models.video.batches import frames_a_clip, video_batches, video_windows
from models.video.checkpoint import MODEL_FILE, VideoAbout, VideoModel, video_bytes
from models.video.config import VideoConfig
from models.video.controls import NUM_CONTROLS, WARP, VideoBatch, as_numbers, controls
from models.video.critic import MouthAndEyesCritic
from models.video.draws import ClipDraws
from models.video.losses import VideoLoss
from models.video.network import WarpMender
from models.video.pairs import Segment
from models.video.perceptual import PerceptualDistance
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


def train_video(
    shards: Sequence[str],
    folder: Path,
    config: VideoConfig,
    body: BodyModel,
    segment: Segment | None,
    looks: PerceptualDistance | None,
    split: str = "train",
    start: VideoModel | None = None,
    listen: Callable[[Progress, Callable[[], VideoModel]], None] | None = None,
    body_file: str | None = None,
    start_file: Path | None = None,
) -> VideoModel:
    """Train on a split, going on from the folder's last checkpoint; write and return the model.

    Args:
        shards: run folders, folders of shards, or patterns.
        body: the model that the shards were fitted with.
        segment: tells a photo's person from the background.
        looks: what frames look like is compared by; None: by colours alone.
        start: a model to begin with, of the same network.
        listen: told of the progress, and given a way to get the model as it is then.
        body_file: where `body` was read from, if it is not the one that ships: readers mirror with it.
        start_file: where `start` was read from; its data card lies beside it.

    Raises:
        BadInputError: if the shards don't fit (another body model, too few), or the folder holds another run.
    """
    rank, world = rank_and_world()
    windows = video_windows(shards, config, split, rank, world, body_file)
    torch.manual_seed(config.training.seed)
    network = WarpMender(config.network)
    if start is not None:
        if start.about.network != config.network or start.about.body_model != body.model_id:
            raise BadInputError(
                "the model to begin with has another network or body model than the configuration"
            )
        network.load_state_dict(start.network.state_dict())
    loss = MendingLoss(network=network, loss=VideoLoss(config.loss, looks), config=config)
    trainer = Trainer(
        network,
        loss,
        video_batches(windows, body, config, segment),
        config.training,
        folder / CHECKPOINTS,
        run_identity(config, windows.fingerprint, body.model_id, start and video_bytes(start)),
        _critic(loss, config),
    )
    write_data_card(folder, windows.keys, split, start_file)
    if looks is not None:
        looks.to(trainer.device)
    about = VideoAbout(
        network=config.network,
        num_controls=NUM_CONTROLS,
        window_px=config.window_px,
        body_model=body.model_id,
        num_steps=0,
        trained_on=f"{windows.num_samples} clips",
        num_frames=config.num_frames,
    )

    def model() -> VideoModel:
        drawn = WarpMender(config.network)
        drawn.load_state_dict(trainer.ema)
        return VideoModel(about=replace(about, num_steps=trainer.step), network=drawn.eval())

    trainer.run(None if listen is None else lambda progress: listen(progress, model))
    done = model()
    if rank == 0:
        write_model(folder / MODEL_FILE, video_bytes(done))
    return done


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
