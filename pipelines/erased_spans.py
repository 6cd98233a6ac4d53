"""What a survey made of a video, without the spans that were erased of it.

An artefact is never changed, but for this: sound, faces and proposals of what was erased go out of it, and
what was made of the other clips stays as it is, under the same name. So the clips that stay can be packaged
without the video, and the next run finds nothing of the erased ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipelines.artefacts import ArtefactStore, artefact_of
from pipelines.elements import VisitResult
from pipelines.erased import REASON, Erased, Span, overlaps
from schemas.outcomes import Rejection, span_rejection
from schemas.records.clip import Clip
from schemas.records.video import Artefact
from schemas.sample import SAMPLING_RATE_HZ, pcm_of_wav, wav_of_pcm
from transforms.clip_sound import MARGIN_SECONDS

# A clip's sound may have been moved against its pictures by up to this (`transforms.score_sync`): so much of
# the margin belongs to the clip, though it lies beyond it.
_MOVED_SECONDS = 0.4


def erased_rejection(clip: Clip) -> Rejection:
    """Return what tells of an erased clip in the tables: its time, and nothing of who was in it."""
    span = (clip.start_seconds, clip.end_seconds)
    return _erased_span(clip.shot_id, clip.video_id, clip.source.name, span)


def _erased_span(shot_id: str, video_id: str, source_name: str, span: Span) -> Rejection:
    return span_rejection(
        span,
        part_of=shot_id,
        kind=REASON,
        stage="propose_clips",
        video_id=video_id,
        source_name=source_name,
        reason=REASON,
    )


def without_spans(
    result: VisitResult, erased: Erased, store: ArtefactStore
) -> tuple[VisitResult, list[Rejection]]:
    """Take what was erased of a video out of its survey, and out of what that keeps; tells of it as spans."""
    spans = erased.spans_of(result.outputs[0].clip.video_id) if result.outputs else ()
    gone = [t for t in result.outputs if overlaps(t.clip.start_seconds, t.clip.end_seconds, spans)]
    if not gone:
        return result, []
    kept = tuple(task for task in result.outputs if task not in gone)
    tracks = {task.clip.track_id for task in gone} - {task.clip.track_id for task in kept}
    artefact = artefact_of(gone[0].clip.artefacts, "survey")
    if artefact is not None:
        strip_survey(store, gone[0].clip.video_id, artefact, spans)
    left = tuple(track for track in result.tracks if track.track_id not in tracks)
    return replace(result, outputs=kept, tracks=left), [erased_rejection(t.clip) for t in gone]


def strip_survey(store: ArtefactStore, owner: str, artefact: Artefact, spans: Sequence[Span]) -> bool:
    """Take what overlaps spans out of a survey's artefact; returns whether it is there and whole afterwards.

    Cut short at any moment, the artefact is whole, and a second call does what is left.

    Raises:
        OSError: if it cannot be read or written.
    """
    record = store.find(owner, artefact)
    if record is None:
        return False
    gone = [c for c in record["clips"] if overlaps(c["start_seconds"], c["end_seconds"], spans)]
    kept = [c for c in record["clips"] if c not in gone]
    dropped = {f"sound-{clip['clip_id']}.wav" for clip in gone}
    changed: dict[str, bytes] = {}
    for clip in kept:
        part = f"sound-{clip['clip_id']}.wav"
        if part in record["parts"]:
            before = store.read(owner, artefact, part)
            after = _quiet(before, clip["start_seconds"], clip["end_seconds"], spans)
            changed |= {part: after} if after != before else {}
    store.shrink(owner, artefact, _record(record, gone, kept, dropped), changed)
    return True


def _record(
    record: Mapping[str, Any],
    gone: Sequence[Mapping[str, Any]],
    kept: Sequence[Mapping[str, Any]],
    dropped: set[str],
) -> dict[str, Any]:
    tracks = {clip["track_id"] for clip in gone} - {clip["track_id"] for clip in kept}
    told: list[dict[str, Any]] = []
    for clip in gone:
        span = (clip["start_seconds"], clip["end_seconds"])
        found = _erased_span(clip["shot_id"], clip["video_id"], "", span)
        plain = {name: getattr(found, name) for name in Rejection.__slots__ if name != "source_name"}
        told.append({**plain, "also": []})
    return {
        **record,
        "clips": list(kept),
        "tracks": [track for track in record["tracks"] if track["track_id"] not in tracks],
        "rejections": [*record["rejections"], *told],
        "parts": {name: size for name, size in record["parts"].items() if name not in dropped},
    }


def _quiet(wav: bytes, start: float, end: float, spans: Sequence[Span]) -> bytes:
    """Return a clip's sound with silence where its margins reach into a span."""
    samples = pcm_of_wav(wav, SAMPLING_RATE_HZ).copy()
    first = start - MARGIN_SECONDS
    own = slice(*(_sample(t - first) for t in (start - _MOVED_SECONDS, end + _MOVED_SECONDS)))
    mine = samples[own].copy()
    for low, high in spans:
        samples[max(_sample(low - first), 0) : max(_sample(high - first), 0)] = 0
    samples[own] = mine
    return wav_of_pcm(samples, SAMPLING_RATE_HZ)


def _sample(seconds: float) -> int:
    return round(seconds * SAMPLING_RATE_HZ)
