"""What is said of a span or a strip in words: labels, lines of text, totals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports import formats, reasons, score_words
from reports.reasons import Rule
from reports.timeline import Span, covered_seconds

# Reasons with a colour and pattern of their own; the rest share one.
LETTERS = "ABCDEFGHIJ"
_ROW_NAMES = {"accepted": "accepted", "failed": "failed", "candidate": "not decided"}


@dataclass(frozen=True, kw_only=True, slots=True)
class SpanRow:
    """A span as a line of text under the strip."""

    time: str
    length: str
    style: str
    result: str
    note: str


def reason_styles(ordered_reasons: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return reason to (CSS style, letter): ten of their own, quiet ones, and one for the rest."""
    loud = [r for r in ordered_reasons if r not in reasons.QUIET]
    styles = {r: (f"r{i}", letter) for i, (r, letter) in enumerate(zip(loud, LETTERS, strict=False))}
    quiet = {r: ("rej", reasons.QUIET[r]) for r in ordered_reasons if r in reasons.QUIET}
    return dict.fromkeys(loud, ("rx", "·")) | styles | quiet


def measured(
    reason: str, score: float | None, threshold: float | None, also: Sequence[str], rules: list[Rule]
) -> str:
    """Say what was measured against which threshold, and what else was wrong."""
    if reason in reasons.QUIET:
        return ""  # nothing was weighed: there was no clip to measure
    field = reasons.field_of(reason, rules)
    parts = []
    if score is not None:
        parts.append(f"measured {score_words.with_unit(field, score)}")
    if threshold is not None:
        parts.append(f"threshold {score_words.with_unit(field, threshold)}")
    if also:
        parts.append("also: " + ", ".join(reasons.title(a).lower() for a in also[:4]))
    return "; ".join(parts)


def facts(video: Mapping[str, Any] | None, known: float | None) -> str:
    """Say how long, large and fast a video is, as far as it is known."""
    if video is None:
        return f"{formats.duration(known)} long" if known else "length unknown"
    rate = formats.number(video["fps"])
    return f"{formats.duration(known)} long, {video['width']}×{video['height']} px, {rate} pictures a second"


def outcome(spans: Sequence[Span], known: float | None) -> str:
    """Say what became of an input; one span over the whole file says it all."""
    if len(spans) == 1 and is_whole(spans[0], known) and spans[0].kind != "accepted":
        only = spans[0]
        said = f" ({only.note})" if only.note else ""
        return f"The whole file {'was ' if only.kind == 'rejected' else ''}{result_of(only)}{said}"
    parts = []
    for kind, noun in (("accepted", "accepted clip"), ("rejected", "rejected span"), ("failed", "failure")):
        chosen = [s for s in spans if s.kind == kind]
        if chosen or kind == "accepted":
            seconds = sum(s.end_seconds - s.start_seconds for s in chosen)
            said = [formats.duration(seconds)] if chosen and known else []
            why = sorted({reasons.title(s.reason).lower() for s in chosen if s.reason})
            said += [", ".join(why[:4]) + (", …" if len(why) > 4 else "")] if why else []
            parts.append(formats.plural(len(chosen), noun) + (f" ({': '.join(said)})" if said else ""))
    if known:
        rest = max(0.0, known - covered_seconds(spans, known))
        parts.append(f"{formats.duration(rest)} not covered" if rest >= 0.05 else "nothing left uncovered")
    return "; ".join(parts)


def is_whole(span: Span, known: float | None) -> bool:
    """Return whether a span is all of the input, or all that is known of it."""
    return known is None or (span.start_seconds <= 0.05 and span.end_seconds >= known - 0.05)


def style_of(span: Span, styles: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """Return the CSS style and the letter of a span."""
    if span.kind == "rejected":
        return styles.get(span.reason, ("rx", "·"))
    return {"accepted": ("acc", ""), "failed": ("fail", "!")}.get(span.kind, ("cand", "?"))


def result_of(span: Span) -> str:
    """Say how a span ended."""
    if span.kind != "rejected":
        return _ROW_NAMES[span.kind]
    return (
        f"rejected: {reasons.title(span.reason).lower()}" if span.reason else "rejected, reason not recorded"
    )


def label(span: Span, timed: bool) -> str:
    """Return the text shown on pointing at a span."""
    time = f"{formats.clock(span.start_seconds, 1)}–{formats.clock(span.end_seconds, 1)} " if timed else ""
    return f"{time}{result_of(span)}" + (f" ({span.note})" if span.note else "")


def row(span: Span, styles: Mapping[str, tuple[str, str]], timed: bool) -> SpanRow:
    """Return a span as a line of text."""
    start, end = formats.clock(span.start_seconds, 1), formats.clock(span.end_seconds, 1)
    return SpanRow(
        time=f"{start} – {end}" if timed else "whole file",
        length=formats.duration(span.end_seconds - span.start_seconds) if timed else formats.MISSING,
        style=style_of(span, styles)[0],
        result=result_of(span),
        note=span.note,
    )
