"""Which clips of one person are kept: of copies of a recording the best."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backends.protocols import FloatArray
from pipelines.check_people import person_found
from pipelines.config import CurateConfig
from pipelines.kept_faces import face_of
from pipelines.run_folder import Places
from schemas.outcomes import Rejection, clip_rejection
from schemas.records import Clip
from schemas.run import PeopleSummary
from transforms import cluster_identities as ci
from transforms.find_near_duplicates import DuplicateConfig, duplicate_groups, reduced

STAGE = "people"


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """The clips of one person, the best first, and what is to be known of them all together."""

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
    ordered = sorted(joined["clips"], key=_best_first)
    if not ordered:
        return
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


def _best_first(clip: Clip) -> tuple[Any, ...]:
    """Larger faces first, then sharper ones, then longer clips."""
    sharpness = (clip.quality.sharpness if clip.quality else None) or 0.0
    return -round(clip.face_height_px), -sharpness, -clip.num_frames, clip.clip_id


def _copies(clips: Sequence[Clip], config: DuplicateConfig, places: Places) -> dict[str, Rejection]:
    """Return the rejections of all but the best of each recording, by clip id. Best come first."""
    if len(clips) < 2:
        return {}
    seen: list[Clip] = []
    descriptors: list[FloatArray] = []
    series: list[FloatArray] = []
    for clip in clips:
        face = face_of(clip, places)
        if face is None:  # not good enough to tell copies by
            continue
        seen.append(clip)
        descriptors.append(face.descriptor)
        series.append(reduced(face.motion, clip.fps, config))
    gone: dict[str, Rejection] = {}
    for members, alike in duplicate_groups(np.array(descriptors), series, config):
        best = seen[members[0]]
        for index in members[1:]:
            clip = seen[index]
            gone[clip.clip_id] = clip_rejection(
                clip,
                STAGE,
                "near_duplicate",
                alike[index],
                config.min_similarity,
                (f"copy of {best.clip_id}",),
            )
    return gone
