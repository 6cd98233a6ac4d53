"""How written English words are spoken: numerals, symbols, abbreviations and initials as words.

What is said for "2026" or "$5.20" cannot be read off the page, so a written word has several
readings, the commonest first; the aligner hears which one it was. Readings are lower-case words
of a-z and apostrophes.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from num2words import num2words

LANGUAGE = "en"
Reading = tuple[str, ...]
Readings = tuple[Reading, ...]

_MAX_DIGITS = 15  # longer strings of digits are read one by one
_CURRENCIES = {
    "$": ("dollar", "dollars", "cents"),
    "£": ("pound", "pounds", "pence"),
    "€": ("euro", "euros", "cents"),
    "¥": ("yen", "yen", ""),
}
_MAGNITUDES = ("hundred", "thousand", "million", "billion", "trillion")
_SYMBOLS = {"&": "and", "+": "plus", "=": "equals", "@": "at", "%": "percent", "°": "degrees", "#": "number"}
_MONTHS = {
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep",
    "sept", "oct", "nov", "dec",
}  # fmt: skip
_ABBREVIATIONS: dict[str, tuple[str, ...]] = {
    "mr": ("mister",), "mrs": ("missus",), "ms": ("miz", "miss"), "dr": ("doctor", "drive"),
    "prof": ("professor",), "st": ("saint", "street"), "mt": ("mount",), "jr": ("junior",), "sr": ("senior",),
    "gen": ("general",), "sen": ("senator",), "rep": ("representative",), "gov": ("governor",),
    "lt": ("lieutenant",), "col": ("colonel",), "sgt": ("sergeant",), "capt": ("captain",),
    "rev": ("reverend",), "hon": ("honorable",), "vs": ("versus", "v s"), "etc": ("et cetera",),
    "no": ("no", "number"),
    "dept": ("department",), "inc": ("incorporated", "inc"), "corp": ("corporation", "corp"),
    "ltd": ("limited",), "co": ("company", "co"),
    "ave": ("avenue",), "blvd": ("boulevard",), "rd": ("road",),
    "approx": ("approximately",), "est": ("established", "estimated"), "ft": ("feet", "foot"),
    "jan": ("january",), "feb": ("february",), "mar": ("march",), "apr": ("april",), "jun": ("june",),
    "jul": ("july",), "aug": ("august",), "sep": ("september",), "sept": ("september",), "oct": ("october",),
    "nov": ("november",), "dec": ("december",), "e.g": ("for example", "e g"), "i.e": ("that is", "i e"),
    "a.k.a": ("also known as", "a k a"),
}  # fmt: skip
_BEFORE_NAMES = ("dr", "st")  # of several readings the first, if a name follows
_UNITS = {
    "km": "kilometers", "kg": "kilograms", "cm": "centimeters", "mm": "millimeters", "lb": "pounds",
    "lbs": "pounds", "oz": "ounces", "mph": "miles per hour", "km/h": "kilometers per hour",
}  # fmt: skip

_EDGES = re.compile(r"^(?:(?!\.\d)[^\w$£€¥&+=@#°%])+|[^\w$£€¥&+=@°%]+$")
_INITIALS = re.compile(r"(?:[a-z]\.){2,}(?:[a-z]\.?)?|(?:[a-z]\.)+[a-z]\.?")
_MONEY = re.compile(r"([$£€¥])(\d[\d,]*)(?:\.(\d{1,2}))?")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)")
_ORDINAL = re.compile(r"(\d[\d,]*)(?:st|nd|rd|th)")
_DECADE = re.compile(r"(\d|\d{3})0'?s")
_DECIMAL = re.compile(r"(\d[\d,]*)?\.(\d+)")
_FRACTION = re.compile(r"(\d{1,2})/(\d{1,2})")
_PIECES = re.compile(r"\d[\d,]*\.\d+|\.\d+|\d[\d,]*(?:st|nd|rd|th)(?![a-z])|\d[\d,]*|[a-z']+|[&+=@%°#]")


def spoken_words(texts: Sequence[str]) -> list[Readings]:
    """Return the readings of each written word; () for one that is not spoken (a dash, [music])."""
    shouting = not any(c.islower() for text in texts for c in text)
    readings: list[Readings] = []
    for i, text in enumerate(texts):
        before = texts[i - 1] if i else ""
        after = texts[i + 1] if i + 1 < len(texts) else ""
        readings.append(_readings(text, before, after, shouting))
    return readings


def _readings(text: str, before: str, after: str, shouting: bool) -> Readings:
    if text.startswith("[") and text.endswith("]"):
        return ()
    core = _EDGES.sub("", unicodedata.normalize("NFKC", text).replace("\u2019", "'"))
    plain = _fold(core)
    dotted = plain + ("." if text.rstrip("\"')]}!?;:,\u201d").endswith(".") else "")
    if plain in _ABBREVIATIONS and (dotted.endswith(".") or plain in ("mr", "mrs", "dr", "vs", "etc")):
        named = plain in _BEFORE_NAMES and after[:1].isupper()
        return _unique(word.split() for word in _ABBREVIATIONS[plain][: 1 if named else None])
    if _INITIALS.fullmatch(plain) or _INITIALS.fullmatch(dotted):
        letters = [c for c in plain if c.isalpha()]
        return _unique([letters])
    if money := _MONEY.fullmatch(plain):
        return _money(*money.groups(), after=after)
    found = _magnitude_of_money(plain, before) or _number(plain, before)
    if found:
        return found
    if plain in _UNITS and _fold(before)[-1:].isdigit():
        return _unique([_UNITS[plain].split()])
    capitals = re.fullmatch(r"[A-Z]{2,5}s?", core) is not None and not shouting
    return _pieces(plain, capitals)


def _fold(text: str) -> str:
    """Return lower-case text without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()


