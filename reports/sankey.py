"""Geometry of the flow of groups through the stages, from all clips at the top to the data set below.

x is in percent of the figure's width, y in px, so that it fits any screen: bands are drawn in a plane
stretched to the width, bars and text over it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from reports import formats, reasons
from reports.flow import Flow
from reports.groups import group_title

FLOW_PERCENT = 58.0
BAR_PX = 18
GAP_PX = 56
SIDE_PERCENT = 6.0
TOP_PX = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A group's part of a row; `style` is its fill."""

    x: float
    y: float
    width: float
    style: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """A group's way from one row to the next or out of the flow, as an SVG path in (percent, px)."""

    path: str
    style: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A line of text; `anchor` is its SVG text anchor."""

    x: float
    y: float
    text: str
    anchor: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sankey:
    """The flow of one attribute's groups; `summary` says it in words."""

    attribute: str
    height: float
    bars: tuple[Bar, ...]
    bands: tuple[Band, ...]
    texts: tuple[Text, ...]
    summary: str


def build_sankey(attribute: str, flow: Flow, styles: Sequence[str]) -> Sankey:
    """Place a flow; styles are the fills of its groups."""
    groups, counts, steps = flow.groups, flow.counts, flow.steps
    total = max(sum(counts), 1)
    scale = FLOW_PERCENT / total
    left = list(counts)
    bars: list[Bar] = []
    bands: list[Band] = []
    texts = [Text(x=0, y=TOP_PX - 7, text=f"All clips: {formats.count(sum(left))}", anchor="start")]
    y = float(TOP_PX)
    for step in steps:
        bars += _row_bars(groups, left, scale, 0.0, y, styles)
        lost = [min(gone, there) for gone, there in zip(step.lost, left, strict=True)]
        kept = [there - gone for there, gone in zip(left, lost, strict=True)]
        out = sum(kept) * scale + SIDE_PERCENT
        bands += _bands(kept, lost, scale, out, y, styles)
        y += GAP_PX + BAR_PX
        stages = formats.prose(", ".join(reasons.title(stage) for stage in step.stages), 60)
        bars += _row_bars(groups, lost, scale, out, y, styles, f" lost in {stages}")
        short = reasons.title(step.stages[0]) + (" …" if len(step.stages) > 1 else "")  # bars say it whole
        name = f"{short}: {formats.count(sum(lost))} lost"
        texts.append(Text(x=round(out + sum(lost) * scale + 1, 3), y=y + 14, text=name, anchor="start"))
        left = kept
    bars += _row_bars(groups, left, scale, 0.0, y, styles)
    texts.append(
        Text(x=0, y=y + BAR_PX + 15, text=f"In the data set: {formats.count(sum(left))}", anchor="start")
    )
    shares = ", ".join(
        f"{group_title(g)} {formats.count(a)} of {formats.count(b)}"
        for g, a, b in zip(groups, left, counts, strict=True)
    )
    return Sankey(
        attribute=attribute,
        height=y + BAR_PX + 22,
        bars=tuple(bars),
        bands=tuple(bands),
        texts=tuple(texts),
        summary=f"In the data set: {shares}.",
    )


def _row_bars(
    groups: Sequence[str],
    counts: Sequence[int],
    scale: float,
    x: float,
    y: float,
    styles: Sequence[str],
    remark: str = "",
) -> list[Bar]:
    """Return the groups side by side from x on."""
    bars: list[Bar] = []
    for group, count, style in zip(groups, counts, styles, strict=True):
        if count:
            label = f"{group_title(group)}: {formats.plural(count, 'clip')}{remark}"
            bars.append(Bar(x=round(x, 3), y=y, width=round(count * scale, 3), style=style, label=label))
        x += count * scale
    return bars


def _bands(
    kept: Sequence[int], lost: Sequence[int], scale: float, out: float, y: float, styles: Sequence[str]
) -> list[Band]:
    """Return each group's way on and its way out (to x = `out`), from the foot of a row."""
    bands: list[Band] = []
    top, foot = 0.0, 0.0
    start, end = y + BAR_PX, y + BAR_PX + GAP_PX
    for stays, goes, style in zip(kept, lost, styles, strict=True):
        if stays:
            bands.append(_band(top, foot, stays * scale, start, end, style))
        if goes:
            bands.append(_band(top + stays * scale, out, goes * scale, start, end, style))
        top, foot, out = top + (stays + goes) * scale, foot + stays * scale, out + goes * scale
    return bands


def _band(x0: float, x1: float, width: float, y0: float, y1: float, style: str) -> Band:
    middle = (y0 + y1) / 2
    there = f"C{x0 + width:.3f},{middle:g} {x1 + width:.3f},{middle:g} {x1 + width:.3f},{y1:g}"
    back = f"C{x1:.3f},{middle:g} {x0:.3f},{middle:g} {x0:.3f},{y0:g}"
    return Band(path=f"M{x0 + width:.3f},{y0:g} {there} L{x1:.3f},{y1:g} {back}Z", style=style)
