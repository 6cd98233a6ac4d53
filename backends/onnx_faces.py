"""Face networks of the user's own, by path: ArcFace-style descriptors, FairFace-style attributes.

Neither is shipped: the usual weights are for non-commercial use. Both are recognised by the shapes
of their inputs and outputs, not by name.
"""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from backends.face_crops import aligned, upright_square
from backends.onnx_session import open_session, short_hash
from backends.protocols.arrays import FloatArray
from backends.protocols.pictures import FaceEstimate, FaceView
from schemas.outcomes import BadInputError

# ArcFace's template (Deng et al. 2019) has eye centres and mouth corners; what FIVE_POINTS are in it.
_ARC_PX = 112
_ARC_TEMPLATE = np.array([[80.5, 51.2], [66.6, 52.3], [31.3, 51.3], [45.1, 52.4], [56.0, 76.2]], np.float32)
# FairFace (Kärkkäinen and Joo 2021): 7 races (not read), 2 genders, 9 age groups.
_FAIR_PX, _FAIR_MARGIN, _FAIR_LOGITS = 224, 0.25, 18
_FAIR_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_FAIR_STD = np.array([0.229, 0.224, 0.225], np.float32)
_FAIR_YEARS = np.array([1, 6, 15, 25, 35, 45, 55, 65, 77], np.float32)


class OnnxEmbedder:
    """`FaceEmbedder` on a network from (n, 3, 112, 112) to (n, d), scaled to unit length."""

    def __init__(self, path: str) -> None:
        self._session = open_session(Path(path))
        _check_input(self._session, path, _ARC_PX)
        self.name = f"onnx-{short_hash(Path(path))}"

    def embed(self, views: Sequence[FaceView]) -> FloatArray:
        """Return (n, d) descriptors of unit length."""
        chips = np.array([aligned(view, _ARC_TEMPLATE, _ARC_PX) for view in views], np.float32)
        pixels = ((chips - 127.5) / 127.5).transpose(0, 3, 1, 2)
        name = self._session.get_inputs()[0].name
        found = self._session.run(None, {name: np.ascontiguousarray(pixels)})[0]
        norms = np.linalg.norm(found, axis=1, keepdims=True)
        return (found / np.maximum(norms, 1e-9)).astype(np.float32)

    def pool(self, descriptors: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the weighted mean (d,), of unit length again."""
        mean = np.average(descriptors, axis=0, weights=weights).astype(np.float32)
        return mean / max(float(np.linalg.norm(mean)), 1e-9)

    def stranger_distance(self, descriptor: FloatArray) -> float:
        """Return 1: nothing is known of how strangers lie, so distances count as they are."""
        return 1.0


class OnnxEstimator:
    """`AttributeEstimator` on a FairFace-style network from (n, 3, 224, 224) to 18 logits.

    The seven logits on race are not read: Mentor does not guess ethnicity.
    """

    def __init__(self, path: str) -> None:
        self._session = open_session(Path(path))
        _check_input(self._session, path, _FAIR_PX)
        width = self._session.get_outputs()[0].shape[-1]
        if width != _FAIR_LOGITS:
            raise BadInputError(f"{path}: gives {width} numbers a face; FairFace gives {_FAIR_LOGITS}")
        self.name = f"onnx-{short_hash(Path(path))}"

    def estimate(self, views: Sequence[FaceView]) -> list[FaceEstimate]:
        """Return one estimate a view."""
        crops = np.array([upright_square(view, _FAIR_PX, _FAIR_MARGIN) for view in views], np.float32)
        pixels = ((crops / 255 - _FAIR_MEAN) / _FAIR_STD).transpose(0, 3, 1, 2)
        name = self._session.get_inputs()[0].name
        logits = self._session.run(None, {name: np.ascontiguousarray(pixels, np.float32)})[0]
        return [_fair_estimate(row) for row in logits]


def _fair_estimate(logits: FloatArray) -> FaceEstimate:
    gender, age = _softmax(logits[7:9]), _softmax(logits[9:18])
    # FairFace's groups are 0-2, 3-9, 10-19, then ours; three of the ten years 10-19 belong to 0-12.
    child = age[0] + age[1] + 0.3 * age[2]
    groups = np.array([child, 0.7 * age[2], *age[3:]], np.float32)
    return FaceEstimate(float(gender[0]), groups, float(age @ _FAIR_YEARS))


def _softmax(logits: FloatArray) -> FloatArray:
    raised = np.exp(logits - logits.max())
    return raised / raised.sum()


def _check_input(session, path: str, side_px: int) -> None:
    shape = session.get_inputs()[0].shape
    if len(shape) != 4 or list(shape[1:]) != [3, side_px, side_px]:
        raise BadInputError(f"{path}: takes pictures {shape}, wanted (n, 3, {side_px}, {side_px})")


@functools.lru_cache(maxsize=2)
def load_embedder(path: str) -> OnnxEmbedder:
    """Return the process's embedder."""
    return OnnxEmbedder(path)


@functools.lru_cache(maxsize=2)
def load_estimator(path: str) -> OnnxEstimator:
    """Return the process's estimator."""
    return OnnxEstimator(path)
