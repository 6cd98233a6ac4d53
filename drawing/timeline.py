"""The timeline under a clip: waveform with speech, words, and which parts are valid when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw

from drawing.style import BACKGROUND, BLUE, DIM, PANEL, PART_COLOURS, SKY, TEXT, WHITE, Image, Rgb
from drawing.text import Style, draw_text, is_rtl, text_width
from schemas.records.sound import Word

LABEL_PX = 112
_MARGIN_PX = 12
_WAVE_PX = 46
_WORDS_PX = 18
_ROW_PX = 12
_GAP_PX = 3
_LABEL = Style(size_px=11, colour=DIM)


@dataclass(frozen=True, slots=True)
class Timeline:
    """A drawn timeline and where time lies on it: x = x0 + seconds * px_per_second."""

    image: Image
    x0: float
    px_per_second: float

    def x_at(self, seconds: float) -> int:
        """Return the px column of a time."""
        return round(self.x0 + seconds * self.px_per_second)


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineData:
    """What a timeline shows: 16-bit samples, spans in seconds, and (num_frames,) masks by part."""

    samples: npt.NDArray[np.int16]
    duration_seconds: float
    speech: Sequence[tuple[float, float]]
    words: Sequence[Word]
    valid: Mapping[str, npt.NDArray[Any]]
    language: str | None


def timeline_height() -> int:
    """Return the height in px of a timeline."""
    return _WAVE_PX + _WORDS_PX + len(PART_COLOURS) * (_ROW_PX + _GAP_PX) + 3 * _GAP_PX + 6


def draw_timeline(width: int, data: TimelineData) -> Timeline:
    """Draw a clip's timeline, `width` px wide; labels stand left of the rows."""
    canvas = Pillow.new("RGB", (width, timeline_height()), BACKGROUND)
    draw = ImageDraw.Draw(canvas)
    plot = width - LABEL_PX - _MARGIN_PX
    timeline = Timeline(np.empty(0), LABEL_PX, plot / data.duration_seconds)
    y = _GAP_PX
    _draw_sound(draw, timeline, y, plot, data)
    y += _WAVE_PX + _GAP_PX
    _draw_words(draw, timeline, y, data)
    y += _WORDS_PX + _GAP_PX
    for part, colour in PART_COLOURS.items():
        _label(draw, y + _ROW_PX - 2, part.replace("_", " "), f"{data.valid[part].mean():.0%}")
        _draw_mask(draw, y, plot, data.valid[part], colour)
        y += _ROW_PX + _GAP_PX
    return Timeline(np.array(canvas), timeline.x0, timeline.px_per_second)


def _label(draw: ImageDraw.ImageDraw, baseline: float, text: str, value: str = "") -> None:
    draw_text(draw, (_MARGIN_PX, baseline), text, _LABEL)
    draw_text(draw, (LABEL_PX - 6 - text_width(value, _LABEL), baseline), value, _LABEL)


def _draw_sound(draw: ImageDraw.ImageDraw, timeline: Timeline, y: int, plot: int, data: TimelineData) -> None:
    """Draw the envelope; stretches of speech lie on a brighter ground."""
    _label(draw, y + _WAVE_PX / 2 - 4, "sound")
    draw_text(draw, (_MARGIN_PX, y + _WAVE_PX / 2 + 10), "speech", Style(size_px=11, colour=SKY))
    draw.rectangle((LABEL_PX, y, LABEL_PX + plot - 1, y + _WAVE_PX - 1), fill=PANEL)
    for start, end in data.speech:
        draw.rectangle((timeline.x_at(start), y, timeline.x_at(end) - 1, y + _WAVE_PX - 1), fill=(34, 62, 88))
    low, high = envelope(data.samples, plot)
    scale = (_WAVE_PX / 2 - 1) / max(float(np.abs(data.samples).max(initial=0)), 1.0)
    speaks = np.zeros(plot, bool)
    for start, end in data.speech:
        speaks[timeline.x_at(start) - LABEL_PX : timeline.x_at(end) - LABEL_PX] = True
    middle = y + _WAVE_PX / 2
    for x in range(plot):
        top, bottom = middle - high[x] * scale, middle - low[x] * scale
        draw.line((LABEL_PX + x, top, LABEL_PX + x, bottom), fill=SKY if speaks[x] else DIM)


def envelope(samples: npt.NDArray[np.int16], columns: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the lowest and highest sample of each of `columns` equal stretches, as float."""
    edges = np.linspace(0, len(samples), columns + 1).astype(int)
    starts = np.minimum(edges[:-1], max(len(samples) - 1, 0))
    if not len(samples):
        return np.zeros(columns), np.zeros(columns)
    return (
        np.minimum.reduceat(samples, starts).astype(np.float64),
        np.maximum.reduceat(samples, starts).astype(np.float64),
    )


def _draw_words(draw: ImageDraw.ImageDraw, timeline: Timeline, y: int, data: TimelineData) -> None:
    """Draw a block for each word that has times, with the word in it where it fits."""
    _label(draw, y + _WORDS_PX - 5, "words", str(len(data.words)) if data.words else "none")
    style = Style(size_px=11, language=data.language)
    for number, word in enumerate(data.words):
        if word.start_seconds is None or word.end_seconds is None:
            continue
        left, right = timeline.x_at(word.start_seconds), timeline.x_at(word.end_seconds)
        ground: Rgb = BLUE if number % 2 else (0, 84, 132)
        draw.rectangle((left, y, max(right - 1, left), y + _WORDS_PX - 1), fill=ground)
        if text_width(word.text, style) <= right - left - 4:
            start = right - 2 - text_width(word.text, style) if is_rtl(word.text) else left + 2
            draw_text(draw, (start, y + _WORDS_PX - 5), word.text, style)


def _draw_mask(draw: ImageDraw.ImageDraw, y: int, plot: int, mask: npt.NDArray[Any], colour: Rgb) -> None:
    """Draw where a part is valid as a full bar, elsewhere as a thin line."""
    middle = y + _ROW_PX // 2
    draw.line((LABEL_PX, middle, LABEL_PX + plot - 1, middle), fill=PANEL, width=2)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask.astype(bool), [False]])))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        left = LABEL_PX + round(start * plot / len(mask))
        right = LABEL_PX + round(end * plot / len(mask))
        draw.rectangle((left, y, max(right - 1, left), y + _ROW_PX - 1), fill=colour)


def draw_cursor(image: Image, x: int, colour: Rgb = WHITE) -> None:
    """Draw a vertical line over a timeline picture, in place."""
    image[:, max(x - 1, 0) : x + 1] = colour


def draw_tick(image: Image, x: int, colour: Rgb = TEXT) -> None:
    """Draw a short mark at the bottom of a timeline picture, in place."""
    image[-5:, max(x - 1, 0) : x + 1] = colour
