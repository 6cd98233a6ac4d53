"""Text detection with RapidOCR (PaddleOCR's models in ONNX, weights in the wheel)."""

import functools
import importlib.metadata
import math

import numpy as np

from backends.protocols.arrays import RgbImage
from schemas.records.picture import Box

_MIN_CHARACTERS = 3


class RapidText:
    """`TextDetector` on `rapidocr_onnxruntime`. It reads Latin and Chinese script."""

    def __init__(self) -> None:
        from rapidocr_onnxruntime import RapidOCR

        self.name = f"rapidocr-onnxruntime-{importlib.metadata.version('rapidocr-onnxruntime')}"
        self._engine = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)

    def text_boxes(self, image: RgbImage) -> list[Box]:
        """Return boxes around lines of text."""
        polygons, _ = self._engine.text_det(image[:, :, ::-1])
        if polygons is None:
            return []
        return [
            (float(p[:, 0].min()), float(p[:, 1].min()), float(p[:, 0].max()), float(p[:, 1].max()))
            for p in polygons
        ]

    def legibility(self, image: RgbImage, box: Box) -> float:
        """Return the recogniser's score for a box, 0.0 for fewer than three characters.

        Glasses are read as "06" with a score of 0.9, lips as one Chinese character.
        """
        x0, y0 = max(int(box[0]), 0), max(int(box[1]), 0)
        patch = image[y0 : math.ceil(box[3]), x0 : math.ceil(box[2]), ::-1]
        if min(patch.shape[:2]) < 4:
            return 0.0
        (text, score), *_ = self._engine.text_rec([np.ascontiguousarray(patch)])[0]
        return float(score) if len(text.strip()) >= _MIN_CHARACTERS else 0.0


@functools.lru_cache(maxsize=1)
def load() -> RapidText:
    """Return the process's detector."""
    return RapidText()
