"""Settings of clips."""

import math
from dataclasses import dataclass

from schemas.bounds import Count, FrameRate, Positive
from schemas.outcomes import BadInputError


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipConfig:
    """What a clip is. Defaults: MENTOR's clips last up to 10 s (VLOGGER, section 3.3)."""

    fps: FrameRate = 25.0
    min_seconds: Positive = 2.0
    target_min_seconds: Positive = 4.0
    target_max_seconds: Positive = 10.0
    min_face_height_px: float = 40.0
    # A crop around a face, in face heights from the face's centre: hands at rest and gestures.
    crop_side: Positive = 4.0
    crop_above: Positive = 1.75
    crop_below: Positive = 6.0
    # Other faces of at least this height, relative to the own one, are kept out of the crop where that leaves
    # the person room: so many face heights beside, above and below the face.
    min_other_face: float = 0.25
    room_beside: float = 0.5
    room_above: float = 0.3
    room_below: float = 1.0
    max_side_px: Count = 768
    pause_search_seconds: float = 2.0
    # Detected boxes may be this far apart before the face counts as gone.
    max_gap_seconds: float = 0.7

    @property
    def min_frames(self) -> int:
        """The fewest frames of a clip, one for the rounding of its ends."""
        return math.floor(self.min_seconds * self.fps) - 1

    def __post_init__(self) -> None:
        """Refuse to divide talk into clips that would be too short."""
        if self.min_seconds > self.target_min_seconds:
            raise BadInputError(
                f"clips: min_seconds = {self.min_seconds:g} is above target_min_seconds = "
                f"{self.target_min_seconds:g}"
            )
