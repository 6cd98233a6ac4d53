"""What the denoiser is trained on: numbers, their changes from frame to frame, and places in space.

Every loss is a mean over what was seen of one window, then over windows, so that ranks that share a batch
average to what one process gets. B windows, T frames, D numbers, J joints.
"""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from models.motion.body_points import ARM_JOINTS, HAND_JOINTS, HEAD_JOINTS, BodyPoints
from models.motion.channels import CHANNELS, FACE, HEARD, LIDS, NUM_CHANNELS, SLICES
from models.motion.checkpoint import Scales
from schemas.bounds import Count, Positive, Share

# How far apart counts as one, metres: what of each part is seen as wrong.
_SCALES_M = {"lips": 0.003, "eyes": 0.002, "head": 0.02, "arms": 0.04, "hands": 0.03}
# Which channels must have been seen for each to count; an error of both sides needs both.
_SEEN_IN = {
    "lips": ("jaw",),
    "eyes": ("jaw",),
    "head": ("head",),
    "arms": ("left_arm", "right_arm"),
    "hands": ("left_hand", "right_hand"),
}
_JAW = SLICES["jaw"].start
_JOINTS = {"head": HEAD_JOINTS, "arms": ARM_JOINTS, "hands": HAND_JOINTS}


@dataclass(frozen=True, kw_only=True, slots=True)
class LossConfig:
    """Weights. 1 is the squared error of a number that was scaled to deviate by 1."""

    # Temporal difference (VLOGGER, equation 2): loose for the face, which moves fast, strict for pose.
    face_speed: float = 0.5
    pose_speed: float = 2.0
    lips: float = 0.3
    eyes: float = 0.1
    head: float = 0.2
    arms: float = 0.2
    hands: float = 0.05
    # The mouth carries speech and is ten numbers of three hundred.
    channels: dict[str, float] = field(
        default_factory=lambda: {
            "expression": 2.0,
            "jaw": 2.0,
            "left_eye": 0.3,
            "right_eye": 0.3,
            "root": 0.7,
            "transl": 0.7,
            "spine": 0.5,
            "head": 1.0,
            "left_arm": 0.7,
            "right_arm": 0.7,
            "left_hand": 0.3,
            "right_hand": 0.3,
        }
    )
    # One number, and all that there is of blinks.
    lids: float = 0.5
    # Mouths that move little count like others, down to this share of the usual variance. On people not
    # learnt from the jaw then moved 1.01 of the real way and not .91, at the same correlation.
    least_mouth: Positive = 0.25
    # How much a mouth's mean over a window counts beside how it moves. Where mouths are differs from person
    # to person and is not in the sound: a small network that learnt it along with how the jaw moves had r
    # .43 on people not learnt from, and .55 without.
    mouth_place: Share = 0.1
    max_level: Positive = 4.0  # of `diffusion.loss_weight`, for what is drawn as a change
    # Places in space are compared on every so many frames: they differ little from one to the next.
    space_frames: Count = 4
    # What hardly moves in these shards may move in others: numbers of a rotation are blown up to about
    # a degree.
    min_deviation: Positive = 2e-2


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Targets:
    """A batch's truth: x0 (B, T, D) normalised; weight (B, T, D) 1 where it counts, else 0; origin (B, D)
    that pose differs from, absolute, not normalised; betas (B, S); level (B,) how much what is drawn as a
    change counts in a window, by its noise.
    """

    x0_BTD: Tensor
    weight_BTD: Tensor
    origin_BD: Tensor
    betas_BS: Tensor
    level_B: Tensor


