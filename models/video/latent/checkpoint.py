"""What was trained over a pretrained model, and its file: without the pretrained model itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from models.device import best_device
from models.model_file import read_model, write_tensors
from models.named_tensors import below
from models.video.controls import NUM_CONTROLS
from models.video.latent.network import LatentDenoiser
from models.video.latent.pretrained import Pretrained
from models.video.learnt_from import LearntFrom, as_listed
from schemas.outcomes import BadInputError

FORMAT = "mentor-latent video-1"
# ControlNet and layers over time of Stable Diffusion 1.5 are 3.3 GB.
_MAX_BYTES = 16 << 30
_PROMPT = "prompt"


@dataclass(frozen=True, kw_only=True, slots=True)
class LatentAbout:
    """What was trained for what; it is refused where it does not fit.

    pretrained: the fingerprint of the model below; most_frames: the longest clip that layers over time can
    see, None without them; num_frames: how long clips were.
    """

    pretrained: str
    num_controls: int
    window_px: int
    num_frames: int
    most_frames: int | None
    body_model: str
    num_steps: int
    trained_on: str
    learnt_from: LearntFrom = None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LatentModel:
    """A pretrained model and what was trained over it, ready to draw frames."""

    about: LatentAbout
    pretrained: Pretrained
    denoise: LatentDenoiser


def write_latent(path: Path, model: LatentModel) -> None:
    """Write what was trained, whole or not at all; the same model gives the same bytes."""
    tensors: dict[str, Tensor] = {_PROMPT: model.denoise.prompt}
    for part, module in model.denoise.parts.items():
        tensors |= {f"{part}.{name}": value for name, value in module.state_dict().items()}
    write_tensors(path, FORMAT, asdict(model.about), tensors)


def load_latent(path: Path, pretrained: Pretrained) -> LatentModel:
    """Return the model of a file, on the processor.

    Raises:
        BadInputError: if the file is none, is damaged, or was trained over another model or other controls.
    """
    about, tensors = read_model(path, FORMAT, _MAX_BYTES)
    try:
        learnt_from = as_listed(about.pop("learnt_from", None))
        known = LatentAbout(learnt_from=learnt_from, **about)
        if known.pretrained != pretrained.fingerprint:
            raise BadInputError(f"{path}: was trained over another pretrained model than the folder holds")
        denoise = LatentDenoiser(pretrained, tensors[_PROMPT], known.most_frames)
        load_parts(denoise, tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        said = " ".join(str(error).split())[:300]
        raise BadInputError(f"{path}: a latent video model whose parts don't fit ({said})") from error
    if known.num_controls != NUM_CONTROLS:
        raise BadInputError(
            f"{path}: is told {known.num_controls} numbers a pixel, this version {NUM_CONTROLS}"
        )
    return LatentModel(about=known, pretrained=pretrained, denoise=denoise)


def to_best_device(model: LatentModel) -> None:
    """Move a model to where it draws best: to a graphics card, in half precision, if there is one."""
    device = best_device()
    model.pretrained.to(device, torch.float32 if device.type == "cpu" else torch.bfloat16)
    model.denoise.to(device)


def load_parts(denoise: LatentDenoiser, tensors: Mapping[str, Tensor]) -> None:
    """Give all parts their weights, named as in a file."""
    for part, module in denoise.parts.items():
        module.load_state_dict(below(f"{part}.", tensors))
        module.requires_grad_(False).eval()
