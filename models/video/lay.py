"""What the network answers in a small window, laid over the whole picture.

H, W of the picture; S px a side of the window.
"""

import cv2
import numpy as np
import numpy.typing as npt
from numba import njit

from body.windows import Box

Image = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float32]
_EDGE = 0.12  # of a window's side: mending fades in so far from its border


def laid(frame: Image, alpha: Image, flow: Float, added: Float, box: Box) -> Image:
    """Return the frame (H, W, 3), corrected in a window.

    Flow and addition are enlarged and not the picture, so the photo's own detail stays and its edges move
    without a rim. Both fade to nothing at the window's border, and off the person the frame stays as it is:
    there is no seam, and the background is the same in all frames.

    Args:
        alpha: (H, W), how much of a pixel is the person, 0 to 255.
        flow: (S, S, 2), the way to where each pixel is better read, in sides of the window.
        added: (S, S, 3), in levels of 0 to 255.
        box: of the window in the picture; it may reach beyond it.
    """
    height, width = frame.shape[:2]
    top, left = max(0, box.top), max(0, box.left)
    bottom, right = min(height, box.top + box.side), min(width, box.left + box.side)
    if top >= bottom or left >= right:
        return frame
    inside = np.s_[top - box.top : bottom - box.top, left - box.left : right - box.left]
    fade = _fade(flow.shape[0])
    way, more = (_enlarged(values * fade, box.side)[inside] for values in (flow, added))
    across = way[..., 0] * box.side + np.arange(left, right, dtype=np.float32)
    down = way[..., 1] * box.side + np.arange(top, bottom, dtype=np.float32)[:, None]
    moved = cv2.remap(frame, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    out = frame.copy()
    _blend(out[top:bottom, left:right], np.asarray(moved, np.uint8), more, alpha[top:bottom, left:right])
    return out


def _fade(size: int) -> Float:
    """Return (size, size, 1) in [0, 1]: 0 at a window's border, 1 inside."""
    from_border = np.minimum(np.arange(size) + 0.5, size - np.arange(size) - 0.5) / max(1.0, _EDGE * size)
    along = np.sin(np.clip(from_border, 0, 1) * np.pi / 2).astype(np.float32) ** 2
    return (along[:, None] * along)[..., None]


def _enlarged(values: Float, side: int) -> Float:
    how = cv2.INTER_AREA if side < values.shape[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(values, (side, side), interpolation=how), np.float32)


@njit(cache=True, nogil=True)
def _blend(frame: Image, moved: Image, more: Float, alpha: Image) -> None:
    """Lay what was moved, and more, over a part of a frame (h, w, 3), by alpha (h, w)."""
    for y in range(frame.shape[0]):
        for x in range(frame.shape[1]):
            share = np.float32(alpha[y, x]) / np.float32(255)
            if share == 0:
                continue
            for c in range(3):
                was = np.float32(frame[y, x, c])
                mixed = was + share * (np.float32(moved[y, x, c]) + more[y, x, c] - was)
                frame[y, x, c] = np.uint8(min(max(np.rint(mixed), 0.0), 255.0))
