"""The faces and voices that visits kept, for those who compare people across the collection."""

import dataclasses

import numpy as np

from backends.protocols.arrays import FloatArray
from pipelines.places import Places
from schemas.parts import FACE_PART, VOICE_PART, PartReader
from schemas.records.clip import Clip
from schemas.sample import npz_to_arrays
from transforms.embed_faces import ClipFace, read_face


def face_of(clip: Clip, places: Places, *, with_voice: bool = True) -> ClipFace | None:
    """Return a clip's face, None if none was good enough to be kept.

    Args:
        with_voice: read the voice that is heard, too.

    Raises:
        OSError: if it cannot be read.
    """
    parts = places.parts_of(clip)
    try:
        face = read_face(parts.read("look", FACE_PART))
    except FileNotFoundError:
        return None
    if not with_voice:
        return face
    return dataclasses.replace(face, voice=_voice(parts))


def _voice(parts: PartReader) -> FloatArray | None:
    try:
        return npz_to_arrays(parts.read("audio", VOICE_PART))["voice"].astype(np.float32)
    except FileNotFoundError:
        return None
