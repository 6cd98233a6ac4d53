"""One strip per input for the page's timeline: which spans, where they lie, what is said of them."""

# pyright: reportAttributeAccessIssue=false
# (pyarrow.compute makes its functions when it is imported; a type checker sees none of them)

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reports import captions, formats, reasons
from reports.metrics import SOURCE_LEVELS
from reports.reasons import Rule
from reports.run_data import RunData
from reports.timeline import MAX_LANES, Lane, Span, Track, merge_small, stack, ticks

MAX_STRIPS = 50
MAX_ROWS = 40
MAX_MARKS_UNMERGED = 150
BYTE_BUDGET = 950_000  # of the page's 2 MB; thumbnails take most of the rest
_BYTES = {"strip": 2200, "mark": 210, "row": 240}  # of the template's output, measured, rounded up
LANE_PX, LANE_STEP_PX, SHOTS_PX = 22, 27, 14


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A rectangle of a strip: x and width in percent of the time axis, y and height in px."""

    x: float
    width: float
    y: float
    height: float
    style: str
    letter: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Strip:
    """One input: its file and full name, totals, marks and axis. Without a duration the axis is unknown."""

    name: str
    source_name: str
    facts: str
    outcome: str
    marks: tuple[Mark, ...]
    cuts: tuple[float, ...]
    axis: tuple[tuple[float, str], ...]
    height: int
    rows: tuple[captions.SpanRow, ...]
    num_more_rows: int
    num_hidden_lanes: int


def evenly_spaced(items: Sequence[str], limit: int) -> list[str]:
    """Return at most `limit` items, spread evenly over the sequence, first one included."""
    if len(items) <= limit:
        return list(items)
    return [items[i * len(items) // limit] for i in range(limit)]


def build_strips(
    run: RunData, names: Sequence[str], styles: Mapping[str, tuple[str, str]], rules: list[Rule]
) -> list[Strip]:
    """Return strips for some inputs, in the given order, as many as the byte budget allows."""
    rows = _rows_by_input(run, names)
    strips: list[Strip] = []
    spent = 0
    for name in names:
        strip = _strip(name, rows[name], styles, rules)
        spent += (
            _BYTES["strip"]
            + _BYTES["mark"] * len(strip.marks)
            + _BYTES["row"] * len(strip.rows)
            + 6 * len(name)
        )
        if strips and spent > BYTE_BUDGET:
            break
        strips.append(strip)
    return strips


def _rows_by_input(run: RunData, names: Sequence[str]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Group the rows of all tables by input: below file level a row belongs to its video."""
    tables = run.tables
    inputs = pa.array(names, pa.string())
    videos = tables["videos"].filter(pc.is_in(tables["videos"]["source_name"], value_set=inputs))
    name_of = dict(zip(videos["video_id"].to_pylist(), videos["source_name"].to_pylist(), strict=True))
    ids = pa.array(list(name_of), pa.string())
    found: dict[str, dict[str, list[dict[str, Any]]]] = {name: defaultdict(list) for name in names}
    for kind in ("videos", "shots", "face_tracks", "clips"):
        for row in tables[kind].filter(pc.is_in(tables[kind]["video_id"], value_set=ids)).to_pylist():
            found[name_of[row["video_id"]]][kind].append(row)
    for kind in ("rejections", "failures"):
        table = tables[kind]
        wanted = pc.or_kleene(
            pc.is_in(table["source_name"], value_set=inputs),
            pc.is_in(table["video_id"], value_set=ids),
        )
        for row in table.filter(wanted).to_pylist():
            # A duplicate file carries the id of the video it repeats: at file level the name decides.
            by_id = None if row["level"] in SOURCE_LEVELS else name_of.get(row["video_id"])
            name = by_id or row["source_name"]
            if name in found:
                found[name][kind].append(row)
    return found


def _strip(
    source_name: str,
    rows: Mapping[str, list[dict[str, Any]]],
    styles: Mapping[str, tuple[str, str]],
    rules: list[Rule],
) -> Strip:
    video = next(iter(rows.get("videos", [])), None)
    ended = rows.get("rejections", []) + rows.get("failures", [])
    known = video["duration_seconds"] if video else next((r["seconds"] for r in ended if r["seconds"]), None)
    length = known or 1.0  # without a known length the whole strip is one outcome and has no axis
    spans = _spans(rows, length, rules)
    tracks = [
        Track(track_id=t["track_id"], start_seconds=t["start_seconds"], end_seconds=t["end_seconds"])
        for t in rows.get("face_tracks", [])
    ]
    lanes = stack(spans, tracks) or [Lane(spans=(), tracks=())]
    shown = lanes[:MAX_LANES]
    cuts = tuple(_share(s["start_seconds"], length) for s in rows.get("shots", []) if s["start_seconds"] > 0)
    listed = sorted(spans, key=lambda s: (s.start_seconds, s.end_seconds, s.reason))
    return Strip(
        name=formats.file_name(source_name),
        source_name=formats.printable(source_name, 400),
        facts=captions.facts(video, known),
        outcome=captions.outcome(spans, known),
        marks=_marks(shown, length, styles, known is not None),
        cuts=cuts if len(cuts) <= 2 * MAX_MARKS_UNMERGED else (),
        axis=_axis(known) if known else (),
        height=SHOTS_PX + LANE_STEP_PX * len(shown),
        rows=tuple(captions.row(s, styles, known is not None) for s in listed[:MAX_ROWS]),
        num_more_rows=max(0, len(listed) - MAX_ROWS),
        num_hidden_lanes=len(lanes) - len(shown),
    )


