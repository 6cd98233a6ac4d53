"""Text of any script on Pillow pictures.

Glyphs come from the Noto fonts of the packages manimgx-fonts and manimgx-fonts-cjk (SIL Open Font
Licence); without them from matplotlib's DejaVu. A character that no font has is written as an
escape such as \\u{1F9FF}, so nothing disappears. Words are shaped by Raqm (joined Arabic, Indic
clusters) where Pillow has it, and put in visual order here, so that fonts can change between them.
"""

import functools
import importlib.util
import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.ft2font import FT2Font
from PIL import ImageDraw, ImageFont

from drawing.style import TEXT, Rgb

_PACKAGES = ("manimgx_fonts", "manimgx_fonts_cjk")
_FIRST = "NotoSans[wght].ttf"  # Latin, Greek and Cyrillic: the face of everything but other scripts
# Chinese, Japanese and Korean share code points; the collection holds a face for each.
_CJK_FACES = {"ja": 0, "ko": 1, "zh": 2, "yue": 4}
# Scripts written without spaces that recognisers split into characters.
_CJK = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
# Scripts written without spaces between words.
_UNSPACED = rf"{_CJK}\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_TOKEN = re.compile(rf"[{_CJK}]|[^\s{_CJK}]+")
_SPACE_EM = 0.26


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """How a text looks. `language` (ISO 639-1) decides between Han glyphs."""

    size_px: int = 15
    bold: bool = False
    colour: Rgb = TEXT
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A piece that is not broken between lines, and whether a space comes before it."""

    text: str
    space_before: bool = True
    index: int | None = None  # which word it belongs to, for captions


@functools.cache
def font_paths() -> tuple[str, ...]:
    """Return the font files to look for a glyph in, the one for Latin first."""
    found: list[Path] = []
    for package in _PACKAGES:
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            found += [p for p in sorted(Path(folder).glob("*.tt[fc]")) if "Italic" not in p.name]
    found.sort(key=lambda p: p.name != _FIRST)
    found.append(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    return tuple(map(str, found))


@functools.cache
def _coverage(path: str) -> frozenset[int]:
    return frozenset(FT2Font(path).get_charmap())


@functools.cache
def _font(path: str, face: int, size_px: int, bold: bool) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(path, size_px, index=face)
    if "[" in path or "-VF" in path:  # a variable font, whose default may be its thinnest weight
        font.set_variation_by_axes([700 if bold else 400])
    return font


def _runs(text: str, style: Style) -> list[tuple[ImageFont.FreeTypeFont, str]]:
    """Split a text into stretches that one font can draw."""
    runs: list[tuple[str, str]] = []
    for character in text:
        stays = runs and (
            unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf", "Zs")
            or ord(character) in _coverage(runs[-1][0])
        )
        path = runs[-1][0] if stays else _path_for(ord(character))
        if path is None:
            path, character = font_paths()[0], f"\\u{{{ord(character):04X}}}"
        if runs and runs[-1][0] == path:
            runs[-1] = (path, runs[-1][1] + character)
        else:
            runs.append((path, character))
    face = _CJK_FACES.get(style.language or "", 0)
    fonts = [(_font(p, face if p.endswith(".ttc") else 0, style.size_px, style.bold), t) for p, t in runs]
    return fonts[::-1] if is_rtl(text) else fonts


@functools.cache
def _path_for(code_point: int) -> str | None:
    return next((path for path in font_paths() if code_point in _coverage(path)), None)


def is_rtl(text: str) -> bool:
    """Return whether the first letter of a text is written from right to left."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def tokens_of(text: str) -> list[Token]:
    """Split a text where its lines may be broken: at spaces, and between Han characters."""
    found = list(_TOKEN.finditer(printable(text)))
    ends = [-1, *(m.end() for m in found)]
    return [Token(m.group(), end < m.start()) for m, end in zip(found, ends, strict=False)]


def word_tokens(words: Iterable[str]) -> list[Token]:
    """Return the tokens of words; no spaces between those of scripts that have none."""
    tokens: list[Token] = []
    for index, word in enumerate(words):
        text = " ".join(printable(word).split())
        joined = (
            tokens and re.match(rf"[{_UNSPACED}]", text) and re.search(rf"[{_UNSPACED}]$", tokens[-1].text)
        )
        if text:
            tokens.append(Token(text, not joined, index))
    return tokens


