"""The faces that looks kept, for those who compare people across the collection."""

from pipelines.run_folder import Places
from schemas.parts import FACE_PART
from schemas.records import Clip
from transforms.embed_faces import ClipFace, read_face


def face_of(clip: Clip, places: Places) -> ClipFace | None:
    """Return a clip's face, None if none was good enough to be kept.

    Raises:
        OSError: if it cannot be read.
    """
    try:
        return read_face(places.parts_of(clip).read("look", FACE_PART))
    except FileNotFoundError:
        return None
