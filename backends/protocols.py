"""What the steps ask of outside models; any object with these methods will do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from schemas.records.picture import Box

RgbImage = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Detection:
    """A face found in a picture: box in px of that picture, score in [0, 1]."""

    box_xyxy: Box
    score: float


@dataclass(frozen=True, slots=True)
class FrameLandmarks:
    """Landmarks of one person on one picture, in px of that picture; None where not seen."""

    face: FloatArray | None  # (478, 3)
    left_hand: FloatArray | None  # (21, 3)
    right_hand: FloatArray | None  # (21, 3)
    pose: FloatArray | None  # (33, 3)
    pose_visibility: FloatArray | None  # (33,)
    pose_world: FloatArray | None  # (33, 3) metres


@dataclass(frozen=True, slots=True)
class FoundSpeech:
    """Spans of speech in seconds, and how sure the detector is within them (None without any)."""

    spans: tuple[tuple[float, float], ...]
    probability: float | None


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


@dataclass(frozen=True, slots=True)
class FaceView:
    """One good look at a face: a crop (H, W, 3) RGB and its mesh (478, 3) in px of the crop."""

    image: RgbImage
    points: FloatArray


@dataclass(frozen=True, slots=True)
class FaceEstimate:
    """How a face is perceived: chances in [0, 1], age in years.

    `age_groups` (8,) are the chances of 0-12, 13-19, 20-29, 30-39, 40-49, 50-59, 60-69 and 70+.
    """

    masculine: float
    age_groups: FloatArray
    age_years: float


class FaceEmbedder(Protocol):
    """Turns faces into points that lie near each other when they show one person."""

    name: str

    def embed(self, views: Sequence[FaceView]) -> FloatArray:
        """Return (n, d) descriptors, to be compared by Euclidean distance."""
        ...

    def pool(self, descriptors: FloatArray, weights: FloatArray) -> FloatArray:
        """Return one descriptor (d,) of several (n, d) of a person."""
        ...

    def stranger_distance(self, descriptor: FloatArray) -> float:
        """Return how far strangers who look alike are from a face; distances are relative to it.

        Faces of some people lie closer to strangers' than others do (for most networks: children's and those
        of groups that were rare in training); one bound for all would take them for each other.
        """
        ...


class PersonSegmenter(Protocol):
    """Tells which pixels of a picture are a person."""

    name: str

    def segment(self, image: RgbImage) -> RgbImage:
        """Return how much of each pixel (H, W) of an image (H, W, 3) is a person, 0 to 255."""
        ...


class AttributeEstimator(Protocol):
    """Estimates perceived age and gender presentation."""

    name: str

    def estimate(self, views: Sequence[FaceView]) -> list[FaceEstimate]:
        """Return one estimate a view."""
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


class FaceDetector(Protocol):
    """Finds faces in single pictures."""

    name: str

    def detect(self, image: RgbImage) -> list[Detection]:
        """Return the faces of an RGB picture (H, W, 3)."""
        ...


class ShotModel(Protocol):
    """Scores cuts from thumbnails."""

    name: str

    def cut_probabilities(self, thumbnails: RgbImage) -> tuple[FloatArray, FloatArray]:
        """Return per frame (n,) the chance that a shot ends there, and that it lies in a transition.

        Args:
            thumbnails: (n, 27, 48, 3) RGB, n = 100 consecutive frames.
        """
        ...


class PictureChange(Protocol):
    """Measures how much consecutive pictures differ."""

    def change(self, image: RgbImage) -> float:
        """Return the change since the last picture given, 0 to 255; 0.0 for the first."""
        ...


class LandmarkExtractor(Protocol):
    """Follows one person through consecutive pictures."""

    name: str

    def reset(self) -> None:
        """Forget the person: the next picture starts a new clip."""
        ...

    def extract(self, image: RgbImage, face_region: Box) -> FrameLandmarks:
        """Return landmarks of the person whose face lies in `face_region` (px)."""
        ...


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


class Recogniser(Protocol):
    """Turns speech into words."""

    name: str
    aligner: str

    def recognise(self, samples: FloatArray, language: str | None) -> Recognition:
        """Transcribe mono samples (n,) at 16 kHz; `language` None means identify it."""
        ...


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


class TextDetector(Protocol):
    """Finds written text in pictures."""

    name: str

    def text_boxes(self, image: RgbImage) -> list[Box]:
        """Return axis-aligned boxes (px) around what looks like lines of text in an RGB picture."""
        ...

    def legibility(self, image: RgbImage, box: Box) -> float:
        """Return how surely a box can be read as text, 0 to 1."""
        ...
