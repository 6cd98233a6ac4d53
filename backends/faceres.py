"""Perceived age and gender, and a face descriptor, with `faceres`: a MobileNet that ships in backends/data.

Savchenko, "Efficient facial representations for age, gender and identity recognition in organizing
photo albums using multi-output ConvNet", PeerJ Computer Science 2019. Made by tools/convert_faceres.py.
"""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from backends.catalogue import FACERES_SHA256 as WEIGHTS_SHA256
from backends.face_crops import upright_square
from backends.onnx_session import open_session
from backends.protocols import FaceEstimate, FaceView, FloatArray
from schemas.attributes import AGE_STARTS

WEIGHTS = Path(__file__).parent / "data" / "faceres.onnx"
_SIDE_PX = 224
_BATCH = 8  # pictures at a time: 100 MB of activations
# Cropped this close it is most accurate: tried 0 to 0.45 on labelled faces (benchmarks/people.py's).
_MARGIN = 0.1
# The mean of VGGFace2's pictures in the order blue, green, red, which training subtracted.
_MEAN_BGR = np.array([103.939, 116.779, 123.68], np.float32)
_YEARS = np.arange(1, 101, dtype=np.float32)


class FaceRes:
    """`AttributeEstimator` and `FaceEmbedder` on the network's outputs."""

    name = f"faceres-{WEIGHTS_SHA256[:8]}"

    def __init__(self) -> None:
        self._session = open_session(WEIGHTS, WEIGHTS_SHA256)

    def estimate(self, views: Sequence[FaceView]) -> list[FaceEstimate]:
        """Return one estimate a view."""
        return [
            FaceEstimate(float(g[0]), age_group_chances(a), float(a @ _YEARS))
            for i in range(0, len(views), _BATCH)
            for g, a in zip(
                *self._session.run(["gender", "age"], {"image": _pixels(views[i : i + _BATCH])}), strict=True
            )
        ]

    def embed(self, views: Sequence[FaceView]) -> FloatArray:
        """Return (n, 1024) descriptors of unit length."""
        parts = [
            self._session.run(["descriptor"], {"image": _pixels(views[i : i + _BATCH])})[0]
            for i in range(0, len(views), _BATCH)
        ]
        found = np.concatenate([np.zeros((0, 1024), np.float32), *parts])
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def _pixels(views: Sequence[FaceView]) -> FloatArray:
    crops = np.array([upright_square(view, _SIDE_PX, _MARGIN) for view in views], np.float32)
    return np.ascontiguousarray(crops[..., ::-1]) - _MEAN_BGR


def age_group_chances(years: FloatArray) -> FloatArray:
    """Add up the chances of single years, 1 to 100, to those of the eight age groups."""
    starts = [0, *(start - 1 for start in AGE_STARTS)]
    return np.add.reduceat(years, starts).astype(np.float32)


@functools.lru_cache(maxsize=1)
def load() -> FaceRes:
    """Return the process's estimator."""
    return FaceRes()
