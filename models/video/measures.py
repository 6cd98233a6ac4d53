"""How near made frames come to real ones, part by part, and how steady they are.

N frames, H, W px. Every frame is uint8 RGB (N, H, W, 3); masks are (N, H, W).
"""

from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from body.topology import Part
from body.warp import Seen
from models.video.controls import EYES, HANDS, MOUTH, as_numbers
from models.video.perceptual import PerceptualDistance

Image = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Values = dict[str, float]
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_LEAST_PX = 16  # of a region, to say anything of it
_FACE = (Part.FACE, *MOUTH, *EYES)
# Of a head's window of 128 px: lips lie around the mouth's inside, lids around eyes, hair around the head.
_GROWN_PX, _HANDS_GROWN_PX, _HAIR_PX = 4, 2, 14


def regions(part: Image, validity: Image, unit_px: float = 1.0) -> dict[str, Mask]:
    """Return the regions that frames are judged by.

    Args:
        part: (N, H, W) values of Part; validity: of Seen.
        unit_px: how many px are one of a head's window of 128 px.
    """

    def grown(parts: tuple[Part, ...], by: float) -> Mask:
        reach = max(1, round(by * unit_px))
        kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
        inside = np.isin(part, parts).astype(np.uint8)
        return np.stack([cv2.dilate(one, kernel) for one in inside]) > 0

    return {
        "whole": np.ones(part.shape, bool),
        "person": part > 0,
        "face": np.isin(part, _FACE),
        "mouth": grown(MOUTH, _GROWN_PX),
        "eyes": grown(EYES, _GROWN_PX),
        "hands": grown(HANDS, _HANDS_GROWN_PX),
        "hair band": grown((*_FACE, Part.HEAD), _HAIR_PX) & (part == 0),
        "visible": validity == Seen.VISIBLE,
    }


def likeness(drawn: Image, real: Image, masks: Mapping[str, Mask]) -> Values:
    """Return PSNR in dB and SSIM of each region that is there.

    PSNR is that of the mean squared error of all its pixels; SSIM (Wang et al. 2004) the mean of its map.
    """
    wrong = ((drawn.astype(np.float32) - real) ** 2).mean(-1)
    alike = _ssim_map(drawn, real)
    found: Values = {}
    for name, mask in masks.items():
        if mask.sum() >= _LEAST_PX:
            found[f"{name} dB"] = psnr(float(wrong[mask].mean(dtype=np.float64)))
            found[f"{name} SSIM"] = float(alike[mask].mean(dtype=np.float64))
    return found


def psnr(error: float) -> float:
    """Return PSNR in dB of a mean squared error of levels from 0 to 255."""
    return float(-10 * np.log10(max(error, 1e-2) / 255**2))


def _ssim_map(drawn: Image, real: Image) -> npt.NDArray[np.float32]:
    """Return SSIM (N, H, W) of levels from 0 to 255, with the window and constants of Wang et al. 2004."""
    return np.stack([_ssim(a, b) for a, b in zip(drawn, real, strict=True)])


