"""Settings of clips."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipConfig:
    """What a clip is. Defaults: MENTOR's clips last up to 10 s (VLOGGER, section 3.3)."""

    fps: float = 25.0
    min_seconds: float = 2.0
    target_min_seconds: float = 4.0
    target_max_seconds: float = 10.0
    min_face_height_px: float = 40.0
    # A crop around a face, in face heights from the face's centre: hands at rest and gestures.
    crop_side: float = 4.0
    crop_above: float = 1.75
    crop_below: float = 6.0
    # Other faces of at least this height, relative to the own one, are kept out of the crop where that leaves
    # the person room: so many face heights beside, above and below the face.
    min_other_face: float = 0.25
    room_beside: float = 0.5
    room_above: float = 0.3
    room_below: float = 1.0
    max_side_px: int = 768
    pause_search_seconds: float = 2.0
    # Detected boxes may be this far apart before the face counts as gone.
    max_gap_seconds: float = 0.7
