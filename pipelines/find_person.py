"""Find a person in a run by a photo: whose clips look like it, and how sure that is.

The photo's descriptor is compared with those that the run keeps, of clips that were turned down too. How sure
an answer is follows from how often strangers come as near: the table below was measured, and with it the
chance that somebody of so many strangers does.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log
from pathlib import Path
from typing import Any, Literal

import numpy as np

from backends.protocols.pictures import FaceView
from backends.select import face_embedder, landmark_extractor
from pipelines.known_faces import Faces, KnownFace
from pipelines.photo import VIDEO_SUFFIXES, Image, faces_in, only_face, pictures_of, read_photo
from schemas.outcomes import BadInputError
from transforms.clip_print import ClipPrint
from transforms.collect_faces import CollectConfig, cut_view, view_quality
from transforms.embed_faces import ClipFace, clip_face
from transforms.extract_landmarks import LandmarkConfig, region_around

Verdict = Literal["probably", "possibly", "unlikely"]
# How many of a video's pictures are looked at: more agree with all of them hardly better.
_MOST_VIEWS = 8
# A photo says nothing of how somebody sounds or moves.
_NO_PRINT = ClipPrint(sound=np.zeros((0, 32), np.uint8), face=np.zeros((0, 63), np.int16), face_hz=12.5)
EMBEDDED = "dlib+faceres"
# Distance, the share of pairs of strangers that are nearer, and the share of pairs of photos of one person
# that are not. Measured by `python -m benchmarks.people likeness` for the embedded descriptors, strangers
# being of one group (3,995 pairs), true pairs press photos over years (270).
LIKENESS = (
    (1.004, 1e-3, 0.093),
    (1.041, 3e-3, 0.067),
    (1.079, 1e-2, 0.056),
    (1.128, 3e-2, 0.041),
    (1.195, 1e-1, 0.022),
    (1.272, 3e-1, 0.0),
)
# Nearer than any row the logarithm of the share falls with the squared distance by this much a unit, as of
# very many drawn strangers (`IdentityConfig.evidence_per_distance`); no share below the last one is claimed.
_FALL, _LEAST_SHARE = 38.0, 1e-7
_PROBABLY, _POSSIBLY = 0.01, 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundClip:
    """A clip that may show the person, with the distance of its face."""

    clip_id: str
    source_name: str
    start_seconds: float
    end_seconds: float
    status: str
    distance: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A person of a run, or a clip of nobody who was recognised, and how near the photo is.

    `distance` is the root mean square over the clips. `chance_of_stranger` is the chance that of so many
    strangers as there are people in the run somebody would be as near, None where it was not measured for
    this embedder; `missed` the share of true pairs of photos that are farther apart.
    """

    identity_id: str | None
    distance: float
    chance_of_stranger: float | None
    missed: float | None
    verdict: Verdict
    clips: tuple[FoundClip, ...]


def photographed(path: Path, model: str) -> ClipFace:
    """Return the face of a photo, or of the pictures of a video's first seconds.

    Args:
        model: who recognises faces, as the run's configuration says (`embed.model`).

    Raises:
        BadInputError: if it cannot be read, or does not show one person whose face can be compared.
    """
    if not path.is_file():
        raise BadInputError(f"{path}: no such file")
    is_video = path.suffix.lower() in VIDEO_SUFFIXES
    pictures = pictures_of(path) if is_video else iter([read_photo(path)])
    embedder = face_embedder(model)
    views = list(_views(path, pictures, several=is_video))
    weights = np.array([quality for _, quality in views], np.float32)
    face = clip_face([view for view, _ in views], weights, _NO_PRINT, embedder)
    if face is None:
        raise BadInputError(
            f"{path}: no face that can be compared: it is too small, turned away, hidden or drawn"
        )
    return face


