"""Checks on people: faces compared across splits, identities with declared speakers."""

import dataclasses
import functools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt

from backends.protocols.arrays import FloatArray
from schemas.run import PeopleSummary
from transforms.storage import write_bytes

MOST_NAMED = 20
# Rows of a table of distances that are made at a time, to bound memory.
_ROWS = 1024
_LISTS = ("too_near", "speakers_with_several_identities", "identities_with_several_speakers")


@dataclasses.dataclass(frozen=True, slots=True)
class SplitFace:
    """A kept clip's face and the split it is in."""

    clip_id: str
    split: str
    descriptor: FloatArray
    stranger_distance: float


def placed(clip_id: str, joined: Mapping[str, Any]) -> list[SplitFace]:
    """Return a kept clip's split and face out of a join; nothing for a clip without either."""
    return [
        SplitFace(clip_id, split, descriptor, stranger_distance)
        for split in joined["split"]
        for descriptor, stranger_distance in joined["face"]
    ]


def across_splits(block: Iterable[SplitFace]) -> list[tuple[float, str, str]]:
    """Return each face's nearest one of a block in another split: relative distance and both clip ids.

    Held-out faces (all splits but train) are what faces are compared with. Each pair comes once.
    """
    faces = sorted(block, key=lambda face: face.clip_id)
    held_out = [face for face in faces if face.split != "train"]
    if not held_out:
        return []
    found: set[tuple[float, str, str]] = set()
    for start in range(0, len(faces), _ROWS):
        part = faces[start : start + _ROWS]
        nearest, there = _nearest(part, held_out)
        for face, other in zip((f for f, t in zip(part, there, strict=True) if t), nearest, strict=True):
            first, second = sorted((face.clip_id, held_out[other].clip_id))
            found.add((_distance(face, held_out[other]), first, second))
    return sorted(found)


def _nearest(
    faces: Sequence[SplitFace], others: Sequence[SplitFace]
) -> tuple[list[int], npt.NDArray[np.bool_]]:
    """Return which others are nearest to the faces that any of another split is there for, and these (n)."""
    here = np.array([f.descriptor for f in faces], np.float64)
    there = np.array([f.descriptor for f in others], np.float64)
    strangers = np.array([f.stranger_distance for f in others])
    squared = (here**2).sum(axis=1)[:, None] + (there**2).sum(axis=1) - 2 * here @ there.T
    same = np.array([f.split for f in faces])[:, None] == np.array([f.split for f in others])
    away = np.where(same, np.inf, squared / strangers)
    any_there = ~same.all(axis=1)
    return away[any_there].argmin(axis=1).tolist(), any_there


def _distance(a: SplitFace, b: SplitFace) -> float:
    squared = ((np.asarray(a.descriptor, np.float64) - b.descriptor) ** 2).sum()
    return round(float(np.sqrt(squared / (a.stranger_distance * b.stranger_distance))), 4)


def across_found(nearest: Sequence[tuple[float, str, str]], bound: float) -> PeopleSummary:
    """Return what the nearest faces of two splits, the nearest first, say about the splits."""
    different = sorted(set(nearest))[:MOST_NAMED]
    return PeopleSummary(
        nearest_across_splits=different[0][0] if different else None,
        too_near=[f"{a} and {b} ({d:.3f})" for d, a, b in different if d < bound],
    )


def person_found(identity_id: str, num_clips: int, speakers: Sequence[str]) -> list[PeopleSummary]:
    """Return what one identity's clips and declared speakers add."""
    several = [identity_id] if len(speakers) > 1 else []
    return [PeopleSummary(num_faces=num_clips, num_identities=1, identities_with_several_speakers=several)]


def speaker_found(speaker: str, identities: Iterable[str]) -> Iterator[PeopleSummary]:
    """Yield a declared speaker with several identities."""
    if len(set(identities)) > 1:
        yield PeopleSummary(speakers_with_several_identities=[speaker])


class AddFound(beam.CombineFn):
    """Adds up what was found."""

    def create_accumulator(self) -> PeopleSummary:
        """Return that nothing was found."""
        return PeopleSummary()

    def add_input(self, total: PeopleSummary, part: PeopleSummary) -> PeopleSummary:
        """Add a part; lists grow in place, so that many parts take time in proportion."""
        known = [d for d in (total.nearest_across_splits, part.nearest_across_splits) if d is not None]
        for name in _LISTS:
            getattr(total, name).extend(getattr(part, name))
        return dataclasses.replace(
            total,
            num_faces=total.num_faces + part.num_faces,
            num_identities=total.num_identities + part.num_identities,
            nearest_across_splits=min(known, default=None),
        )

    def merge_accumulators(self, totals: Iterable[PeopleSummary]) -> PeopleSummary:
        """Add several up."""
        return functools.reduce(self.add_input, totals, PeopleSummary())

    def extract_output(self, total: PeopleSummary) -> PeopleSummary:
        """Return the sum; names in order."""
        names = {name: sorted(getattr(total, name)) for name in _LISTS if name != "too_near"}
        return dataclasses.replace(total, **names)


def write_people(found: PeopleSummary, path: str) -> str:
    """Write what was found about people for run.json; returns the path."""
    write_bytes(path, json.dumps(dataclasses.asdict(found)).encode())
    return path
