"""Transcribe: what is said in a clip, as heard or, where a manifest declares it, as declared.

A declared transcript covers a whole video. The part of it that fits what is heard in the clip
takes the place of what was heard, and the share of letters on which the two agree is kept.
"""

import dataclasses
import difflib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backends.protocols.sound import RecognisedWord, Recogniser
from schemas.bounds import Count
from schemas.records.clip import Clip
from schemas.records.sound import Transcript, Word
from transforms.declared_times import times_as_heard
from transforms.spoken_words import LANGUAGE, spoken_words
from transforms.written_words import count_syllables, join_words, split_words, whole_words

# A clip that reaches this close to both ends of its video is the whole of it.
_WHOLE_SECONDS = 0.5
# A word of which two hearings differ is a guess unless the recogniser gives it better than even odds.
_LIKELY = 0.5
GUESSED = "guessed"


@dataclass(frozen=True, kw_only=True, slots=True)
class TranscribeConfig:
    """Which recogniser. `model`: "base" (multilingual) and "tiny.en" are embedded; or a path."""

    model: str = "base"
    beam_size: Count = 5


def transcribe(
    samples: npt.NDArray[np.float32], clip: Clip, video_seconds: float, recogniser: Recogniser
) -> Transcript:
    """Return the transcript of a clip's mono samples (n,) at 16 kHz.

    Heard words have the recogniser's times, kept within the clip; declared ones those of the heard words
    whose letters they share, in English none yet.
    """
    source, seconds = clip.source, clip.duration_seconds
    heard = recogniser.recognise(samples, source.language)
    pieces = whole_words(heard.words)
    sure = heard_twice([w.text for w in pieces], heard.again)
    words = tuple(_word(w, seconds, recogniser.aligner, s) for w, s in zip(pieces, sure, strict=True))
    text, match = heard.text, None
    language = heard.language if heard.text or source.language else None
    if source.transcript:
        whole = clip.start_seconds < _WHOLE_SECONDS and seconds > video_seconds - 2 * _WHOLE_SECONDS
        written = split_words(source.transcript)
        declared, match = find_declared(written, [w.text for w in words], language, whole)
        text = join_words(declared)
        words = tuple(_declared_words(declared, words, language))
    return Transcript(
        text=text,
        language=language,
        language_score=heard.language_probability if language else None,
        words=words,
        phones=(),
        declared_match=match,
        mean_log_probability=heard.mean_log_probability,
        doubtful_ratio=0.0,
        syllables_per_second=count_syllables(text) / seconds,
        recogniser=recogniser.name,
        aligner=recogniser.aligner,
    )


def heard_twice(words: Sequence[str], again: str | None) -> list[bool]:
    """Return which words are also in what was heard the second time, in the same order; all without one."""
    if again is None:
        return [True] * len(words)
    first, second = [_plain(word) for word in words], [_plain(word) for word in split_words(again)]
    found = [False] * len(words)
    for same in difflib.SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks():
        found[same.a : same.a + same.size] = [True] * same.size
    return found


def _plain(word: str) -> str:
    return "".join(c for c in word.casefold() if c.isalnum())


def _word(word: RecognisedWord, duration_seconds: float, aligner: str, sure: bool) -> Word:
    def within(seconds: float | None) -> float | None:
        return None if seconds is None else round(min(max(seconds, 0.0), duration_seconds), 3)

    return Word(
        text=word.text,
        start_seconds=within(word.start_seconds),
        end_seconds=within(word.end_seconds),
        score=None if word.probability is None else round(word.probability, 4),
        interpolated=False,
        aligner=aligner,
        doubt=None if sure or (word.probability or 0.0) >= _LIKELY else GUESSED,
    )


