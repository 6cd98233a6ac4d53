"""A window of a clip, as it comes out of a shard."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt


class BadSampleError(ValueError):
    """A sample that cannot be used; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """A sample that was skipped, and why. `ended` says that it is sound, and its consent holds no more."""

    key: str
    shard: str
    reason: str
    ended: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """How far a reader has come: `draw` draws since epoch 0, and `taken` windows of the next batch."""

    draw: int
    taken: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """One frame from anywhere in a clip: arrays (1, ...) by name, picture (H, W, 3) or None, the betas of the
    clip's fit or None.
    """

    frame: int
    arrays: dict[str, npt.NDArray[Any]]
    picture: npt.NDArray[np.uint8] | None
    betas: npt.NDArray[np.float32] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """T frames of a clip with what belongs to them, as numpy arrays (shared memory is left to torch).

    key: of the clip. num_valid: how many of its frames are real; the others, of clips that are shorter than
    the window, repeat the last one, with silence and with all `valid:*` false. about: the sample's JSON,
    which tells of the whole clip as it lies in the shard. arrays: (T, ...) by name. sound: float32, -1 to 1,
    16 kHz, exactly T / fps seconds. clip_sound: the whole clip's, if asked for.
    frames: (T, H, W, 3) uint8 RGB. words: those whose middle lies in
    the window, with `start_seconds` and `end_seconds` from its start. betas: the body's shape, None if not
    fitted. reference: None if not asked for. elsewhere: a reference of another clip of the person, or None.
    mirrored: left and right are exchanged in all of it.
    after: where a reader goes on that has taken this window. skipped: the samples it stands in for.
    """

    key: str
    start_frame: int
    num_frames: int
    num_valid: int
    fps: float
    about: Mapping[str, Any]
    arrays: dict[str, npt.NDArray[Any]]
    sound: npt.NDArray[np.float32] | None
    clip_sound: npt.NDArray[np.float32] | None
    frames: npt.NDArray[np.uint8] | None
    words: tuple[Mapping[str, Any], ...]
    betas: npt.NDArray[np.float32] | None
    reference: "Reference | None"
    mirrored: bool
    elsewhere: "Reference | None" = None
    after: Place = field(default_factory=lambda: Place(draw=0))
    skipped: tuple[Skipped, ...] = ()

    @property
    def identity(self) -> str | None:
        """Whom the clip shows; None if that is not known."""
        found = (self.about.get("identity") or {}).get("identity_id")
        return str(found) if found else None
