"""Which pixels of a picture are a person, with MediaPipe's selfie segmentation (weights in the wheel)."""

import functools

import numpy as np

from backends.protocols.arrays import RgbImage
from backends.quiet import import_mediapipe


class MediaPipeSegmentation:
    """`PersonSegmenter` on `mediapipe.solutions.selfie_segmentation`: its general model, 256 px a side."""

    def __init__(self) -> None:
        mediapipe = import_mediapipe()
        self.name = f"mediapipe-{mediapipe.__version__}/selfie_segmentation"
        self._model = mediapipe.solutions.selfie_segmentation.SelfieSegmentation(model_selection=0)

    def segment(self, image: RgbImage) -> RgbImage:
        """Return how much of each pixel (H, W) is a person, 0 to 255; see `PersonSegmenter.segment`."""
        share = self._model.process(np.ascontiguousarray(image)).segmentation_mask
        return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)


@functools.lru_cache(maxsize=1)
def load() -> MediaPipeSegmentation:
    """Return the process's segmenter."""
    return MediaPipeSegmentation()
