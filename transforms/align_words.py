"""Align words: when each word of a transcript is spoken, to the frame, and its phones.

    written   The    $5.20                        bill
    spoken    the    five dollars twenty          bill
    sound   ..=====..======.=========.========....======..
    word      [---]  [-----------------------]    [----]

A written word has the span of all it is spoken as. No word is left without a time: one that is not
found lies between its neighbours and is marked `interpolated`. Hesitations that the aligner hears between
words become words. Words that may be wrong are marked with a doubt, never removed.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backends.protocols.sound import AlignedWord, ForcedAligner
from schemas.records.sound import Phone, Transcript, Word
from transforms.hesitations import steadiness
from transforms.spoken_words import LANGUAGE, Readings, spoken_words
from transforms.written_words import join_words

Span = tuple[float, float]

_LEAST_SCORE = 1e-9
INTERPOLATION = "interpolation"
MOVED, SILENT, UNFIT, NOT_FOUND = "moved", "silent", "unfit", "not_found"
_FILLERS = frozenset(("um", "umm", "uhm", "uh", "uhh", "er", "erm", "hm", "hmm", "mm", "mhm"))


@dataclass(frozen=True, kw_only=True, slots=True)
class AlignConfig:
    """Which aligner: "pocketsphinx" (English, embedded), or the path of a wav2vec2 directory.

    Words in a language that the aligner does not know keep the recogniser's times. Doubtful are words that
    aligner and recogniser place more than `max_moved_seconds` apart, start and end, of which less than
    `min_speech_ratio` lies in speech, or whose score, together with its neighbours' (geometric mean), is
    below `min_word_score`: so are 1 % of words that are said and 93 % of invented ones. A hesitation is one
    if it lasts, fits and is held: of three spoken by a man these had 0.4 to 0.6 s, 0.013 to 0.05 and
    0.75 to 0.9; of 40 stretches of other speech that was not written down three pass.
    """

    model: str = "pocketsphinx"
    max_moved_seconds: float = 0.5
    min_speech_ratio: float = 0.3
    min_word_score: float = 0.0067
    min_hesitation_seconds: float = 0.2
    min_hesitation_score: float = 0.008
    min_hesitation_steadiness: float = 0.7


def align_words(
    samples: npt.NDArray[np.float32],
    transcript: Transcript,
    aligner: ForcedAligner,
    duration_seconds: float,
    speech: Sequence[Span],
    config: AlignConfig,
) -> Transcript:
    """Return the transcript with times for all its words, and phones where the aligner has them.

    Args:
        samples: mono (n,) at 16 kHz, the sound of the clip.
        speech: where somebody speaks, in seconds.
    """
    done = _with_times(samples, transcript, aligner, duration_seconds, config)
    words = tuple(_doubted(word, speech, config) for word in done.words)
    doubtful = sum(word.doubt is not None for word in words) / max(len(words), 1)
    return dataclasses.replace(done, words=words, doubtful_ratio=round(doubtful, 4))


def _doubted(word: Word, speech: Sequence[Span], config: AlignConfig) -> Word:
    """Return a word with the first doubt there is about it."""
    start, end = word.start_seconds or 0.0, word.end_seconds or 0.0
    heard = sum(max(min(end, b) - max(start, a), 0.0) for a, b in speech)
    doubt = word.doubt
    if word.interpolated:
        doubt = doubt or NOT_FOUND
    elif heard < config.min_speech_ratio * (end - start):
        doubt = doubt or SILENT
    plain = "".join(c for c in word.text.lower() if c.isalnum())
    return dataclasses.replace(word, doubt=doubt, filler=word.filler or plain in _FILLERS)


def _with_times(
    samples: npt.NDArray[np.float32],
    transcript: Transcript,
    aligner: ForcedAligner,
    duration_seconds: float,
    config: AlignConfig,
) -> Transcript:
    language = transcript.language
    readings = _readings([w.text for w in transcript.words], language)
    spoken = [(word, options) for word, options in zip(transcript.words, readings, strict=True) if options]
    if not spoken or language is None or not aligner.aligns(language):
        words = fill_times([word for word, _ in spoken], duration_seconds)
        return dataclasses.replace(transcript, words=tuple(words))
    alignment = aligner.align(samples, [options for _, options in spoken])
    words = [
        word if at is None else _aligned(word, at, aligner.name, duration_seconds, fit, config)
        for (word, _), at, fit in zip(spoken, alignment.words, _fits(alignment.words), strict=True)
    ]
    found = list(alignment.words)
    hesitations = [(i, at) for i, at in alignment.hesitations if _is_held(samples, at, config)]
    for before, at in reversed(hesitations):
        words.insert(before, _hesitation(at, aligner.name, duration_seconds))
        found.insert(before, at)
    phones = [
        Phone(
            label=p.label,
            start_seconds=_within(p.start_seconds, duration_seconds),
            end_seconds=_within(p.end_seconds, duration_seconds),
            score=round(p.score, 4),
        )
        for at in found
        if at is not None
        for p in at.phones
    ]
    return dataclasses.replace(
        transcript,
        text=_text(transcript, words) if hesitations else transcript.text,
        words=tuple(fill_times(words, duration_seconds)),
        phones=tuple(phones),
        aligner=transcript.aligner if all(at is None for at in found) else aligner.name,
    )


def _readings(texts: Sequence[str], language: str | None) -> list[Readings]:
    """Return how words may be spoken; outside English as they are written, () without a letter."""
    if language == LANGUAGE:
        return spoken_words(texts)
    return [((text,),) if any(c.isalnum() for c in text) else () for text in texts]


def _within(seconds: float, duration_seconds: float) -> float:
    return round(min(max(seconds, 0.0), duration_seconds), 3)


def _fits(found: Sequence[AlignedWord | None]) -> list[float]:
    """Return how well each word sounds as written: the geometric mean of its and its neighbours' scores."""
    logs = np.log([max(at.score, _LEAST_SCORE) if at is not None else _LEAST_SCORE for at in found])
    return [float(np.exp(logs[max(i - 1, 0) : i + 2].mean())) for i in range(len(logs))]


