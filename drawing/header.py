"""The contact sheet's header: what the clip is, how it ended, its scores and its words."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from drawing.clip_view import ClipView
from drawing.style import BACKGROUND, DIM, PANEL, STATUS_COLOURS, TEXT, VERMILLION, WHITE, Image
from drawing.text import Style, draw_paragraph, draw_text, line_height, text_width

_MARGIN_PX = 16
_TITLE = Style(size_px=24, bold=True)
_FACT = Style(size_px=15, colour=DIM)
_NAME = Style(size_px=13, colour=DIM)
_VALUE = Style(size_px=13, colour=TEXT)
_BROKEN = Style(size_px=13, bold=True, colour=VERMILLION)
_ROW_PX = 19
_WORD_LINES = 4
_MAX_ROWS = 10


def draw_header(
    clip: ClipView,
    width: int,
    facts: Sequence[str],
    scores: Mapping[str, Mapping[str, str]],
    broken: set[str],
) -> Image:
    """Return the header, (H, width, 3); see `ContactSheet.draw`."""
    speech = Style(size_px=18, language=clip.language)
    # Room for the most there can be; what is not used is cut off in the end.
    height = 160 + line_height(_FACT) * len(facts) + _MAX_ROWS * _ROW_PX + _WORD_LINES * line_height(speech)
    canvas = Pillow.new("RGB", (width, height), BACKGROUND)
    draw = ImageDraw.Draw(canvas)
    y = _draw_title(draw, clip, width)
    for fact in facts:
        draw_text(draw, (_MARGIN_PX, y), fact, _FACT, width - 2 * _MARGIN_PX)
        y += line_height(_FACT)
    y = _draw_scores(draw, width, y, scores, broken)
    y += line_height(speech)
    text = " ".join(word.text for word in clip.words)
    if text:
        room = width - 2 * _MARGIN_PX
        y += draw_paragraph(draw, (_MARGIN_PX, y), text, speech, room, _WORD_LINES) * line_height(speech)
    else:
        draw_text(draw, (_MARGIN_PX, y), "no transcript", _FACT)
        y += line_height(speech)
    return np.array(canvas)[: round(y - 8)]


def _draw_title(draw: ImageDraw.ImageDraw, clip: ClipView, width: int) -> int:
    """Draw the key and how the clip ended; returns the next baseline."""
    used = _MARGIN_PX + draw_text(draw, (_MARGIN_PX, 38), clip.key, _TITLE) + 20
    badge = Style(size_px=16, bold=True, colour=WHITE)
    room = width - used - _MARGIN_PX - 20
    area = (used, 14, used + min(text_width(clip.verdict, badge), room) + 20, 46)
    draw.rounded_rectangle(area, 6, fill=STATUS_COLOURS.get(clip.status, PANEL))
    draw_text(draw, (used + 10, 36), clip.verdict, badge, room)
    return 72


def _draw_scores(
    draw: ImageDraw.ImageDraw, width: int, y: int, scores: Mapping[str, Mapping[str, str]], broken: set[str]
) -> int:
    """Draw the scores side by side in columns; returns the baseline below them."""
    columns = _columns(scores)
    rows = max((len(values) for _, _, values in columns), default=0)
    draw.rectangle((_MARGIN_PX, y - 10, width - _MARGIN_PX, y + (rows + 1) * _ROW_PX + 4), fill=PANEL)
    step = (width - 2 * _MARGIN_PX) / max(len(columns), 1)
    for column, (title, record, values) in enumerate(columns):
        left = _MARGIN_PX + 12 + column * step
        room = step - 28
        draw_text(draw, (left, y + 8), title, Style(size_px=13, bold=True), room)
        for row, (name, value) in enumerate(values, 1):
            baseline = y + 8 + row * _ROW_PX
            failed = f"{record}_{name}" in broken
            used = draw_text(draw, (left, baseline), name.replace("_", " "), _BROKEN if failed else _NAME)
            style = _BROKEN if failed else _VALUE
            value_width = min(text_width(value, style), room - used - 8)
            draw_text(draw, (left + room - value_width, baseline), value, style, room - used - 8)
    return round(y + (rows + 1) * _ROW_PX + 12)


def _columns(scores: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return columns of title, record and values; long records continue in further columns."""
    columns: list[tuple[str, str, list[tuple[str, str]]]] = []
    for record, values in scores.items():
        items = list(values.items())
        for start in range(0, len(items), _MAX_ROWS):
            title = record.replace("_", " ") if start == 0 else ""
            columns.append((title, record, items[start : start + _MAX_ROWS]))
    return columns
