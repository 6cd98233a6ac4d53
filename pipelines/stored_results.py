"""What of a visit's result is kept in its artefact's record, and the result again from there.

What a manifest declares is not kept: it may have changed since, and is taken from the element.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipelines.elements import ClipTask, VisitResult, subject_of
from pipelines.stages import Visit
from schemas.outcomes import Rejection
from schemas.plain import from_plain, hints_of, to_plain
from schemas.records.clip import Clip
from schemas.records.source import Source
from schemas.records.video import Artefact, FaceTrack, Shot, Video


def record_of(result: VisitResult, visit: Visit) -> dict[str, Any]:
    """Return what is kept of a result, as plain values."""
    kept: dict[str, Any] = {
        "cpu_seconds": {step: round(seconds, 4) for step, seconds in result.cpu_seconds.items()},
        "frames_decoded": result.frames_decoded,
        "rejections": _without_source(result.rejections),
    }
    if visit.stage == "probe":
        return {**kept, "videos": _without_source(result.outputs)}
    if visit.stage == "survey":
        return {
            **kept,
            "clips": _without_source([task.clip for task in result.outputs]),
            "tracks": [to_plain(track) for track in result.tracks],
            "shots": [to_plain(shot) for shot in result.shots],
        }
    (task,) = result.outputs
    return {**kept, "gives": {name: to_plain(getattr(task.clip, name)) for name in visit.gives}}


def result_of_record(
    record: Mapping[str, Any], element: Any, visit: Visit, artefact: Artefact
) -> VisitResult:
    """Return the result that a record was made of, for an element as it is declared now.

    Raises:
        KeyError, TypeError, ValueError: if the record is not one of this visit's.
    """
    name = _source(element).name
    return named(
        VisitResult(
            outputs=_outputs(record, element, visit),
            rejections=tuple(from_plain(Rejection, {**r, "source_name": name}) for r in record["rejections"]),
            shots=tuple(from_plain(Shot, shot) for shot in record.get("shots", ())),
            tracks=tuple(from_plain(FaceTrack, track) for track in record.get("tracks", ())),
            cpu_seconds=record["cpu_seconds"],
            frames_decoded=record["frames_decoded"],
            reused=True,
        ),
        element,
        artefact,
    )


def _outputs(record: Mapping[str, Any], element: Any, visit: Visit) -> tuple[Any, ...]:
    source = to_plain(_source(element))
    if visit.stage == "probe":
        return tuple(from_plain(Video, {**v, "source": source}) for v in record["videos"])
    if visit.stage == "survey":
        tracks = {t["track_id"]: from_plain(FaceTrack, t) for t in record["tracks"]}
        clips = [from_plain(Clip, {**c, "source": source}) for c in record["clips"]]
        return tuple(ClipTask(clip=c, video=element, track=tracks[c.track_id]) for c in clips)
    types = hints_of(Clip)
    found = {name: from_plain(types[name], record["gives"][name]) for name in visit.gives}
    return (replace(element, clip=replace(element.clip, **found)),)


def named(result: VisitResult, element: Any, artefact: Artefact) -> VisitResult:
    """Return a result whose clips name the artefact they come from.

    A video names what its survey made of it; what the probe made is named by its place and tells nothing.
    """
    if artefact.stage == "probe":
        return result
    tasks = [
        replace(task, clip=replace(task.clip, artefacts=(*task.clip.artefacts, artefact)))
        for task in result.outputs
    ]
    return replace(result, outputs=tuple(tasks))


def _without_source(records: Sequence[Any]) -> list[dict[str, Any]]:
    plain = [to_plain(record) for record in records]
    for values in plain:
        values.pop("source", None)
        values.pop("source_name", None)
    return plain


def _source(element: Any) -> Source:
    return subject_of(element).source