def _unique(readings: Iterable[Sequence[str]]) -> Readings:
    """Return readings in order without repetitions and empty ones."""
    return tuple(dict.fromkeys(tuple(r) for r in readings if r))


def _words(number: int, kind: str = "cardinal") -> list[str]:
    return re.findall(r"[a-z']+", num2words(number, lang="en", to=kind))


def _cardinals(digits: str) -> list[list[str]]:
    """Return readings of a whole number: with and without "and", "a hundred", digit by digit."""
    one_by_one = [_words(int(d))[0] for d in digits]
    if len(digits) > _MAX_DIGITS or (len(digits) > 1 and digits[0] == "0"):
        return [one_by_one, ["oh" if w == "zero" else w for w in one_by_one]]
    full = _words(int(digits))
    short = [w for w in full if w != "and"]
    found = [short, full]
    if short[0] == "one" and len(short) > 1:
        found.append(["a", *short[1:]])
    if len(digits) == 4 and digits[1] != "0":
        found.insert(0, _words(int(digits), "year"))
    elif len(digits) == 4 and digits[0] != "0" and digits[2] != "0":
        found.insert(
            0 if digits[:2] == "20" else len(found), _words(int(digits[:2])) + _words(int(digits[2:]))
        )
    if len(digits) in (3, 4):
        hundreds = _words(int(digits[:-2])) + _after_hundred(digits[-2:])
        found.append(hundreds)
    if len(digits) >= 3:
        found += [one_by_one, ["oh" if w == "zero" else w for w in one_by_one]]
    return found


def _after_hundred(digits: str) -> list[str]:
    """Return two digits as they follow others: 05 "oh five", 20 "twenty", 00 "hundred"."""
    if digits == "00":
        return ["hundred"]
    return (["oh"] if digits[0] == "0" else []) + _words(int(digits))


def _number(plain: str, before: str) -> Readings:
    """Return the readings of a numeral in one of its forms, () if it is none."""
    if match := _DECADE.fullmatch(plain):
        return _unique([[*words[:-1], _plural(words[-1])] for words in _cardinals(match[1] + "0")[:2]])
    if plain.endswith("'s") and (number := _number(plain[:-2], before)):
        return _unique([*r[:-1], r[-1] + "'s"] for r in number)
    if plain.endswith("%") and (number := _number(plain[:-1], "")):
        return _unique([*r, "percent"] for r in number)
    if re.fullmatch(r"\d[\d,]*", plain):
        return _whole(plain.replace(",", ""), before)
    if match := _ORDINAL.fullmatch(plain):
        ordinal = _words(int(match[1].replace(",", "")[:_MAX_DIGITS]), "ordinal")
        return _unique([ordinal, [w for w in ordinal if w != "and"], ["the", *ordinal]])
    if match := _DECIMAL.fullmatch(plain):
        return _decimal((match[1] or "").replace(",", ""), match[2])
    return _clock_or_fraction(plain)


