"""Align words: when each word of a transcript is spoken, to the frame, and its phones.

    written   The    $5.20                        bill
    spoken    the    five dollars twenty          bill
    sound   ..=====..======.=========.========....======..
    word      [---]  [-----------------------]    [----]

A written word has the span of all it is spoken as. No word is left without a time: one that is not
found lies between its neighbours and is marked `interpolated`.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backends.protocols import AlignedWord, ForcedAligner
from schemas.records import Phone, Transcript, Word
from transforms.spoken_words import LANGUAGE, Readings, spoken_words

INTERPOLATION = "interpolation"


@dataclass(frozen=True, kw_only=True, slots=True)
class AlignConfig:
    """Which aligner: "pocketsphinx" (English, embedded), or the path of a wav2vec2 directory.

    Words in a language that the aligner does not know keep the recogniser's times.
    """

    model: str = "pocketsphinx"


def align_words(
    samples: npt.NDArray[np.float32], transcript: Transcript, aligner: ForcedAligner, duration_seconds: float
) -> Transcript:
    """Return the transcript with times for all its words, and phones where the aligner has them.

    Args:
        samples: mono (n,) at 16 kHz, the sound of the clip.
    """
    language = transcript.language
    readings = _readings([w.text for w in transcript.words], language)
    spoken = [(word, options) for word, options in zip(transcript.words, readings, strict=True) if options]
    if not spoken or language is None or not aligner.aligns(language):
        words = fill_times([word for word, _ in spoken], duration_seconds)
        return dataclasses.replace(transcript, words=tuple(words))
    found = aligner.align(samples, [options for _, options in spoken])
    words = [
        word if at is None else _aligned(word, at, aligner.name, duration_seconds)
        for (word, _), at in zip(spoken, found, strict=True)
    ]
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


def _aligned(word: Word, at: AlignedWord, aligner: str, duration_seconds: float) -> Word:
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
