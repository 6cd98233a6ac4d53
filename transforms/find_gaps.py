"""Find gaps: the time of a video in which no picture is seen, so that every second has its place.

    container's span  |=================================================|
    pictures             ||||||||||||          ||||||||||  ||||||||||
    sound             ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
    shots                [==========)          [========)[==========)
    lost              nnn            nnnnnnnnnn                      nnn  n: no_picture

A shot ends where pictures are damaged, where they stop for long, and where the file's clock starts again:
what follows is another recording, even if it looks the same.
"""

from collections.abc import Sequence

import numpy as np

from schemas.outcomes import Rejection, span_rejection
from schemas.records.video import ClockPart, Reading, Shot, Video

# A gap or an end is less than this share of a picture: rounding, and no time that is lost.
ROUNDING_FRAMES = 0.5


def restarts_of(reading: Reading) -> list[float]:
    """Return when a file's clock starts again or jumps, in seconds of the video."""
    found = _restarts(reading.clock, 0.0)
    for number, recording in enumerate(reading.recordings):
        found += [recording.start_seconds] if number and not recording.goes_on else []
        found += _restarts(recording.clock, recording.start_seconds)
    return found


def _restarts(clock: Sequence[ClockPart], start_seconds: float) -> list[float]:
    return [start_seconds + part.low_seconds + part.shift_seconds for part in clock[1:]]


def find_breaks(
    seconds: Sequence[float],
    fps: float,
    restarts: Sequence[float],
    damaged_seconds: Sequence[float],
    max_hold_seconds: float,
) -> dict[int, float]:
    """Return the frames before which a shot must end, and when the picture before each ends, in seconds.

    Args:
        seconds: presentation times of the frames, in order.
        restarts: when the clock starts again.
        damaged_seconds: when pictures are shown that could not be decoded.
        max_hold_seconds: a picture that stays longer is followed by a gap.
    """
    step, shown = 1.0 / fps, np.asarray(seconds)
    broken = set((np.flatnonzero(np.diff(shown) > max(max_hold_seconds, 1.5 * step)) + 1).tolist())
    broken |= set(np.searchsorted(shown, np.array(restarts) - ROUNDING_FRAMES * step).tolist())
    # A damaged picture lies between two that are seen; one at the same time as another is not missed.
    for at in damaged_seconds:
        frame = int(np.searchsorted(shown, at))
        if 0 < frame < len(seconds) and seconds[frame] - seconds[frame - 1] > 1.5 * step:
            broken.add(frame)
    inside = sorted(frame for frame in broken if 0 < frame < len(seconds))
    return {frame: min(seconds[frame - 1] + step, seconds[frame]) for frame in inside}


def find_gaps(video: Video, shots: Sequence[Shot]) -> list[Rejection]:
    """Return the spans of a video's duration that no shot covers, as rejections.

    What the header promises beyond the end of the data is `cut_off`, all else `no_picture`.
    """
    least = ROUNDING_FRAMES / video.fps
    end = video.duration_seconds if video.reading.end_seconds is None else video.reading.end_seconds
    if video.duration_seconds - end <= least:
        end = video.duration_seconds
    gaps: list[Rejection] = []
    reached = 0.0
    for start, covered in [*((s.start_seconds, s.end_seconds) for s in shots), (end, end)]:
        if start - reached > least:
            gaps.append(_rejection(video, "no_picture", reached, start))
        reached = max(reached, covered)
    if video.duration_seconds - reached > least:
        gaps.append(_rejection(video, "cut_off", reached, video.duration_seconds))
    return gaps


def _rejection(video: Video, reason: str, start: float, end: float) -> Rejection:
    return span_rejection(
        (start, end),
        part_of=video.video_id,
        kind="gap",
        stage="survey",
        video_id=video.video_id,
        source_name=video.source.name,
        reason=reason,
    )
