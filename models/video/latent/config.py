"""What a run of training over a pretrained model is: functions that return a configuration, one a name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from models.training import TrainingConfig
from models.video.config import PairsConfig
from schemas.bounds import Count, Positive

Learner = Literal["control", "motion"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LatentLossConfig:
    """Weights of squared errors of the model's answer; background counts 0.5."""

    person: float = 1.0
    mouth: float = 4.0
    eyes: float = 3.0
    hands: float = 2.0
    # Times of little noise count no more than at this ratio of signal to noise (Hang et al., Min-SNR, 2023).
    most_ratio: Positive = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class LatentConfig(PairsConfig):
    """Everything that training over a pretrained model depends on, but for it and the shards."""

    loss: LatentLossConfig = field(default_factory=LatentLossConfig)
    # VLOGGER's order: what the controls say first, on single frames; then layers over time, on clips.
    learns: Learner = "control"
    # The longest clip that layers over time can see.
    most_frames: Count = 32
    # Less memory for more time: what lies between layers is computed again for the gradient.
    recompute: bool = True


def latent_256() -> LatentConfig:
    """The control network on single frames at 256 px. docs/video.md counts the memory."""
    return LatentConfig(
        training=TrainingConfig(
            num_steps=20_000,
            batch_size=16,
            learning_rate=1e-5,  # ControlNet's own
            warmup_steps=500,
            ema_decay=0.999,
            checkpoint_steps=1000,
            precision="bfloat16",
        ),
        window_px=256,
        num_workers=8,
    )


def latent_512() -> LatentConfig:
    """As `latent_256` at 512 px."""
    return _at_512(latent_256())


def latent_256_motion() -> LatentConfig:
    """Layers over time on clips of eight frames, after `latent_256`: begin with its model."""
    single = latent_256()
    training = replace(single.training, learning_rate=1e-4)  # AnimateDiff's own
    return replace(single, learns="motion", num_frames=8, training=training)


def latent_512_motion() -> LatentConfig:
    """As `latent_256_motion` at 512 px, after `latent_512`."""
    return _at_512(latent_256_motion())


def _at_512(config: LatentConfig) -> LatentConfig:
    return replace(config, window_px=512, training=replace(config.training, batch_size=8))


LATENT_CONFIGS: Mapping[str, Callable[[], LatentConfig]] = {
    "latent_256": latent_256,
    "latent_512": latent_512,
    "latent_256_motion": latent_256_motion,
    "latent_512_motion": latent_512_motion,
}
