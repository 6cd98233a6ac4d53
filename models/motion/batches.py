"""Windows of shards as a motion model wants them: numbers, masks, sound; and the scales that they are put to.

B windows, T frames, D numbers a frame, C numbers of sound a frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from body.topology import NUM_BETAS
from models.data.config import WindowConfig
from models.data.records import Place, Skipped, Window
from models.data.windows import ShardWindows
from models.motion.channels import (
    ARRAYS,
    MASKS,
    PoseOrigin,
    absolute_vectors,
    origin_of,
    residual_vectors,
    seen,
)
from models.motion.checkpoint import Scales
from models.motion.config import MotionConfig
from models.motion.heard import HeardClips
from models.motion.sound import SoundFeatures
from schemas.outcomes import BadInputError

Float = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MotionBatch:
    """B windows: motion (B, T, D) against origins (B, D, absolute); references (B, D, absolute), seen (B, T,
    D) as 0 and 1, sound (B, T, C), betas (B, S), real (B, T) frames that are no padding; nothing normalised.
    after: where a reader goes on; skipped: bad samples that were met.
    """

    motion_BTD: Tensor
    seen_BTD: Tensor
    origin_BD: Tensor
    reference_BD: Tensor
    sound_BTC: Tensor
    betas_BS: Tensor
    real_BT: Tensor
    after: Place
    skipped: tuple[Skipped, ...]


class Examples:
    """Makes batches of windows; runs in the workers that read."""

    def __init__(
        self, features: SoundFeatures, body_model: str, fps: float, against: PoseOrigin = "reference"
    ) -> None:
        self._heard, self._body_model, self._fps = HeardClips(features), body_model, fps
        self._against: PoseOrigin = against

    def __call__(self, windows: Sequence[Window]) -> MotionBatch:
        """Return the batch of some windows.

        Raises:
            BadInputError: if a window is of another body model or frame rate than the model's.
        """
        rows = [self._numbers(window) for window in windows]
        stacked = {name: torch.from_numpy(np.stack([row[name] for row in rows])) for name in rows[0]}
        skipped = tuple(found for w in windows for found in w.skipped)
        return MotionBatch(after=windows[-1].after, skipped=skipped, **stacked)

    def _numbers(self, window: Window) -> dict[str, npt.NDArray[Any]]:
        self._check(window)
        assert window.betas is not None
        mask = seen(window.arrays)
        assert window.reference is not None
        reference = {name: window.reference.arrays[name] for name in ARRAYS}
        origin = origin_of(reference, self._against)
        return {
            "motion_BTD": residual_vectors(window.arrays, origin),
            "seen_BTD": mask.astype(np.float32),
            "origin_BD": absolute_vectors(origin)[0],
            "reference_BD": absolute_vectors(reference)[0],
            "sound_BTC": self._heard.at_frames(window),
            "betas_BS": window.betas[:NUM_BETAS],
            "real_BT": np.arange(window.num_frames) < window.num_valid,
        }

    def _check(self, window: Window) -> None:
        fit = window.about.get("body_fit") or {}
        if fit.get("model_id") != self._body_model:
            raise BadInputError(
                f"{window.key}: fitted with body model {fit.get('model_id')}, and training is on "
                f"{self._body_model}; parameters don't transfer between body models: train on shards of one"
            )
        if abs(window.fps - self._fps) > 1e-3:
            raise BadInputError(
                f"{window.key}: {window.fps:g} frames a second, and training is on {self._fps:g}; train on "
                "shards of one rate"
            )


def motion_windows(
    shards: Sequence[str],
    config: MotionConfig,
    split: str,
    rank: int,
    world_size: int,
    body_file: str | None = None,
) -> ShardWindows:
    """Return the windows that a run draws from."""
    wanted = WindowConfig(
        num_frames=config.window_frames,
        arrays=(*ARRAYS, *MASKS),
        with_sound=False,
        with_clip_sound=True,
        with_reference=True,
        mirror_probability=config.mirror_probability,
        person_power=config.person_power,
        body_model=body_file,
    )
    return ShardWindows(
        shards,
        wanted,
        seed=config.training.seed,
        split=split,
        rank=rank,
        world_size=world_size,
        batch_size=config.training.batch_size // world_size,
        epochs=None,
    )


def normalised(batch: MotionBatch, scales: Scales) -> MotionBatch:
    """Return a batch put to scale; `reference_BD` stays as it is (see `Scales.reference_mean`)."""
    return replace(
        batch,
        motion_BTD=scales.normalised(batch.motion_BTD),
        sound_BTC=scales.normalised_sound(batch.sound_BTC),
    )