def _is_held(samples: npt.NDArray[np.float32], at: AlignedWord, config: AlignConfig) -> bool:
    return (
        at.end_seconds - at.start_seconds >= config.min_hesitation_seconds
        and at.score >= config.min_hesitation_score
        and steadiness(samples, at.start_seconds, at.end_seconds) >= config.min_hesitation_steadiness
    )


def _text(transcript: Transcript, words: Sequence[Word]) -> str:
    """Return what is said, hesitations and all; a declared text stays as it is."""
    return transcript.text if transcript.declared_match is not None else join_words([w.text for w in words])


def _hesitation(at: AlignedWord, aligner: str, duration_seconds: float) -> Word:
    return Word(
        text=at.reading[0],
        start_seconds=_within(at.start_seconds, duration_seconds),
        end_seconds=_within(at.end_seconds, duration_seconds),
        score=round(at.score, 4),
        interpolated=False,
        aligner=aligner,
        filler=True,
    )


def _aligned(
    word: Word, at: AlignedWord, aligner: str, duration_seconds: float, fit: float, config: AlignConfig
) -> Word:
    doubt = word.doubt
    # After a pause recognisers start a word with the pause: its end tells.
    edges = ((word.start_seconds, at.start_seconds), (word.end_seconds, at.end_seconds))
    moved = min(abs(there - here) if here is not None else 0.0 for here, there in edges)
    if moved > config.max_moved_seconds:
        doubt = doubt or MOVED
    elif fit < config.min_word_score:
        doubt = doubt or UNFIT
    spoken = " ".join(at.reading)
    plain = "".join(c for c in word.text.lower() if c.isalnum() or c == "'")
    return Word(
        text=word.text,
        start_seconds=_within(at.start_seconds, duration_seconds),
        end_seconds=_within(at.end_seconds, duration_seconds),
        score=round(at.score, 4),
        interpolated=False,
        aligner=aligner,
        spoken=None if spoken == plain else spoken,
        doubt=doubt,
    )


def fill_times(words: Sequence[Word], duration_seconds: float) -> list[Word]:
    """Return words of which those without times share the time between their neighbours equally."""
    filled: list[Word] = []
    i = 0
    while i < len(words):
        if words[i].start_seconds is not None and words[i].end_seconds is not None:
            filled.append(words[i])
            i += 1
            continue
        stop = next((j for j in range(i, len(words)) if words[j].start_seconds is not None), len(words))
        stop = max(stop, i + 1)
        before = (filled[-1].end_seconds if filled else None) or 0.0
        after = words[stop].start_seconds if stop < len(words) else duration_seconds
        edges = np.linspace(before, max(after or 0.0, before), stop - i + 1)
        filled += [
            dataclasses.replace(
                word,
                start_seconds=round(float(start), 3),
                end_seconds=round(float(end), 3),
                score=0.0,
                interpolated=True,
                aligner=INTERPOLATION,
            )
            for word, start, end in zip(words[i:stop], edges, edges[1:], strict=False)
        ]
        i = stop
    return filled
