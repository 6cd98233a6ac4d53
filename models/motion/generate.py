"""Motion of any length from a voice: windows drawn one after the other, each going on where the last ended.

T frames in all, D numbers a frame.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.diffusion import guided, sample
from models.motion.channels import (
    ARMS,
    HEARD,
    NUM_CHANNELS,
    POSE,
    TRUNK,
    absolute_vectors,
    to_parameters,
)
from models.motion.checkpoint import MotionModel
from models.motion.liveliness import Liveliness, livened, smoothed
from models.motion.sound import SoundFeatures
from schemas.bounds import Count, Positive
from schemas.outcomes import BadInputError

Float = npt.NDArray[np.float32]
Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerateConfig:
    """How motion is drawn."""

    seed: int = 0
    num_steps: Count = 20
    # None: as `liveliness` says.
    mouth_guidance: float | None = None
    pose_guidance: float = 1.0
    limit_deviations: Positive = 6.0
    # None: as the model was found to need it after its training.
    liveliness: Liveliness | None = None
    # A window's first new frames are mixed with those that the window before drew there. Over 8, arms jumped
    # beyond the 99th percentile of their steps twice as often as over 14.
    fade_frames: Count = 14
    # Bodies are fitted with small accelerations, so what is faster than this in pose is left-over noise.
    pose_smoothing_frames: Positive = 1.0
    # Arms are long, and few shards show how they move: smoothed like the head, those of people not learnt
    # from went 1.6 to 2.4 times as fast as they do.
    arm_smoothing_frames: Positive = 1.5


def animate(
    model: MotionModel,
    features: SoundFeatures,
    sound: Float,
    reference: Arrays,
    config: GenerateConfig | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Float]:
    """Return `smplx:*` arrays (T, ...) of somebody who says a sound.

    Args:
        sound: (S,) samples in [-1, 1] at 16 kHz; T is its length at the model's frame rate.
        reference: the person's frame, arrays (1, ...) as in a sample.
        progress: called with windows done and windows in all.

    Raises:
        BadInputError: if the sound is shorter than a frame, or the features are not the model's.
    """
    config = config or GenerateConfig()
    drawn = draw_as_learnt(model, features, sound, reference, config, progress)
    livelier = livened(drawn, config.liveliness or model.about.liveliness, model.about.fps)
    return to_parameters(model.scales.plain(livelier).numpy(), reference, model.about.pose_against)


def draw_as_learnt(
    model: MotionModel,
    features: SoundFeatures,
    sound: Float,
    reference: Arrays,
    config: GenerateConfig,
    progress: Callable[[int, int], None] | None = None,
) -> Tensor:
    """Return residual vectors (T, D), normalised, as lively as they were drawn; all else as for `animate`."""
    about, scales = model.about, model.scales
    if features.name != about.sound_name:
        raise BadInputError(f"this motion model hears {about.sound_name}, not {features.name}")
    number = int(len(sound) / 16000 * about.fps)
    if number < 1:
        raise BadInputError("the sound is shorter than a frame")
    heard = torch.from_numpy(features.at_frames(sound, number, about.fps))
    heard = scales.normalised_sound(heard) @ scales.sound_components
    still = torch.from_numpy(absolute_vectors(reference))
    still = (still - scales.reference_mean) / scales.reference_deviation
    generator = torch.Generator().manual_seed(config.seed)
    noise = torch.randn(number, NUM_CHANNELS, generator=generator)
    return _draw_windows(model, heard, still, noise, config, progress)


def window_starts(num_frames: int, window: int, overlap: int) -> list[int]:
    """Return where windows begin: each but the first repeats `overlap` frames, the last ends at the end."""
    last = max(0, num_frames - window)
    return [*range(0, last, window - overlap), last]


def _draw_windows(
    model: MotionModel,
    heard_TC: Tensor,
    reference_1D: Tensor,
    noise_TD: Tensor,
    config: GenerateConfig,
    progress: Callable[[int, int], None] | None,
) -> Tensor:
    length = len(noise_TD)
    window = min(model.about.window_frames, length)
    fade = min(config.fade_frames, window // 4)
    starts = window_starts(length, window, min(model.about.known_frames, window // 4) + fade)
    drawn = torch.zeros_like(noise_TD)
    done = 0
    for index, start in enumerate(starts):
        span, there = slice(start, start + window), max(0, done - start)
        before, share_T1 = drawn[span], _share_of_new(window, there, fade)[:, None]
        known = share_T1[:, 0] == 0
        new = draw_window(
            model, heard_TC[span][None], reference_1D, noise_TD[span][None], before[None], known[None], config
        )[0]
        drawn[span] = before + share_T1 * (new - before)
        done = start + window
        if progress is not None:
            progress(index + 1, len(starts))
    return drawn


def _share_of_new(window: int, there: int, fade: int) -> Tensor:
    """Return (T,): 0 where motion stays as it is there, 1 where there is none, in between before that."""
    places = torch.arange(window) - (there - fade) + 1
    return (places / (fade + 1)).clamp(0, 1) if there else torch.ones(window)


@torch.inference_mode()
def draw_window(
    model: MotionModel,
    heard_BTC: Tensor,
    reference_BD: Tensor,
    noise_BTD: Tensor,
    before_BTD: Tensor,
    known_BT: Tensor,
    config: GenerateConfig,
) -> Tensor:
    """Return clean motion (B, T, D), normalised, that is `before` where `known`.

    Args:
        heard_BTC, reference_BD: normalised; noise_BTD: what it is drawn from.
    """
    network, there = model.network, torch.ones_like(known_BT)
    lively = config.liveliness or model.about.liveliness
    mouth_guidance = lively.mouth_guidance if config.mouth_guidance is None else config.mouth_guidance
    deaf = torch.tensor([False, True]).repeat_interleave(len(noise_BTD))
    twice = [torch.cat([part, part]) for part in (heard_BTC, reference_BD, known_BT, there)]

    def predict(x_BTD: Tensor, t_B: Tensor) -> Tensor:
        x_BTD = torch.where(known_BT[..., None], before_BTD, x_BTD)
        heard, reference, known, real = twice
        both = network(torch.cat([x_BTD, x_BTD]), torch.cat([t_B, t_B]), heard, reference, known, real, deaf)
        with_sound, without = both.chunk(2)
        out = with_sound.clone()
        out[..., HEARD] = guided(with_sound[..., HEARD], without[..., HEARD], mouth_guidance)
        pose = guided(with_sound[..., POSE], without[..., POSE], config.pose_guidance)
        # What is known is put in first, so that the frames after it are smoothed towards it.
        pose = torch.where(known_BT[..., None], before_BTD[..., POSE], pose)
        out[..., POSE] = pose
        out[..., TRUNK] = smoothed(out[..., TRUNK], config.pose_smoothing_frames)
        out[..., ARMS] = smoothed(out[..., ARMS], config.arm_smoothing_frames)
        return torch.where(known_BT[..., None], before_BTD, out)

    return sample(predict, noise_BTD, config.num_steps, config.limit_deviations)
