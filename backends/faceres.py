"""Perceived age and gender, and a face descriptor, with `faceres`: a MobileNet that ships in backends/data.

Savchenko, "Efficient facial representations for age, gender and identity recognition in organizing
photo albums using multi-output ConvNet", PeerJ Computer Science 2019. Made by tools/convert_faceres.py.
"""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from backends.face_crops import upright_square
from backends.known import FACERES_SHA256 as WEIGHTS_SHA256
from backends.onnx_session import open_session
from backends.protocols.arrays import FloatArray
from backends.protocols.pictures import FaceEstimate, FaceView
from schemas.attributes import AGE_STARTS

WEIGHTS = Path(__file__).parent / "data" / "faceres.onnx"
_SIDE_PX = 224
_BATCH = 8  # pictures at a time: 100 MB of activations
# Cropped this close it is most accurate: tried 0 to 0.45 on labelled faces (benchmarks/people.py's).
_MARGIN = 0.1
# The mean of VGGFace2's pictures in the order blue, green, red, which training subtracted.
_MEAN_BGR = np.array([103.939, 116.779, 123.68], np.float32)
_YEARS = np.arange(1, 101, dtype=np.float32)
# Ages in the pictures that it learnt from, IMDB-WIKI's: mean and standard deviation of the counts that are
# published of 393,405 of them. It takes what is common there for what is likely.
_LEARNT_YEARS, _LEARNT_SPREAD = 38.1, 13.5
# But no age is held to be rarer than this share of the most common one: of very rare ages it knows little,
# and dividing by next to nothing would make much of that. Set on one half of the labelled faces.
_RAREST = 0.1


class FaceRes:
    """`AttributeEstimator` and `FaceEmbedder` on the network's outputs."""

    name = f"faceres-{WEIGHTS_SHA256[:8]}"

    def __init__(self) -> None:
        self._session = open_session(WEIGHTS, WEIGHTS_SHA256)

    def estimate(self, views: Sequence[FaceView]) -> list[FaceEstimate]:
        """Return one estimate a view."""
        masculine, years = self.perceive(views)
        return estimates_of(masculine, without_prior(years))

    def perceive(self, views: Sequence[FaceView]) -> tuple[FloatArray, FloatArray]:
        """Return what the network itself says: (n,) chances of masculine, (n, 100) of ages 1 to 100."""
        parts = [
            self._session.run(["gender", "age"], {"image": _pixels(views[i : i + _BATCH])})
            for i in range(0, len(views), _BATCH)
        ]
        masculine = np.concatenate([np.zeros(0, np.float32), *(gender[:, 0] for gender, _ in parts)])
        return masculine, np.concatenate([np.zeros((0, 100), np.float32), *(years for _, years in parts)])

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


def without_prior(years: FloatArray) -> FloatArray:
    """Return (n, 100) chances of ages 1 to 100 as if all ages had been equally common when it learnt.

    Chances that a network gives are in proportion to how common a class was in what it learnt from; divided
    by that they tell what the picture says (Saerens, Latinne and Decaestecker 2002, Adjusting the outputs of
    a classifier to new a priori probabilities, Neural Computation 14). Old people are rare there.
    """
    common = np.exp(-0.5 * ((_YEARS - _LEARNT_YEARS) / _LEARNT_SPREAD) ** 2) + _RAREST
    told = years / common
    return np.asarray(told / told.sum(axis=1, keepdims=True), np.float32)


def estimates_of(masculine: FloatArray, years: FloatArray) -> list[FaceEstimate]:
    """Return estimates of faces by (n,) chances of masculine and (n, 100) of ages."""
    return [
        FaceEstimate(float(g), age_group_chances(a), float(a @ _YEARS))
        for g, a in zip(masculine, years, strict=True)
    ]


def age_group_chances(years: FloatArray) -> FloatArray:
    """Add up the chances of single years, 1 to 100, to those of the eight age groups."""
    starts = [0, *(start - 1 for start in AGE_STARTS)]
    return np.add.reduceat(years, starts).astype(np.float32)


@functools.lru_cache(maxsize=1)
def load() -> FaceRes:
    """Return the process's estimator."""
    return FaceRes()
