"""Frames as the network mends them.

N frames, S px a side of a window.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.device import moved
from models.diffusion import sample
from models.video.checkpoint import VideoModel
from models.video.controls import Control, Frames, as_picture, controls, withheld
from models.video.latent.checkpoint import LatentModel
from models.video.latent.mend import drawn_over
from models.video.network import Correction

_BATCH = 8
_LATENT_STEPS = 10
AnyVideoModel = VideoModel | LatentModel

Float = npt.NDArray[np.float32]

_NOT_OF_THE_WARP: frozenset[Control] = frozenset({"warp", "body"})  # without them the photo is corrected


def frames_of(made: Mapping[str, npt.NDArray[Any]]) -> Frames:
    """Return what the network is told of N frames, by arrays.

    `reference` (S, S, 3) is the photo in the window, or (N, S, S, 3) one of each frame; `warp`, `position`,
    `validity`, `part`, `alpha` and `flow` are of the frames (`body.warp.Warped`).
    """
    photo = np.array(np.broadcast_to(made["reference"], made["warp"].shape))
    told = {name: torch.from_numpy(made[name]) for name in Frames.__dataclass_fields__ if name != "photo"}
    return Frames(photo=torch.from_numpy(photo), **told)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Mended:
    """Windows of N frames, mended.

    pictures: (N, S, S, 3) uint8. What makes them of their warp: flow (N, S, S, 2), the way to where each
    pixel is better read, in sides of the window; added (N, S, S, 3), in levels of 0 to 255.
    """

    pictures: npt.NDArray[np.uint8]
    flow: Float
    added: Float


@torch.inference_mode()
def mended(model: AnyVideoModel, frames: Frames, num_steps: int | None = None, seed: int = 0) -> Mended:
    """Return frames, mended.

    All frames begin at the same noise.

    Args:
        frames: windows of one clip in order.
        num_steps: evaluations of the network a frame; None: as many as the model usually takes.
    """
    num_steps = num_steps or usual_steps(model)
    if isinstance(model, LatentModel):
        return _redrawn(drawn_over(model, frames, num_steps, seed), frames)
    size = frames.part.shape[-1]
    noise = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(seed))
    made = [_drawn(model, some, noise, num_steps) for some in _in_batches(frames, frames_at_once(model))]
    pictures, flow, added = (torch.cat(parts).cpu() for parts in zip(*made, strict=True))
    if not _NOT_OF_THE_WARP.isdisjoint(model.about.network.untold):
        return _redrawn(pictures, frames)
    return Mended(pictures=pictures.numpy(), flow=flow.numpy(), added=added.numpy())


def _redrawn(pictures: Tensor, frames: Frames) -> Mended:
    """Return what was drawn over something else than the warp, all of it as what is added to that."""
    drawn = pictures.numpy()
    added = drawn.astype(np.float32) - frames.warp.numpy()
    return Mended(pictures=drawn, flow=np.zeros((*added.shape[:-1], 2), np.float32), added=added)


def usual_steps(model: AnyVideoModel) -> int:
    """Return how many evaluations a frame takes.

    One suffices where geometry leaves little to be drawn, and more change nothing (docs/cards/video.md
    compares); a model that was trained to draw from noise needs some.
    """
    return _LATENT_STEPS if isinstance(model, LatentModel) else 1


def frames_at_once(model: AnyVideoModel | None) -> int:
    """Return how many following frames are best given together: those that layers over time see."""
    return _BATCH if model is None else max(_BATCH, model.about.num_frames)


def _drawn(model: VideoModel, frames: Frames, noise: Tensor, num_steps: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return pictures, flow and what is added, as `Mended` has them."""
    device = next(model.network.parameters()).device
    told = withheld(controls(moved(frames, device)), model.about.network.untold)
    following = len(told) if model.about.num_frames > 1 else 1
    last: Correction | None = None

    def predict(x: Tensor, t: Tensor) -> Tensor:
        nonlocal last
        last = model.network.correction(x, t, told, following)
        return last.of(told)

    # What the last step answers is what comes out.
    drawn = sample(predict, noise.to(device).expand(len(told), -1, -1, -1), num_steps, 1.0)
    assert last is not None
    return as_picture(drawn), last.flow.movedim(1, -1), last.added.movedim(1, -1) * 127.5


def _in_batches(frames: Frames, size: int) -> Iterator[Frames]:
    named = {name: getattr(frames, name) for name in Frames.__dataclass_fields__}
    for start in range(0, len(frames.part), size):
        yield Frames(**{name: values[start : start + size] for name, values in named.items()})
