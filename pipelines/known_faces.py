"""The faces that a run folder keeps, of all clips, those that rules turned down too; and how near two are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from backends.protocols.arrays import FloatArray
from pipelines.artefacts import ArtefactStore, artefact_of
from pipelines.results import Result
from schemas.parts import FACE_PART
from schemas.plain import from_plain
from schemas.records.video import Artefact
from transforms.embed_faces import ClipFace, read_face
from transforms.storage import read_if_there

_COLUMNS = [
    *("clip_id", "video_id", "source_name", "start_seconds", "end_seconds", "status", "split"),
    *("identity_identity_id", "artefacts"),
]


@dataclass(frozen=True, slots=True)
class KnownFace:
    """A clip's row of the table of clips, as far as it says whose clip it is, and its face."""

    clip: dict[str, Any]
    face: ClipFace


def known_faces(
    result: Result, store: ArtefactStore, clip_ids: Sequence[str] | None = None
) -> Iterator[KnownFace]:
    """Yield the faces of a result's clips, of some or of all; clips without a kept face are left out.

    Raises:
        BadInputError: if the table of clips cannot be read.
    """
    where = None if clip_ids is None else pc.field("clip_id").isin(pa.array(list(clip_ids), pa.string()))
    for row in result.read_table("clips", _COLUMNS, where).to_pylist():
        made = tuple(from_plain(Artefact, one) for one in row.pop("artefacts"))
        look = artefact_of(made, "look")
        data = None if look is None else read_if_there(store.part_path(row["video_id"], look, FACE_PART))
        if data is not None:
            yield KnownFace(clip=row, face=read_face(data))


@dataclass(frozen=True, slots=True)
class Faces:
    """Descriptors (n, d) of one embedder and how far look-alike strangers are from each (n,)."""

    descriptors: FloatArray
    strangers: FloatArray

    @classmethod
    def of(cls, faces: Sequence[ClipFace]) -> "Faces":
        """Return the faces side by side; none without any."""
        if not faces:
            return cls(np.zeros((0, 0), np.float32), np.zeros(0, np.float32))
        return cls(
            np.array([f.descriptor for f in faces], np.float32),
            np.array([f.stranger_distance for f in faces], np.float32),
        )

    def distances(self, others: "Faces") -> npt.NDArray[np.float64]:
        """Return (n, m) distances, relative to those of look-alike strangers as in `identities`."""
        if not len(self.strangers) or not len(others.strangers):
            return np.full((len(self.strangers), len(others.strangers)), np.inf)
        here, there = self.descriptors.astype(np.float64), others.descriptors.astype(np.float64)
        squared = (here**2).sum(axis=1)[:, None] + (there**2).sum(axis=1) - 2 * here @ there.T
        scale = self.strangers.astype(np.float64)[:, None] * others.strangers
        return np.sqrt(np.maximum(squared, 0.0) / scale)
