"""What became of every second of a video: spans on a time axis, stacked in lanes.

    0:00          0:20          0:40        1:00
    |-------------|-------------|------------|
    [AAAAAAA][aa!!][AAAAAAAA]   ............     lane 0: first person
         [xxxxx][AAAAAA]                         lane 1: a second person at the same time

Pure: rows in, placed spans out; `reports.strips` draws them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["accepted", "rejected", "failed", "candidate"]
MAX_LANES = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Half-open [start, end) seconds of a video and what became of it.

    `track_id` says whose lane it belongs to; `reason` is set for rejections, `note` for people.
    """

    start_seconds: float
    end_seconds: float
    kind: Kind
    reason: str = ""
    track_id: str | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """Spans that do not overlap, and the face tracks behind them, both in order of time."""

    spans: tuple[Span, ...]
    tracks: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Track:
    """One followed face: its id and its half-open span in seconds."""

    track_id: str
    start_seconds: float
    end_seconds: float


def stack(spans: Iterable[Span], tracks: Iterable[Track]) -> list[Lane]:
    """Place tracks, then spans, into as few lanes as a first-fit in order of time needs.

    A span lies in its track's lane unless something is there already (a clip and a rejected
    rest may overlap); spans without a track take the first free lane. The number of lanes is
    not limited here.
    """
    lanes: list[list[Span]] = []
    track_lanes: list[list[Track]] = []
    home: dict[str, int] = {}
    for track in sorted(tracks, key=lambda t: (t.start_seconds, t.end_seconds, t.track_id)):
        index = next(
            (i for i, held in enumerate(track_lanes) if held[-1].end_seconds <= track.start_seconds + 1e-6),
            len(track_lanes),
        )
        if index == len(track_lanes):
            track_lanes.append([])
            lanes.append([])
        track_lanes[index].append(track)
        home[track.track_id] = index
    for span in sorted(spans, key=_place_order):
        preferred = home.get(span.track_id or "", 0)
        order = [preferred, *(i for i in range(len(lanes)) if i != preferred)]
        index = next((i for i in order if i < len(lanes) and _free(lanes[i], span)), len(lanes))
        if index == len(lanes):
            lanes.append([])
            track_lanes.append([])
        lanes[index].append(span)
    return [
        Lane(
            spans=tuple(sorted(held, key=lambda s: s.start_seconds)),
            tracks=tuple((t.start_seconds, t.end_seconds) for t in behind),
        )
        for held, behind in zip(lanes, track_lanes, strict=True)
    ]


def _place_order(span: Span) -> tuple[int, float, float, str]:
    # Accepted clips first: they must lie on their own face's track.
    return (0 if span.kind == "accepted" else 1, span.start_seconds, -span.end_seconds, span.reason)


def _free(held: Sequence[Span], span: Span) -> bool:
    # A hair's breadth of overlap is rounding of frame times, not another person.
    hair = 0.02
    return all(
        s.end_seconds <= span.start_seconds + hair or s.start_seconds >= span.end_seconds - hair for s in held
    )


def covered_seconds(spans: Iterable[Span], duration_seconds: float) -> float:
    """Return the length of the union of spans within [0, duration)."""
    return duration_seconds - sum(end - start for start, end in uncovered(spans, duration_seconds))


def uncovered(spans: Iterable[Span], duration_seconds: float) -> list[tuple[float, float]]:
    """Return the parts [start, end) of [0, duration) that lie in no span, in order of time."""
    gaps: list[tuple[float, float]] = []
    reached = 0.0
    for span in sorted(spans, key=lambda s: s.start_seconds):
        if span.end_seconds <= span.start_seconds:
            continue
        if span.start_seconds > reached and reached < duration_seconds:
            gaps.append((reached, min(span.start_seconds, duration_seconds)))
        reached = max(reached, span.end_seconds)
    return [*gaps, (reached, duration_seconds)] if reached < duration_seconds else gaps


def merge_small(spans: Sequence[Span], gap_seconds: float) -> list[Span]:
    """Join neighbours of one kind and reason that a screen could not tell apart.

    Used where a long video has more spans than pixels; a joined span's note counts its parts.
    """
    merged: list[tuple[Span, int]] = []
    for span in sorted(spans, key=lambda s: s.start_seconds):
        if merged:
            last, parts = merged[-1]
            alike = (last.kind, last.reason) == (span.kind, span.reason)
            if alike and span.start_seconds - last.end_seconds <= gap_seconds:
                joined = Span(
                    start_seconds=last.start_seconds,
                    end_seconds=max(last.end_seconds, span.end_seconds),
                    kind=last.kind,
                    reason=last.reason,
                    track_id=last.track_id,
                    note=f"{parts + 1} spans",
                )
                merged[-1] = (joined, parts + 1)
                continue
        merged.append((span, 1))
    return [span for span, _ in merged]


def ticks(duration_seconds: float, max_ticks: int = 6) -> list[float]:
    """Return round times from 0, at most `max_ticks`, for an axis of this length."""
    steps = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600]
    step = next((s for s in steps if duration_seconds / s < max_ticks), None)
    if step is None:
        step = 7200
        while duration_seconds / step >= max_ticks:
            step *= 2
    return [i * step for i in range(int(duration_seconds / step + 1e-9) + 1)]
