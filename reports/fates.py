"""What became of a video, in plain words: the stages it went through, then every span in order of time.

Pure: rows of the tables in, lines of at most WIDTH characters out.
"""

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports import captions, formats, reasons
from reports.reasons import Rule
from reports.remedies import WITHOUT_SETTING, remedy_of_error, setting_of
from reports.timeline import Span, uncovered
from schemas.stages import STAGE, STAGES

WIDTH = 100
Row = Mapping[str, Any]
# Pictures end on frames, sound and containers do not.
_HAIR_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoRows:
    """All rows that speak of one input, by the name it has in the tables.

    `video` is None where it was no readable video; `twin` is the name of the file with the same bytes that
    was kept in its place. `clips`, `shots`, `tracks` and outcomes are the video's own.
    """

    name: str
    video: Row | None
    twin: str | None
    shots: Sequence[Row]
    tracks: Sequence[Row]
    clips: Sequence[Row]
    rejections: Sequence[Row]
    failures: Sequence[Row]


def wrapped(text: str, indent: int = 0, hanging: int = 4) -> list[str]:
    """Return text as lines of at most WIDTH characters; what follows the first is indented more."""
    lead = " " * indent
    return textwrap.wrap(
        text, WIDTH, initial_indent=lead, subsequent_indent=lead + " " * hanging, break_on_hyphens=False
    )


def video_lines(rows: VideoRows, rules: list[Rule]) -> list[str]:
    """Return what became of a video."""
    lines = [*wrapped(formats.prose(rows.name)), *wrapped(_facts(rows), 2), "", "Stages"]
    lines += [line for text in _stages(rows) for line in wrapped(text, 2, hanging=13)]
    spans = _spans(rows)
    if spans:
        lines += ["", "Spans, in order of time"]
        lines += [line for _, row, outcome in spans for line in _span_lines(row, outcome, rules)]
    whole = [o for o in (*rows.rejections, *rows.failures) if o["level"] == "video"]
    for outcome in whole:
        lines += ["", "The whole file", *outcome_lines(outcome, rules, 2)]
    if rows.video is not None and rows.twin is None and not whole:
        lines += ["", *wrapped(_sum([span for span, _, _ in spans], rows.video["duration_seconds"]))]
    return [*lines, *hint(rows.rejections, rules)]


def hint(rejections: Iterable[Row], rules: list[Rule]) -> list[str]:
    """Return how a changed setting takes effect, if any setting decides one of these rejections."""
    if not any(setting_of(r["reason"], r["score"], r["threshold"], rules) for r in rejections):
        return []
    return [
        "",
        *wrapped(
            "A changed filter or balance takes effect with `package OUT --config FILE`; any other setting "
            "with `curate`, which redoes what depends on it and nothing else.",
            hanging=0,
        ),
    ]


def _facts(rows: VideoRows) -> str:
    video = rows.video
    if video is None:
        return "no video that could be used"
    about = captions.facts(video, video["duration_seconds"])
    sound = f"{video['video_codec']} and {video['audio_codec'] or 'no sound'}"
    return f"video {video['video_id']}: {about}, {formats.prose(sound)}"


def _stages(rows: VideoRows) -> list[str]:
    """Return a line a stage, up to the last that was reached: what it found, let pass or turned down."""
    ended = _ends_by_stage(rows)
    told: list[str] = []
    left = len(rows.clips)
    for stage in STAGES:
        gone = ended.get(stage.name, Counter())
        if stage.level == "video":
            told.append(f"{stage.name:<12} {_video_stage(stage.name, rows, gone)}")
            if gone or (stage.name == "deduplicate" and rows.twin is not None):
                return told
        elif left:
            why = ", ".join(f"{n} {reason}" for reason, n in sorted(gone.items()))
            left -= sum(gone.values())
            lost = f", lost {why}" if why else ""
            told.append(f"{stage.name:<12} {formats.plural(left, 'clip')} passed{lost}")
    return told


def _ends_by_stage(rows: VideoRows) -> dict[str, Counter[str]]:
    """Return how many elements ended in each stage, and why; lost spans end nothing."""
    ended: dict[str, Counter[str]] = {}
    for row in rows.rejections:
        if row["level"] != "span":
            stage = row["stage"].removeprefix("filter_")
            ended.setdefault(stage, Counter())[reasons.title(row["reason"]).lower()] += 1
    for row in rows.failures:
        ended.setdefault(row["stage"], Counter())["failed"] += 1
    return ended


