"""Looking everywhere below a run folder for what was erased: by bytes, by sound and pictures, by faces."""

from dataclasses import dataclass

from pipelines.erase.search_bytes import ByteSearch, Found
from pipelines.erase.search_copies import CopySearch, faces_near
from pipelines.erase.traces import Traces
from pipelines.erased import Erased
from pipelines.known_faces import Faces
from pipelines.results import Result
from pipelines.run_folder import RunFolder
from schemas.layout import ERASURE, LEASE, WORK

# What an erasure notes until it is done holds what goes, and goes last.
_OWN_NOTES = (f"{WORK}/{ERASURE}", f"{WORK}/{LEASE}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """What was looked at, and what was found of what was erased.

    `near` are clips that are left and whose face is within the merging distance of an erased one, with the
    distance, and `nearest_face` the smallest one of all.
    """

    num_files: int
    num_bytes: int
    num_members: int
    num_sounds: int
    num_pictures: int
    num_faces: int
    nearest_face: float | None
    found: tuple[Found, ...]
    near: tuple[tuple[str, float], ...]


def search(folder: RunFolder, result: Result, traces: Traces, erased: Erased, bound: float) -> Search:
    """Return what is left below a run folder of what traces tell of.

    Args:
        bound: the distance within which two faces are one person's.

    Raises:
        OSError: if a file cannot be read.
    """
    by_bytes = ByteSearch(erased.veiled, traces.ids, traces.hashes)
    found = list(by_bytes.below(folder.root, _OWN_NOTES))
    copies = CopySearch(folder, result)
    found += copies.copies_of(traces.prints)
    gone = Faces(traces.descriptors, traces.strangers)
    faces = faces_near(folder, result, gone, traces.embedder, bound)
    return Search(
        num_files=by_bytes.num_files,
        num_bytes=by_bytes.num_bytes,
        num_members=by_bytes.num_members,
        num_sounds=copies.num_sounds,
        num_pictures=copies.num_pictures,
        num_faces=faces.num_faces,
        nearest_face=faces.nearest,
        found=tuple(found),
        near=faces.clips,
    )
