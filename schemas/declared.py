"""What manifests write about people, in our words: ages, gender, skin tone.

What is written is understood, or it is unknown and said to be unused: nobody guesses what was meant. A range
that lies in several groups ('46-60') stays as it is declared; `schemas.groups` says how much is in which.
"""

import re
import unicodedata
from dataclasses import dataclass

from schemas.declared_words import (
    AGE_UNITS,
    AGE_WORDS,
    AT_LEAST_AFTER,
    AT_LEAST_BEFORE,
    AT_MOST_AFTER,
    AT_MOST_BEFORE,
    DECADES,
    EMPTY,
    GENDER_WORDS,
    LESS_AFTER,
    LESS_BEFORE,
    MORE_BEFORE,
    NOTHING_SAID,
    RANGE_WORDS,
)
from schemas.groups import CATEGORIES, NO_END, UNKNOWN, Years, age_value

_MAX_AGE = 130
_MOST_READ = 100
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−~〜～﹣－"), "-")
_NUMBER = r"(\d{1,4}(?:[.,]\d{1,6})?)"
_UNIT = rf"(?:\s*(?:{'|'.join(AGE_UNITS)}))?"
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6}
_MONK = r"(?:monk|mst)(?:\s*skin)?(?:\s*tone)?(?:\s*scale)?|scale|tone"
_FITZPATRICK = (
    r"(?:fitzpatrick|fitz|fst)(?:\s*skin)?(?:\s*(?:photo)?type)?(?:\s*scale)?|(?:skin\s*|photo)?type"
)
_TONE = r"0?(10|[1-9])"
_TYPE = r"([1-6]|iii|ii|iv|vi|v|i)"


@dataclass(frozen=True, slots=True)
class Understood:
    """A declaration in our words; `years` where an exact age is declared; `unused` says why it is unknown."""

    value: str
    years: float | None = None
    unused: str | None = None


def normalised(text: str) -> str:
    """Return a cell's text without what spelling may differ in: case, width, dashes, blanks."""
    text = unicodedata.normalize("NFKC", text).translate(_DASHES).casefold().replace("_", " ")
    kept = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return " ".join(kept.split()).strip(" .;,\"'")


def is_empty(attribute: str, text: str) -> bool:
    """Return whether a cell is empty, be it in the words that tables have for it ('NaN', 'n/a')."""
    return not text.strip() or (attribute in CATEGORIES and (normalised(text[:_MOST_READ]) or "-") in EMPTY)


def understand(attribute: str, text: str, scale: str | None = None) -> Understood:
    """Return what a manifest's cell declares of an attribute; other attributes' values stay as written.

    Args:
        scale: of a skin tone, where the column's name says it: 'monk' or 'fitzpatrick'.
    """
    if attribute not in CATEGORIES:
        return Understood(text.strip())
    if len(text) > _MOST_READ:
        return _unused("too long to be one value")
    if normalised(text) in NOTHING_SAID:
        return Understood(UNKNOWN)
    if attribute == "age_group":
        return _age(normalised(text))
    if attribute == "gender":
        found = GENDER_WORDS.get(normalised(text))
        return Understood(found) if found else _unused("not a word for a gender that is known here")
    return _skin_tone(normalised(text), scale)


def _unused(reason: str) -> Understood:
    return Understood(UNKNOWN, unused=reason)


def _age(text: str) -> Understood:
    exact = re.fullmatch(rf"(?:aged?\s*:?\s*)?{_NUMBER}{_UNIT}", text)
    if exact:
        years = float(exact[1].replace(",", "."))
        if years >= _MAX_AGE:
            return _unused(f"nobody is {exact[1]} years old; a year of birth is not understood")
        return Understood(age_value((int(years), int(years) + 1)), years)
    span = _span(text)
    if span is None:
        return _unused("not understood as an age or a range of ages")
    start, end = span
    if not 0 <= start < end or start >= _MAX_AGE or (end != NO_END and end > _MAX_AGE + 1):
        return _unused("not a range of ages")
    return Understood(age_value(span))