def _spans(rows: Mapping[str, list[dict[str, Any]]], length: float, rules: list[Rule]) -> list[Span]:
    """Turn rows into spans: a rejection or failure has its own span, its subject's, or the whole."""
    subjects: dict[str, dict[str, Any]] = {}
    for name, key in (("shots", "shot_id"), ("face_tracks", "track_id"), ("clips", "clip_id")):
        subjects |= {row[key]: row for row in rows.get(name, [])}
    spans = [
        _ended_span(row, subjects.get(row["subject_id"], {}), kind, length, rules)
        for name, kind in (("rejections", "rejected"), ("failures", "failed"))
        for row in rows.get(name, [])
    ]
    explained = {row["subject_id"] for name in ("rejections", "failures") for row in rows.get(name, [])}
    for clip in rows.get("clips", []):
        if clip["status"] == "accepted" or clip["clip_id"] not in explained:
            spans.append(
                Span(
                    start_seconds=clip["start_seconds"],
                    end_seconds=clip["end_seconds"],
                    kind=clip["status"],
                    track_id=clip["track_id"],
                    note=f"clip {clip['clip_id']}",
                )
            )
    return spans


def _ended_span(
    row: Mapping[str, Any], subject: Mapping[str, Any], kind: Any, length: float, rules: list[Rule]
) -> Span:
    start, end = row.get("start_seconds"), row.get("end_seconds")
    if start is None or end is None:
        start, end = subject.get("start_seconds", 0.0), subject.get("end_seconds", length)
    if kind == "failed":
        note = f"{reasons.title(row['stage'])}: {formats.prose(row['error'], 120)}"
        return Span(
            start_seconds=start, end_seconds=end, kind=kind, track_id=subject.get("track_id"), note=note
        )
    return Span(
        start_seconds=start,
        end_seconds=end,
        kind=kind,
        reason=row["reason"],
        track_id=subject.get("track_id"),
        note=captions.measured(row["reason"], row["score"], row["threshold"], row["also"] or [], rules),
    )


def _axis(length: float) -> tuple[tuple[float, str], ...]:
    times = ticks(length)
    decimals = 1 if any(t % 1 for t in times) else 0
    return tuple((_share(t, length), formats.clock(t, decimals)) for t in times)


def _share(seconds: float, length: float) -> float:
    return round(min(max(100 * seconds / length, 0.0), 100.0), 2)


def _marks(
    lanes: Sequence[Lane], length: float, styles: Mapping[str, tuple[str, str]], timed: bool
) -> tuple[Mark, ...]:
    marks: list[Mark] = []
    for number, lane in enumerate(lanes):
        top = SHOTS_PX + LANE_STEP_PX * number
        many = len(lane.spans) > MAX_MARKS_UNMERGED
        spans = merge_small(lane.spans, length / 700) if many else lane.spans
        tracks = lane.tracks if len(lane.tracks) <= MAX_MARKS_UNMERGED else ()
        for start, end in tracks:
            marks.append(
                _rect(start, end, length, top + LANE_PX / 2 - 1.5, 3, "track", "", "a face is followed")
            )
        for span in spans:
            style, letter = captions.style_of(span, styles)
            tall = span.kind == "accepted"
            y, height = (top, LANE_PX) if tall else (top + 2, LANE_PX - 4)
            label = captions.label(span, timed)
            marks.append(_rect(span.start_seconds, span.end_seconds, length, y, height, style, letter, label))
    return tuple(marks)


def _rect(
    start: float, end: float, length: float, y: float, height: float, style: str, letter: str, label: str
) -> Mark:
    x = _share(start, length)
    width = max(0.25, round(_share(end, length) - x, 2))
    shown = letter if width >= 3 else ""
    return Mark(
        x=min(x, 99.75),
        width=width,
        y=y,
        height=height,
        style=style,
        letter=shown,
        label=formats.prose(label, 160),
    )
