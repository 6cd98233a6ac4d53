"""A trained motion model: its network, what its numbers mean, and its file."""

from dataclasses import asdict, dataclass, field, fields, replace
from importlib import resources
from pathlib import Path

import torch
from torch import Tensor

from models.model_file import MISFITS, check_size, model_bytes, read_model
from models.motion.channels import CHANNELS, NUM_CHANNELS, POSE, SLICES, PoseOrigin
from models.motion.liveliness import Liveliness
from models.motion.network import HEARING_LAYERS, MotionDenoiser, NetworkConfig
from models.motion.sound import SoundKind
from models.named_tensors import below
from schemas.outcomes import BadInputError
from schemas.plain import from_plain

FORMAT = "mentor-motion-3"
MODEL_FILE = "motion.safetensors"
_EXPRESSION = SLICES["expression"]  # the first
_OF_SOUND = ("sound_mean", "sound_deviation", "sound_components")


@dataclass(frozen=True, kw_only=True, slots=True)
class MotionAbout:
    """What a motion model was trained for; a model is refused where it does not fit."""

    network: NetworkConfig
    sound: SoundKind
    sound_name: str
    sound_width: int
    sound_components: int
    fps: float
    window_frames: int
    known_frames: int  # how many frames of the window before a window is given
    body_model: str
    num_steps: int
    trained_on: str
    pose_against: PoseOrigin = "reference"
    liveliness: Liveliness = field(default_factory=Liveliness)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Scales:
    """Means and deviations that make numbers of size 1: of motion (D,), of reference frames (D,), of
    sound (C,). sound_components (C, K) turn scaled sound (rows) into what is heard. expression (E, E)
    turns scaled expression (rows) so that its first number is how far the lids open, of deviation 1, and the
    others do not go along with it.
    """

    mean: Tensor
    deviation: Tensor
    reference_mean: Tensor
    reference_deviation: Tensor
    sound_mean: Tensor
    sound_deviation: Tensor
    sound_components: Tensor
    expression: Tensor

    def normalised(self, motion: Tensor) -> Tensor:
        """Return motion (..., D) put to scale."""
        out = (motion - self.mean) / self.deviation
        out[..., _EXPRESSION] = out[..., _EXPRESSION] @ self.expression
        return out

    def plain(self, x: Tensor) -> Tensor:
        """Return motion (..., D) of what `normalised` returned."""
        turned = x[..., _EXPRESSION] @ torch.linalg.inv(self.expression)
        x = torch.cat([turned, x[..., _EXPRESSION.stop :]], dim=-1)
        return x * self.deviation + self.mean

    def widened(self, other: "Scales") -> "Scales":
        """Return these scales for people who move and sound as the other ones do.

        Pose that deviates more there is put to scale by its deviation there, so that a network for people who
        sit still begins with the same gestures, larger. Sound is taken apart as there (`heard_anew`). All
        else stays: the network knows it by its number.
        """
        deviation = self.deviation.clone()
        deviation[POSE] = torch.maximum(deviation[POSE], other.deviation[POSE])
        sound = {name: getattr(other, name) for name in _OF_SOUND}
        return replace(self, deviation=deviation, **sound)

    def normalised_sound(self, sound: Tensor) -> Tensor:
        """Return features (..., C) put to scale."""
        return (sound - self.sound_mean) / self.sound_deviation

    def to(self, device: torch.device) -> "Scales":
        """Return the same on a device."""
        return Scales(**{name: value.to(device) for name, value in self.tensors().items()})

    def tensors(self) -> dict[str, Tensor]:
        """Return all by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def heard_anew(weights: dict[str, Tensor], before: Scales, after: Scales) -> dict[str, Tensor]:
    """Return a network's weights for sound that is taken apart in another way: it hears the same, as far as
    the new components tell it, and can learn what the old ones left out.

    Args:
        before, after: how sound was put to scale and is.
    """
    again = torch.linalg.pinv(after.sound_components)  # (K', C): scaled sound of the new components
    turned = (again * (after.sound_deviation / before.sound_deviation)) @ before.sound_components
    offset = (after.sound_mean - before.sound_mean) / before.sound_deviation @ before.sound_components
    anew = dict(weights)
    for layer in HEARING_LAYERS:
        weight = weights[f"{layer}.weight"]  # (W, K, frames)
        anew[f"{layer}.weight"] = torch.einsum("wkf,jk->wjf", weight, turned)
        anew[f"{layer}.bias"] = weights[f"{layer}.bias"] + torch.einsum("wkf,k->w", weight, offset)
    return anew


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
    tensors = {f"network.{name}": value for name, value in model.network.state_dict().items()}
    tensors |= {f"scales.{name}": value for name, value in model.scales.tensors().items()}
    return model_bytes(FORMAT, {"channels": [c.name for c in CHANNELS], **asdict(model.about)}, tensors)


def load_motion(path: Path) -> MotionModel:
    """Return the model of a file.

    Raises:
        BadInputError: if the file is none, is damaged, or has another layout of motion.
    """
    about, tensors = read_model(path, FORMAT)
    if about.pop("channels", None) != [channel.name for channel in CHANNELS]:
        raise BadInputError(f"{path}: its numbers a frame have another layout than this version's")
    try:
        network = NetworkConfig(**about.pop("network"))
        lively = from_plain(Liveliness, about.pop("liveliness", {}))  # earlier models have none
        known = MotionAbout(network=network, liveliness=lively, **about)
        weights = below("network.", tensors)
        check_size(asdict(network), lambda: MotionDenoiser(network, known.sound_components), weights)
        denoiser = MotionDenoiser(network, known.sound_components)
        denoiser.load_state_dict(weights)
        scales = Scales(**below("scales.", tensors))
    except MISFITS as error:
        raise BadInputError(f"{path}: a motion model whose parts don't fit ({error})") from error
    if scales.mean.shape != (NUM_CHANNELS,) or scales.sound_components.shape != (
        known.sound_width,
        known.sound_components,
    ):
        raise BadInputError(f"{path}: a motion model whose scales don't fit")
    return MotionModel(about=known, network=denoiser.eval(), scales=scales)
