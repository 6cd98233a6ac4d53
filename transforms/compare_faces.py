"""Compare faces that are seen at the same time: which of them says what is heard, over a clip and in parts.

    his lips     . . . . . . * * * * * *      agreement with the sound over 2 s of speech
    her lips     * * * * * * . . . . . .
    margin of    |---------| |---------|      his clip holds words of hers: the least margin is low
    his clip      far below     above

docs/sync.md says what the margins are worth.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from schemas.records.clip import Clip
from schemas.records.sound import Sync

# Stretches of two clips are compared where their starts lie so near.
_NEAR_SECONDS = 0.05
_MIN_OVERLAP = 0.5

Rival = tuple[Clip, Sync]


def with_rivals(clips: Sequence[Clip]) -> list[Clip]:
    """Return the clips of one video, each with its margins over the best other face seen meanwhile."""
    compared: list[Clip] = []
    for clip in clips:
        if clip.sync is None:
            compared.append(clip)
            continue
        others = [
            (other, other.sync)
            for other in clips
            if other.shot_id == clip.shot_id and other.track_id != clip.track_id and other.sync is not None
        ]
        margins = [found for other in others if (found := _margin((clip, clip.sync), other)) is not None]
        stretches = [m for other in others for m in _stretch_margins((clip, clip.sync), other)]
        found = replace(
            clip.sync,
            rival_margin=round(min(margins), 6) if margins else None,
            weakest_margin=round(min(stretches), 6) if stretches else None,
        )
        compared.append(replace(clip, sync=found))
    return compared


def _margin(own: Rival, other: Rival) -> float | None:
    """Return by how much a face fits the sound better than another: over the speech that both clips have,
    else over two clips of which the shorter lies mostly in the other. None where they are not comparable.
    """
    if shared := _stretch_margins(own, other):
        return float(np.mean(shared))
    if _overlap(own[0], other[0]) > _MIN_OVERLAP:
        return own[1].sync_confidence - other[1].sync_confidence
    return None


def _stretch_margins(own: Rival, other: Rival) -> list[float]:
    """Return by how much a face fits the sound better than another in each stretch that both clips have."""
    there = {_time(other[0], s.start_seconds): s.agreement for s in other[1].stretches}
    if not there:
        return []
    times = np.array(list(there))
    margins: list[float] = []
    for stretch in own[1].stretches:
        at = _time(own[0], stretch.start_seconds)
        nearest = float(times[np.abs(times - at).argmin()])
        margins += [stretch.agreement - there[nearest]] if abs(nearest - at) <= _NEAR_SECONDS else []
    return margins


def _time(clip: Clip, seconds: float) -> float:
    return clip.start_seconds + seconds


def _overlap(clip: Clip, other: Clip) -> float:
    """Return the share of the shorter of two clips that lies in the other."""
    shared = min(clip.end_seconds, other.end_seconds) - max(clip.start_seconds, other.start_seconds)
    return shared / min(clip.duration_seconds, other.duration_seconds)
