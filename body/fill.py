"""Values continued from where they are known to where they are not."""

import numpy as np
import numpy.typing as npt
from numba import njit

Float = npt.NDArray[np.float32]


def push_pull(values: Float, weight: Float) -> Float:
    """Return values (H, W, C) continued smoothly from where their weight (H, W) in [0, 1] is 1.

    Averages of four are taken until one pixel is left, then each level fills what the finer one lacks: the
    push-pull method of Gortler et al., The Lumigraph (1996), section 3.4. Its cost does not depend on the
    size of what is filled. Where nothing is known at all, everything is 0.
    """
    height, width, channels = values.shape
    levels = [np.empty((height, width, channels + 1), np.float32)]
    levels[0][..., :channels] = values * weight[..., None]
    levels[0][..., channels] = weight
    while max(levels[-1].shape[:2]) > 1:
        levels.append(_pushed(levels[-1]))
    for coarse, fine in zip(levels[:0:-1], levels[-2::-1], strict=True):
        _pull(coarse, fine)
    return levels[0][..., :channels]


@njit(cache=True, nogil=True)
def _pushed(fine: Float) -> Float:
    """Return sums of weighted values and of weights (h, w, C + 1) over 2x2 pixels, weights at most 1."""
    height, width, size = fine.shape
    coarse = np.zeros(((height + 1) // 2, (width + 1) // 2, size), np.float32)
    for y in range(height):
        for x in range(width):
            for c in range(size):
                coarse[y // 2, x // 2, c] += fine[y, x, c]
    for y in range(coarse.shape[0]):
        for x in range(coarse.shape[1]):
            weight = coarse[y, x, size - 1]
            if weight > 1:
                for c in range(size):
                    coarse[y, x, c] /= weight
    return coarse


@njit(cache=True, nogil=True)
def _pull(coarse: Float, fine: Float) -> None:
    """Fill what the finer level lacks in weight, bilinearly from the coarser one, in place."""
    height, width, size = fine.shape
    last_y, last_x = coarse.shape[0] - 1, coarse.shape[1] - 1
    near, far = np.float32(0.75), np.float32(0.25)
    for y in range(height):
        y0 = y // 2
        y1 = min(max(y0 + (1 if y % 2 else -1), 0), last_y)
        for x in range(width):
            lacking = np.float32(1.0) - fine[y, x, size - 1]
            if lacking <= 0:
                continue
            x0 = x // 2
            x1 = min(max(x0 + (1 if x % 2 else -1), 0), last_x)
            for c in range(size):
                beside = near * coarse[y0, x0, c] + far * coarse[y0, x1, c]
                beyond = near * coarse[y1, x0, c] + far * coarse[y1, x1, c]
                fine[y, x, c] += lacking * (near * beside + far * beyond)