def _span(text: str) -> Years | None:
    """Return the years [start, end) that a range, bound, decade or word stands for."""
    if text in AGE_WORDS:
        return AGE_WORDS[text]
    for pattern in _RANGES:
        found = re.fullmatch(pattern, text)
        if found:
            said = {name: int(number) for name, number in found.groupdict().items()}
            start = said["more_than"] + 1 if "more_than" in said else said.get("first", 0)
            end = said["last"] + 1 if "last" in said else said.get("less_than", NO_END)
            return start, end
    return _decade(text)


def _either(words: tuple[str, ...]) -> str:
    return f"(?:{'|'.join(words)})"


def _age_of(name: str) -> str:
    return rf"\s*(?P<{name}>\d{{1,3}}){_UNIT}\s*"


_BEFORE = r"(?:ages?d?\s+)?(?:(?:between|from|von|de|entre|от|从)\s+)?"
_RANGES = (
    _BEFORE + _age_of("first") + _either(RANGE_WORDS) + _age_of("last"),
    rf"(?P<first>\d{{1,3}})\s*\+{_UNIT}",
    _either(AT_LEAST_BEFORE) + _age_of("first"),
    _age_of("first") + _either(AT_LEAST_AFTER),
    _either(MORE_BEFORE) + _age_of("more_than"),
    _either(LESS_BEFORE) + _age_of("less_than"),
    _age_of("less_than") + _either(LESS_AFTER),
    _either(AT_MOST_BEFORE) + _age_of("last"),
    _age_of("last") + _either(AT_MOST_AFTER),
)
_PART_OF_DECADE: dict[str | None, tuple[int, int]] = {
    "early": (0, 4),
    "mid": (4, 7),
    "late": (7, 10),
    None: (0, 10),
}


def _decade(text: str) -> Years | None:
    """Return the years of '30s', 'mid-30s', 'in her thirties', '30代'."""
    bare = re.sub(r"^(?:in\s+(?:her|his|their|the)\s+)", "", text)
    found = re.fullmatch(r"(?:(early|mid|late)[\s-]*)?(.+)", bare)
    if not found:
        return None
    number = re.fullmatch(r"(\d{1,2}0)\s*(?:['’]?s|er|代|대)", found[2])
    start = int(number[1]) if number else DECADES.get(found[2])
    if start is None:
        return None
    first, last = _PART_OF_DECADE[found[1]]
    # Teens are 13 to 19; the rest of tens are named after their first year.
    return (13, 20) if start == 10 and not number else (start + first, start + last)


def _skin_tone(text: str, scale: str | None) -> Understood:
    for name, kind, one, most in (
        ("monk", _MONK, _TONE, 10),
        ("fitzpatrick", _FITZPATRICK, _TYPE, 6),
    ):
        # Roman numerals are Fitzpatrick's; a bare number is whatever the column says.
        bare = scale == name or (name == "fitzpatrick" and re.fullmatch(r"[iv]+(\s*(-|to)\s*[iv]+)?", text))
        prefix = rf"(?:(?:{kind})[\s:-]*){'?' if bare else ''}"
        found = re.fullmatch(rf"{prefix}{one}(?:\s*(?:-|to)\s*(?:(?:{kind})[\s:-]*)?{one})?", text)
        if not found:
            continue
        first, last = (_ROMAN.get(part) or int(part) for part in (found[1], found[2] or found[1]))
        if first > last or last > most:
            return _unused("not a range of skin tones")
        return Understood(f"{name}_{first}" if first == last else f"{name}_{first}-{last}")
    if re.fullmatch(r"\d{1,2}(?:\.0)?", text):
        return _unused("which scale? write monk_5 or fitzpatrick_3")
    return _unused("not a tone of the Monk or the Fitzpatrick scale")
