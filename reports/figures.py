"""Geometry of the page's figures: histograms of scores with thresholds, and bars.

x and widths are in percent of the figure, y and heights in px, so that SVG drawn from them
fits any screen without scaling its text.
"""

# pyright: reportAttributeAccessIssue=false
# (pyarrow.compute makes its functions when it is imported; a type checker sees none of them)

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from reports import formats, metrics, reasons, score_words
from reports.reasons import Rule

NUM_BINS = 24
PLOT_PX = 84
LABEL_PX = 15
CLIP_TAILS_FROM = 200  # values; fewer are all shown on the axis
MAX_FIGURES = 24
# Scores that are always shown; those a rule filters on are added.
ALWAYS = (
    "duration_seconds",
    "audio_speech_ratio",
    "audio_snr_db",
    "quality_sharpness",
    "face_height_px",
    "quality_yaw_degrees",
    "landmarks_any_hand_ratio",
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A bin: heights in px of accepted clips and of the others stacked on them."""

    x: float
    width: float
    accepted_px: float
    other_px: float
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Threshold:
    """A rule's bound on the axis; `anchor` keeps its label within the figure."""

    x: float
    label: str
    anchor: str
    active: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Histogram:
    """One score over all clips; without values there are no bars."""

    field: str
    title: str
    meaning: str
    bars: tuple[Bar, ...]
    thresholds: tuple[Threshold, ...]
    axis: tuple[str, str, str]
    summary: str


def score_columns(clips: pa.Table) -> pa.Table:
    """Return the clips with their duration as a column."""
    return clips.append_column("duration_seconds", metrics.clip_seconds(clips))


def histograms(clips: pa.Table, rules: Sequence[Rule]) -> list[Histogram]:
    """Return the figures for the usual scores and for every score that a rule looks at."""
    table = score_columns(clips)
    numeric = {f.name for f in table.schema if pa.types.is_floating(f.type) or pa.types.is_integer(f.type)}
    ruled = [r.field for r in rules]
    fields = [f for f in dict.fromkeys([*ALWAYS, *ruled]) if f in numeric][:MAX_FIGURES]
    is_accepted = np.asarray(pc.equal(table["status"], "accepted").to_pylist(), dtype=bool)
    return [
        histogram(
            field,
            table[field].cast(pa.float64()).to_numpy(zero_copy_only=False),
            is_accepted,
            [r for r in rules if r.field == field],
        )
        for field in fields
    ]


def histogram(
    field: str, values: Floats, is_accepted: npt.NDArray[np.bool_], rules: Sequence[Rule]
) -> Histogram:
    """Bin one score (n values, NaN where not computed) and place its rules' bounds."""
    title, unit, meaning = score_words.FIELDS.get(field, (reasons.title(field), "", "a score of the clip"))
    scale = 100.0 if unit == "ratio" else 1.0
    unit = "%" if unit == "ratio" else unit
    finite = np.isfinite(values)
    shown, kept = values[finite] * scale, is_accepted[finite]
    bounds = [
        (b * scale, "min" if b is r.minimum else "max", r)
        for r in rules
        for b in (r.minimum, r.maximum)
        if b is not None
    ]
    low, high = axis_range(shown, [b for b, _, _ in bounds], unit)
    return Histogram(
        field=field,
        title=title,
        meaning=meaning,
        bars=_bars(shown, kept, low, high, unit) if shown.size else (),
        thresholds=tuple(_threshold(b, side, rule, low, high, unit) for b, side, rule in bounds),
        axis=(_with_unit(low, unit), _with_unit((low + high) / 2, unit), _with_unit(high, unit)),
        summary=_summary(shown, kept, int((~finite).sum()), unit),
    )


def axis_range(values: Floats, bounds: Sequence[float], unit: str) -> tuple[float, float]:
    """Return the axis: all of 0 to 100 % for shares, else the bulk of the values and all bounds."""
    if unit == "%":
        return 0.0, 100.0
    tails = (0.5, 99.5) if values.size >= CLIP_TAILS_FROM else (0, 100)
    ends = [*np.percentile(values, tails).tolist(), *bounds] if values.size else list(bounds)
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    # Round ends, a little beyond the data: people read 0 to 800 more easily than 8.66 to 765.
    step = round_step((high - low) / 8 or max(0.1, 0.02 * abs(high)))
    first, last = np.floor(low / step - 0.05), np.ceil(high / step + 0.05)
    return float(step * (max(first, 0) if low >= 0 else first)), float(step * last)


def round_step(size: float) -> float:
    """Return the next larger of 1, 2, 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(size))
    return float(next(power * m for m in (1, 2, 5, 10) if power * m >= size * (1 - 1e-9)))


def _bars(values: Floats, kept: npt.NDArray[np.bool_], low: float, high: float, unit: str) -> tuple[Bar, ...]:
    edges = np.linspace(low, high, NUM_BINS + 1)
    inside = np.clip(values, low, high)
    accepted, _ = np.histogram(inside[kept], edges)
    other, _ = np.histogram(inside[~kept], edges)
    tallest = max(1, int((accepted + other).max()))
    step = 100 / NUM_BINS
    return tuple(
        Bar(
            x=round(i * step + 0.15, 2),
            width=round(step - 0.3, 2),
            accepted_px=round(PLOT_PX * a / tallest, 2),
            other_px=round(PLOT_PX * o / tallest, 2),
            label=f"{formats.number(edges[i])} to {_with_unit(edges[i + 1], unit)}: "
            f"{formats.count(a)} accepted, {formats.count(o)} not",
        )
        for i, (a, o) in enumerate(zip(accepted.tolist(), other.tolist(), strict=True))
        if a or o
    )


def _threshold(bound: float, side: str, rule: Rule, low: float, high: float, unit: str) -> Threshold:
    x = round(min(max(100 * (bound - low) / (high - low), 0.0), 100.0), 2)
    mode = "" if rule.mode == "on" else f" ({formats.printable(rule.mode, 20)})"
    return Threshold(
        x=x,
        label=f"{side} {_with_unit(bound, unit)}{mode}",
        anchor="start" if x < 50 else "end",
        active=rule.mode == "on",
    )


def _summary(values: Floats, kept: npt.NDArray[np.bool_], num_missing: int, unit: str) -> str:
    if not values.size:
        return "Not computed in this run." if num_missing else "No clips."
    low, middle, high = np.percentile(values, (5, 50, 95)).tolist()
    text = f"Median {_with_unit(middle, unit)}"
    if kept.any() and not kept.all():
        text += f", of accepted clips {_with_unit(float(np.median(values[kept])), unit)}"
    text += f"; nine in ten lie between {formats.number(low)} and {_with_unit(high, unit)}."
    return text + (f" Not computed for {formats.plural(num_missing, 'clip')}." if num_missing else "")


def _with_unit(value: float, unit: str) -> str:
    return score_words.join_unit(value, unit)
