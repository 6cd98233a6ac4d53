"""How motion of all clips is spread, against real motion; and how samples of one sound differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import linalg

from benchmarks.motion_rows import Row, betas_of, reference_of, sound_of
from body.load import load_body_model
from commands.hearing import features_of
from models.data.records import Window
from models.motion import measures
from models.motion.body_points import BodyPoints
from models.motion.checkpoint import bundled_model, load_motion
from models.motion.generate import GenerateConfig, animate
from models.motion.measures import Motion

Float = npt.NDArray[np.float64]
_WINDOW, _STEP, _CODES = 25, 5, 16  # frames of a code: a second
_SEEDS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalEncoder:
    """Principal components of a second of head and arms, less their mean.

    An encoder of these very clips: there is none for this body model that others have, so distances are not
    those of other tables.
    """

    mean: Float
    components: Float

    @classmethod
    def of(cls, motions: Sequence[Motion]) -> "LocalEncoder":
        """Return the encoder that real motion gives."""
        windows = _windows(motions)
        mean = windows.mean(0)
        _, _, directions = np.linalg.svd(windows - mean, full_matrices=False)
        return cls(mean=mean, components=directions[:_CODES].T)

    def codes(self, motions: Sequence[Motion]) -> Float:
        """Return (n, 16): codes of all seconds of some motions."""
        return (_windows(motions) - self.mean) @ self.components


def frechet_distance(a: Float, b: Float) -> float:
    """Return the Fréchet distance of two sets of codes, taken as normal (Heusel et al. 2017, section 3; FGD
    of Yoon et al. 2020 on gestures).
    """
    means = ((a.mean(0) - b.mean(0)) ** 2).sum()
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = np.real(linalg.sqrtm(first @ second))  # type: ignore[attr-defined]
    return float(means + np.trace(first + second - 2 * root))


def distances(rows: Sequence[Row]) -> dict[str, float]:
    """Return the Fréchet distance of every row to the first, which is real motion."""
    encoder = LocalEncoder.of(rows[0].motions)
    real = encoder.codes(rows[0].motions)
    return {row.name: frechet_distance(encoder.codes(row.motions), real) for row in rows}


def diversity(judged: Sequence[Window], path: Path | None) -> dict[str, float]:
    """Return how far samples of one sound by different seeds are apart: lips and arms in mm, head in degrees.

    Root mean squares over frames, means over pairs of seeds and clips.
    """
    model = load_motion(path or bundled_model())
    features, points = features_of(model.about.sound), BodyPoints(load_body_model())
    found: dict[str, list[float]] = {"lips mm": [], "head degrees": [], "arms mm": []}
    for window in judged:
        drawn = [
            animate(model, features, sound_of(window), reference_of(window), GenerateConfig(seed=seed))
            for seed in range(_SEEDS)
        ]
        seen = [measures.see(points, one, betas_of(window)) for one in drawn]
        for i, first in enumerate(seen):
            for second in seen[:i]:
                found["lips mm"].append(1000 * _apart(first.lips, second.lips))
                found["head degrees"].append(float(np.degrees(_apart(first.head, second.head))))
                found["arms mm"].append(1000 * _apart(first.arms, second.arms))
    return {name: float(np.mean(values)) for name, values in found.items()}


def _apart(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float:
    return float(np.sqrt(((a - b) ** 2).sum(-1).mean()))


def _windows(motions: Sequence[Motion]) -> Float:
    """Return (n, 25 * D): seconds of head (radians) and arm joints (decimetres), less their mean."""
    found: list[Float] = []
    for motion in motions:
        number = len(motion.head)
        arms = 10 * motion.arms.reshape(number, -1)
        series = np.concatenate([motion.head, arms], axis=1).astype(np.float64)
        for start in range(0, number - _WINDOW + 1, _STEP):
            second = series[start : start + _WINDOW]
            found.append((second - second.mean(0)).ravel())
    return np.stack(found)
