"""What a step of training draws at random for a batch of clips.

Rows are drawn for the batch of all ranks and each takes its own, so that ranks draw what one process would.
B windows, `frames` of each of B / frames clips next to each other.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from models.ranks import rank_and_world
from models.video.controls import PHOTO, WARP


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ClipDraws:
    """Random numbers that are the same for all frames of a clip."""

    generator: torch.Generator
    num_clips: int
    frames: int
    device: torch.device

    def normal(self, *shape: int) -> Tensor:
        """Return (B, ...) of deviation 1: drawn where it is used, as processors are slow at so many."""
        if self.device.type == "cpu":
            return self._mine(torch.randn(self._all, *shape, generator=self.generator))
        seed = int(torch.randint(2**62, (), generator=self.generator))
        there = torch.Generator(self.device).manual_seed(seed)
        return self._mine(torch.randn(self._all, *shape, generator=there, device=self.device))

    def uniform(self, *shape: int) -> Tensor:
        """Return (B, ...) in [0, 1)."""
        return self._mine(torch.rand(self._all, *shape, generator=self.generator))

    def tinted(self, real: Tensor, told: Tensor, tint: float) -> tuple[Tensor, Tensor]:
        """Return frames (B, 3, S, S) and controls (B, C, S, S) with a clip's colours shifted alike."""
        gain, shift = 1 + tint * self.normal(1, 1, 1), tint * self.normal(3, 1, 1)
        told = told.clone()
        for colours in (WARP, PHOTO):
            told[:, colours] = (told[:, colours] * gain + shift).clamp(-1, 1)
        return (real * gain + shift).clamp(-1, 1), told

    @property
    def _all(self) -> int:
        return self.num_clips * rank_and_world()[1]

    def _mine(self, drawn: Tensor) -> Tensor:
        rank = rank_and_world()[0]
        mine = drawn[rank * self.num_clips : (rank + 1) * self.num_clips]
        return mine.to(self.device).repeat_interleave(self.frames, 0)
