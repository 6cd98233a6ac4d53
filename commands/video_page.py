"""The page of a video model in training: photo, warp, mended and real frames of people beside each other."""

from collections.abc import Sequence

import numpy as np

from body.model import BodyModel
from commands.training_page import clips_to_show, png_row, write_training_page
from models.data.records import Window
from models.train import Material
from models.video.latent.checkpoint import LatentModel
from models.video.mend import AnyVideoModel, frames_of, mended
from models.video.pairs import Segment, make_pairs, pair_windows
from reports.training import Strip

_NUM_CLIPS, _NUM_FRAMES, _LOOKED_THROUGH = 3, 8, 48


def write_page(
    material: Material, segment: Segment | None, history: Sequence[dict[str, float]], model: AnyVideoModel
) -> None:
    """Write the page into the folder of training.

    Clips that are drawn are of a split that is not trained on, if the shards have one.
    """
    shown, windows = clips_to_show(material, pair_windows(_LOOKED_THROUGH), _NUM_CLIPS)
    strips = [s for window in windows for s in _strips(window, shown, model, material.body, segment)]
    facts = (("Network", _network(model)), ("Windows", f"{model.about.window_px} px"))
    write_training_page("Video model in training", material, model.about, facts, history, strips)


def _network(model: AnyVideoModel) -> str:
    if isinstance(model, LatentModel):
        parts = model.denoise.parts.items()
        sizes = {name: sum(value.numel() for value in part.parameters()) for name, part in parts}
        return "over a pretrained model: " + ", ".join(f"{n}, {size:,} weights" for n, size in sizes.items())
    channels = model.about.network.channels
    return f"{len(channels)} scales, {channels[0]} channels at first"


def _strips(
    window: Window, split: str, model: AnyVideoModel, body: BodyModel, segment: Segment | None
) -> list[Strip]:
    at = np.linspace(0, window.num_valid - 1, _NUM_FRAMES).round().astype(int).tolist()
    pairs = make_pairs(window, {"head": model.about.window_px}, body, at, segment).get("head")
    if pairs is None:
        return []
    rows = {
        "the photo, carried along by the body": pairs["warp"],
        f"mended after {model.about.num_steps:,} steps": mended(model, frames_of(pairs)).pictures,
        "the clip": pairs["target"],
    }
    named = f"{window.key} ({split})"
    return [Strip(caption=f"{named}: {name}", png=png_row(list(pictures))) for name, pictures in rows.items()]
