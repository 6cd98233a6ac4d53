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
from commands.making_flags import Mending
from commands.settle_likeness import sha256_of
from models.device import best_device
from models.video.checkpoint import bundled_model, load_video
from models.video.latent.checkpoint import LatentModel, load_latent, to_best_device
from models.video.mend import AnyVideoModel, usual_steps
from schemas.outcomes import BadInputError

_MAX_STEPS = 50
_TELL_SECONDS = 10
Image = npt.NDArray[np.uint8]


def check_wanted(out: Path, mending: Mending) -> None:
    """Check what every such command is asked for.

    Raises:
        BadInputError: naming the flag that cannot be used.
    """
    if out.suffix.lower() != ".mp4":
        raise BadInputError(f"--out {out}: the video is an .mp4 file")
    num_steps = mending.num_steps
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


def load_mender(wanted: Mending) -> AnyVideoModel | None:
    """Return the network that mends frames, where it draws best; None for geometry alone.

    Raises:
        BadInputError: if it cannot be used, was altered, or flags contradict each other.
    """
    if wanted.geometry_alone:
        if wanted.pretrained is not None:
            raise BadInputError("--geometry-alone takes no network: leave --pretrained out")
        return None
    if wanted.pretrained is not None:
        return _over(wanted.pretrained, wanted.video_model)
    if wanted.video_model is None:
        verify_weights("video")
    model = load_video(wanted.video_model or bundled_model())
    model.network.to(best_device())
    return model


def _over(pretrained: Path, path: Path | None) -> LatentModel:
    if path is None:
        raise BadInputError(
            "--pretrained: name what was trained over it, too: --video-model FILE (evaluate: --model)"
        )
    model = load_latent(path, from_pretrained(pretrained))
    to_best_device(model)
    return model


def mending_models(wanted: Mending, model: AnyVideoModel | None) -> dict[str, str]:
    """Return the prints of the files that mend frames, for a record."""
    if model is None:
        return {}
    own = {"video": sha256_of(wanted.video_model or bundled_model())}
    return own | ({"pretrained": model.about.pretrained} if isinstance(model, LatentModel) else {})


def mending_settings(
    wanted: Mending, model: AnyVideoModel | None
) -> dict[str, str | int | float | bool | None]:
    """Return how frames are mended, for a record."""
    steps = wanted.num_steps or (1 if model is None else usual_steps(model))
    return {"steps": steps, "geometry_alone": wanted.geometry_alone}


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
