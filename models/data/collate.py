"""Windows side by side: batches of torch tensors. B windows; T frames and S samples of the longest."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.data.records import Place, Skipped, Window
from schemas.outcomes import BadInputError


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Windows of one batch, padded with zeros at their ends.

    mask (B, T): real frames. num_frames, num_valid, start_frame (B,) int64; fps (B,) float64; mirrored (B,).
    arrays: (B, T, ...) by name, of the sample's types. sound (B, S) float32, num_sound (B,) of its samples.
    frames (B, T, H, W, 3) uint8, frame_sizes (B, 2) height and width before padding. betas (B, N). What no
    window has is None. after: where a reader goes on that has taken the batch. skipped: bad samples met.
    """

    keys: tuple[str, ...]
    about: tuple[Mapping[str, Any], ...]
    words: tuple[tuple[Mapping[str, Any], ...], ...]
    mask: Tensor
    num_frames: Tensor
    num_valid: Tensor
    start_frame: Tensor
    fps: Tensor
    mirrored: Tensor
    arrays: dict[str, Tensor]
    sound: Tensor | None
    num_sound: Tensor | None
    frames: Tensor | None
    frame_sizes: Tensor | None
    betas: Tensor | None
    after: Place
    skipped: tuple[Skipped, ...]

    def to(self, device: torch.device | str, non_blocking: bool = False) -> "Batch":
        """Return the batch with its tensors on a device."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> "Batch":
        """Return the batch in page-locked memory; a DataLoader calls this."""
        return self._each(lambda tensor: tensor.pin_memory())

    def _each(self, change: Any) -> "Batch":
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        moved = {name: change(value) for name, value in values.items() if isinstance(value, Tensor)}
        return dataclasses.replace(
            self, **moved, arrays={name: change(array) for name, array in self.arrays.items()}
        )


def collate(windows: Sequence[Window]) -> Batch:
    """Return windows as a batch.

    Raises:
        BadInputError: if arrays of one name differ in shape or type from window to window.
    """
    number = max(window.num_frames for window in windows)
    sounds = [w.sound for w in windows if w.sound is not None]
    frames = [w.frames for w in windows if w.frames is not None]
    betas = [w.betas for w in windows if w.betas is not None]
    whole = len(windows)
    return Batch(
        keys=tuple(w.key for w in windows),
        about=tuple(w.about for w in windows),
        words=tuple(w.words for w in windows),
        mask=torch.arange(number)[None] < _integers([w.num_valid for w in windows])[:, None],
        num_frames=_integers([w.num_frames for w in windows]),
        num_valid=_integers([w.num_valid for w in windows]),
        start_frame=_integers([w.start_frame for w in windows]),
        fps=torch.tensor([w.fps for w in windows], dtype=torch.float64),
        mirrored=torch.tensor([w.mirrored for w in windows]),
        arrays={name: _stack(name, [w.arrays[name] for w in windows]) for name in windows[0].arrays},
        sound=_stack("sound", sounds) if len(sounds) == whole else None,
        num_sound=_integers([len(s) for s in sounds]) if len(sounds) == whole else None,
        frames=_stack("frames", _one_size(frames)) if len(frames) == whole else None,
        frame_sizes=torch.tensor([f.shape[1:3] for f in frames]) if len(frames) == whole else None,
        betas=_stack("betas", betas) if len(betas) == whole else None,
        after=windows[-1].after,
        skipped=tuple(found for w in windows for found in w.skipped),
    )


def _integers(values: Sequence[int]) -> Tensor:
    return torch.tensor(values, dtype=torch.int64)


def _stack(name: str, arrays: Sequence[npt.NDArray[Any]]) -> Tensor:
    """Return arrays (n, ...) of different n as one tensor (B, max n, ...), zero at their ends."""
    first = arrays[0]
    if any(a.shape[1:] != first.shape[1:] or a.dtype != first.dtype for a in arrays):
        shapes = sorted({f"{a.dtype}{list(a.shape[1:])}" for a in arrays})
        raise BadInputError(
            f"{name} differs from sample to sample ({', '.join(shapes)}): are shards of two runs mixed?"
        )
    stacked = np.zeros((len(arrays), max(map(len, arrays)), *first.shape[1:]), first.dtype)
    for row, array in zip(stacked, arrays, strict=True):
        row[: len(array)] = array
    return torch.from_numpy(stacked)


def _one_size(frames: Sequence[npt.NDArray[np.uint8]]) -> list[npt.NDArray[np.uint8]]:
    """Return pictures (T, H, W, 3) of different sizes with black at the right and below."""
    height, width = (max(f.shape[axis] for f in frames) for axis in (1, 2))
    return [np.pad(f, ((0, 0), (0, height - f.shape[1]), (0, width - f.shape[2]), (0, 0))) for f in frames]
