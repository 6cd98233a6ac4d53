"""How far and how smoothly drawn motion is carried: what a model is told of itself after training.

T frames, D numbers a frame, normalised.
"""

import math
from dataclasses import dataclass, field

import torch
from scipy.ndimage import median_filter
from torch import Tensor

from models.motion.channels import LIDS, SLICES, UPPER_LIMBS
from schemas.bounds import Positive

# Blinks are shorter. By deviations: lids close by less between blinks, and none goes further by more. With
# these closings are as deep as real ones at each of their percentiles from 80 to 99.
_BLINK_SECONDS, _LEAST_CLOSED, _MOST_FURTHER = 0.6, 0.4, 1.2
PARTS = {"head": SLICES["head"], "arms": UPPER_LIMBS}


@dataclass(frozen=True, kw_only=True, slots=True)
class Carried:
    """How a part's motion is carried: how far it goes around its mean, against how far it was drawn to go,
    and the deviation of a Gaussian over time.
    """

    gain: Positive = 1.0
    smoothing_frames: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Liveliness:
    """How drawn motion is carried to be as lively as people are (`calibrate` measures it).

    Drawn for people not learnt from, heads and arms go less far than people's, and a mean of blinks that
    might be now or a little later closes lids less far than blinks do. blink_gain: how much further lids
    close than they are drawn to; 0: no further. mouth_guidance: with which the mouth is drawn: it goes
    as much further (Ho & Salimans 2022), and agrees no better with the sound.
    """

    head: Carried = field(default_factory=lambda: Carried(gain=1.3))
    arms: Carried = field(default_factory=lambda: Carried(gain=1.5))
    blink_gain: float = 0.7
    mouth_guidance: Positive = 1.3


AS_DRAWN = Liveliness(head=Carried(), arms=Carried(), blink_gain=0.0, mouth_guidance=1.0)


def livened(drawn_TD: Tensor, liveliness: Liveliness, fps: float) -> Tensor:
    """Return motion carried so; hands, the rest of the face and the torso stay as they were drawn."""
    out = drawn_TD.clone()
    out[:, LIDS] = deepened(drawn_TD[:, LIDS], liveliness.blink_gain, fps)
    for name, part in PARTS.items():
        carried: Carried = getattr(liveliness, name)
        out[:, part] = smoothed(out[None, :, part], carried.smoothing_frames)[0]
        out = widened(out, part, carried.gain)
    return out


def widened(drawn_TD: Tensor, part: slice, gain: float) -> Tensor:
    """Return motion (T, D) some numbers of which go further, or less far, around their means."""
    wider = drawn_TD.clone()
    wider[:, part] += (gain - 1) * (drawn_TD[:, part] - drawn_TD[:, part].mean(0))
    return wider


def deepened(lids_T1: Tensor, gain: float, fps: float) -> Tensor:
    """Return how far lids are open (T, 1), in deviations, with blinks carried further.

    What is closed for longer than a blink, and what hardly closes, stays.
    """
    length = 2 * round(_BLINK_SECONDS * fps) + 1
    usual = torch.from_numpy(median_filter(lids_T1[:, 0].numpy(), length, mode="nearest"))[:, None]
    closed = (usual - lids_T1 - _LEAST_CLOSED).clamp_min(0)
    return lids_T1 - (gain * closed).clamp_max(_MOST_FURTHER)


def smoothed(x_BTD: Tensor, deviation_frames: float) -> Tensor:
    """Return motion (B, T, D) after a Gaussian over time; beyond its ends it stays as it is there."""
    reach = math.ceil(3 * deviation_frames)
    if reach == 0:
        return x_BTD
    offsets = torch.arange(-reach, reach + 1, dtype=x_BTD.dtype)
    kernel = torch.exp(-0.5 * (offsets / deviation_frames) ** 2)
    kernel = (kernel / kernel.sum())[None, None]
    rows = x_BTD.transpose(1, 2).flatten(0, 1)[:, None]
    padded = torch.nn.functional.pad(rows, (reach, reach), mode="replicate")
    moved = torch.nn.functional.conv1d(padded, kernel)
    return moved[:, 0].unflatten(0, (x_BTD.shape[0], x_BTD.shape[2])).transpose(1, 2)
