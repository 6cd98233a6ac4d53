"""What the network is trained on: colours, their edges, and how a mouth, eyes and hands look.

B frames, S px a side. Every loss is a mean over frames, so that ranks that share a batch average to what one
process gets.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from models.video.controls import EYES, HANDS, MOUTH, VideoBatch, of_parts
from models.video.crops import around, cut
from models.video.perceptual import LEAST_PX, PerceptualDistance

_GROWN_PX = 4  # of 128: lips lie around the mouth's inside, lids around the eyes


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoLossConfig:
    """Weights. 1 is the squared error of colours in [-1, 1] on background."""

    absolute: float = 0.3
    edges: float = 0.5
    perceptual: float = 0.2
    person: float = 1.0
    mouth: float = 4.0
    eyes: float = 3.0
    hands: float = 2.0
    changes: float = 0.5  # from frame to frame, where frames follow each other
    # The part of a window that is looked at by features: it follows mouth, eyes or hands.
    look_px: int = 64


class Regions(Protocol):
    """How much more than background a person and parts of them count."""

    @property
    def person(self) -> float: ...
    @property
    def mouth(self) -> float: ...
    @property
    def eyes(self) -> float: ...
    @property
    def hands(self) -> float: ...


class VideoLoss:
    """All the losses of predicted frames, by name, and their weighted sum."""

    def __init__(self, config: VideoLossConfig, looks: PerceptualDistance | None) -> None:
        """Prepare; without `looks` colours and edges alone count."""
        if looks is not None and config.look_px < LEAST_PX:
            raise ValueError(f"look_px {config.look_px}: at least {LEAST_PX}")
        self._config, self._looks = config, looks

    def __call__(
        self, drawn: Tensor, real: Tensor, batch: VideoBatch, frames: int, random: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the sum to minimise and each part, scalars.

        Args:
            drawn, real: (B, 3, S, S) in [-1, 1]; batch: what they were made of.
            frames: how many following frames of a clip lie next to each other.
            random: (B, 3) in [0, 1), where to look.
        """
        config, wrong, part = self._config, drawn - real, batch.frames.part
        counts = batch.counts[:, None, None, None]
        weight = counts * region_weights(config, part, batch.frames.alpha)
        parts = {
            "colours": (weight * (wrong.square() + config.absolute * wrong.abs())).mean(),
            "edges": config.edges * _edges(wrong, weight),
        }
        if frames > 1:
            apart = _steps(wrong, frames).abs()
            parts["changes"] = config.changes * (_steps(weight, frames, mean=True) * apart).mean()
        if self._looks is not None and config.perceptual:
            mine, theirs = self._looked_at(drawn, real, part, random)
            parts["looks"] = config.perceptual * (batch.counts * self._looks(mine, theirs)).mean()
        return torch.stack(list(parts.values())).sum(), parts

    def _looked_at(self, drawn: Tensor, real: Tensor, part: Tensor, random: Tensor) -> tuple[Tensor, Tensor]:
        """Return (B, 3, L, L) of each: around the mouth in most frames, else eyes or hands, else anywhere."""
        look = min(self._config.look_px, part.shape[-1])
        random = random.to(drawn.device)
        which = torch.bucketize(
            random[:, 0].contiguous(), torch.tensor([0.5, 0.75], device=drawn.device), right=True
        )
        masks = torch.stack([of_parts(part, wanted)[:, 0] for wanted in (MOUTH, EYES, HANDS)])
        mask = masks[which, torch.arange(len(part), device=drawn.device)]
        corner = around(mask, look, random[:, 1:])
        return cut(drawn, corner, look), cut(real, corner, look)


def region_weights(config: Regions, part: Tensor, alpha: Tensor) -> Tensor:
    """Return (B, 1, S, S): how much each pixel counts, by parts and alpha (B, S, S) of windows."""
    grown = grown_px(part.shape[-1])
    weight = 0.5 + config.person * alpha[:, None].float() / 255
    for parts, more in ((MOUTH, config.mouth), (EYES, config.eyes), (HANDS, config.hands)):
        weight = weight + more * of_parts(part, parts, grown)
    return weight


def grown_px(size: int) -> int:
    """Return how far around a part its lips or lids reach, in a window of `size` px."""
    return max(1, round(_GROWN_PX * size / 128))


def _edges(wrong: Tensor, weight: Tensor) -> Tensor:
    across, down = wrong.diff(dim=3).abs(), wrong.diff(dim=2).abs()
    return (weight[..., 1:] * across).mean() + (weight[:, :, 1:] * down).mean()


def _steps(values: Tensor, frames: int, mean: bool = False) -> Tensor:
    """Return changes (or means) of neighbouring frames: (B / T, T - 1, ...)."""
    clips = values.unflatten(0, (-1, frames))
    return (clips[:, 1:] + clips[:, :-1]) / 2 if mean else clips[:, 1:] - clips[:, :-1]
