"""Compare voices: whether one person is heard in a clip or several, in turn or at once.

    speech     =====.=======..======.====
    windows    [--1--]  [--3--]  [--5--]      a point for each on a sphere of voices
                 [--2--]   [--4--]  [--6--]
    change                 ^ largest distance between what is before and after

Distances are 1 - cosine: within a person's speech half of them are below 0.22 and one in twenty above
0.38; between two people one in twenty is below 0.43 (talking-head videos, windows of 1.6 s).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage

from backends.protocols.sound import VoiceEmbedder
from schemas.bounds import Count, Positive, Share
from schemas.records.sound import Voice
from schemas.sample import SAMPLING_RATE_HZ

FloatArray = npt.NDArray[np.floating]
Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class VoiceConfig:
    """Windows begin every `hop_seconds`; those with less speech than `min_speech_ratio` are left out.

    Windows farther apart than `same_voice_distance` (average linkage) are different voices; a voice
    counts if it is heard in `min_voice_windows` windows.
    """

    hop_seconds: Positive = 0.4
    min_speech_ratio: Share = 0.6
    same_voice_distance: float = 0.42
    min_voice_windows: Count = 3


@dataclass(frozen=True, slots=True)
class HeardVoices:
    """Windows of speech: where they begin in seconds (n), how long they are, and their points (n, d)."""

    starts: FloatArray
    window_seconds: float
    points: FloatArray
    embedder: str

    @property
    def middle(self) -> FloatArray | None:
        """The unit vector (d,) in the middle of the windows, by which a voice is known again, if any."""
        if not len(self.points):
            return None
        mean = self.points.mean(axis=0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float32)


def hear_voices(
    samples: npt.NDArray[np.float32], speech: Sequence[Span], embedder: VoiceEmbedder, config: VoiceConfig
) -> HeardVoices:
    """Return the voices of mono samples (n,) at 16 kHz where there is enough speech.

    Args:
        speech: where somebody speaks, in seconds.
    """
    length, seconds = embedder.window_seconds, len(samples) / SAMPLING_RATE_HZ
    starts = np.arange(0.0, max(seconds - length, 0.0) + 1e-6, config.hop_seconds)
    spoken = np.array([_spoken(start, start + length, speech) for start in starts]) / length
    starts = starts[spoken >= config.min_speech_ratio]
    points = embedder.embed(samples, starts) if len(starts) else np.zeros((0, 1), np.float32)
    return HeardVoices(starts, length, points, embedder.name)


def compare_voices(heard: HeardVoices, config: VoiceConfig) -> Voice:
    """Return how many voices are heard in a clip."""
    starts, points = heard.starts, heard.points
    if len(starts) < 2:
        return Voice(num_voices=None, change_score=None, foreign_ratio=None, embedder=heard.embedder)
    groups = fcluster(
        linkage(points, "average", metric="cosine"), config.same_voice_distance, criterion="distance"
    )
    sizes = np.bincount(groups)
    return Voice(
        num_voices=max(int((sizes >= config.min_voice_windows).sum()), 1),
        change_score=change_score(points, starts, heard.window_seconds),
        foreign_ratio=round(1.0 - float(sizes.max()) / len(points), 6),
        embedder=heard.embedder,
    )


def _spoken(start: float, end: float, speech: Sequence[Span]) -> float:
    return sum(max(min(end, e) - max(start, s), 0.0) for s, e in speech)


def change_score(points: FloatArray, starts: FloatArray, length: float) -> float | None:
    """Return the largest distance between the mean voices before and after any moment.

    Only windows that do not reach across the moment count, two at least on either side; None if there
    is no such moment.

    Args:
        points: (n, channels) unit vectors.
        starts: (n,) where their windows begin, ascending; each is `length` seconds long.
    """
    largest: float | None = None
    for moment in starts + length:
        before, after = points[starts + length <= moment + 1e-6], points[starts >= moment - 1e-6]
        if len(before) < 2 or len(after) < 2:
            continue
        a, b = before.mean(0), after.mean(0)
        distance = 1.0 - float(a @ b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9)
        largest = distance if largest is None else max(largest, distance)
    return None if largest is None else round(largest, 6)
