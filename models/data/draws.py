"""Which samples are drawn in an epoch, and in which order: numbers that follow from a seed alone.

Nothing here knows how many processes read: they share the order that comes out.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Int = npt.NDArray[np.int64]
# What randomness is for, so that no two purposes see the same numbers.
_ORDER, _WINDOW, _OTHER = 0, 1, 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """How draws are ordered; see `WindowConfig`. `run` draws go to one batch of all ranks together."""

    shuffle_samples: int
    bucket_batches: int
    run: int


def epoch_draws(
    shard: Int, lengths: Int, weights: npt.NDArray[np.float64] | None, order: Order, seed: int, epoch: int
) -> Int:
    """Return the rows that are drawn in an epoch (N,), in their order.

    Args:
        shard: of each row (N,), ascending.
        lengths: frames of each row (N,), for buckets.
        weights: how often to draw each row (N,), relative to each other; None for once each.
    """
    random = np.random.default_rng([seed, epoch, _ORDER])
    rows = np.arange(len(shard)) if weights is None else weighted_rows(weights, random)
    if order.shuffle_samples > 0:
        rows = _shuffled(rows, shard, order.shuffle_samples, random)
    if order.bucket_batches > 0:
        rows = _in_buckets(rows, lengths, order, random)
    return rows


def weighted_rows(weights: npt.NDArray[np.float64], random: np.random.Generator) -> Int:
    """Return N of N rows (N,), ascending, each as often as its weight says, to the next whole number.

    Systematic resampling (Carpenter, Clifford & Fearnhead 1999): a row of expected count c comes floor(c) or
    ceil(c) times, and c times on average over epochs. Rows are put in random order first, so that
    neighbours are drawn independently of each other.
    """
    number = len(weights)
    mixed = random.permutation(number)
    ends = np.minimum(np.cumsum(weights[mixed]) * (number / weights.sum()), number)
    ends[-1] = number  # whatever rounding left
    counts = np.diff(np.ceil(ends - random.random()).astype(np.int64), prepend=0)
    return np.sort(np.repeat(mixed, counts))


def _shuffled(rows: Int, shard: Int, among: int, random: np.random.Generator) -> Int:
    """Return rows by shards in random order, then mixed within blocks of `among`."""
    rank = random.permutation(int(shard.max()) + 1)
    rows = random.permutation(rows)
    rows = rows[np.argsort(rank[shard[rows]], kind="stable")]
    starts = range(0, len(rows), among)
    return np.concatenate([random.permutation(rows[start : start + among]) for start in starts])


def _in_buckets(rows: Int, lengths: Int, order: Order, random: np.random.Generator) -> Int:
    """Return rows so that those of a batch are of similar length, and batches in random order."""
    size = order.bucket_batches * order.run
    sorted_rows: list[Int] = []
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        part = part[np.argsort(lengths[part], kind="stable")]
        runs = [part[first : first + order.run] for first in range(0, len(part), order.run)]
        whole = [run for run in runs if len(run) == order.run]
        mixed = [whole[i] for i in random.permutation(len(whole))] if order.shuffle_samples else whole
        sorted_rows += mixed + [run for run in runs if len(run) < order.run]
    return np.concatenate(sorted_rows)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A draw's window in a clip: first frame, length, whether it is mirrored; and a frame to compare with, if
    one is wanted.
    """

    start: int
    length: int
    mirrored: bool
    reference: int | None


def window_choice(
    num_frames: int, wanted: int | None, mirror_probability: float, seed: int, draw: int
) -> Choice:
    """Return the window of a draw in a clip of so many frames."""
    random = np.random.default_rng([seed, draw, _WINDOW])
    length = num_frames if wanted is None else wanted
    start = int(random.integers(0, max(num_frames - length, 0) + 1))
    return Choice(
        start=start,
        length=length,
        mirrored=bool(random.random() < mirror_probability),
        reference=int(random.integers(num_frames)),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherClip:
    """A clip, by its row, and where in it a frame is drawn, from 0 to 1."""

    row: int
    place: float

    def frame(self, num_frames: int, mirrored: bool) -> Choice:
        """Return the frame of a clip of so many."""
        return Choice(start=int(self.place * num_frames), length=1, mirrored=mirrored, reference=None)


def other_clip(rows: Int, share: float, seed: int, draw: int) -> OtherClip | None:
    """Return one of some clips for a share of the draws; None for the others, and if there are no clips."""
    random = np.random.default_rng([seed, draw, _OTHER])
    if random.random() >= share or not len(rows):
        return None
    return OtherClip(row=int(random.choice(rows)), place=float(random.random()))
