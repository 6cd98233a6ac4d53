"""What the steps ask of models that see."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from backends.protocols.arrays import FloatArray, RgbImage
from schemas.records.picture import Box


@dataclass(frozen=True, slots=True)
class Detection:
    """A face found in a picture: box in px of that picture, score in [0, 1]."""

    box_xyxy: Box
    score: float


class FaceDetector(Protocol):
    """Finds faces in single pictures."""

    name: str

    def detect(self, image: RgbImage) -> list[Detection]:
        """Return the faces of an RGB picture (H, W, 3)."""
        ...


@dataclass(frozen=True, slots=True)
class FaceView:
    """One good look at a face: a crop (H, W, 3) RGB and its mesh (478, 3) in px of the crop."""

    image: RgbImage
    points: FloatArray


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


@dataclass(frozen=True, slots=True)
class FaceEstimate:
    """How a face is perceived: chances in [0, 1], age in years.

    `age_groups` (8,) are the chances of 0-12, 13-19, 20-29, 30-39, 40-49, 50-59, 60-69 and 70+.
    """

    masculine: float
    age_groups: FloatArray
    age_years: float


class AttributeEstimator(Protocol):
    """Estimates perceived age and gender presentation."""

    name: str

    def estimate(self, views: Sequence[FaceView]) -> list[FaceEstimate]:
        """Return one estimate a view."""
        ...


@dataclass(frozen=True, slots=True)
class FrameLandmarks:
    """Landmarks of one person on one picture, in px of that picture; None where not seen."""

    face: FloatArray | None  # (478, 3)
    left_hand: FloatArray | None  # (21, 3)
    right_hand: FloatArray | None  # (21, 3)
    pose: FloatArray | None  # (33, 3)
    pose_visibility: FloatArray | None  # (33,)
    pose_world: FloatArray | None  # (33, 3) metres


class LandmarkExtractor(Protocol):
    """Follows one person through consecutive pictures."""

    name: str

    def reset(self) -> None:
        """Forget the person: the next picture starts a new clip."""
        ...

    def extract(self, image: RgbImage, face_region: Box) -> FrameLandmarks:
        """Return landmarks of the person whose face lies in `face_region` (px)."""
        ...


class PersonSegmenter(Protocol):
    """Tells which pixels of a picture are a person."""

    name: str

    def segment(self, image: RgbImage) -> RgbImage:
        """Return how much of each pixel (H, W) of an image (H, W, 3) is a person, 0 to 255."""
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


class TextDetector(Protocol):
    """Finds written text in pictures."""

    name: str

    def text_boxes(self, image: RgbImage) -> list[Box]:
        """Return axis-aligned boxes (px) around what looks like lines of text in an RGB picture."""
        ...

    def legibility(self, image: RgbImage, box: Box) -> float:
        """Return how surely a box can be read as text, 0 to 1."""
        ...
