"""The ways to make frames that are judged beside each other: the photo, its warp, what networks make of it.

N frames, S px a side of a window, H, W of a picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from body.model import BodyModel
from body.windows import place_windows
from models.data.records import Window
from models.video.checkpoint import VideoModel, video_model
from models.video.generate import VideoGenerateConfig, held_where_unseen, warped_and_mended
from models.video.mend import AnyVideoModel, frames_of, mended
from models.video.network import VideoNetworkConfig
from models.video.pairs import Examples, Segment, posed_window, track_of
from schemas.outcomes import BadInputError

Image = npt.NDArray[np.uint8]
Ablation = Literal["flow", "confidence", "time"]
ABLATIONS: Mapping[Ablation, str] = {
    "flow": "no flow correction",
    "confidence": "no confidence",
    "time": "no layers over time",
}
REAL, PHOTO, WARP, MODEL = "real", "photo", "warp", "model"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Way:
    """A network, and in how many steps it draws."""

    name: str
    model: AnyVideoModel
    num_steps: int


def network_ways(model: AnyVideoModel, steps: Sequence[int], without: Sequence[Ablation]) -> tuple[Way, ...]:
    """Return the ways of a model: the first in `steps[0]` steps, as it is; then in more, then without parts.

    A part is taken out of the model as it was trained; one that was trained without it is another model.

    Raises:
        BadInputError: if the model has no such parts: one over a pretrained model.
    """
    ways = [Way(name=MODEL, model=model, num_steps=steps[0])]
    ways += [Way(name=f"{MODEL}, {n} steps", model=model, num_steps=n) for n in steps[1:]]
    for part in without:
        if not isinstance(model, VideoModel):
            raise BadInputError("--without: a model over a pretrained one has no such parts")
        ways.append(Way(name=f"{MODEL}, {ABLATIONS[part]}", model=_without(model, part), num_steps=steps[0]))
    return tuple(ways)


def _without(model: VideoModel, part: Ablation) -> VideoModel:
    if part == "time":  # frames that are given one by one have no neighbours
        return replace(model, about=replace(model.about, num_frames=1))
    config = model.about.network
    less: VideoNetworkConfig = (
        replace(config, max_flow_px=0.0) if part == "flow" else replace(config, with_confidence=False)
    )
    other = video_model(replace(model.about, network=less), model.network.state_dict())
    other.network.to(next(model.network.parameters()).device)
    return other


def window_frames(pairs: Examples, ways: Sequence[Way]) -> dict[str, Image]:
    """Return a window's frames (N, S, S, 3) by the way they were made."""
    photo = np.broadcast_to(pairs["reference"], pairs["warp"].shape)
    told = frames_of(pairs)
    made = {way.name: mended(way.model, told, way.num_steps).pictures for way in ways}
    return {REAL: pairs["target"], PHOTO: photo, WARP: pairs["warp"], **made}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Pictures:
    """Whole pictures (N, H, W, 3) of a clip's frames by the way they were made.

    part, validity: (N, H, W), of the warp; unit_px: how many px are one of a head's window of 128 px.
    """

    frames: dict[str, Image]
    part: Image
    validity: Image
    unit_px: float


def whole_pictures(window: Window, way: Way, body: BodyModel, segment: Segment | None) -> Pictures:
    """Return a window's frames as `generate` makes them of its reference and its own motion."""
    assert window.frames is not None and window.reference is not None
    picture = window.reference.picture
    assert picture is not None
    person = track_of(window, window.reference)
    motion = held_where_unseen(track_of(window, window.arrays), person)
    held = replace(window, arrays=dict(window.arrays) | motion.arrays())
    camera, points, _ = posed_window(held, np.arange(window.num_frames), body)
    config = VideoGenerateConfig(num_steps=way.num_steps)
    made = warped_and_mended(picture, person, motion, body, way.model, segment, config)
    # Flows of big pictures are big: only what is judged is kept.
    kept = [(one.picture, frame, one.part, one.validity) for one, frame in made]
    warped, drawn, part, validity = (np.stack(some) for some in zip(*kept, strict=True))
    boxes = place_windows(points, camera, body)
    return Pictures(
        frames={
            REAL: window.frames,
            PHOTO: np.broadcast_to(picture, window.frames.shape),
            WARP: warped,
            MODEL: drawn,
        },
        part=part,
        validity=validity,
        unit_px=boxes["head"].side / 128 if "head" in boxes else 1.0,
    )
