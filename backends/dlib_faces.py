"""Face descriptors with dlib's ResNet (weights in the face_recognition_models package, CC0).

King, "High quality face recognition with deep metric learning", dlib.net 2017: 128 numbers; the
network was trained so that pictures of one person lie within 0.6 of each other.
"""

import functools
import importlib.metadata
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from backends import faceres
from backends.catalogue import verify_weights
from backends.face_crops import aligned
from backends.protocols.arrays import FloatArray
from backends.protocols.pictures import FaceView
from backends.weights import package_folder

CHIP_PX = 150
DESCRIPTOR = 128
# Made by benchmarks/people.py --write-strangers; the groups have three people and more.
STRANGERS = Path(__file__).parent / "data" / "strangers.npz"
NEAREST_STRANGERS = 5
_PADDING = 0.25
# Where dlib's training chips have the five points, as shares of the chip without its padding
# (dlib/image_transforms/interpolation.h, get_face_chip_details), in the order of FIVE_POINTS.
_FIVE = (
    (0.8595674595992, 0.2134981538014),
    (0.6460604764104, 0.2289674387677),
    (0.1205750620789, 0.2137274526848),
    (0.3340850613712, 0.2290642403242),
    (0.4901123135679, 0.6277975316475),
)
TEMPLATE = ((np.array(_FIVE) + _PADDING) / (2 * _PADDING + 1) * CHIP_PX).astype(np.float32)


class DlibFaces:
    """`FaceEmbedder` on dlib; a face and its mirror image are averaged, which steadies the numbers."""

    def __init__(self) -> None:
        import dlib

        verify_weights("dlib-face-recognition")
        folder = package_folder("face_recognition_models") / "models"
        self.name = f"dlib-{importlib.metadata.version('dlib-bin')}/resnet_v1"
        self._model = dlib.face_recognition_model_v1(  # pyright: ignore[reportAttributeAccessIssue]
            str(folder / "dlib_face_recognition_resnet_model_v1.dat")
        )

    def embed(self, views: Sequence[FaceView]) -> FloatArray:
        """Return (n, 128) descriptors."""
        chips = [aligned(view, TEMPLATE, CHIP_PX) for view in views]
        both = chips + [np.ascontiguousarray(chip[:, ::-1]) for chip in chips]
        found = [np.asarray(self._model.compute_face_descriptor(chip), np.float32) for chip in both]
        half = len(chips)
        return np.array(
            [(a + b) / 2 for a, b in zip(found[:half], found[half:], strict=True)], np.float32
        ).reshape(half, DESCRIPTOR)


class DlibAndFaceRes:
    """Both embedded networks' descriptors side by side.

    Each errs on other people: at the bound that finds the same share of true pairs, strangers are taken for
    one person a third as often as by dlib alone (benchmarks/people.py measures it).
    """

    def __init__(self) -> None:
        self._dlib, self._faceres = load_dlib(), faceres.load()
        self.name = f"{self._dlib.name}+{self._faceres.name}"
        with np.load(STRANGERS, allow_pickle=False) as archive:
            self._strangers = archive["centres"].astype(np.float32)

    def embed(self, views: Sequence[FaceView]) -> FloatArray:
        """Return (n, 1152) descriptors."""
        return np.concatenate([self._dlib.embed(views), self._faceres.embed(views)], axis=1)

    def pool(self, descriptors: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the weighted mean (1152,), with faceres' part of unit length again."""
        mean = np.average(descriptors, axis=0, weights=weights).astype(np.float32)
        mean[DESCRIPTOR:] /= np.linalg.norm(mean[DESCRIPTOR:])
        return mean

    def stranger_distance(self, descriptor: FloatArray) -> float:
        """Return the mean distance to the nearest kinds of strangers.

        The adaptive cohort of speaker recognition (Matejka et al. 2017), with faces:
        `backends/data/strangers.npz` holds centres of groups of people, not people.
        """
        return float(stranger_distances(descriptor[None], self._strangers)[0])


def stranger_distances(descriptors: FloatArray, centres: FloatArray) -> FloatArray:
    """Return (n,) mean distances of descriptors (n, d) to the nearest of centres (k, d)."""
    squared = (descriptors**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1) - 2 * descriptors @ centres.T
    return np.sqrt(np.sort(np.maximum(squared, 0), axis=1)[:, :NEAREST_STRANGERS]).mean(axis=1)


@functools.lru_cache(maxsize=1)
def load_dlib() -> DlibFaces:
    """Return the process's dlib alone, whose distances others report too."""
    return DlibFaces()


@functools.lru_cache(maxsize=1)
def load() -> DlibAndFaceRes:
    """Return the process's embedder."""
    return DlibAndFaceRes()