def printable(text: str) -> str:
    """Return a text on one line and without control characters."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") else c for c in text)


@functools.lru_cache(maxsize=4096)
def text_width(text: str, style: Style) -> float:
    """Return the width in px of a text on one line."""
    return sum(font.getlength(part) for font, part in _runs(text, style))


def space_width(token: Token, style: Style) -> float:
    """Return the width in px of the space before a token."""
    return _SPACE_EM * style.size_px if token.space_before else 0.0


def break_lines(tokens: Sequence[Token], width_px: float, style: Style) -> list[list[Token]]:
    """Break tokens into lines of at most `width_px`; what is wider by itself is cut into pieces."""
    lines: list[list[Token]] = []
    used = 0.0
    for token in itertools.chain.from_iterable(_cut_to_width(t, width_px, style) for t in tokens):
        width = text_width(token.text, style)
        if lines and used + space_width(token, style) + width <= width_px:
            used += space_width(token, style) + width
            lines[-1].append(token)
        else:
            lines.append([token])
            used = width
    return lines


def _cut_to_width(token: Token, width_px: float, style: Style) -> list[Token]:
    if text_width(token.text, style) <= width_px:
        return [token]
    pieces = [""]
    for character in token.text:
        mark = unicodedata.category(character).startswith("M")  # stays with the letter before it
        if pieces[-1] and not mark and text_width(pieces[-1] + character, style) > width_px:
            pieces.append("")
        pieces[-1] += character
    return [Token(p, token.space_before and i == 0, token.index) for i, p in enumerate(pieces)]


def place_line(line: Sequence[Token], style: Style) -> tuple[list[tuple[Token, float, float]], float]:
    """Return the tokens of a line with their left and right edges in px, and the line's width.

    They stand in visual order: the direction that most tokens have is the line's, and stretches
    of the other direction are turned round within it.
    """
    rtl = sum(is_rtl(t.text) for t in line) * 2 > len(line)
    groups = [(d, list(g)) for d, g in itertools.groupby(line, key=lambda t: is_rtl(t.text))]
    ordered = [g[::-1] if direction else g for direction, g in (groups[::-1] if rtl else groups)]
    placed: list[tuple[Token, float, float]] = []
    x = 0.0
    for position, token in enumerate(itertools.chain.from_iterable(ordered)):
        x += space_width(token, style) if position else 0.0
        right = x + text_width(token.text, style)
        placed.append((token, x, right))
        x = right
    return placed, x


def draw_text(
    draw: ImageDraw.ImageDraw, xy: tuple[float, float], text: str, style: Style, max_width_px: float = 1e9
) -> float:
    """Draw one line with its left baseline point at `xy`; returns its width in px.

    A text wider than `max_width_px` loses its end to an ellipsis.
    """
    lines = break_lines(tokens_of(text), max_width_px, style)
    if len(lines) > 1:
        lines = break_lines(tokens_of(text), max(max_width_px - style.size_px, style.size_px), style)
        lines[0].append(Token("…", False))
    if not lines:
        return 0.0
    placed, width = place_line(lines[0], style)
    for token, left, _ in placed:
        draw_token(draw, (xy[0] + left, xy[1]), token.text, style)
    return width


def draw_token(draw: ImageDraw.ImageDraw, xy: tuple[float, float], text: str, style: Style) -> None:
    """Draw a text without spaces with its left baseline point at `xy`."""
    x = xy[0]
    for font, part in _runs(text, style):
        draw.text((x, xy[1]), part, font=font, fill=style.colour, anchor="ls")
        x += font.getlength(part)


def draw_paragraph(
    draw: ImageDraw.ImageDraw,
    xy: tuple[float, float],
    text: str,
    style: Style,
    width_px: float,
    num_lines: int,
) -> int:
    """Draw a text on several lines from the first baseline's left point; returns how many it took."""
    lines = break_lines(tokens_of(text), width_px, style)
    if len(lines) > num_lines:
        lines = lines[:num_lines]
        lines[-1] = [*lines[-1][:-1], Token("…")]
    for number, line in enumerate(lines):
        placed, width = place_line(line, style)
        rtl = sum(is_rtl(t.text) for t in line) * 2 > len(line)
        start = xy[0] + (width_px - width if rtl else 0.0)
        for token, left, _ in placed:
            y = xy[1] + number * line_height(style)
            draw_token(draw, (start + left, y), token.text, style)
    return len(lines)


def line_height(style: Style) -> int:
    """Return the distance in px between baselines."""
    return round(1.45 * style.size_px)
