"""Frames that a pretrained model draws over their warp, in a few steps of its own scheduler.

N frames, S px a side of a window.
"""

import torch
from torch import Tensor

from models.device import moved
from models.video.controls import WARP, Frames, as_picture, controls
from models.video.latent.checkpoint import LatentModel

_AT_ONCE = 8  # frames, where they know nothing of each other


@torch.inference_mode()
def drawn_over(model: LatentModel, frames: Frames, num_steps: int, seed: int) -> Tensor:
    """Return frames (N, S, S, 3) uint8: the warp, and what the model changes in it.

    DDIM (Song et al. 2021) without noise of its own, from the warp at the most noise, the same for all
    frames: little of a picture is left there, but its mean colours are, as they were in training (Lin et al.
    2023, section 3.1). What the VAE alone would lose of the warp is no change, and stays.

    Args:
        frames: windows of one clip in order.
    """
    device = model.denoise.prompt.device
    told = controls(moved(frames, device))
    at_once = _AT_ONCE if model.about.most_frames is None else model.about.num_frames
    generator = torch.Generator().manual_seed(seed)
    half = model.pretrained.unet.dtype == torch.bfloat16
    noise: Tensor | None = None
    made = list[Tensor]()
    for some in told.split(at_once):
        start = model.pretrained.encode(some[:, WARP])
        if noise is None:
            noise = torch.randn(1, *start.shape[1:], generator=generator).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            x = _denoised(model, start, noise.expand_as(start), some, num_steps)
        changed = model.pretrained.decode(x) - model.pretrained.decode(start)
        made.append(as_picture(some[:, WARP] + changed).cpu())
    return torch.cat(made)


def _denoised(model: LatentModel, start: Tensor, noise: Tensor, told: Tensor, num_steps: int) -> Tensor:
    """Return latents (B, C, h, h), from those of the warp and the noise that they begin with."""
    scheduler = model.pretrained.scheduler()
    scheduler.set_timesteps(num_steps, device=told.device)
    x, clean = scheduler.add_noise(start, noise, scheduler.timesteps[:1].expand(len(start))), start
    for t in scheduler.timesteps:
        answer = model.denoise(x, t.expand(len(x)), told, len(x))
        stepped = scheduler.step(answer.float(), t, x)
        x, clean = stepped.prev_sample, stepped.pred_original_sample
    return clean
