"""Checks on people: faces compared across splits, identities with declared speakers."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from schemas.records import Clip
from schemas.run import PeopleSummary
from transforms.embed_faces import ClipFace
from transforms.storage import write_bytes

MOST_NAMED = 20


def placed(clip_id: str, joined: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """Return a kept clip's id, split and face out of a join; nothing for a clip without either."""
    return [(clip_id, split, face) for split in joined["split"] for face in joined["face"]]


def across_splits(
    faces: Sequence[tuple[str, str, ClipFace]], held_out: Sequence[tuple[str, str, ClipFace]]
) -> Iterator[tuple[float, str, str]]:
    """Yield for each face its nearest one in another split: relative distance and both clip ids."""
    if not held_out:
        return
    others = sorted(held_out, key=lambda face: face[0])
    there = np.array([face[2].descriptor for face in others], np.float64)
    strangers = np.array([face[2].stranger_distance for face in others])
    splits = np.array([face[1] for face in others])
    for clip_id, split, face in faces:
        squared = ((there - face.descriptor) ** 2).sum(axis=1) / (strangers * face.stranger_distance)
        away = np.where(splits == split, np.inf, squared)
        nearest = int(np.argmin(away))
        if np.isfinite(away[nearest]):
            first, second = sorted((clip_id, others[nearest][0]))
            yield round(float(np.sqrt(away[nearest])), 4), first, second


def speaker_of(clip: Clip) -> list[tuple[str, str]]:
    """Return the declared speaker and the identity of a clip that has both."""
    speaker = clip.source.speaker_id
    return [(speaker, clip.identity.identity_id)] if speaker and clip.identity else []


def write_people(
    counts: Sequence[tuple[str, int]],
    nearest: Sequence[tuple[float, str, str]],
    speakers: Sequence[tuple[str, str]],
    bound: float,
    path: str,
) -> str:
    """Write what was found about people for run.json; returns the path."""
    found = PeopleSummary(
        num_faces=sum(count for _, count in counts),
        num_identities=len(counts),
        nearest_across_splits=nearest[0][0] if nearest else None,
        too_near=[f"{a} and {b} ({d:.3f})" for d, a, b in sorted(set(nearest)) if d < bound],
        speakers_with_several_identities=_with_several(speakers),
        identities_with_several_speakers=_with_several([(b, a) for a, b in speakers]),
    )
    write_bytes(path, json.dumps(dataclasses.asdict(found)).encode())
    return path


def _with_several(pairs: Sequence[tuple[str, str]]) -> list[str]:
    seen: dict[str, int] = {}
    for name, _ in pairs:
        seen[name] = seen.get(name, 0) + 1
    return sorted(name for name, count in seen.items() if count > 1)
