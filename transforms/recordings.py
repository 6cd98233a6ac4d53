"""The clips of one person by the recordings that they are from, and how far apart these were made."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from schemas.attributes import recorded_year
from schemas.records.clip import Clip


def years_apart(clips: Sequence[Clip]) -> npt.NDArray[np.float64]:
    """Return (n,) how many years after the person's mean recording each was made; 0 without a date."""
    years = np.array([recorded_year(clip.source) or np.nan for clip in clips], np.float64)
    if not np.isfinite(years).any():
        return np.zeros(len(clips))
    return np.nan_to_num(years - np.nanmean(years))


def by_recording(known: Iterable[int], clips: Sequence[Clip]) -> list[list[int]]:
    """Return the numbers of clips of which something is known by their videos."""
    found: dict[str, list[int]] = defaultdict(list)
    for i in known:
        found[clips[i].video_id].append(i)
    return [found[video] for video in sorted(found)]
