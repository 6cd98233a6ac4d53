"""Languages as manifests write them (BCP 47 tags, English names), as the codes of the recogniser's model."""

import difflib
import json
import re
from pathlib import Path

from backends.weights import whisper_folder

# What people write besides Whisper's names and codes: languages that it counts to another, and codes that
# IANA's registry of language subtags calls deprecated.
_COUNTED_TO = {
    "cmn": "zh",
    "mandarin": "zh",
    "mandarin chinese": "zh",
    "nb": "no",
    "nob": "no",
    "norwegian bokmål": "no",
    "norwegian bokmal": "no",
    "bokmål": "no",
    "norwegian nynorsk": "nn",
    "fil": "tl",
    "filipino": "tl",
    "jv": "jw",
    "jav": "jw",
    "farsi": "fa",
    "pes": "fa",
    "prs": "fa",
    "dari": "fa",
    "arb": "ar",
    "swh": "sw",
    "zsm": "ms",
    "npi": "ne",
    "ekk": "et",
    "lvs": "lv",
    "iw": "he",
    "in": "id",
    "ji": "yi",
    "mo": "ro",
    "sh": "sr",
}
# ISO 639-2's other codes (B) of the languages that have two.
_BIBLIOGRAPHIC = {
    "alb": "sq",
    "arm": "hy",
    "baq": "eu",
    "bur": "my",
    "chi": "zh",
    "cze": "cs",
    "dut": "nl",
    "fre": "fr",
    "geo": "ka",
    "ger": "de",
    "gre": "el",
    "ice": "is",
    "mac": "mk",
    "mao": "mi",
    "may": "ms",
    "per": "fa",
    "rum": "ro",
    "slo": "sk",
    "tib": "bo",
    "wel": "cy",
}
_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*")
_UNDETERMINED = ("und", "mis")
# A vocabulary smaller than this is of a model that knows English alone (as CTranslate2 tells them apart).
_MULTILINGUAL_TOKENS = 51865


def languages_of(model: str) -> frozenset[str]:
    """Return the codes of the languages that a Whisper model knows.

    Args:
        model: as in `transcribe.model`.

    Raises:
        BadInputError: if it is not there.
    """
    from whisperx.utils import LANGUAGES

    tokens = _vocabulary(whisper_folder(model))
    if len(tokens) < _MULTILINGUAL_TOKENS:
        return frozenset({"en"})
    known = frozenset(code for code in LANGUAGES if f"<|{code}|>" in tokens)
    return known or frozenset(LANGUAGES)


def _vocabulary(folder: Path) -> frozenset[str]:
    listed, lines = folder / "vocabulary.json", folder / "vocabulary.txt"
    if listed.is_file():
        return frozenset(json.loads(listed.read_text(encoding="utf-8")))
    text = lines.read_text(encoding="utf-8") if lines.is_file() else ""
    return frozenset(text.removesuffix("\n").split("\n"))


def language_code(text: str) -> str | None:
    """Return the recogniser's code of a language: 'English', 'en-US', 'en_GB.UTF-8', 'eng' and 'EN' are 'en'.

    Regions and scripts make no difference to it. None if the text names none that it could know.
    """
    from whisperx.utils import LANGUAGES, TO_LANGUAGE_CODE

    plain = " ".join(re.sub(r"\(.*?\)", " ", text).split()).casefold()
    if plain in TO_LANGUAGE_CODE or plain in _COUNTED_TO:
        return TO_LANGUAGE_CODE.get(plain) or _COUNTED_TO[plain]
    tag = re.split(r"[.@]", plain.replace("_", "-"))[0]
    if not _TAG.fullmatch(tag):
        return None
    first, _, rest = tag.partition("-")
    extended = rest.split("-")[0]  # zh-yue is how yue was written before it had a tag of its own
    if first == "zh" and extended in ("yue", "cmn"):
        first = extended
    first = _COUNTED_TO.get(first) or _BIBLIOGRAPHIC.get(first) or first
    code = first if first in LANGUAGES else _shortest(first)
    return code if code in LANGUAGES else None


def _shortest(code: str) -> str | None:
    """Return the two letters of a language that ISO 639 has with three, too."""
    if len(code) != 3:
        return None
    from nltk.langnames import iso639short  # takes two seconds, so only where it is needed

    return iso639short.get(code)


def is_undetermined(text: str) -> bool:
    """Return whether a tag says that the language is not known, which is as good as none."""
    return text.strip().casefold() in _UNDETERMINED


def nearest_language(text: str, known: frozenset[str]) -> str | None:
    """Return the name and code of the known language whose name is most like a text; None if none is."""
    from whisperx.utils import TO_LANGUAGE_CODE

    names = {name: code for name, code in TO_LANGUAGE_CODE.items() if code in known}
    near = difflib.get_close_matches(text.strip().casefold(), names, n=1)
    return f"{near[0].title()} ({names[near[0]]})" if near else None
