"""A trained video model: its network and its file."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

from torch import Tensor

from models.model_file import MISFITS, check_size, model_bytes, read_model
from models.video.controls import NUM_CONTROLS
from models.video.learnt_from import LearntFrom, as_listed
from models.video.network import VideoNetworkConfig, WarpMender
from schemas.bounds import Share
from schemas.outcomes import BadInputError

FORMAT = "mentor-video-1"
MODEL_FILE = "video.safetensors"


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoAbout:
    """What a video model was trained for; a model is refused where it does not fit."""

    network: VideoNetworkConfig
    num_controls: int
    window_px: int
    body_model: str
    num_steps: int
    trained_on: str
    num_frames: int = 1  # how long clips were; with 1 its layers over time learnt nothing
    head_flow: Share = 1.0  # see `WarpMender`
    colour_off_head: Share = 1.0
    learnt_from: LearntFrom = None


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class VideoModel:
    """A network, ready to mend frames."""

    about: VideoAbout
    network: WarpMender


def video_model(about: VideoAbout, weights: Mapping[str, Tensor]) -> VideoModel:
    """Return a model of these weights.

    Raises:
        RuntimeError, ValueError: if they are not those of such a network.
    """
    network = WarpMender(about.network, about.head_flow, about.colour_off_head)
    network.load_state_dict(weights)
    return VideoModel(about=about, network=network.eval())


def bundled_model() -> Path:
    """Return the file of the model that ships."""
    return Path(str(resources.files("models"))) / "video" / "data" / MODEL_FILE


def video_bytes(model: VideoModel) -> bytes:
    """Return the model as a file; the same model gives the same bytes."""
    return model_bytes(FORMAT, asdict(model.about), model.network.state_dict())


def load_video(path: Path) -> VideoModel:
    """Return the model of a file.

    Raises:
        BadInputError: if the file is none, is damaged, or was trained with other controls.
    """
    about, tensors = read_model(
        path, FORMAT, if_not="; one trained over a pretrained model needs --pretrained DIR"
    )
    try:
        network, learnt_from = about.pop("network"), as_listed(about.pop("learnt_from", None))
        lists = {name: tuple(value) for name, value in network.items() if isinstance(value, list)}
        config = VideoNetworkConfig(**network | lists)
        known = VideoAbout(network=config, learnt_from=learnt_from, **about)
        check_size(asdict(config), lambda: WarpMender(config), tensors)
        model = video_model(known, tensors)
    except MISFITS as error:
        raise BadInputError(f"{path}: a video model whose parts don't fit ({error})") from error
    if known.num_controls != NUM_CONTROLS:
        raise BadInputError(
            f"{path}: is told {known.num_controls} numbers a pixel, this version {NUM_CONTROLS}"
        )
    return model
