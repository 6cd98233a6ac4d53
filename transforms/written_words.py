"""Written words in any script: where they begin and end, and how many syllables they have.

    heard    " 1" ",000" " well" "-known"        "ส" "วั" "ส" "ดี" "ค" "รั" "บ"
    words     1,000       well-known              สวัสดี             ครับ

Recognisers hand over pieces of text that are neither words nor letters: parts of numerals, single
consonants without their vowel signs. They are put together and cut where words end: at spaces, and in
scripts that have none by ICU's dictionaries (Thai, Lao, Khmer, Burmese, Chinese, Japanese), never
within what a reader sees as one letter (extended grapheme clusters, Unicode Standard Annex 29).
"""

import itertools
import re
import unicodedata
from collections.abc import Sequence

from icu4py.breakers import CharacterBreaker, WordBreaker

from backends.protocols.sound import RecognisedWord

# Scripts are told by the first word of their letters' names in the Unicode Character Database.
_KANA = ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA")
_WITHOUT_SPACES = frozenset(("THAI", "LAO", "KHMER", "MYANMAR", "CJK", "IDEOGRAPHIC", *_KANA))
_VOWEL_SIGNS = frozenset(("THAI", "LAO"))  # every syllable has one; final consonants stand alone
_CONSONANTS = frozenset(("ARABIC", "HEBREW", "SYRIAC"))  # vowels are not written: two letters a syllable
_FINALS_UNMARKED = "KHMER"  # of letters without a sign about half end a syllable
_ALPHABETS = frozenset(("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "GEORGIAN"))
_VOWELS = re.compile(
    "[aeiouyæœøəıɛɔ" "αεηιουω" "аеёиоуыэюяіїєәөүұ" "աեէըիոօւ" "აეიოუ]+"
)  # fmt: skip
_OPENING = ("Ps", "Pi")
_SMALL_KANA = frozenset("ぁぃぅぇぉゃゅょゎァィゥェォャュョヮっッー")
# Marks that take away a consonant's own vowel: it ends the syllable before.
_KILLER_NAMES = ("VIRAMA", "ASAT", "PULLI", "COENG", "TOANDAKHIAT")


def split_words(text: str) -> list[str]:
    """Return the words of a text in order, punctuation with the word before or, opening, after it."""
    words: list[str] = []
    for chunk in text.split():
        words += _cut(chunk) if any(_script(c) in _WITHOUT_SPACES for c in chunk) else [chunk]
    return words


def join_words(words: Sequence[str]) -> str:
    """Return words as a text: with spaces but between words of scripts that have none."""
    text, spaced = "", True
    for word in words:
        without = any(_script(c) in _WITHOUT_SPACES for c in word)
        text += f" {word}" if text and (spaced or not without) else word
        spaced = not without
    return text


def graphemes(text: str) -> list[str]:
    """Return what a reader sees as the letters of a text: extended grapheme clusters."""
    return list(CharacterBreaker(text, "root"))


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").split(" ")[0]


def _cut(chunk: str) -> list[str]:
    """Cut text without spaces into words."""
    letter_ends = set(itertools.accumulate(map(len, graphemes(chunk))))
    word_ends = itertools.accumulate(map(len, WordBreaker(chunk, "root")))
    ends = [end for end in word_ends if end in letter_ends]
    words: list[str] = []
    opening = ""
    for begin, end in zip([0, *ends], ends, strict=False):
        piece = chunk[begin:end]
        if any(c.isalnum() for c in piece):
            words.append(opening + piece)
            opening = ""
        elif unicodedata.category(piece[0]) in _OPENING or not words:
            opening += piece
        else:
            words[-1] += opening + piece
            opening = ""
    return [*words, opening] if opening else words


def whole_words(pieces: Sequence[RecognisedWord]) -> list[RecognisedWord]:
    """Return pieces of a text, put together, as its words.

    A word that begins or ends within a piece takes its share of the piece's time by letters; its
    probability is the mean over its letters.

    Args:
        pieces: in order, each with the space before it where there is one.
    """
    owners = [(i, k) for i, piece in enumerate(pieces) for k in range(len(piece.text))]
    text = "".join(piece.text for piece in pieces)
    words: list[RecognisedWord] = []
    at = 0
    for word in split_words(text):
        at = text.index(word, at)
        within = owners[at : at + len(word)]
        at += len(word)
        (first, begin), (last, end) = within[0], within[-1]
        chances = [pieces[i].probability for i, _ in within]
        known = [chance for chance in chances if chance is not None]
        words.append(
            RecognisedWord(
                word,
                _moment(pieces[first], begin),
                _moment(pieces[last], end + 1),
                sum(known) / len(known) if known else None,
            )
        )
    return words


def _moment(piece: RecognisedWord, letter: int) -> float | None:
    """Return when a letter of a piece begins; spaces take no time."""
    if piece.start_seconds is None or piece.end_seconds is None:
        return None
    space = len(piece.text) - len(piece.text.lstrip())
    share = (letter - space) / max(len(piece.text.strip()), 1)
    return piece.start_seconds + min(max(share, 0.0), 1.0) * (piece.end_seconds - piece.start_seconds)


def count_syllables(text: str) -> int:
    """Return about how many syllables it takes to say a text; at least one a word.

    Alphabets: runs of vowels. Chinese, Korean, Japanese: letters (in Japanese, moras; a Han letter counts
    once). Scripts of India, Khmer and Burmese: letters with their signs, but for those whose vowel is
    taken away, and in Khmer half of those without a sign. Thai and Lao: vowel signs. Arabic and Hebrew:
    half the letters. Digits: one each.
    """
    return sum(max(_syllables(word), 1) for word in split_words(text) if any(c.isalnum() for c in word))


def _syllables(word: str) -> int:
    plain = unicodedata.normalize("NFKC", word).lower()
    bare = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    halves = 2 * len(_VOWELS.findall(bare)) + 2 * sum(c.isdigit() for c in plain)
    for letter in graphemes(plain):
        script = _script(letter[0])
        if script in _VOWEL_SIGNS:
            halves += 2 * sum(_is_vowel_sign(c) for c in letter)
        elif not letter[0].isalpha() or script in _ALPHABETS or letter[0] in _SMALL_KANA:
            continue
        elif script in _CONSONANTS or (script == _FINALS_UNMARKED and len(letter) == 1):
            halves += 1
        elif not _is_killed(letter):
            halves += 2
    return (halves + 1) // 2


def _is_vowel_sign(letter: str) -> bool:
    name = unicodedata.name(letter, "")
    return any(part in name for part in ("SARA", "VOWEL SIGN", "MAI HAN-AKAT", "MAI KAN", "MAI KON"))


def _is_killed(letter: str) -> bool:
    return any(unicodedata.name(letter[-1], "").endswith(name) for name in _KILLER_NAMES)
