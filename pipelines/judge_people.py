"""Which clips of one person are kept: of copies of a recording the cleanest."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pipelines.check_people import person_found
from pipelines.config import CurateConfig
from pipelines.kept_faces import face_of
from pipelines.places import Places
from schemas.outcomes import Rejection, clip_rejection
from schemas.records.clip import Clip
from schemas.run import PeopleSummary
from transforms import cluster_identities as ci
from transforms.find_minors import bound_ages
from transforms.find_near_duplicates import Copy, DuplicateConfig, copies_among
from transforms.pool_attributes import pool_attributes

STAGE = "people"
# From this share of the face's height on another one in the crop counts; so many steps of writing and of
# size are told apart.
_SECOND_PERSON, _WRITING_STEPS, _SIZE_STEPS = 0.1, 50, 10


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """The clips of one person, the cleanest first, and what is to be known of them all together."""

    kept: Sequence[Clip]
    lost: Sequence[tuple[Clip, Rejection]]
    declared: Sequence[tuple[str, str]]  # speakers that the clips' manifest names, and the identity
    found: Sequence[PeopleSummary]
    unsettled: Sequence[tuple[str, str]]  # look-alikes whose group is not known yet


def judge_person(
    person: tuple[str, Mapping[str, Any]], config: CurateConfig, places: Places
) -> Iterator[Person]:
    """Yield the person of a join of clips with what their identity has been told of look-alikes."""
    key, joined = person
    ordered = sorted(joined["clips"], key=cleanest_first)
    if not ordered:
        return
    if ordered[0].identity is not None:
        ordered = pool_attributes(ordered, config.pool)
    ordered = bound_ages(ordered, config.minors)
    gone = _copies(ordered, config.duplicates, places) if config.duplicates.enabled else {}
    told = list(joined["alike"])
    group = ci.label_of(key, told)
    declared = _speakers(ordered)
    yield Person(
        kept=[_sharing(clip, group) for clip in ordered if clip.clip_id not in gone],
        lost=[(clip, gone[clip.clip_id]) for clip in ordered if clip.clip_id in gone],
        declared=[(speaker, key) for speaker in declared],
        found=person_found(key, len(ordered), declared) if ordered[0].identity else [],
        unsettled=ci.unsettled(key, told),
    )


def _speakers(clips: Sequence[Clip]) -> list[str]:
    """Return the speakers that are declared of clips of one identity."""
    return sorted({c.source.speaker_id for c in clips if c.source.speaker_id and c.identity})


def _sharing(clip: Clip, group: str) -> Clip:
    """Return a clip whose identity names the group of look-alikes that it shares a split with."""
    if clip.identity is None:
        return clip
    return dataclasses.replace(clip, identity=dataclasses.replace(clip.identity, split_group=group))


def cleanest_first(clip: Clip) -> tuple[Any, ...]:
    """Nobody else in the picture first, then undamaged ones without writing; larger, sharper, longer ones.

    Sizes within a tenth are equal: a copy's face is found a little larger or smaller. Which of two mirror
    images is the right way round cannot be told from a face.
    """
    seen = clip.quality
    return (
        clip.second_face_ratio >= _SECOND_PERSON,
        seen is not None and seen.damaged_frames > 0,
        round(_WRITING_STEPS * ((seen.text_area_ratio if seen else None) or 0.0)),
        -round(_SIZE_STEPS * math.log(max(clip.face_height_px, 1.0))),
        -((seen.sharpness if seen else None) or 0.0),
        -clip.num_frames,
        clip.clip_id,
    )


def _copies(clips: Sequence[Clip], config: DuplicateConfig, places: Places) -> dict[str, Rejection]:
    """Return the rejections of copies of a recording by clip id; the cleanest clips come first, and stay."""
    if len(clips) < 2:
        return {}
    found = ((clip, face_of(clip, places, with_voice=False)) for clip in clips)
    faces = [(clip, face) for clip, face in found if face is not None]
    if len(faces) < 2:
        return {}
    copies = copies_among(np.array([f.descriptor for _, f in faces]), [f.print for _, f in faces], config)
    return {
        faces[j][0].clip_id: clip_rejection(
            faces[j][0],
            STAGE,
            "near_duplicate",
            copy.agreement,
            config.min_agreement,
            _said(faces[i][0], copy),
        )
        for j, (i, copy) in copies.items()
    }


def _said(kept: Clip, copy: Copy) -> tuple[str, ...]:
    """Return in words what a clip is a copy of and how."""
    said = [f"copy of {kept.clip_id}", f"sound agrees by {copy.sound:.2f}"]
    if copy.mirrored:
        said.append("mirrored")
    if copy.speed != 1.0:
        said.append(f"played at {copy.speed:.2f} of its speed")
    return tuple(said)
