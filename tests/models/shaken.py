"""A network whose every answer is wrong, for tests of what is around it."""

import torch
from torch import nn


def shaken(network: nn.Module) -> None:
    """Change all weights at random, the same each time."""
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in network.parameters():
            weights.add_(0.3 * torch.randn(weights.shape, generator=random))
