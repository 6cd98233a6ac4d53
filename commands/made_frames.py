"""What commands that make frames of people share: the network that mends them, and telling how far it is."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console

from backends.catalogue import verify_weights
from backends.latent_diffusion import from_pretrained
from body.track import BodyTrack
from models.device import best_device
from models.video.checkpoint import VideoModel, bundled_model, load_video
from models.video.latent.checkpoint import LatentModel, load_latent, to_best_device
from schemas.outcomes import BadInputError

_MAX_STEPS = 50
_TELL_SECONDS = 10
Image = npt.NDArray[np.uint8]


def check_wanted(out: Path, num_steps: int | None) -> None:
    """Check what every such command is asked for.

    Raises:
        BadInputError: naming the flag that cannot be used.
    """
    if out.suffix.lower() != ".mp4":
        raise BadInputError(f"--out {out}: the video is an .mp4 file")
    if num_steps is not None and not 1 <= num_steps <= _MAX_STEPS:
        raise BadInputError(f"--steps {num_steps}: should be from 1 to {_MAX_STEPS}")


def check_alike(path: Path, given: BodyTrack, own: BodyTrack, shown: str) -> None:
    """Check that a file's motion is of the body model that a photo or video was fitted with.

    Raises:
        BadInputError: if it is of another.
    """
    if given.model_id != own.model_id:
        raise BadInputError(
            f"{path}: of body model {given.model_id}, and the {shown} is fitted with {own.model_id}; "
            "parameters don't transfer"
        )


def video_model(path: Path | None, geometry_alone: bool) -> VideoModel | None:
    """Return the video model of a file, or the one that ships; None for geometry alone.

    Raises:
        BadInputError: if it cannot be used, or was altered.
    """
    return None if geometry_alone else mending_model(path)


def mending_model(path: Path | None) -> VideoModel:
    """Return the video model of a file, or the one that ships, where it draws best.

    Raises:
        BadInputError: if it cannot be used, or was altered.
    """
    if path is None:
        verify_weights("video")
    model = load_video(path or bundled_model())
    model.network.to(best_device())
    return model


def model_over(pretrained: Path, path: Path | None) -> LatentModel:
    """Return the video model of a file that was trained over a folder's latent diffusion model.

    Raises:
        BadInputError: if one of them is not said, cannot be used, or belongs to another.
    """
    if path is None:
        raise BadInputError("--pretrained: name what was trained over it, too: --video-model FILE")
    model = load_latent(path, from_pretrained(pretrained))
    to_best_device(model)
    return model


def told(frames: Iterable[Image], number: int, console: Console, doing: str = "frame") -> Iterator[Image]:
    """Yield the frames, and say now and then how far it is."""
    began, due = time.monotonic(), 0.0
    for index, frame in enumerate(frames):
        yield frame
        spent = time.monotonic() - began
        if spent >= due:
            left = spent / (index + 1) * (number - index - 1)
            pace = (index + 1) / max(spent, 1e-6)
            console.out(
                f"{doing} {index + 1} of {number}, {pace:.1f} a second, about {left:.0f} s left",
                highlight=False,
            )
            due = spent + _TELL_SECONDS