def _whole(digits: str, before: str) -> Readings:
    """Return the readings of a whole number; after a month it is a day."""
    readings = _cardinals(digits)
    if _fold(before).rstrip(".") in _MONTHS and len(digits) <= 2 and int(digits):
        day = _words(int(digits), "ordinal")
        readings = [day, ["the", *day], *readings]
    return _unique(readings)


def _clock_or_fraction(plain: str) -> Readings:
    if match := _CLOCK.fullmatch(plain):
        hour = _words(int(match[1]))
        if match[2] == "00":
            return _unique([[*hour, "o'clock"], hour, [*hour, "hundred"]])
        return _unique([[*hour, *_after_hundred(match[2])]])
    if match := _FRACTION.fullmatch(plain):
        return _fraction(int(match[1]), int(match[2]))
    return ()


def _decimal(whole: str, digits: str) -> Readings:
    tail = [_words(int(d))[0] for d in digits[:_MAX_DIGITS]]
    heads = _cardinals(whole)[:2] if whole else [[], ["zero"]]
    readings = [[*head, "point", *tail] for head in heads]
    if len(digits) == 2 and digits[0] != "0":
        readings += [[*head, "point", *_words(int(digits))] for head in heads]
    return _unique(readings)


def _fraction(top: int, bottom: int) -> Readings:
    names = {2: "half", 4: "quarter"}
    name = names.get(bottom) or " ".join(_words(bottom, "ordinal"))
    parts = name.split()
    if top == 1:
        return _unique([["one", *parts], ["a", *parts], parts])
    plural = [*parts[:-1], "halves" if name == "half" else _plural(parts[-1])]
    return _unique(
        [[*_words(top), *plural], [*_words(top), *_words(bottom)], [*_words(top), "over", *_words(bottom)]]
    )


def _plural(word: str) -> str:
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def _money(sign: str, whole: str, cents: str | None, *, after: str) -> Readings:
    """Return the readings of an amount; before "million" the currency's name comes later."""
    one, many, small = _CURRENCIES[sign]
    amounts = _cardinals(whole.replace(",", ""))
    if _fold(after).strip(".,;:!?") in _MAGNITUDES:
        if cents:
            return _decimal(whole.replace(",", ""), cents)
        return _unique(amounts[:3])
    name = one if int(whole.replace(",", "")) == 1 else many
    readings: list[list[str]] = []
    for amount in amounts[:3]:
        if cents is None or int(cents) == 0:
            readings += [[*amount, name]]
            continue
        rest = _words(int(cents.ljust(2, "0")))
        readings += [[*amount, name, "and", *rest, small], [*amount, name, *rest, small]]
        readings += [[*amount, name, "and", *rest], [*amount, name, *rest], [*amount, *rest]]
    return _unique(readings)


def _magnitude_of_money(plain: str, before: str) -> Readings:
    """Return "million dollars" for the "million" of "$5 million"."""
    sign = _fold(before)[:1]
    if plain in _MAGNITUDES and sign in _CURRENCIES and _fold(before)[1:2].isdigit():
        return ((plain, _CURRENCIES[sign][1]), (plain,))
    return ()


def _pieces(plain: str, capitals: bool) -> Readings:
    """Return the readings of anything else: words, hyphenated words, F2, AT&T, 5km."""
    if capitals:
        letters = [*plain.rstrip("s")] if plain.endswith("s") and len(plain) > 3 else [*plain]
        tail = [plain[-1]] if len(letters) < len(plain) else []
        spelt = [*letters[:-1], letters[-1] + "'s"] if tail else letters
        return _unique([spelt, [plain]])
    words: list[str] = []
    for piece in _PIECES.findall(plain):
        bare = piece.strip("'")
        if bare in _SYMBOLS:
            words.append(_SYMBOLS[bare])
        elif bare[:1].isdigit() or bare[:1] == ".":
            words += _number(bare, "")[0]
        elif bare in _UNITS and words and len(words) < len(plain) and plain[0].isdigit():
            words += _UNITS[bare].split()
        elif bare:
            words.append(
                piece if piece.startswith("'") and len(piece) > 1 and not piece.endswith("'") else bare
            )
    return _unique([words])
