"""Embed faces: one descriptor a clip, the mean of its views weighted by their quality.

Descriptors are biometric data: they are parts of their own, kept apart from all others, and read again by the
steps that compare people across the collection.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backends.protocols.arrays import FloatArray
from backends.protocols.pictures import FaceEmbedder, FaceView
from schemas.sample import arrays_to_npz, npz_to_arrays
from transforms.clip_print import ClipPrint


@dataclass(frozen=True, kw_only=True, slots=True)
class EmbedConfig:
    """Who recognises faces: `dlib+faceres` is embedded, else the path of an ArcFace-style ONNX network.

    With `enabled` off nothing biometric is computed: no identities, no near-duplicates, and splits go by
    declared speaker or video.
    """

    enabled: bool = True
    model: str = "dlib+faceres"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipFace:
    """What is kept of a clip's face to compare it with others.

    `descriptor` (d,) by `embedder`; distances from it count relative to `stranger_distance`; copies of the
    clip are told by `print`.
    """

    descriptor: FloatArray
    stranger_distance: float
    print: ClipPrint
    num_views: int
    embedder: str
    voice: FloatArray | None = None


def clip_face(
    views: Sequence[FaceView], weights: FloatArray, print_: ClipPrint, embedder: FaceEmbedder
) -> ClipFace | None:
    """Return a clip's face: the mean descriptor of its views; None without views.

    Args:
        weights: (n,) how good the views are.
    """
    if not views:
        return None
    found = embedder.embed(views)
    kept = agreeing(found)
    descriptor = embedder.pool(found[kept], weights[kept])
    return ClipFace(
        descriptor=descriptor,
        stranger_distance=embedder.stranger_distance(descriptor),
        print=print_,
        num_views=int(kept.sum()),
        embedder=embedder.name,
    )


def agreeing(descriptors: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which of a clip's views (n, d) are of one face: (n,).

    A view twice as far from the middle as half of them is no good look at this face (a hand before it, a
    neighbour) and does not count. Two views cannot outvote each other.
    """
    if len(descriptors) < 3:
        return np.ones(len(descriptors), np.bool_)
    away = np.linalg.norm(descriptors - np.median(descriptors, axis=0), axis=1)
    return away <= 2.0 * np.median(away) + 1e-6


def face_bytes(face: ClipFace) -> bytes:
    """Return a face as an .npz file."""
    return arrays_to_npz(
        {
            "descriptor": face.descriptor,
            "print_sound": face.print.sound,
            "print_face": face.print.face,
            "print_face_hz": np.array(face.print.face_hz, np.float32),
            "stranger_distance": np.array(face.stranger_distance, np.float32),
            "num_views": np.array(face.num_views, np.int32),
            "embedder": np.array(face.embedder),
        }
    )


def read_face(data: bytes) -> ClipFace:
    """Read what `face_bytes` wrote."""
    arrays = npz_to_arrays(data)
    return ClipFace(
        descriptor=arrays["descriptor"].astype(np.float32),
        stranger_distance=float(arrays["stranger_distance"]),
        print=ClipPrint(
            sound=arrays["print_sound"],
            face=arrays["print_face"],
            face_hz=float(arrays["print_face_hz"]),
        ),
        num_views=int(arrays["num_views"]),
        embedder=str(arrays["embedder"]),
    )
