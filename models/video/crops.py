"""Squares of windows around parts of the body.

B windows, S px a side.
"""

import torch
from torch import Tensor


def around(mask: Tensor, size: int, anywhere: Tensor) -> tuple[Tensor, Tensor]:
    """Return (B,) first rows and columns of squares whose middle is that of masks (B, S, S) of 0 and 1.

    anywhere: (B, 2) in [0, 1), the middle's place where a mask is empty.
    """
    whole = mask.shape[-1]
    found, at = mask.sum((1, 2)), torch.arange(whole, device=mask.device, dtype=mask.dtype)

    def first(along: Tensor, instead: Tensor) -> Tensor:
        middle = torch.where(found > 0, (along * at).sum(1) / found.clamp_min(1), instead * whole)
        return (middle - size / 2).round().long().clamp(0, whole - size)

    return first(mask.sum(2), anywhere[:, 1]), first(mask.sum(1), anywhere[:, 0])


def cut(pictures: Tensor, corner: tuple[Tensor, Tensor], size: int) -> Tensor:
    """Return squares (B, C, size, size) of pictures (B, C, S, S), from rows and columns (B,) on."""
    count, channels, _, width = pictures.shape
    along = torch.arange(size, device=pictures.device)
    top, left = corner
    rows = (top[:, None] + along)[:, None, :, None].expand(count, channels, size, width)
    columns = (left[:, None] + along)[:, None, None, :].expand(count, channels, size, size)
    return pictures.gather(2, rows).gather(3, columns)
