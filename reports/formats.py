"""Numbers and strings as people read them. Pure; nothing here escapes HTML, the template does."""

import math
import re

from schemas.visible import visible

MISSING = "–"
_PLURALS = {"person": "people"}


def count(value: float | None) -> str:
    """12345 -> '12,345'."""
    return MISSING if value is None else f"{round(value):,}"


def number(value: float | None) -> str:
    """Three significant digits, no exponent for usual sizes: 0.0123, 4.5, 1,230."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) < 1e-4:
        return f"{value:.1e}"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "\u2212")


def percent(part: float | None, whole: float | None) -> str:
    """Share in percent; '<0.1 %' rather than a zero that is none."""
    if part is None or not whole:
        return MISSING
    share = 100 * part / whole
    if 0 < share < 0.1:
        return "<0.1 %"
    if 99.9 < share < 100:
        return ">99.9 %"
    return f"{share:.1f} %" if 0 < share < 10 else f"{share:.0f} %"


def duration(seconds: float | None) -> str:
    """12.34 -> '12.3 s', 75 -> '1 min 15 s', 8000 -> '2 h 13 min', 500,000 -> '139 h'."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if 0 < seconds < 0.05:
        return "<0.1 s"
    if seconds < 59.95:
        return f"{seconds:.1f} s" if seconds else "0 s"
    if round(seconds) < 3600:
        return f"{round(seconds) // 60} min {round(seconds) % 60:02d} s"
    minutes = round(seconds / 60)
    if minutes < 6000:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes / 60:,.0f} h"


def clock(seconds: float, decimals: int = 0) -> str:
    """Position in a video: 75.25 -> '1:15' or, with one decimal, '1:15.2'."""
    scale = 10**decimals
    ticks = round(seconds * scale)
    whole, fraction = divmod(ticks, scale)
    minutes, secs = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    tail = f".{fraction:0{decimals}d}" if decimals else ""
    return f"{hours}:{minutes:02d}:{secs:02d}{tail}" if hours else f"{minutes}:{secs:02d}{tail}"


def factor(value: float | None) -> str:
    """Speed as a multiple of real time: '4.2 ×'."""
    return MISSING if value is None else f"{number(value)} ×"


def printable(text: str | None, max_characters: int = 300) -> str:
    """Return text with control and direction characters made visible, cut at a length.

    A file name may hold newlines or a right-to-left override that makes 'gpj.exe' read
    'exe.jpg'; HTML escaping does not help against that.
    """
    if text is None:
        return ""
    shown = text if len(text) <= max_characters else text[: max_characters - 1] + "…"
    return visible(shown)


def prose(text: str | None, max_characters: int = 300) -> str:
    """Return spoken or written text on one line: white space collapsed, then as `printable`."""
    return printable(re.sub(r"\s+", " ", text or "").strip(), max_characters)


def file_name(name: str) -> str:
    """Return the last part of a path or URI, printable."""
    return printable(re.split(r"[/\\]", name.rstrip("/\\"))[-1] or name, 160)


def plural(n: float, noun: str) -> str:
    """1 -> '1 clip', 2 -> '2 clips' or '2 people'."""
    return f"{count(n)} {noun if n == 1 else _PLURALS.get(noun, noun + 's')}"
