"""Compare a clip's lips with its sound, within the sync visit."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from backends import lip_sync, syncnet
from media import DecodeTally, PictureView, decode_video
from pipelines.config import CurateConfig
from pipelines.cpu_meter import CpuMeter
from schemas.records import Clip, Sync
from schemas.sample import npz_to_arrays, unpack_landmarks
from transforms.score_sync import score_sync
from transforms.storage import read_bytes


def compare_lips(
    clip: Clip, samples: npt.NDArray[np.float32], config: CurateConfig, meter: CpuMeter, tally: DecodeTally
) -> Sync | None:
    """Return how a clip's lips and its sound agree; its pictures are decoded only for a SyncNet."""
    model = config.sync.model
    scorer = syncnet.load(model) if model.endswith(".onnx") else lip_sync.load(model)
    meter.charge("load_models")
    face = unpack_landmarks(npz_to_arrays(read_bytes(f"{clip.parts_uri}.npz")), "face:landmarks")
    pictures = _pictures(clip, config, tally) if scorer.needs_pictures else None
    return score_sync(samples, face, clip.fps, scorer, config.sync, pictures)


def _pictures(clip: Clip, config: CurateConfig, tally: DecodeTally) -> Iterator[npt.NDArray[np.uint8]]:
    view = PictureView(clip.width, clip.height, 0, "rgb24")
    for picture in decode_video(f"{clip.parts_uri}.mp4", config.media, tally):
        yield view.pixels(picture.frame)