def _ssim(drawn: Image, real: Image) -> npt.NDArray[np.float32]:
    def around(x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.asarray(cv2.GaussianBlur(x, (11, 11), 1.5), np.float32)

    a, b = drawn.astype(np.float32), real.astype(np.float32)
    mean_a, mean_b = around(a), around(b)
    spread = around(a * a) + around(b * b) - mean_a**2 - mean_b**2
    shared = around(a * b) - mean_a * mean_b
    alike = (2 * mean_a * mean_b + _C1) / (mean_a**2 + mean_b**2 + _C1)
    return (alike * (2 * shared + _C2) / (spread + _C2)).mean(-1)


@torch.inference_mode()
def looks_alike(
    made: Mapping[str, Image], real: Image, masks: Mapping[str, Mask], looks: PerceptualDistance
) -> dict[str, Values]:
    """Return ST-LPIPS of each region by way, means over frames that show the region."""
    wanted = looks.features(as_numbers(torch.from_numpy(np.array(real))))
    weights = torch.from_numpy(np.stack([mask.astype(np.float32) for mask in masks.values()]))
    found: dict[str, Values] = {}
    for way, frames in made.items():
        apart = looks.by_region(
            looks.features(as_numbers(torch.from_numpy(np.array(frames)))), wanted, weights
        )
        found[way] = {
            f"{name} ST-LPIPS": float(distances[torch.from_numpy(mask.any((1, 2)))].mean())
            for (name, mask), distances in zip(masks.items(), apart, strict=True)
            if mask.sum() >= _LEAST_PX
        }
    return found


def sharpness(drawn: Image, real: Image, mask: Mask) -> float | None:
    """Return the root mean square of the Laplacian in a region, against that of real frames."""
    if mask.sum() < _LEAST_PX:
        return None
    mine, theirs = (float(np.sqrt((_laplacian(x)[mask] ** 2).mean())) for x in (drawn, real))
    return mine / max(theirs, 1e-9)


def _laplacian(frames: Image) -> npt.NDArray[np.float32]:
    grey: Tensor = as_numbers(torch.from_numpy(np.array(frames))).mean(1, keepdim=True)
    kernel = torch.tensor([[[[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]]])
    return torch.nn.functional.conv2d(grey, kernel, padding=1)[:, 0].numpy()


def over_time(drawn: Image, real: Image, validity: Image) -> Values:
    """Return how frames that follow each other move beside the real ones.

    change error: mean absolute difference of the changes from frame to frame, in levels; change against
    real: how large the changes are; jitter: the same of the changes' changes; background change: where all
    frames show the photo's background.
    """
    mine, theirs = (x.astype(np.float32) for x in (drawn, real))
    changes, wanted = np.diff(mine, axis=0), np.diff(theirs, axis=0)
    still = (validity == Seen.BACKGROUND).all(0)
    return {
        "change error": float(np.abs(changes - wanted).mean()),
        "change against real": _against(changes, wanted),
        "jitter": _against(np.diff(changes, axis=0), np.diff(wanted, axis=0)),
        "background change": float(np.abs(changes[:, still]).mean()) if still.any() else 0.0,
    }


def _against(mine: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32]) -> float:
    return float(np.abs(mine).mean() / max(float(np.abs(theirs).mean()), 1e-6))


def still_deviation(frames: Image, still: Mask) -> float | None:
    """Return the mean deviation over time, in levels, where nothing moves: (H, W); None if all does."""
    if not still.any():
        return None
    values = frames[:, still].astype(np.float32)
    return float((values - values[0]).std(0).mean())  # of what keeps still it is 0, exactly


def outline(drawn: Image, under: Image) -> tuple[Mask, Mask] | None:
    """Return where what was laid over frames ends: which neighbours down (H - 1, W) and across (H, W - 1) are
    on two sides of the outline of all that was ever changed; None if nothing was.

    Args:
        under: the frames before something was laid over them.
    """
    changed = (drawn != under).any((0, 3)).astype(np.uint8)
    around, _ = cv2.findContours(changed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros_like(changed), around, -1, 1, cv2.FILLED).astype(np.int8)
    down, across = (np.diff(filled, axis=axis) != 0 for axis in (0, 1))
    return (down, across) if down.any() or across.any() else None


def seam(frames: Image, real: Image, ends: tuple[Mask, Mask]) -> float:
    """Return how much steeper frames are than real ones along an outline; 1 is no seam."""

    def steepness(pictures: Image) -> float:
        values = pictures.astype(np.float32)
        steps = (np.abs(np.diff(values, axis=axis + 1))[:, ends[axis]] for axis in (0, 1))
        return float(np.concatenate([step.ravel() for step in steps]).mean())

    return steepness(frames) / max(steepness(real), 1e-6)
