"""The light rows that the bias report is made from: one a clip and one a video, without media."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from schemas.adults import ADULT_YEARS
from schemas.attributes import UNKNOWN, attributes_of, declared_attributes, person_of
from schemas.groups import years_of
from schemas.outcomes import Failure, Rejection
from schemas.records.clip import Clip
from schemas.records.video import Video

FAILED = "failed"
_YOUNG_UNTIL = 30.0


@dataclass(frozen=True, slots=True)
class Label:
    """A value of an attribute and whether it is declared (not estimated)."""

    value: str
    declared: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A clip, or at level `video` a video of which no clip or some came.

    `stage` and `reasons` say where and why it ended, the reason given first; '' if it was accepted.
    `scores` belong to the configured scores, NaN where not computed; `split` is what an accepted clip is for.
    `speaker` is as declared; `young` are people of 18 to 29, as declared, else as perceived.
    """

    level: str
    row_id: str
    person: str
    seconds: float
    labels: Mapping[str, Label]
    stage: str = ""
    reasons: tuple[str, ...] = ()
    weight: float = 1.0
    scores: tuple[float, ...] = ()
    split: str = "train"
    licence: str = ""
    consent: str = ""
    speaker: str = ""
    young: bool = False


def clip_row(clip: Clip, paths: Sequence[str]) -> Row:
    """Return a clip's row, before it is known how the clip ended."""
    labels = {name: Label(a.value, a.source == "declared") for name, a in attributes_of(clip).items()}
    weight = 1.0 if clip.sampling_weight is None else clip.sampling_weight
    return Row(
        "clip", clip.clip_id, person_of(clip), clip.duration_seconds, labels,
        weight=weight, scores=tuple(_score(clip, path) for path in paths), split=clip.split or "train",
        licence=clip.source.licence or "", consent=clip.source.consent or "",
        speaker=clip.source.speaker_id or "", young=_is_young(clip),
    )  # fmt: skip


def _is_young(clip: Clip) -> bool:
    age = attributes_of(clip).get("age_group")
    if age is None or age.value == UNKNOWN:
        return False
    if age.score is not None:
        return ADULT_YEARS <= age.score < _YOUNG_UNTIL
    span = years_of(age.value)
    return span is not None and span[0] >= ADULT_YEARS and span[1] <= _YOUNG_UNTIL


def _score(clip: Clip, path: str) -> float:
    value: Any = clip
    for name in path.split("."):
        value = getattr(value, name, None)
    return float("nan") if value is None else float(value)


def ended(row: Row, rejections: Iterable[Rejection], failures: Iterable[Failure]) -> Row:
    """Return a clip's row with where and why it ended."""
    for rejection in rejections:
        stage = rejection.stage.removeprefix("filter_")
        # Rules name others that the clip breaks; what other stages say beside their reason is no filter.
        also = rejection.also if stage != rejection.stage else ()
        return replace(row, stage=stage, reasons=(rejection.reason, *also))
    for failure in failures:
        return replace(row, stage=failure.stage, reasons=(FAILED,))
    return row


def video_row(video: Video, num_clips: int, lost: Iterable[Rejection]) -> Row:
    """Return a video's row: without clips, it ended for the reason that took most of its seconds."""
    labels = {a.name: Label(a.value, True) for a in declared_attributes(video.source)}
    speaker = video.source.speaker_id or ""
    person = f"speaker:{speaker}" if speaker else f"video:{video.video_id}"
    row = Row("video", video.video_id, person, video.duration_seconds, labels, speaker=speaker)
    if num_clips:
        return row
    seconds: dict[str, float] = {}
    for rejection in sorted(lost, key=lambda r: (r.reason, r.start_seconds or 0.0)):
        seconds[rejection.reason] = seconds.get(rejection.reason, 0.0) + (rejection.seconds or 0.0)
    worst = max(sorted(seconds), key=lambda reason: seconds[reason], default=FAILED)
    return replace(row, stage="survey", reasons=(worst,))


def linked(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with declared speakers named by their identity, so that nobody counts twice.

    Clips that a filter turned down have no identity. If all that is recognised of a speaker is one person,
    the rest is of that person too; if it is several, the declaration is not to be trusted.
    """
    found: dict[str, set[str]] = {}
    for row in rows:
        if row.speaker and row.person.startswith("identity:"):
            found.setdefault(row.speaker, set()).add(row.person)
    one = {f"speaker:{speaker}": min(people) for speaker, people in found.items() if len(people) == 1}
    return [replace(row, person=one.get(row.person, row.person)) for row in rows]
