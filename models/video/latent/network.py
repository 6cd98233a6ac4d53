"""A frozen model of pictures, told of the body by a copy of its encoder and of time by layers between.

In VLOGGER (arXiv 2403.08764, section 3.2) the same: the image model stays as it is, a ControlNet is trained
on single frames, then layers over time on clips. Here controls are the warped photo, the photo, positions,
validity and part masks (`models.video.controls`).

B frames (T of each of B / T clips), S px a side of a window, C channels of latents of h px a side.
"""

from typing import Any

import torch
from torch import Tensor

from models.video.controls import NUM_CONTROLS
from models.video.latent.pretrained import Pretrained


class LatentDenoiser:
    """Answers as the frozen model does, plus what its parts have learned; at first nothing.

    parts: "control", and with layers over time "motion".
    """

    def __init__(self, pretrained: Pretrained, prompt: Tensor, most_frames: int | None) -> None:
        """Make new parts, as torch's seed has it; `most_frames` None: without layers over time."""
        self._prompt, self.most_frames = prompt, most_frames
        self._unet: Any = pretrained.unet
        self.parts: dict[str, Any] = {"control": pretrained.control(NUM_CONTROLS)}
        if most_frames is not None:
            self._unet, self.parts["motion"] = pretrained.over_time(most_frames)

    @property
    def prompt(self) -> Tensor:
        """(1, n, width): what the model is told in words."""
        return self._prompt

    def to(self, device: torch.device) -> None:
        """Move the parts and the prompt; the frozen model is moved by its owner."""
        for part in self.parts.values():
            part.to(device)
        self._prompt = self._prompt.to(device)

    def recompute(self) -> None:
        """Compute what lies between layers twice instead of keeping it for the gradient."""
        for model in (self._unet, self.parts["control"]):
            model.enable_gradient_checkpointing()

    def __call__(self, x_BChh: Tensor, t_B: Tensor, controls_BCSS: Tensor, frames: int) -> Tensor:
        """Return the model's answer (B, C, h, h): noise, velocity or the latents, as it was trained.

        Args:
            t_B: whole times, alike for the frames of a clip.
            frames: how many following frames of a clip lie next to each other; a divisor of B.
        """
        prompt = self._prompt.expand(len(x_BChh), -1, -1)
        hints = self.parts["control"](x_BChh, t_B, prompt, controlnet_cond=controls_BCSS, return_dict=False)
        added = dict(
            zip(("down_block_additional_residuals", "mid_block_additional_residual"), hints, strict=True)
        )
        if self.most_frames is None:
            return self._unet(x_BChh, t_B, prompt, **added, return_dict=False)[0]
        clips = x_BChh.unflatten(0, (-1, frames)).transpose(1, 2)
        answer = self._unet(clips, t_B[::frames], prompt, **added, return_dict=False)[0]
        return answer.transpose(1, 2).flatten(0, 1)
