"""Which bodies the shape space is learnt from: adults of a plausible spread of anny's parameters.

Stature is made to follow normal distributions (men 1.755 m, women 1.625 m, spread about 0.07 m: round
figures for adults in Europe and North America); anny's own parameters give a far wider spread.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import gaussian_kde, norm

Float = npt.NDArray[np.float64]

ANCESTRIES = ("african", "asian", "caucasian")
_BETA_SHAPES = {"muscle": 5.0, "weight": 4.0, "height": 5.0, "proportions": 3.0}
_STATURES = {"male": (1.755, 0.075), "female": (1.625, 0.068)}
_ADULT_AGE = (0.60, 0.95)  # anny's scale, in which 2/3 is a young adult and 1 is old
_LOCAL_SD = 0.18
_LIMB_SD = 0.08  # lengths of limbs and body measures: wide changes look wrong


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """anny's parameters of n bodies, each (n,)."""

    phenotypes: dict[str, Float]
    local_changes: dict[str, Float]


# Sideways shifts of whole parts are posture, which the pose describes, and not shape.
_POSTURE = ("torso-trans-out", "hip-trans-out", "head-trans-out", "neck-trans-out")


def draw(phenotypes: list[str], local_changes: list[str], number: int, rng: np.random.Generator) -> Settings:
    """Draw parameters of `number` adults; left and right differ little."""
    female = rng.random(number) < 0.5
    values = {name: rng.beta(_BETA_SHAPES.get(name, 4.0), _BETA_SHAPES.get(name, 4.0), number)
              for name in phenotypes if name not in ANCESTRIES}  # fmt: skip
    values["gender"] = np.where(female, rng.beta(2, 14, number), rng.beta(14, 2, number))
    values["age"] = rng.uniform(*_ADULT_AGE, number)
    values |= dict(zip(ANCESTRIES, rng.dirichlet([0.6] * 3, number).T, strict=True))
    local = {}
    for name in local_changes:
        limb = name.startswith("measure-") or (
            "scale" in name and any(p in name for p in ("leg", "arm", "torso"))
        )
        drawn = np.clip(rng.normal(0, _LIMB_SD if limb else _LOCAL_SD, number), -1, 1)
        local[name] = np.zeros(number) if name in _POSTURE else drawn
    for name in local:
        twin = "r-" + name[2:]
        if name.startswith("l-") and twin in local:
            local[twin] = np.clip(0.92 * local[name] + 0.08 * local[twin], -1, 1)
    return Settings(phenotypes=values, local_changes=local)


def keep_realistic_statures(stature: Float, gender: Float, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return the rows to keep so that stature (m) is distributed as in adults; gender near 1 or near 0.

    Rejection sampling with the ratio of the wanted density to that of the sample (a kernel estimate), cut
    at its 93rd percentile so that a few rare bodies don't decide how many are kept.
    """
    high = gender > 0.5
    male = high if stature[high].mean() > stature[~high].mean() else ~high
    kept = []
    for mask, (mean, deviation) in zip((male, ~male), _STATURES.values(), strict=True):
        rows = np.nonzero(mask)[0]
        ratio = norm.pdf(stature[rows], mean, deviation) / gaussian_kde(stature[rows])(stature[rows])
        kept.append(rows[rng.random(len(rows)) < np.clip(ratio / np.quantile(ratio, 0.93), 0, 1)])
    return np.sort(np.concatenate(kept))
