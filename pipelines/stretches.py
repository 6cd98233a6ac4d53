"""Where a video shows the face of one person: stretches of frames, none of which crosses a cut."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipelines.footage import Footage
from pipelines.photo import OTHER_FACE
from schemas.outcomes import BadInputError
from schemas.records.video import FaceTrack, Shot
from transforms.geometry import boxes_at
from transforms.track_faces import SampledFaces, TrackConfig, build_tracks

# Frames beside a cut are looked at too: the fit tells whether they show the face or a blend.
_GUARD_FRAMES = 1.5
# A face that is seen for less than this is no second person.
_MEETING_SECONDS = 0.3
_FEW_SAMPLES = 6


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Stretch:
    """Frames [start, end) of a video, with the box of the face in each: boxes (N, 4) px, N = end - start."""

    start: int
    end: int
    boxes: npt.NDArray[np.float64]

    @property
    def length(self) -> int:
        """N."""
        return self.end - self.start


def stretches_of(
    footage: Footage, shots: Sequence[Shot], samples: Sequence[SampledFaces], min_face_px: float
) -> tuple[list[Stretch], list[str]]:
    """Return where the person's face is seen, in order, and notes on faces that are too small.

    Raises:
        BadInputError: if two people are seen at once.
    """
    config = TrackConfig()
    if len(samples) < _FEW_SAMPLES:
        config = replace(config, min_detections=1)
    scale = footage.width / footage.video.width
    found: list[Stretch] = []
    small: list[float] = []
    for shot in shots:
        for track in _alone(footage, build_tracks(shot, samples, config)):
            height = track.median_height_px * scale
            if height < min_face_px:
                small.append(height)
                continue
            after = found[-1].end if found else 0
            stretch = _stretch(footage, shot, track, scale, after)
            found += [stretch] if stretch.length else []
    if not small:
        return found, []
    return found, [f"a face is {max(small):.0f} px high; at least {min_face_px:.0f} are needed"]


def _alone(footage: Footage, tracks: Sequence[FaceTrack]) -> list[FaceTrack]:
    """Return the largest faces of a shot, of which no two are seen at once, in order."""
    kept: list[FaceTrack] = []
    for track in sorted(tracks, key=lambda t: -t.median_height_px * (t.end_seconds - t.start_seconds)):
        meeting = [(_shared_seconds(track, one), one) for one in kept]
        if not (beside := [one for shared, one in meeting if shared > _MEETING_SECONDS]):
            kept.append(track)
        elif track.median_height_px >= OTHER_FACE * max(one.median_height_px for one in beside):
            at = max(track.start_seconds, beside[0].start_seconds)
            raise BadInputError(
                f"{footage.video.source.uri}: two people are seen at {at:.1f} s; cut or crop it so that it "
                "shows one person"
            )
    return sorted(kept, key=lambda t: t.start_seconds)


def _shared_seconds(one: FaceTrack, other: FaceTrack) -> float:
    return min(one.end_seconds, other.end_seconds) - max(one.start_seconds, other.start_seconds)


def _stretch(footage: Footage, shot: Shot, track: FaceTrack, scale: float, after: int) -> Stretch:
    guard = _GUARD_FRAMES / footage.fps
    near_start = track.start_seconds - shot.start_seconds <= guard
    near_end = shot.end_seconds - track.end_seconds <= guard
    begin = shot.start_seconds if near_start else track.start_seconds
    end = shot.end_seconds if near_end else track.end_seconds
    rows = [int(np.ceil((seconds - footage.start_seconds) * footage.fps - 1e-3)) for seconds in (begin, end)]
    first, last = max(rows[0], after), min(rows[1], footage.num_frames)
    seconds = footage.start_seconds + np.arange(first, max(first, last)) / footage.fps
    return Stretch(start=first, end=max(first, last), boxes=boxes_at(track, seconds) * scale)
