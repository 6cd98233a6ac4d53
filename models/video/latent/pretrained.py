"""What a frozen latent diffusion model is to those who train over it.

B pictures, S px a side, C channels of latents.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn


class Pretrained(Protocol):
    """A frozen model of pictures; where it is from, its own file tells."""

    @property
    def unet(self) -> Any:
        """Answer `(x, t, prompt, ...)`, of one frame at a time."""
        ...

    @property
    def noising(self) -> Mapping[str, Any]:
        """How noise is added, `prediction_type` among it."""
        ...

    @property
    def prompt(self) -> Tensor:
        """(1, n, width): the empty prompt."""
        ...

    @property
    def fingerprint(self) -> str:
        """Tell the model from others."""
        ...

    @property
    def least_px(self) -> int:
        """Sides of pictures are multiples of it."""
        ...

    def to(self, device: torch.device, dtype: torch.dtype) -> None:
        """Move the weights."""
        ...

    def encode(self, picture: Tensor) -> Tensor:
        """Return latents (B, C, ...) of pictures (B, 3, S, S) in [-1, 1]."""
        ...

    def decode(self, latents: Tensor) -> Tensor:
        """Return pictures of latents."""
        ...

    def scheduler(self) -> Any:
        """Return DDIM over the model's noise."""
        ...

    def control(self, num_controls: int) -> Any:
        """Return a trainable copy of the encoder that at first adds nothing."""
        ...

    def over_time(self, most_frames: int) -> tuple[Any, nn.Module]:
        """Return the U-Net with layers over time, silent at first, and those layers."""
        ...
