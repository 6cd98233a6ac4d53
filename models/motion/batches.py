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
from models.motion.channels import ARRAYS, MASKS, absolute_vectors, residual_vectors, seen
from models.motion.checkpoint import Scales
from models.motion.config import MotionConfig
from models.motion.sound import SoundFeatures
from schemas.outcomes import BadInputError

Float = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MotionBatch:
    """B windows: motion (B, T, D) on references (B, D, absolute), seen (B, T, D) as 0 and 1, sound (B, T, C),
    betas (B, S), real (B, T) frames that are no padding; nothing normalised. after: where a reader goes on;
    skipped: bad samples that were met.
    """

    motion_BTD: Tensor
    seen_BTD: Tensor
    reference_BD: Tensor
    sound_BTC: Tensor
    betas_BS: Tensor
    real_BT: Tensor
    after: Place
    skipped: tuple[Skipped, ...]


class Examples:
    """Makes batches of windows; runs in the workers that read."""

    def __init__(self, features: SoundFeatures, body_model: str, fps: float) -> None:
        self._features, self._body_model, self._fps = features, body_model, fps

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
        assert window.sound is not None and window.betas is not None
        mask = seen(window.arrays)
        assert window.reference is not None
        reference = {name: window.reference.arrays[name] for name in ARRAYS}
        return {
            "motion_BTD": residual_vectors(window.arrays, reference),
            "seen_BTD": mask.astype(np.float32),
            "reference_BD": absolute_vectors(reference)[0],
            "sound_BTC": self._features.at_frames(window.sound, window.num_frames, window.fps),
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
) -> ShardWindows:
    """Return the windows that a run draws from."""
    wanted = WindowConfig(
        num_frames=config.window_frames,
        arrays=(*ARRAYS, *MASKS),
        with_reference=True,
        mirror_probability=config.mirror_probability,
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


def measure_scales(windows: ShardWindows, examples: Examples, number: int, min_deviation: float) -> Scales:
    """Return means and deviations over the first windows, of what was seen."""
    sums: dict[str, _Moments] = {name: _Moments() for name in ("motion", "reference", "sound")}
    size = windows.batch_size
    source = iter(windows)
    for _ in range(max(1, number // size)):
        batch = examples([next(source) for _ in range(size)])
        sums["motion"].add(batch.motion_BTD.flatten(0, 1), batch.seen_BTD.flatten(0, 1))
        sums["reference"].add(batch.reference_BD, torch.ones_like(batch.reference_BD))
        heard = batch.sound_BTC.flatten(0, 1)
        sums["sound"].add(heard, batch.real_BT.flatten()[:, None].expand_as(heard).float())
    found = {name: moments.mean_and_deviation() for name, moments in sums.items()}
    floor = {"motion": min_deviation, "reference": 10 * min_deviation, "sound": 1e-2}
    found = {name: (mean, deviation.clamp_min(floor[name])) for name, (mean, deviation) in found.items()}
    return Scales(
        mean=found["motion"][0],
        deviation=found["motion"][1],
        reference_mean=found["reference"][0],
        reference_deviation=found["reference"][1],
        sound_mean=found["sound"][0],
        sound_deviation=found["sound"][1],
    )


class _Moments:
    """Running sums of weighted numbers (N, D), in double precision."""

    def __init__(self) -> None:
        self._weight: Tensor | float = 0.0
        self._sum: Tensor | float = 0.0
        self._squares: Tensor | float = 0.0

    def add(self, values: Tensor, weight: Tensor) -> None:
        values, weight = values.double(), weight.double()
        self._weight = self._weight + weight.sum(0)
        self._sum = self._sum + (weight * values).sum(0)
        self._squares = self._squares + (weight * values.square()).sum(0)

    def mean_and_deviation(self) -> tuple[Tensor, Tensor]:
        weight = torch.as_tensor(self._weight).clamp_min(1.0)
        mean = torch.as_tensor(self._sum) / weight
        spread = (torch.as_tensor(self._squares) / weight - mean.square()).clamp_min(0.0)
        return mean.float(), spread.sqrt().float()


def normalised(batch: MotionBatch, scales: Scales) -> MotionBatch:
    """Return a batch put to scale; `reference_BD` stays as it is (see `Scales.reference_mean`)."""
    return replace(
        batch,
        motion_BTD=(batch.motion_BTD - scales.mean) / scales.deviation,
        sound_BTC=(batch.sound_BTC - scales.sound_mean) / scales.sound_deviation,
    )