class MotionLoss(torch.nn.Module):
    """All the losses of a prediction, by name, and their weighted sum."""

    weights_D: Tensor
    speeds_D: Tensor

    def __init__(self, config: LossConfig, points: BodyPoints, scales: Scales) -> None:
        """Prepare.

        Args:
            scales: what motion is put to scale by.
        """
        super().__init__()
        self.config, self.points, self._scales = config, points, scales
        weights = torch.zeros(NUM_CHANNELS)
        for channel in CHANNELS:
            weights[SLICES[channel.name]] = config.channels[channel.name] / channel.width
        weights[LIDS] = config.lids
        speeds = torch.full((NUM_CHANNELS,), config.pose_speed)
        speeds[FACE] = config.face_speed
        self.register_buffer("weights_D", weights, persistent=False)
        self.register_buffer("speeds_D", speeds * weights, persistent=False)

    def forward(self, predicted_BTD: Tensor, targets: Targets) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the sum to minimise and each part, scalars."""
        parts = self._in_numbers(predicted_BTD, targets)
        total = parts["motion"] + parts["speed"]
        for name, value in self._in_space(predicted_BTD, targets).items():
            parts[name] = value
            total = total + getattr(self.config, name) * value
        return total, parts

    def _in_numbers(self, predicted: Tensor, targets: Targets) -> dict[str, Tensor]:
        weight, wrong = targets.weight_BTD, predicted - targets.x0_BTD
        wrong[..., HEARD] = _moving(wrong[..., HEARD], weight[..., HEARD], self.config.mouth_place)
        both = weight[:, 1:] * weight[:, :-1]
        speed = wrong[:, 1:] - wrong[:, :-1]
        even = _even_mouths(targets.x0_BTD, weight, self.config.least_mouth)
        return {
            "motion": _weighed(even * self.weights_D * _mean_seen(wrong.square(), weight), targets.level_B),
            "speed": _weighed(even * self.speeds_D * _mean_seen(speed.square(), both), targets.level_B),
        }

    def _in_space(self, predicted: Tensor, targets: Targets) -> dict[str, Tensor]:
        every = slice(None, None, self.config.space_frames)
        predicted, true = predicted[:, every], targets.x0_BTD[:, every]
        batch, frames, _ = predicted.shape
        betas = targets.betas_BS.repeat_interleave(frames, 0)
        origin = targets.origin_BD.repeat_interleave(frames, 0)
        face, joints = self._places(predicted, origin, betas)
        with torch.no_grad():
            true_face, true_joints = self._places(true, origin, betas)
        errors: dict[str, Tensor] = {}
        weights = targets.weight_BTD[:, every]
        apart = face - true_face
        lips = apart[:, self.points.rows("lips")].reshape(batch, frames, -1)
        lips = _moving(lips, weights[..., _JAW : _JAW + 1], self.config.mouth_place)
        errors["lips"] = lips.unflatten(-1, (-1, 3)).square().sum(-1).mean(-1)
        errors["eyes"] = apart[:, self.points.rows("eyes")].square().sum(-1).mean(-1)
        apart = (joints - true_joints).square().sum(-1)
        for name, rows in _JOINTS.items():
            errors[name] = apart[:, list(rows)].mean(-1)
        out: dict[str, Tensor] = {}
        for name, error in errors.items():
            firsts = [SLICES[channel].start for channel in _SEEN_IN[name]]
            weight = weights[..., firsts].prod(-1)
            scaled = error.reshape(batch, frames, 1) / _SCALES_M[name] ** 2
            out[name] = _mean_seen(scaled, weight[..., None]).mean()
        return out

    def _places(self, x_BTD: Tensor, origin: Tensor, betas: Tensor) -> tuple[Tensor, Tensor]:
        plain = self._scales.plain(x_BTD).flatten(0, 1)
        return self.points.face(plain, betas), self.points.joints(plain, origin, betas)


def _moving(wrong_BTD: Tensor, weight_BTD: Tensor, place: float) -> Tensor:
    """Return errors (B, T, D) whose mean over what was seen counts by `place` when they are squared."""
    return wrong_BTD - (1 - math.sqrt(place)) * _mean_seen(wrong_BTD, weight_BTD)[:, None]


def _even_mouths(x0_BTD: Tensor, weight_BTD: Tensor, least: float) -> Tensor:
    """Return (B, D): 1, and for what the sound tells 1 by how far it moves in a window, at least `least`."""
    mean = _mean_seen(x0_BTD, weight_BTD)[:, None]
    spread = _mean_seen((x0_BTD - mean).square(), weight_BTD)[:, HEARD].mean(1, keepdim=True)
    even = torch.ones_like(weight_BTD[:, 0])
    even[:, HEARD] = 1 / spread.clamp_min(least)
    return even


def _weighed(errors_BD: Tensor, level_B: Tensor) -> Tensor:
    """Return the sum over numbers, mean over windows; what is drawn as a change counts by the noise's
    level.
    """
    heard = errors_BD[:, HEARD].sum(-1)
    return (heard + (errors_BD.sum(-1) - heard) * level_B).mean()


def _mean_seen(values_BTD: Tensor, weight_BTD: Tensor) -> Tensor:
    """Return (B, D): the mean over the frames that count, 0 where none does."""
    return (values_BTD * weight_BTD).sum(1) / weight_BTD.sum(1).clamp_min(1.0)
