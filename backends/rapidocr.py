"""Text detection with RapidOCR (PaddleOCR's DB detector in ONNX, weights in the wheel)."""

import functools
import importlib.metadata

from backends.protocols import RgbImage
from schemas.records import Box


class RapidText:
    """`TextDetector` on `rapidocr_onnxruntime`, detection only: words are not read."""

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


@functools.lru_cache(maxsize=1)
def load() -> RapidText:
    """Return the process's detector."""
    return RapidText()
