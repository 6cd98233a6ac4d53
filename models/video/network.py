"""The network that mends a warped photo: a small U-Net with a step of diffusion.

Geometry tells most of a frame, so the network does not draw it: it answers how far to correct the flow of
the warp, a residual, and how sure it is of it; where it is not, the warp stays as it is (in VLOGGER, arXiv
2403.08764, section 3.2, a network draws everything).

B frames (T of each of B / T clips where it has layers over time), S px a side, C channels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from body.topology import Part
from models.video.controls import BACKGROUND, HEAD, NUM_CONTROLS, SKULL, WARP, Control, shown_parts, withheld
from schemas.bounds import Chance, Count

# What it answers for each pixel.
FLOW, RESIDUAL, CONFIDENCE = slice(0, 2), slice(2, 5), slice(5, 6)
_OUT = CONFIDENCE.stop
_SOFT_PX = 5  # odd; the edge of the head, across which less begins to count


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoNetworkConfig:
    """Size of the network. Its finest layers see blocks of `patch_px` pixels, which costs a quarter each time
    it doubles.
    """

    channels: tuple[Count, ...] = (64, 128, 192)
    blocks: Count = 1
    patch_px: Count = 4
    groups: Count = 16
    time_width: Count = 128
    max_flow_px: float = 8.0  # at most so far from where the mesh says, of 128; 0: no correction
    first_confidence: Chance = 0.12  # an untrained network leaves the warp nearly alone
    # For ablations: a residual that is laid over the warp as it is, and what the network is not told.
    with_confidence: bool = True
    untold: tuple[Control, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Correction:
    """What warped frames need.

    flow: (B, 2, S, S), the way to where each pixel is better read, in sides of the window; added: (B, 3, S,
    S) to colours in [-1, 1].
    """

    flow: Tensor
    added: Tensor

    def of(self, controls_BCSS: Tensor) -> Tensor:
        """Return the warp (B, 3, S, S), corrected; what is background in it is as in the photo, and stays."""
        warped = controls_BCSS[:, WARP]
        grid = F.affine_grid(_still(warped), list(warped.shape), align_corners=False)
        # grid_sample counts the side of a window as 2.
        there = grid + 2 * self.flow.permute(0, 2, 3, 1)
        moved = F.grid_sample(warped, there, padding_mode="border", align_corners=False)
        return torch.where(controls_BCSS[:, BACKGROUND] > 0, warped, moved + self.added)


class Block(nn.Module):
    """Two convolutions with the step's time in between; at first it changes nothing (adaptive group
    normalisation of Dhariwal & Nichol 2021).
    """

    def __init__(self, inner: int, outer: int, config: VideoNetworkConfig) -> None:
        super().__init__()
        self.first_norm, self.second_norm = (
            nn.GroupNorm(config.groups, inner),
            nn.GroupNorm(config.groups, outer),
        )
        self.first, self.second = (nn.Conv2d(n, outer, 3, padding=1) for n in (inner, outer))
        self.time = nn.Linear(config.time_width, 2 * outer)
        self.past = nn.Conv2d(inner, outer, 1) if inner != outer else nn.Identity()
        _silence(self.second)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        gain, shift = self.time(time)[:, :, None, None].chunk(2, 1)
        h = self.first(F.silu(self.first_norm(x)))
        h = self.second(F.silu(self.second_norm(h) * (1 + gain) + shift))
        return self.past(x) + h


class OverTime(nn.Module):
    """A convolution over the frames of a clip, pixel by pixel; at first it changes nothing (Singer et al.,
    Make-A-Video, 2022, section 3.2.1).
    """

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels)
        self.over = nn.Conv1d(channels, channels, 3, padding=1, padding_mode="replicate", groups=groups)
        _silence(self.over)

    def forward(self, x: Tensor, frames: int) -> Tensor:
        count, channels, height, width = x.shape
        h = F.silu(self.norm(x)).reshape(count // frames, frames, channels, height * width)
        h = self.over(h.permute(0, 3, 2, 1).flatten(0, 1))
        h = h.reshape(count // frames, height * width, channels, frames).permute(0, 3, 2, 1)
        return x + h.reshape(x.shape)


class WarpMender(nn.Module):
    """Predicts the clean frame from a noised one, the step's time, and the controls."""

    def __init__(
        self, config: VideoNetworkConfig, head_flow: float = 1.0, colour_off_head: float = 1.0
    ) -> None:
        """Prepare.

        Args:
            head_flow: how much of the flow's correction counts on the head, but for the mouth. What it learnt
                from few people moves the skin of others too far; a share of it is nearer (shrinkage).
            colour_off_head: how much of the residual's colour counts off the head, where its brightness does:
                the hands of few people in one light give others' a cast.
        """
        super().__init__()
        for name, share in (("head_flow", head_flow), ("colour_off_head", colour_off_head)):
            if not 0 <= share <= 1:
                raise ValueError(f"{name} {share:g}: from 0 to 1")
        self.config, self._head_flow, self._colour_off_head = config, head_flow, colour_off_head
        widths, patch = config.channels, config.patch_px
        self.time = nn.Sequential(
            nn.Linear(config.time_width, config.time_width),
            nn.SiLU(),
            nn.Linear(config.time_width, config.time_width),
        )
        self.stem = nn.Conv2d((3 + NUM_CONTROLS) * patch**2, widths[0], 3, padding=1)
        self.down, self.shrink = nn.ModuleList(), nn.ModuleList()
        self.up, self.grow, self.over_time = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for width, below in pairwise((*widths, widths[-1])):
            self.down.append(_blocks(width, width, config))
            self.shrink.append(nn.Conv2d(width, below, 3, stride=2, padding=1))
        self.middle = _blocks(widths[-1], widths[-1], config)
        for below, width in pairwise((widths[-1], *reversed(widths))):
            self.grow.append(nn.Conv2d(below, width, 1))
            self.up.append(_blocks(2 * width, width, config))
            self.over_time.append(OverTime(width, config.groups))
        self.norm = nn.GroupNorm(config.groups, widths[0])
        # What goes to full resolution is put together with the warp there.
        self.out = nn.Conv2d(widths[0], 16 * patch**2, 3, padding=1)
        self.last = nn.Conv2d(16 + 3, _OUT, 3, padding=1)
        _silence(self.last)

    def forward(self, x_BCSS: Tensor, t_B: Tensor, controls_BCSS: Tensor, frames: int = 1) -> Tensor:
        """Return clean frames (B, 3, S, S) in [-1, 1].

        Args:
            x_BCSS: noised frames (B, 3, S, S).
            frames: how many following frames of a clip lie next to each other; a divisor of B.
        """
        told = withheld(controls_BCSS, self.config.untold)
        return self.correction(x_BCSS, t_B, controls_BCSS, frames).of(told)

    def correction(self, x_BCSS: Tensor, t_B: Tensor, controls_BCSS: Tensor, frames: int = 1) -> Correction:
        """Return what makes the clean frames of the warp; `forward` says of what."""
        controls_BCSS = withheld(controls_BCSS, self.config.untold)
        warped = controls_BCSS[:, WARP]
        seen = F.pixel_unshuffle(torch.cat([x_BCSS, controls_BCSS], 1), self.config.patch_px)
        time = self.time(_waves(t_B, self.config.time_width))
        h, kept = self.stem(seen), list[Tensor]()
        for blocks, shrink in zip(self.down, self.shrink, strict=True):
            h = _through(blocks, h, time)
            kept.append(h)
            h = shrink(h)
        h = _through(self.middle, h, time)
        for grow, blocks, over_time in zip(self.grow, self.up, self.over_time, strict=True):
            beside = kept.pop()
            h = F.interpolate(grow(h), size=beside.shape[-2:])
            h = over_time(_through(blocks, torch.cat([h, beside], 1), time), frames)
        fine = F.silu(F.pixel_shuffle(self.out(F.silu(self.norm(h))), self.config.patch_px))
        answer = self.last(torch.cat([fine, warped.to(fine)], 1)).float()
        return self._correction(answer, controls_BCSS)

    def _correction(self, answer: Tensor, controls_BCSS: Tensor) -> Correction:
        """Return what the last layer's answer means, held back where it is."""
        flow = torch.tanh(answer[:, FLOW]) * (self.config.max_flow_px / 128)
        if self._head_flow < 1:
            flow = flow * (1 - (1 - self._head_flow) * _softly(controls_BCSS, SKULL))
        added = 2 * torch.tanh(answer[:, RESIDUAL])
        if self._colour_off_head < 1:
            off_head, grey = 1 - _softly(controls_BCSS, HEAD), added.mean(1, keepdim=True)
            added = added + (1 - self._colour_off_head) * off_head * (grey - added)
        if self.config.with_confidence:
            first = self.config.first_confidence
            added = added * torch.sigmoid(answer[:, CONFIDENCE] + math.log(first / (1 - first)))
        patch = self.config.patch_px
        return Correction(flow=without_lattice(flow, patch), added=without_lattice(added, patch))


