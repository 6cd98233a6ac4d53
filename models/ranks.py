"""Processes that train one model together: who they are, and means over them."""

import contextlib
import os
from collections.abc import Iterator

import torch
import torch.distributed as dist
from torch import Tensor, nn


@contextlib.contextmanager
def join_ranks() -> Iterator[int]:
    """Join the other processes that `torchrun` started, by gloo; gives this one's rank, 0 if alone."""
    if int(os.environ.get("WORLD_SIZE", "1")) <= 1:
        yield 0
        return
    dist.init_process_group("gloo")
    try:
        yield dist.get_rank()
    finally:
        dist.destroy_process_group()


def rank_and_world() -> tuple[int, int]:
    """Return which of how many processes this is."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def average_gradients(network: nn.Module) -> None:
    """Give all processes the mean of their gradients."""
    _, world = rank_and_world()
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    if world == 1 or not gradients:
        return
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= world
    for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))


def average_over_ranks(parts: dict[str, Tensor]) -> dict[str, float]:
    """Return the means of scalars over all processes."""
    values = torch.stack([part.detach().float() for part in parts.values()])
    _, world = rank_and_world()
    if world > 1:
        dist.all_reduce(values)
        values /= world
    return dict(zip(parts, values.tolist(), strict=True))