def _video_stage(stage: str, rows: VideoRows, gone: Counter[str]) -> str:
    if gone:
        return ", ".join(gone)
    if stage == "deduplicate" and rows.twin is not None:
        return f"the same bytes as {formats.prose(rows.twin)}, which is kept"
    if not (rows.shots or rows.tracks or rows.clips) or stage in ("probe", "deduplicate"):
        return "passed"
    found = ((rows.shots, "shot"), (rows.tracks, "followed face"), (rows.clips, "clip"))
    return ", ".join(formats.plural(len(rows), noun) for rows, noun in found)


def _spans(rows: VideoRows) -> list[tuple[Span, Row, Row | None]]:
    """Return clips and lost spans in order of time, each with its outcome where it has one."""
    ends = {row["subject_id"]: row for row in (*rows.rejections, *rows.failures)}
    found: list[tuple[Span, Row, Row | None]] = [
        (_span(clip, clip["status"]), clip, ends.get(clip["clip_id"])) for clip in rows.clips
    ]
    found += [(_span(row, "rejected"), row, row) for row in rows.rejections if row["level"] == "span"]
    return sorted(found, key=lambda f: (f[0].start_seconds, f[0].end_seconds, str(f[1].get("clip_id"))))


def _span(row: Row, kind: Any) -> Span:
    return Span(start_seconds=row["start_seconds"], end_seconds=row["end_seconds"], kind=kind)


def time_of(row: Row) -> str:
    """'0:12.0 to 0:18.4 (6.4 s)'."""
    start, end = row["start_seconds"], row["end_seconds"]
    return f"{formats.clock(start, 1)} to {formats.clock(end, 1)} ({formats.duration(end - start)})"


def _span_lines(row: Row, outcome: Row | None, rules: list[Rule]) -> list[str]:
    if "clip_id" not in row:
        return [*wrapped(f"{time_of(row)}: no clip", 2), *outcome_lines(row, rules, 6)]
    lines = wrapped(f"{time_of(row)}: clip {row['clip_id']}, {ending(row)}", 2)
    return lines if outcome is None else [*lines, *outcome_lines(outcome, rules, 6)]


def ending(clip: Row) -> str:
    """Say how a clip ended, and how it is drawn in training."""
    if clip["status"] != "accepted":
        return str(clip["status"])
    weight = clip["sampling_weight"]
    drawn = "" if weight in (None, 1.0) else f", weight {formats.number(weight)}"
    return f"accepted, split {clip['split'] or 'none'}{drawn}"


def outcome_lines(outcome: Row, rules: list[Rule], indent: int) -> list[str]:
    """Return a rejection or failure in words: why, what was measured, and what would change it."""
    if "error" in outcome:
        said = f"failed in {outcome['stage']}: {outcome['error_type']}: {formats.prose(outcome['error'])}"
        return [*wrapped(said, indent), *wrapped(f"To do: {remedy_of_error(outcome['error_type'])}", indent)]
    reason, score, threshold = outcome["reason"], outcome["score"], outcome["threshold"]
    said = f"{reasons.title(reason)}{_after(outcome['stage'])}. {reasons.explain(reason, rules)}"
    measured = captions.measured(reason, score, threshold, outcome["also"] or (), rules)
    setting = setting_of(reason, score, threshold, rules)
    change = f"Setting: {setting}" if setting else WITHOUT_SETTING.get(reason, "No setting is known for it.")
    numbers = f"{measured[:1].upper()}{measured[1:]}. " if measured else ""
    return [*wrapped(said, indent), *wrapped(numbers + change, indent)]


def _after(stage: str) -> str:
    """Name the stage that turned something down; where no clip was cut, all of it is the survey."""
    name = stage.removeprefix("filter_")
    if name not in STAGE:
        return ""
    return f" (after {name})" if name != stage else f" (in {name})"


def _sum(spans: Sequence[Span], duration: float) -> str:
    """Say whether the spans add up to the video's length."""
    gaps = [(a, b) for a, b in uncovered(spans, duration) if b - a > _HAIR_SECONDS]
    if not gaps:
        return f"The spans add up to all {formats.duration(duration)} of the video."
    missing = formats.duration(sum(end - start for start, end in gaps))
    places = ", ".join(f"{formats.clock(a, 1)} to {formats.clock(b, 1)}" for a, b in gaps[:5])
    return (
        f"The spans do not add up: {missing} of {formats.duration(duration)} are in none ({places}). "
        "That should not be: please report it."
    )
