"""What motion and sound are put to scale by, measured over windows of shards.

D numbers of motion a frame, E of expression, C of sound, K components of it.
"""

import torch
from torch import Tensor

from models.data.windows import ShardWindows
from models.motion.batches import Examples
from models.motion.channels import SLICES
from models.motion.checkpoint import Scales
from models.motion.config import MotionConfig

_EXPRESSION = SLICES["expression"]
# Of the mean variance: components below it are rounding, and are nothing.
_LEAST_SHARE = 1e-4


def measure_scales(
    windows: ShardWindows, examples: Examples, config: MotionConfig, lid_opening_E: Tensor
) -> Scales:
    """Return means and deviations over the first windows, of what was seen.

    Args:
        lid_opening_E: by how much a unit of each expression opens the eyes.
    """
    sums: dict[str, _Moments] = {name: _Moments() for name in ("motion", "reference", "sound")}
    lids_and_mouth, bands = _Together(), _Together()
    size = windows.batch_size
    source = iter(windows)
    for _ in range(max(1, config.statistics_windows // size)):
        batch = examples([next(source) for _ in range(size)])
        sums["motion"].add(batch.motion_BTD.flatten(0, 1), batch.seen_BTD.flatten(0, 1))
        lids_and_mouth.add(batch.motion_BTD[..., _EXPRESSION], batch.seen_BTD[..., _EXPRESSION.start])
        sums["reference"].add(batch.reference_BD, torch.ones_like(batch.reference_BD))
        heard = batch.sound_BTC.flatten(0, 1)
        bands.add(batch.sound_BTC, batch.real_BT.float())
        sums["sound"].add(heard, batch.real_BT.flatten()[:, None].expand_as(heard).float())
    found = {name: moments.mean_and_deviation() for name, moments in sums.items()}
    least = config.loss.min_deviation
    floor = {"motion": least, "reference": least, "sound": 1e-2}
    found = {name: (mean, deviation.clamp_min(floor[name])) for name, (mean, deviation) in found.items()}
    mean, deviation = found["motion"]
    face = deviation[_EXPRESSION]
    return Scales(
        mean=mean,
        deviation=deviation,
        reference_mean=found["reference"][0],
        reference_deviation=found["reference"][1],
        sound_mean=found["sound"][0],
        sound_deviation=found["sound"][1],
        sound_components=principal(bands.covariance(*found["sound"]), config.sound_components),
        expression=lids_first(lids_and_mouth.covariance(mean[_EXPRESSION], face), lid_opening_E * face),
    )


def lids_first(covariance: Tensor, lid_opening: Tensor) -> Tensor:
    """Return (E, E) for `Scales.expression`, all of scaled expression.

    The first column is the lids' opening at deviation 1. The others span what does not move the lids, less
    what of it goes along with them (Gram and Schmidt's step under the covariance), so blinks and speech come
    apart.
    """
    covariance, direction = covariance.double(), lid_opening.double()
    spread = torch.sqrt(direction @ covariance @ direction).clamp_min(1e-6 * direction.norm())
    lids = direction / spread
    whole, _ = torch.linalg.qr(torch.cat([lids[:, None], torch.eye(len(lids), dtype=lids.dtype)], dim=1))
    others = whole[:, 1:]
    others = others - lids[:, None] * (lids @ covariance @ others)
    return torch.cat([lids[:, None], others], dim=1).float()


def principal(covariance: Tensor, number: int) -> Tensor:
    """Return (C, K): the principal components of scaled sound as columns, K <= number, the greatest first.

    What they make of sound has a mean square of 1 over all K, and less the later. Shards hold fewer voices
    than an encoder has numbers: components that hardly vary would be learnt by heart.
    """
    values, vectors = torch.linalg.eigh(covariance.double())
    number = min(number, len(values))
    values, vectors = values.flip(0)[:number], vectors.flip(1)[:, :number]
    # Their signs are anybody's choice: the largest number of each is positive.
    signs = vectors.gather(0, vectors.abs().argmax(0, keepdim=True)).sign()
    spread = values.clamp_min(0)
    vectors = vectors * (spread > _LEAST_SHARE * spread.mean())
    return (vectors * signs / spread.mean().sqrt().clamp_min(1e-6)).float()


class _Together:
    """Running sums of products of weighted numbers (..., E)."""

    def __init__(self) -> None:
        self._weight, self._products = 0.0, torch.zeros((), dtype=torch.float64)

    def add(self, values: Tensor, weight: Tensor) -> None:
        rows = values.double().flatten(0, -2)
        weighed = rows * weight.double().flatten()[:, None]
        self._weight += float(weight.sum())
        self._products = self._products + weighed.T @ rows

    def covariance(self, mean: Tensor, deviation: Tensor) -> Tensor:
        """Return (E, E) of the numbers put to scale by means and deviations (E,)."""
        centre, spread = mean.double(), deviation.double()
        centred = self._products / max(self._weight, 1.0) - torch.outer(centre, centre)
        return centred / torch.outer(spread, spread)


class _Moments:
    """Running sums of weighted numbers (N, D), in double precision."""

    def __init__(self) -> None:
        self._weight: Tensor | float = 0.0
        self._sum: Tensor | float = 0.0
        self._squares: Tensor | float = 0.0

    def add(self, values: Tensor, weight: Tensor) -> None:
        values, weight = values.double(), weight.double()
        self._weight = self._weight + weight.sum(0)
        self._sum = self._sum + (weight * values).sum(0)
        self._squares = self._squares + (weight * values.square()).sum(0)

    def mean_and_deviation(self) -> tuple[Tensor, Tensor]:
        weight = torch.as_tensor(self._weight).clamp_min(1.0)
        mean = torch.as_tensor(self._sum) / weight
        spread = (torch.as_tensor(self._squares) / weight - mean.square()).clamp_min(0.0)
        return mean.float(), spread.sqrt().float()
