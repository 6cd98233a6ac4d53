"""What a run of training video is: functions that return a configuration, one a name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from models.training import TrainingConfig
from models.video.critic import AdversaryConfig
from models.video.losses import VideoLossConfig
from models.video.network import VideoNetworkConfig
from schemas.bounds import Count, Share


@dataclass(frozen=True, kw_only=True, slots=True)
class PairsConfig:
    """What pairs of photo and frame any video model is trained on, and how."""

    training: TrainingConfig = field(default_factory=TrainingConfig)
    window_px: Count = 128
    # Frames that follow each other in a clip; with 1 the layers over time stay what they are at first.
    num_frames: Count = 1
    # How many windows a batch's clip gives: the photo is taken apart once for all of them.
    frames_a_clip: Count = 4
    # In how many steps an example serves, from a pool of `pool_examples` in the device's memory (0.3 MB each
    # at 128 px): more than one pays where reading is slower than learning.
    reuse: Count = 1
    pool_examples: Count = 16_384
    hand_share: Share = 0.25  # of the windows, where a clip shows hands
    mirror_probability: Share = 0.5
    person_power: Share = 0.5  # between every clip and every person counting alike (`WindowConfig`)
    # How often the photo is a frame of another clip of the person, if it shows the same clothes and place:
    # people move further from clip to clip than within one.
    elsewhere: Share = 0.0
    # Windows are looked at moved and enlarged by up to this share of their side.
    placed_apart: Share = 0.0
    tint: float = 0.1  # deviation by which colours of a whole example are shifted, in [-1, 1]
    num_workers: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoConfig(PairsConfig):
    """Everything that training a video model depends on, but for the shards."""

    network: VideoNetworkConfig = field(default_factory=VideoNetworkConfig)
    loss: VideoLossConfig = field(default_factory=VideoLossConfig)
    adversary: AdversaryConfig = field(default_factory=AdversaryConfig)
    # How often a step begins at noise alone, which is all that drawing in one step needs.
    noise_alone: Share = 0.7


def cpu_small() -> VideoConfig:
    """Five million weights at 128 px: half an hour on two cores, a minute or two on a graphics card."""
    return VideoConfig(
        training=TrainingConfig(
            num_steps=1500,
            batch_size=16,
            learning_rate=5e-4,
            warmup_steps=50,
            ema_decay=0.995,
            checkpoint_steps=250,
            precision="bfloat16",
        )
    )


def gpu_128() -> VideoConfig:
    """The same network for a graphics card: more windows a step, more steps."""
    return VideoConfig(
        training=TrainingConfig(
            num_steps=10_000,
            batch_size=256,
            learning_rate=5e-4,
            warmup_steps=250,
            ema_decay=0.998,
            checkpoint_steps=500,
            precision="bfloat16",
        ),
        frames_a_clip=8,
        reuse=8,
        num_workers=14,
    )


def demo() -> VideoConfig:
    """As `cpu_small`, for so few steps that one sees it work."""
    return VideoConfig(
        training=TrainingConfig(
            num_steps=60,
            batch_size=8,
            warmup_steps=10,
            ema_decay=0.9,
            checkpoint_steps=60,
            precision="bfloat16",
        )
    )


CONFIGS: Mapping[str, Callable[[], VideoConfig]] = {"cpu_small": cpu_small, "gpu_128": gpu_128, "demo": demo}
