"""Transcribe: words with their times, from a clip's sound.

A transcript declared in the manifest covers a whole video; checking and aligning it belongs to
the alignment step. Here what is heard is written down.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backends.protocols import RecognisedWord, Recogniser
from schemas.records import Transcript, Word

STAGE = "transcribe"


@dataclass(frozen=True, kw_only=True, slots=True)
class TranscribeConfig:
    """Which recogniser. `model`: "base" (multilingual) and "tiny.en" are embedded; or a path."""

    model: str = "base"
    align_model: str | None = None
    beam_size: int = 5


def transcribe(
    samples: npt.NDArray[np.float32], language: str | None, recogniser: Recogniser, duration_seconds: float
) -> Transcript:
    """Return the transcript of mono samples (n,) at 16 kHz.

    Args:
        language: a declared language code, or None to identify it.
        duration_seconds: length of the clip; word times are kept within it.
    """
    heard = recogniser.recognise(samples, language)
    return Transcript(
        text=heard.text,
        language=heard.language if heard.text else None,
        language_score=heard.language_probability if heard.text else None,
        words=tuple(_word(w, duration_seconds) for w in heard.words if w.text),
        mean_log_probability=heard.mean_log_probability,
        words_per_second=sum(bool(w.text) for w in heard.words) / duration_seconds,
        recogniser=recogniser.name,
        aligner=recogniser.aligner,
    )


def _word(word: RecognisedWord, duration_seconds: float) -> Word:
    def within(seconds: float | None) -> float | None:
        return None if seconds is None else round(min(max(seconds, 0.0), duration_seconds), 3)

    return Word(
        text=word.text,
        start_seconds=within(word.start_seconds),
        end_seconds=within(word.end_seconds),
        score=None if word.probability is None else round(word.probability, 4),
        interpolated=False,
    )
