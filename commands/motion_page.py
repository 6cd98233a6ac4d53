"""The page of a motion model in training: strips of bodies as they were, and as the model draws them."""

from collections.abc import Sequence

import numpy as np
from PIL import Image as Pillow

from body.model import BodyModel
from body.track import BodyTrack
from commands.training_page import clips_to_show, png_row, write_training_page
from drawing.mesh import MeshView
from drawing.mesh_video import mesh_picture
from drawing.style import Image
from models.data.config import WindowConfig
from models.data.records import Window
from models.motion.channels import ARRAYS, MASKS, first_frame
from models.motion.checkpoint import MotionModel
from models.motion.generate import animate
from models.motion.sound import SoundFeatures
from models.train import Material
from reports.training import Strip

_NUM_CLIPS, _NUM_FRAMES, _TILE_PX = 2, 10, 160


def write_page(
    material: Material, features: SoundFeatures, history: Sequence[dict[str, float]], model: MotionModel
) -> None:
    """Write the page into the folder of training.

    Clips that are drawn are of a split that is not trained on, if the shards have one.
    """
    wanted = WindowConfig(num_frames=None, arrays=(*ARRAYS, *MASKS), with_frames=True)
    shown, windows = clips_to_show(material, wanted, _NUM_CLIPS)
    strips = [s for window in windows for s in _strips(window, shown, model, material.body, features)]
    about = model.about
    facts = (
        ("Network", f"{about.network.num_layers} layers, width {about.network.width}"),
        ("Sound", about.sound_name),
        ("Windows", f"{about.window_frames} frames at {about.fps:g} a second"),
    )
    write_training_page("Motion model in training", material, about, facts, history, strips)


def _strips(
    window: Window, split: str, model: MotionModel, body: BodyModel, features: SoundFeatures
) -> list[Strip]:
    assert window.frames is not None and window.sound is not None
    height, width = window.frames.shape[1:3]
    track = BodyTrack.from_sample(window.arrays, window.about["body_fit"], window.fps, width, height)
    drawn = animate(model, features, window.sound, first_frame(window.arrays))
    made = track.moved(drawn, window.fps)
    number = min(made.num_frames, track.num_frames)
    at = np.linspace(0, number - 1, _NUM_FRAMES).round().astype(int)
    real = MeshView(model=body, track=track)
    rows = {
        "the clip": [window.frames[i] for i in at],
        "its fitted body": [real.draw(int(i), window.frames[i].copy()) for i in at],
        f"drawn from its sound after {model.about.num_steps:,} steps": [
            mesh_picture(body, made, int(i)) for i in at
        ],
    }
    return [
        Strip(caption=f"{window.key} ({split}): {name}", png=_row(pictures))
        for name, pictures in rows.items()
    ]


def _row(pictures: Sequence[Image]) -> bytes:
    height, width = pictures[0].shape[:2]
    size = (_TILE_PX, max(1, round(_TILE_PX * height / width)))
    tiles = [np.asarray(Pillow.fromarray(p).resize(size, Pillow.Resampling.BOX)) for p in pictures]
    return png_row(tiles)
