"""A critic of mouths and eyes: it learns to tell drawn ones from real, and the network to pass for real.

SN-PatchGAN (Yu et al., Free-Form Image Inpainting with Gated Convolution, 2019, section 3.3): convolutions
with normalised spectra (Miyato et al. 2018) that answer for each patch, and the hinge loss; told beside each
picture what it was made of (Isola et al. 2017). Its last layer begins at zero: a critic that knows nothing
yet changes nothing.

B windows, S px a side, L px of a square around a part.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from models.video.controls import EYES, MOUTH, VideoBatch, of_parts
from models.video.crops import around, cut
from models.video.losses import grown_px
from schemas.bounds import Count, Positive, Share
from schemas.outcomes import BadInputError

LEAST_PX = 16
_LOOKED_AT = (MOUTH, *((eye,) for eye in EYES))
_TOLD = 3 + len(_LOOKED_AT)  # the warp, and where the parts are


@dataclass(frozen=True, kw_only=True, slots=True)
class AdversaryConfig:
    """When the critic learns, and how much it counts."""

    share: Share = 0.0  # of the steps, the last ones; 0: no critic
    weight: float = 0.2
    learning_rate: Positive = 4e-4
    channels: Count = 32  # of its first layer
    crop_px: Count = 32


class MouthAndEyesCritic(nn.Module):
    """Answers for patches of mouths and eyes: more than 0 is real."""

    def __init__(self, config: AdversaryConfig, window_px: int) -> None:
        """Prepare.

        Raises:
            BadInputError: if its squares are too small for it, or larger than windows.
        """
        super().__init__()
        if not LEAST_PX <= config.crop_px <= window_px:
            raise BadInputError(
                f"adversary.crop_px {config.crop_px}: should be from {LEAST_PX} to window_px, {window_px}"
            )
        self._config, width = config, config.channels
        layers = (
            nn.Conv2d(3 + _TOLD, width, 4, stride=2, padding=1),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.Conv2d(2 * width, 4 * width, 3, padding=1),
        )
        self.layers = nn.Sequential(
            *(part for layer in layers for part in (spectral_norm(layer), nn.LeakyReLU(0.2)))
        )
        self.last = nn.Conv2d(4 * width, 1, 1)
        nn.init.zeros_(self.last.weight)

    def forward(self, pictures: Tensor, told: Tensor) -> Tensor:
        """Return (B, 1, L / 4, L / 4) for squares (B, 3, L, L) and what is told of them."""
        return self.last(self.layers(torch.cat([pictures, told], 1)))

    def losses(self, drawn: Tensor, real: Tensor, warp: Tensor, batch: VideoBatch) -> dict[str, Tensor]:
        """Return `adversarial`, with gradients for the network alone, and `critic`, with some for the critic.

        `critic` is 2 where it cannot tell and 0 where it is sure. A frame that shows none of the parts counts
        for nothing; those that do count alike.

        Args:
            drawn, real, warp: (B, 3, S, S) in [-1, 1].
        """
        adversarial, critic = list[Tensor](), list[Tensor]()
        masks = torch.cat([of_parts(batch.frames.part, parts) for parts in _LOOKED_AT], 1)
        told, size = torch.cat([warp, masks], 1), self._config.crop_px
        for index, parts in enumerate(_LOOKED_AT):
            corner = around(masks[:, index], size, masks.new_full((len(masks), 2), 0.5))
            mine, theirs, beside = (cut(pictures, corner, size) for pictures in (drawn, real, told))
            where = of_parts(batch.frames.part, parts, grown_px(batch.frames.part.shape[-1]))
            where = F.adaptive_max_pool2d(cut(where, corner, size), size // 4)
            share = (
                where / where.sum((1, 2, 3), keepdim=True).clamp_min(1) * batch.counts[:, None, None, None]
            )
            with self._held():
                adversarial.append(-(share * self(mine, beside)).sum((1, 2, 3)).mean())
            answers = self(torch.cat([theirs, mine.detach()]), torch.cat([beside, beside]))
            for_real, for_drawn = answers.chunk(2)
            wrong = F.relu(1 - for_real) + F.relu(1 + for_drawn)
            critic.append((share * wrong).sum((1, 2, 3)).mean())
        weight = self._config.weight / len(_LOOKED_AT)
        return {
            "adversarial": weight * torch.stack(adversarial).sum(),
            "critic": torch.stack(critic).mean(),
        }

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        """Let what is computed meanwhile give the critic no gradients."""
        self.requires_grad_(False)
        try:
            yield
        finally:
            self.requires_grad_(True)