def _views(path: Path, pictures: Iterator[Image], *, several: bool) -> Iterator[tuple[FaceView, float]]:
    config, landmarks = CollectConfig(), LandmarkConfig()
    extractor = landmark_extractor(landmarks.min_score, landmarks.model_complexity)
    number = 0
    for picture in pictures:
        found = faces_in(picture)
        if several and not found.faces:
            continue
        box = only_face(path, found)
        extractor.reset()
        seen = extractor.extract(picture, region_around(box, landmarks))
        quality = 0.0 if seen.face is None else view_quality(picture, seen.face, config.min_height_px)
        if seen.face is not None and quality > 0:
            yield cut_view(picture, seen.face, config), quality
            number += 1
        if number == _MOST_VIEWS:
            return


def candidates(
    face: ClipFace, known: Sequence[KnownFace], *, measured: bool, bound: float
) -> list[Candidate]:
    """Return the people of a run by how near a face is to theirs, the nearest first.

    Clips in which nobody was recognised stand for themselves.

    Args:
        measured: whether `LIKENESS` was measured for the descriptors.
        bound: the distance within which the run takes faces for one person's, where it was not.
    """
    here = [one for one in known if one.face.embedder == face.embedder]
    away = Faces.of([one.face for one in here]).distances(Faces.of([face]))
    groups: dict[str, list[tuple[KnownFace, float]]] = defaultdict(list)
    for one, distance in zip(here, away[:, 0] if len(here) else (), strict=True):
        groups[one.clip["identity_identity_id"] or f"clip:{one.clip['clip_id']}"].append(
            (one, float(distance))
        )
    found = [_candidate(group, len(groups), measured=measured, bound=bound) for group in groups.values()]
    return sorted(found, key=lambda c: (c.distance, c.identity_id or ""))


def _candidate(
    group: Sequence[tuple[KnownFace, float]], num_people: int, *, measured: bool, bound: float
) -> Candidate:
    distance = float(np.sqrt(np.mean([d**2 for _, d in group])))
    chance = missed = None
    if measured:
        strangers, missed = likeness(distance)
        chance = chance_among(strangers, num_people)
    clips = sorted(
        (FoundClip(distance=round(d, 3), **_told(one)) for one, d in group), key=lambda c: c.distance
    )
    return Candidate(
        identity_id=group[0][0].clip["identity_identity_id"],
        distance=round(distance, 3),
        chance_of_stranger=chance,
        missed=missed,
        verdict=_verdict(distance, chance, bound),
        clips=tuple(sorted(clips, key=lambda clip: clip.distance)),
    )


def _told(known: KnownFace) -> dict[str, Any]:
    names = ("clip_id", "source_name", "start_seconds", "end_seconds", "status")
    return {name: known.clip[name] for name in names}


def likeness(distance: float) -> tuple[float, float]:
    """Return the share of pairs of strangers that are nearer, and of pairs of one person that are farther.

    Between the measured distances the logarithm of the first and the second itself run straight. Nearer than
    all of them the first is extrapolated, and the second stays, which is more than it can be.
    """
    first, last = LIKENESS[0], LIKENESS[-1]
    if distance <= first[0]:
        return max(first[1] * exp(_FALL * (distance**2 - first[0] ** 2)), _LEAST_SHARE), first[2]
    for (near, few, far), (near2, few2, far2) in pairwise(LIKENESS):
        if distance <= near2:
            share = (distance - near) / (near2 - near)
            return exp(log(few) + share * (log(few2) - log(few))), far + share * (far2 - far)
    return 1.0, last[2]


def chance_among(strangers: float, num_people: int) -> float:
    """Return the chance that one of so many strangers at least is as near as a share of all strangers is."""
    return 1.0 - (1.0 - strangers) ** num_people


def _verdict(distance: float, chance: float | None, bound: float) -> Verdict:
    if chance is None:
        return "possibly" if distance <= bound else "unlikely"
    if chance <= _PROBABLY:
        return "probably"
    return "possibly" if chance <= _POSSIBLY else "unlikely"
