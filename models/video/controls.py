"""What the network is told of a frame: the photo, its warp, and what the body model knows of it.

B frames, S px a side of a window, C = 31 numbers a pixel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from body.topology import Part
from body.warp import Seen
from models.data.records import Place, Skipped

_PARTS, _KINDS = len(Part), len(Seen)
WARP, PHOTO, POSITION = slice(0, 3), slice(3, 6), slice(6, 9)
ALPHA = slice(9, 10)
PARTS = slice(ALPHA.stop, ALPHA.stop + _PARTS)
BACKGROUND = slice(PARTS.stop + Seen.BACKGROUND, PARTS.stop + Seen.BACKGROUND + 1)
FLOW = slice(PARTS.stop + _KINDS, PARTS.stop + _KINDS + 4)
NUM_CONTROLS = FLOW.stop
# Ways in px of 128 at which numbers of the flow bend: one tells tremor from rest, one turns from nods.
_NEAR_PX, _FAR_PX = 2.0, 16.0
# Regions that carry speech and gaze, or gestures: few pixels of a window, and what people look at.
MOUTH, EYES = (Part.MOUTH,), (Part.LEFT_EYE, Part.RIGHT_EYE)
HANDS = (Part.LEFT_HAND, Part.RIGHT_HAND)
# Of the head all but the mouth.
SKULL = (Part.FACE, Part.HEAD, *EYES)
HEAD = (*SKULL, *MOUTH)
# What a network may be trained without: the warp (it sees the photo, unmoved), where on the body a pixel
# lies, or all but the head.
Control = Literal["warp", "position", "body"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Frames:
    """B windows of frames, uint8: photo, warp, position (B, S, S, 3), validity, part, alpha (B, S, S); and
    the flow (B, S, S, 2), any float, px to each pixel's source in the photo.
    """

    photo: Tensor
    warp: Tensor
    position: Tensor
    validity: Tensor
    part: Tensor
    alpha: Tensor
    flow: Tensor


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class VideoBatch:
    """B frames with their truth (B, S, S, 3) uint8. counts: (B,) 1 where the body's fit vouches for controls
    and photo, else 0. after: where a reader goes on; skipped: bad samples that were met.
    """

    frames: Frames
    target: Tensor
    counts: Tensor
    after: Place
    skipped: tuple[Skipped, ...]


def controls(frames: Frames) -> Tensor:
    """Return (B, C, S, S) float32: colours and numbers in [-1, 1], kinds as 0 and 1.

    How far a pixel came is told, as fits err by as much when people hardly move as when they turn: of a small
    way much is error, of a long one little.
    """
    part, seen = (_one_hot(x, n) for x, n in ((frames.part, _PARTS), (frames.validity, _KINDS)))
    told = [as_numbers(frames.warp), as_numbers(frames.photo), as_numbers(frames.position)]
    way = frames.flow.movedim(-1, 1).float() * (128 / frames.flow.shape[2])
    ways = [torch.tanh(way / px) for px in (_NEAR_PX, _FAR_PX)]
    return torch.cat([*told, as_numbers(frames.alpha[..., None]), part, seen, *ways], 1)


def _one_hot(kind: Tensor, number: int) -> Tensor:
    """Return (B, n, S, S) float: 1 where a pixel (B, S, S) is of that kind.

    `torch.nn.functional.one_hot` makes long integers, and a graphics card wait for its check of them.
    """
    kinds = torch.arange(number, dtype=kind.dtype, device=kind.device)
    return (kind[:, None] == kinds[:, None, None]).float()


def withheld(told: Tensor, names: Sequence[Control]) -> Tensor:
    """Return controls (B, C, S, S) without some of them, as if geometry had not known."""
    if not names:
        return told
    told = told.clone()
    if "warp" in names:
        told[:, WARP] = told[:, PHOTO]
        told[:, FLOW] = 0
    if "body" in names:
        head = shown_parts(told, HEAD)
        told[:, WARP] = torch.where(head > 0, told[:, WARP], told[:, PHOTO])
        told[:, ALPHA.start :] *= head
        told[:, POSITION] = torch.where(head > 0, told[:, POSITION], -1.0)
    if "position" in names:
        told[:, POSITION] = -1.0
    return told


def shown_parts(told: Tensor, parts: Sequence[Part]) -> Tensor:
    """Return (B, 1, S, S): 1 where controls (B, C, S, S) show one of some parts."""
    return told[:, [PARTS.start + int(part) for part in parts]].sum(1, keepdim=True)


def as_numbers(picture: Tensor) -> Tensor:
    """Return a uint8 picture (B, S, S, n) as (B, n, S, S) in [-1, 1]."""
    return picture.movedim(-1, 1).float() / 127.5 - 1


def as_picture(x: Tensor) -> Tensor:
    """Return (B, S, S, 3) uint8 of colours (B, 3, S, S) in [-1, 1]."""
    return ((x.movedim(1, -1) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def of_parts(part: Tensor, parts: tuple[Any, ...], grow_px: int = 0) -> Tensor:
    """Return (B, 1, S, S) float: 1 on some parts (B, S, S) and so many px around them."""
    mask = torch.isin(
        part, torch.tensor([int(p) for p in parts], dtype=part.dtype, device=part.device)
    ).float()[:, None]
    return F.max_pool2d(mask, 2 * grow_px + 1, 1, grow_px) if grow_px else mask
