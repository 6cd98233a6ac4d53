"""Captions: the line of words being spoken, with the current word highlighted."""

from collections.abc import Sequence

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from drawing.style import BACKGROUND, BLACK, DIM, TEXT, YELLOW, Image
from drawing.text import Style, break_lines, draw_text, draw_token, place_line, word_tokens
from schemas.records.sound import Word

HEIGHT_PX = 40
_SIZE_PX = 22
_MARGIN_PX = 12


def word_at(words: Sequence[Word], seconds: float) -> int | None:
    """Return which word is being spoken at a time; None between words and without times."""
    for index, word in enumerate(words):
        start, end = word.start_seconds, word.end_seconds
        if start is not None and end is not None and start <= seconds < end:
            return index
    return None


def last_started(words: Sequence[Word], seconds: float) -> int:
    """Return the last word that has begun by a time; the first one before that."""
    begun = [i for i, w in enumerate(words) if w.start_seconds is not None and w.start_seconds <= seconds]
    return begun[-1] if begun else 0


class Captions:
    """Draws caption strips of one width; each state is drawn once."""

    def __init__(self, words: Sequence[Word], language: str | None, width: int, without: str) -> None:
        """`without` is what stands there when there are no words."""
        self._words = words
        self._width = width
        self._without = without
        self._style = Style(size_px=_SIZE_PX, language=language)
        tokens = word_tokens(word.text for word in words)
        self._lines = break_lines(tokens, width - 2 * _MARGIN_PX, self._style)
        self._line_of = {t.index: n for n, line in enumerate(self._lines) for t in line}
        self._drawn: dict[tuple[int, int | None], Image] = {}

    def strip(self, seconds: float) -> Image:
        """Return the (HEIGHT_PX, width, 3) picture for a time."""
        line = self._line_of.get(last_started(self._words, seconds), 0)
        state = (line, word_at(self._words, seconds))
        if state not in self._drawn:
            self._drawn[state] = self._draw(*state)
        return self._drawn[state]

    def _draw(self, line: int, current: int | None) -> Image:
        canvas = Pillow.new("RGB", (self._width, HEIGHT_PX), BACKGROUND)
        draw = ImageDraw.Draw(canvas)
        baseline = HEIGHT_PX - 13
        if not self._lines:
            draw_text(draw, (_MARGIN_PX, baseline), self._without, Style(size_px=15, colour=DIM))
            return np.array(canvas)
        placed, width = place_line(self._lines[line], self._style)
        start = (self._width - width) / 2
        for token, left, right in placed:
            colour = TEXT
            if token.index == current:
                area = (start + left - 3, 4, start + right + 3, HEIGHT_PX - 5)
                draw.rounded_rectangle(area, 4, fill=YELLOW)
                colour = BLACK
            elif token.index is not None and self._words[token.index].start_seconds is None:
                colour = DIM
            style = Style(size_px=_SIZE_PX, language=self._style.language, colour=colour)
            draw_token(draw, (start + left, baseline), token.text, style)
        return np.array(canvas)