def _softly(controls_BCSS: Tensor, parts: Sequence[Part]) -> Tensor:
    """Return (B, 1, S, S) in [0, 1]: where some parts are, with a soft edge."""
    shown = shown_parts(controls_BCSS, parts)
    return F.avg_pool2d(shown, _SOFT_PX, 1, _SOFT_PX // 2, count_include_pad=False)


def _silence(layer: nn.Conv1d | nn.Conv2d) -> None:
    """Let a layer answer 0 at first."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


def _blocks(inner: int, outer: int, config: VideoNetworkConfig) -> nn.ModuleList:
    return nn.ModuleList(Block(inner if i == 0 else outer, outer, config) for i in range(config.blocks))


def _through(blocks: nn.Module, h: Tensor, time: Tensor) -> Tensor:
    assert isinstance(blocks, nn.ModuleList)
    for block in blocks:
        h = block(h, time)
    return h


def without_lattice(x: Tensor, patch_px: int) -> Tensor:
    """Return x (B, C, S, S) without the lattice that shuffled pixels of patches leave where nothing is to be
    said (Odena et al., Deconvolution and Checkerboard Artifacts, 2016).

    A box of a patch is zero at its frequencies. An even one lies between pixels; a box of two mends that.
    """
    wide = F.pad(x, (patch_px // 2,) * 4, mode="replicate")
    even = F.avg_pool2d(wide, patch_px, 1)
    return even if patch_px % 2 else F.avg_pool2d(even, 2, 1)


def _still(like: Tensor) -> Tensor:
    return torch.eye(2, 3, device=like.device).expand(len(like), 2, 3)


def _waves(t_B: Tensor, width: int) -> Tensor:
    rates = torch.exp(-math.log(1e4) * torch.arange(width // 2, device=t_B.device) / (width // 2))
    angles = 1000 * t_B[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)
