"""A trained motion model: its network, what its numbers mean, and its file.

The file is safetensors; what is not a tensor is JSON in the file's metadata. Nothing is unpickled.
"""

import json
from dataclasses import asdict, dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from models.motion.channels import CHANNELS, NUM_CHANNELS
from models.motion.network import MotionDenoiser, NetworkConfig
from models.motion.sound import SoundKind
from models.named_tensors import below
from schemas.outcomes import BadInputError

FORMAT = "mentor-motion-1"
MODEL_FILE = "motion.safetensors"
_MAX_BYTES = 1 << 30


@dataclass(frozen=True, kw_only=True, slots=True)
class MotionAbout:
    """What a motion model was trained for; a model is refused where it does not fit."""

    network: NetworkConfig
    sound: SoundKind
    sound_name: str
    sound_width: int
    fps: float
    window_frames: int
    known_frames: int  # how many frames of the window before a window is given
    body_model: str
    num_steps: int
    trained_on: str


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Scales:
    """Means and deviations that make numbers of size 1: of motion (D,), of reference frames (D,), of
    sound (C,).
    """

    mean: Tensor
    deviation: Tensor
    reference_mean: Tensor
    reference_deviation: Tensor
    sound_mean: Tensor
    sound_deviation: Tensor

    def tensors(self) -> dict[str, Tensor]:
        """Return all by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MotionModel:
    """A network with its scales, ready to draw motion."""

    about: MotionAbout
    network: MotionDenoiser
    scales: Scales


def bundled_model() -> Path:
    """Return the file of the model that ships."""
    return Path(str(resources.files("models"))) / "motion" / "data" / MODEL_FILE


def motion_bytes(model: MotionModel) -> bytes:
    """Return the model as a file; the same model gives the same bytes."""
    tensors = {f"network.{name}": value.contiguous() for name, value in model.network.state_dict().items()}
    tensors |= {f"scales.{name}": value.contiguous() for name, value in model.scales.tensors().items()}
    about = {"format": FORMAT, "channels": [c.name for c in CHANNELS], **asdict(model.about)}
    return save(
        {name: tensors[name] for name in sorted(tensors)}, {"about": json.dumps(about, sort_keys=True)}
    )


def load_motion(path: Path) -> MotionModel:
    """Return the model of a file.

    Raises:
        BadInputError: if the file is none, is damaged, or has another layout of motion.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise BadInputError(f"{path}: {path.stat().st_size} bytes are too many for a motion model")
        with safe_open(str(path), framework="pt", device="cpu") as file:
            about = json.loads((file.metadata() or {}).get("about", "{}"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError) as error:
        raise BadInputError(f"{path}: not a motion model ({error})") from error
    return _assemble(path, about, tensors)


def _assemble(path: Path, about: dict[str, Any], tensors: dict[str, Tensor]) -> MotionModel:
    if about.pop("format", None) != FORMAT:
        raise BadInputError(f"{path}: not a motion model of format {FORMAT}")
    if about.pop("channels", None) != [channel.name for channel in CHANNELS]:
        raise BadInputError(f"{path}: its numbers a frame have another layout than this version's")
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise BadInputError(f"{path}: has weights that are not finite")
    try:
        network = NetworkConfig(**about.pop("network"))
        known = MotionAbout(network=network, **about)
        denoiser = MotionDenoiser(network, known.sound_width)
        denoiser.load_state_dict(below("network.", tensors))
        scales = Scales(**below("scales.", tensors))
    except (KeyError, TypeError, RuntimeError) as error:
        raise BadInputError(f"{path}: a motion model whose parts don't fit ({error})") from error
    if scales.mean.shape != (NUM_CHANNELS,) or scales.sound_mean.shape != (known.sound_width,):
        raise BadInputError(f"{path}: a motion model whose scales don't fit")
    return MotionModel(about=known, network=denoiser.eval(), scales=scales)
