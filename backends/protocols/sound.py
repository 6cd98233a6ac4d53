"""What the steps ask of models that hear, and of those that compare lips with a sound."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from backends.protocols.arrays import FloatArray, RgbImage


@dataclass(frozen=True, slots=True)
class FoundSpeech:
    """Spans of speech in seconds, and how sure the detector is within them (None without any)."""

    spans: tuple[tuple[float, float], ...]
    probability: float | None


class SpeechDetector(Protocol):
    """Tells speech from music, noise and silence."""

    name: str

    def find_speech(self, samples: FloatArray) -> FoundSpeech:
        """Return the speech in mono samples (n,) at 16 kHz."""
        ...


class VoiceEmbedder(Protocol):
    """Places voices so that those of one person lie together."""

    name: str
    window_seconds: float

    def embed(self, samples: FloatArray, starts_seconds: npt.NDArray[np.float64]) -> FloatArray:
        """Return unit vectors (k, channels) of the windows that start at `starts_seconds` (k,).

        Args:
            samples: mono (n,) at 16 kHz; windows are `window_seconds` long and lie within them.
        """
        ...


@dataclass(frozen=True, slots=True)
class RecognisedWord:
    """A piece of text as a recogniser heard it, seconds from the start of the samples; None if unaligned.

    `text` begins with a space where one stands before it: a piece may be less than a word.
    """

    text: str
    start_seconds: float | None
    end_seconds: float | None
    probability: float | None


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a recogniser heard, with its own word times; `again` is what it heard when it listened otherwise.

    None: it listened once.
    """

    text: str
    language: str
    language_probability: float
    words: tuple[RecognisedWord, ...]
    mean_log_probability: float | None
    again: str | None = None


class Recogniser(Protocol):
    """Turns speech into words."""

    name: str
    aligner: str

    def recognise(self, samples: FloatArray, language: str | None) -> Recognition:
        """Transcribe mono samples (n,) at 16 kHz; `language` None means identify it."""
        ...


@dataclass(frozen=True, slots=True)
class AlignedPhone:
    """A speech sound found in the samples: label, seconds from their start, score in [0, 1]."""

    label: str
    start_seconds: float
    end_seconds: float
    score: float


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """A written word found in the samples: how it was read, seconds from their start, score in [0, 1]."""

    reading: tuple[str, ...]
    start_seconds: float
    end_seconds: float
    score: float
    phones: tuple[AlignedPhone, ...]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where known words are in the samples, None where not found, and hesitations heard between them.

    `hesitations` ("um", "uh") come with the index of the word that they stand before.
    """

    words: tuple[AlignedWord | None, ...]
    hesitations: tuple[tuple[int, AlignedWord], ...] = ()


class ForcedAligner(Protocol):
    """Finds known words in speech."""

    name: str

    def aligns(self, language: str) -> bool:
        """Return whether words of this language can be aligned."""
        ...

    def align(self, samples: FloatArray, words: Sequence[Sequence[tuple[str, ...]]]) -> Alignment:
        """Return where each word is spoken in mono samples (n,) at 16 kHz.

        Args:
            words: for each written word, in the order spoken, its possible readings as spoken
                words; at least one each.
        """
        ...


class SyncScorer(Protocol):
    """Compares the lips of a face with a sound."""

    name: str
    needs_pictures: bool

    def look(
        self, face: npt.NDArray[np.floating], fps: float, pictures: Iterable[RgbImage] | None
    ) -> npt.NDArray[np.float64]:
        """Return what lips do, (n, d), a row a frame; parts of it can be compared alone.

        Args:
            face: (n, 478, 3) landmarks in px, NaN where not seen.
            pictures: the n frames (H, W, 3); None unless the scorer needs them.
        """
        ...

    def agreement(
        self, samples: FloatArray, seen: npt.NDArray[np.floating], fps: float, max_lag: int
    ) -> npt.NDArray[np.float64]:
        """Return how well they agree at lags -max_lag to max_lag frames, (2 max_lag + 1, n).

        A lag's score is the mean over its frames; NaN where a frame has no sound at that lag, or was not
        seen. The best lag is positive where the sound is late.

        Args:
            samples: mono (m,) at 16 kHz, beginning with the first frame.
            seen: (n, d) what `look` returned for those frames.
        """
        ...
