"""Draws: as often as weights say, mixed, in buckets; on numbers alone."""

import numpy as np
import pytest

from models.data.draws import Order, epoch_draws, weighted_rows

SHARD = np.repeat(np.arange(6), 20)
LENGTHS = np.random.default_rng(0).integers(50, 250, len(SHARD))
PLAIN = Order(shuffle_samples=1000, bucket_batches=0, run=8)


def drawn(order: Order, epoch: int = 0, weights: np.ndarray | None = None) -> np.ndarray:
    return epoch_draws(SHARD, LENGTHS, weights, order, 7, epoch)


def test_rows_are_drawn_as_often_as_their_weights_say() -> None:
    weights = np.array([0.25, 0.25, 0.5, 1.0, 1.0, 1.5, 3.5])
    counts = np.array(
        [
            np.bincount(weighted_rows(weights, np.random.default_rng(seed)), minlength=7)
            for seed in range(2000)
        ]
    )
    expected = weights * 7 / weights.sum()
    assert (counts.sum(axis=1) == 7).all()
    assert ((counts == np.floor(expected)) | (counts == np.ceil(expected))).all()
    # Four standard errors of a share that is drawn 2000 times.
    assert np.abs(counts.mean(axis=0) - expected).max() < 4 * 0.5 / np.sqrt(2000)
    together = np.corrcoef(counts[:, 0], counts[:, 1])[0, 1]
    assert abs(together) < 0.4  # rows that lie together are not drawn in turns


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_number_of_draws_does_not_depend_on_the_scale_of_weights(scale: float) -> None:
    weights = np.random.default_rng(1).uniform(0, 3, 999) * scale
    for seed in range(20):
        assert len(weighted_rows(weights, np.random.default_rng(seed))) == 999


def test_without_weights_each_is_drawn_once_in_an_order_of_the_seed_and_the_epoch() -> None:
    assert sorted(drawn(PLAIN)) == list(range(120))
    assert np.array_equal(drawn(PLAIN), drawn(PLAIN)) and not np.array_equal(drawn(PLAIN), drawn(PLAIN, 1))
    assert drawn(Order(shuffle_samples=0, bucket_batches=0, run=8)).tolist() == list(range(120))


def test_a_large_set_is_mixed_within_some_shards_at_a_time() -> None:
    near = drawn(Order(shuffle_samples=40, bucket_batches=0, run=8))
    shards = [set(SHARD[near[start : start + 40]].tolist()) for start in (0, 40, 80)]
    assert [len(found) for found in shards] == [2, 2, 2] and set.union(*shards) == set(range(6))
    assert sorted(near) == list(range(120)) and len(set(SHARD[near[:10]])) == 2


def test_buckets_hold_clips_of_similar_length_and_lose_none() -> None:
    bucketed = drawn(Order(shuffle_samples=1000, bucket_batches=5, run=8))
    assert sorted(bucketed) == list(range(120))

    def padding(rows: np.ndarray) -> float:
        runs = LENGTHS[rows].reshape(-1, 8)
        return float(1 - runs.sum() / (runs.max(axis=1) * 8).sum())

    assert padding(bucketed) < padding(drawn(PLAIN)) / 3
    firsts = LENGTHS[bucketed].reshape(-1, 8).mean(axis=1)
    assert (np.diff(firsts) < 0).any()  # batches are not in order of length
