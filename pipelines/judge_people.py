"""Which clips of one person are kept: of copies of a recording the best."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from pipelines.config import CurateConfig
from pipelines.kept_faces import face_of
from pipelines.run_folder import Places
from schemas.outcomes import Rejection, clip_rejection
from schemas.records import Clip
from transforms.find_near_duplicates import DuplicateConfig, duplicate_groups, reduced

STAGE = "people"


def judge_person(
    person: tuple[str, Iterable[Clip]], config: CurateConfig, places: Places
) -> Iterator[tuple[Clip, Rejection | None]]:
    """Yield the clips of one person, the best first, and why those are rejected that are."""
    ordered = sorted(person[1], key=_best_first)
    gone = _copies(ordered, config.duplicates, places) if config.duplicates.enabled else {}
    for clip in ordered:
        yield clip, gone.get(clip.clip_id)


def _best_first(clip: Clip) -> tuple[Any, ...]:
    """Larger faces first, then sharper ones, then longer clips."""
    sharpness = (clip.quality.sharpness if clip.quality else None) or 0.0
    return -round(clip.face_height_px), -sharpness, -clip.num_frames, clip.clip_id


def _copies(clips: Sequence[Clip], config: DuplicateConfig, places: Places) -> dict[str, Rejection]:
    """Return the rejections of all but the best of each recording, by clip id. Best come first."""
    if len(clips) < 2:
        return {}
    found = [(clip, face) for clip in clips if (face := face_of(clip, places)) is not None]
    clips, faces = [clip for clip, _ in found], [face for _, face in found]
    series = [reduced(f.motion, c.fps, config) for f, c in zip(faces, clips, strict=True)]
    gone: dict[str, Rejection] = {}
    for members, alike in duplicate_groups(np.array([f.descriptor for f in faces]), series, config):
        best = clips[members[0]]
        for index in members[1:]:
            clip = clips[index]
            gone[clip.clip_id] = clip_rejection(
                clip,
                STAGE,
                "near_duplicate",
                alike[index],
                config.min_similarity,
                (f"copy of {best.clip_id}",),
            )
    return gone
