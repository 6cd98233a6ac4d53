"""ST-LPIPS: how different two pictures look, by features of a network that small shifts do not change.

Ghildyal & Liu, Shift-tolerant Perceptual Similarity Metric (ECCV 2022): AlexNet with stride 1 at first and
blurred pooling, its features scaled to length 1, squared differences weighed by channel. The weights are
those of the package stlpips-pytorch; its code is not used.

B pictures, S px a side.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from schemas.outcomes import BadInputError

LEAST_PX = 48
# Channels, kernel, padding of each convolution; the first is followed by blurred pooling before its ReLU.
_LAYERS = ((64, 11, 2), (192, 5, 2), (384, 3, 1), (256, 3, 1), (256, 3, 1))
_NAMES = ("slice1.0", "slice2.5", "slice3.9", "slice4.11", "slice5.13")
_POOLED_BEFORE = (1, 2)
_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)


class PerceptualDistance(nn.Module):
    """ST-LPIPS of pictures in [-1, 1]."""

    shift: Tensor
    scale: Tensor

    def __init__(self, weights: Path) -> None:
        """Load the weights, which are read as tensors alone.

        Raises:
            BadInputError: if the file is none of ST-LPIPS with AlexNet.
        """
        super().__init__()
        self.convolutions, channels = nn.ModuleList(), 3
        for outer, kernel, padding in _LAYERS:
            self.convolutions.append(nn.Conv2d(channels, outer, kernel, padding=padding))
            channels = outer
        self.register_buffer("shift", torch.tensor(_SHIFT)[None, :, None, None], persistent=False)
        self.register_buffer("scale", torch.tensor(_SCALE)[None, :, None, None], persistent=False)
        self.counts = nn.ParameterList(nn.Parameter(torch.ones(outer)) for outer, _, _ in _LAYERS)
        try:
            found = torch.load(weights, map_location="cpu", weights_only=True)
            for index, name in enumerate(_NAMES):
                convolution = self.convolutions[index]
                assert isinstance(convolution, nn.Conv2d) and convolution.bias is not None
                convolution.weight.data.copy_(found[f"net.{name}.weight"])
                convolution.bias.data.copy_(found[f"net.{name}.bias"])
                self.counts[index].data.copy_(found[f"lin{index}.model.1.weight"].flatten())
        except Exception as error:  # torch.load raises whatever it meets
            raise BadInputError(f"{weights}: no weights of ST-LPIPS with AlexNet ({error})") from error
        self.requires_grad_(False).eval()

    def forward(self, a: Tensor, b: Tensor, weight: Tensor | None = None) -> Tensor:
        """Return (B,) distances of (B, 3, S, S); S at least 48.

        Args:
            weight: (B, 1, S, S) how much each pixel counts; None: all alike.
        """
        total = a.new_zeros(len(a))
        for theirs, mine, counts in zip(self.features(a), self.features(b), self.counts, strict=True):
            apart = ((_unit(theirs) - _unit(mine)).square() * counts[:, None, None]).sum(1, keepdim=True)
            if weight is None:
                total = total + apart.mean((1, 2, 3))
                continue
            share = F.adaptive_avg_pool2d(weight, apart.shape[-2:])
            total = total + (apart * share).sum((1, 2, 3)) / share.sum((1, 2, 3)).clamp_min(1e-6)
        return total

    def by_region(self, a: Sequence[Tensor], b: Sequence[Tensor], weights: Tensor) -> Tensor:
        """Return (R, B) distances of features, weighed by each of R regions (R, B, S, S) alone."""
        total = weights.new_zeros(weights.shape[:2])
        for theirs, mine, counts in zip(a, b, self.counts, strict=True):
            apart = ((_unit(theirs) - _unit(mine)).square() * counts[:, None, None]).sum(1)
            share = F.adaptive_avg_pool2d(weights, apart.shape[-2:])
            total = total + (apart * share).sum((2, 3)) / share.sum((2, 3)).clamp_min(1e-6)
        return total

    def features(self, x: Tensor) -> list[Tensor]:
        """Return what pictures (B, 3, S, S) are compared by, finest first."""
        h, out = (x - self.shift) / self.scale, list[Tensor]()
        for index, convolution in enumerate(self.convolutions):
            if index in _POOLED_BEFORE:
                h = _blurred(F.max_pool2d(h, 3, 1))
            h = convolution(h)
            h = F.relu(_blurred(h) if index == 0 else h)
            out.append(h)
        return out


def _blurred(x: Tensor) -> Tensor:
    """Return every second pixel of what a binomial filter leaves (Zhang, Making Convolutional Networks
    Shift-Invariant Again, 2019), with the wider margin of ST-LPIPS.
    """
    line = torch.tensor([1.0, 2.0, 1.0], dtype=x.dtype, device=x.device) / 4
    kernel = torch.outer(line, line).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), kernel, stride=2, groups=x.shape[1])


def _unit(x: Tensor) -> Tensor:
    return x / (x.square().sum(1, keepdim=True) + 1e-10).sqrt()
