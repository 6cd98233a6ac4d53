"""What a run of training motion is: functions that return a configuration, one a name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from models.motion.channels import PoseOrigin
from models.motion.liveliness import Carried, Liveliness
from models.motion.losses import LossConfig
from models.motion.network import NetworkConfig
from models.motion.sound import SoundKind
from models.training import TrainingConfig
from schemas.bounds import Count, CountOrNone, Share


@dataclass(frozen=True, kw_only=True, slots=True)
class MotionConfig:
    """Everything that training a motion model depends on, but for the shards."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    # Whisper knows voices that few shards hold: ridge regression of the jaw of people not in the shards
    # reaches r .61 on its encoder and .43 on the spectrum (38 people, five splits).
    sound: SoundKind = "whisper"
    whisper: str = "base"  # an embedded model or a folder
    window_frames: Count = 64
    # Frames of the window before that a window is given when it is drawn; and how often that is practised.
    known_frames: Count = 12
    known_probability: Share = 0.5
    # How often the sound is kept back, for guidance (Ho & Salimans 2022, section 3.2).
    deaf_probability: Share = 0.1
    mirror_probability: Share = 0.5
    pose_against: PoseOrigin = "reference"
    person_power: Share = 0.5  # between every clip and every person counting alike (`WindowConfig`)
    # Recordings differ in level: so much, in deviations of a spectrum's numbers, is added to a whole window;
    # Whisper's front end takes the level off.
    level_deviations: float = 0.4
    # So many numbers of the sound are kept back from a whole window: shards hold fewer voices than Whisper
    # has numbers.
    sound_dropout: Share = 0.1
    # Shards hold fewer voices than Whisper has numbers: more components are learnt by heart.
    sound_components: Count = 160
    statistics_windows: Count = 512
    # How motion is carried. Head, arms and blinks are measured after training on so many of those learnt
    # from. 0: they stay as they are here, for people who do not move as usual, as in a laboratory.
    liveliness: Liveliness = field(default_factory=Liveliness)
    liveliness_people: CountOrNone = 16
    num_workers: int = 1


def vlogger_full() -> MotionConfig:
    """The published size: 4 layers, width 512, 240 frames (arXiv 2403.08764, section 3.1)."""
    return MotionConfig(
        network=NetworkConfig(width=512, num_layers=4, num_heads=8),
        training=TrainingConfig(
            num_steps=400_000, batch_size=128, learning_rate=1e-4, warmup_steps=1000, checkpoint_steps=2000
        ),
        window_frames=240,
        known_frames=24,
        num_workers=8,
    )


def cpu_small() -> MotionConfig:
    """Two million weights, for shards of few people: half an hour on two cores, minutes on a card."""
    return MotionConfig(
        network=NetworkConfig(dropout=0.1),
        sound_dropout=0.3,  # jaws of people not learnt from agreed by .56 with the voice, and by .52 with .1
        training=TrainingConfig(
            num_steps=3000,
            batch_size=16,
            learning_rate=5e-4,
            warmup_steps=100,
            checkpoint_steps=1000,
            precision="bfloat16",
        ),
    )


def bundled() -> MotionConfig:
    """What the model that ships was trained with: on people in a laboratory who sit still and read commands,
    so how motion is carried was measured on 22 others who talk freely.
    """
    return replace(
        cpu_small(),
        sound_dropout=0.1,
        # Their heads go three times as far and more; then heads of yet others turned aside in mid-sentence.
        liveliness=Liveliness(
            head=Carried(gain=2.2),
            arms=Carried(gain=2.2, smoothing_frames=1.0),
            blink_gain=0.5,
            mouth_guidance=1.0,
        ),
        liveliness_people=0,
    )


def demo() -> MotionConfig:
    """As `cpu_small`, for so few steps that one sees it work."""
    training = TrainingConfig(num_steps=400, batch_size=16, warmup_steps=20, precision="bfloat16")
    return replace(cpu_small(), training=training)


CONFIGS: Mapping[str, Callable[[], MotionConfig]] = {
    "cpu_small": cpu_small,
    "bundled": bundled,
    "vlogger_full": vlogger_full,
    "demo": demo,
}