def _declared_words(declared: Sequence[str], heard: Sequence[Word], language: str | None) -> list[Word]:
    """Return declared words; those that no aligner may come to find where their letters are heard."""
    if language == LANGUAGE:
        return [_untimed(text) for text in declared]
    said = [
        (_letters([w.text], language), (w.start_seconds, w.end_seconds))
        for w in heard
        if w.start_seconds is not None and w.end_seconds is not None
    ]
    times = times_as_heard([_letters([text], language) for text in declared], said)
    return [
        _untimed(text)
        if at is None
        else dataclasses.replace(
            _untimed(text),
            start_seconds=round(at[0], 3),
            end_seconds=round(at[1], 3),
            interpolated=False,
            aligner=heard[0].aligner,
        )
        for text, at in zip(declared, times, strict=True)
    ]


def _untimed(text: str) -> Word:
    return Word(
        text=text, start_seconds=None, end_seconds=None, score=None, interpolated=True, aligner="none"
    )


def find_declared(
    declared: list[str], heard: list[str], language: str | None, whole: bool
) -> tuple[list[str], float]:
    """Return the declared words that are heard, and the share of letters on which both agree.

    The two are compared as they are spoken, letter by letter, with the fewest insertions, deletions
    and substitutions (Levenshtein distance, free at both ends of the declared text; Sellers 1980).

    Args:
        whole: everything declared is in the clip; only the agreement is measured.
    """
    letters = [_letters([word], language) for word in declared]
    owner = np.repeat(np.arange(len(declared)), [len(text) for text in letters])
    text, pattern = "".join(letters), _letters(heard, language)
    if not pattern or not text:
        return (declared if whole else []), 0.0
    distance, start, end = locate(pattern, text, whole)
    match = max(1.0 - distance / max(len(pattern), end - start, 1), 0.0)
    if whole:
        return declared, match
    inside = np.bincount(owner[start:end], minlength=len(declared))
    return [word for word, n, full in zip(declared, inside, letters, strict=True) if 2 * n > len(full)], match


def _letters(words: list[str], language: str | None) -> str:
    """Return what is compared: letters and digits without case, English as it is spoken."""
    if language == LANGUAGE:
        return "".join(t for readings in spoken_words(words) for t in (readings[0] if readings else ()))
    folded = unicodedata.normalize("NFKD", " ".join(words)).casefold()
    return "".join(c for c in folded if c.isalnum() or _is_vowel_sign(c))


def _is_vowel_sign(letter: str) -> bool:
    """Return whether a mark is part of the spelling, not an accent or a vowel that is seldom written."""
    often_left_out = ("COMBINING", "ARABIC", "HEBREW")
    mark = unicodedata.category(letter).startswith("M")
    return mark and unicodedata.name(letter, "").split(" ")[0] not in often_left_out


def locate(pattern: str, text: str, whole: bool) -> tuple[int, int, int]:
    """Return the edit distance of a pattern to the stretch [start, end) of a text it fits best.

    Args:
        whole: the stretch is the whole text.
    """
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    columns = np.arange(len(text) + 1, dtype=np.int32)
    rows = np.empty((len(pattern) + 1, len(text) + 1), np.int32)
    rows[0] = columns if whole else 0
    for i, letter in enumerate(pattern, start=1):
        best = np.empty_like(rows[0])
        best[0] = i
        best[1:] = np.minimum(rows[i - 1, :-1] + (codes != ord(letter)), rows[i - 1, 1:] + 1)
        # A gap in the pattern costs one a column: the best start of the gap is a running minimum.
        rows[i] = np.minimum.accumulate(best - columns) + columns
    end = len(text) if whole else int(np.argmin(rows[-1]))
    i, j = len(pattern), end
    while i and not (whole and j == 0):
        if j and rows[i, j] == rows[i - 1, j - 1] + (codes[j - 1] != ord(pattern[i - 1])):
            i, j = i - 1, j - 1
        elif j and rows[i, j] == rows[i, j - 1] + 1:
            j -= 1
        else:
            i -= 1
    return int(rows[-1, end]), 0 if whole else j, end
