"""The statistics of the bias report: against permutations, simulations and known answers."""

from pathlib import Path

import numpy as np
import pytest

from schemas.outcomes import BadInputError
from transforms.summarise_bias import metrics
from transforms.summarise_bias.associations import cramers_v
from transforms.summarise_bias.clusters import compare, group_rate, holm, permutation_p
from transforms.summarise_bias.confusion import Confusion, adjust, read_confusions

ONE = Confusion.certain(("",))

# Tests and intervals with people as units


def test_the_permutation_test_agrees_with_permutations() -> None:
    rng = np.random.default_rng(3)
    scores = rng.exponential(1.0, 60) ** 2
    in_group = np.arange(60) < 12
    for shift in (0.0, 0.5, 1.0):
        moved = scores + shift * in_group
        drawn = np.array([moved[rng.permutation(in_group)].sum() for _ in range(20000)])
        upper = np.mean(drawn >= moved[in_group].sum())
        assert permutation_p(moved, in_group) == pytest.approx(2 * min(upper, 1 - upper), rel=0.25, abs=0.01)


def test_no_p_is_smaller_than_shuffling_could_give() -> None:
    scores = np.r_[np.full(2, 100.0), np.zeros(18)]
    assert permutation_p(scores, np.arange(20) < 2) >= 1 / 190


@pytest.mark.parametrize("varies", [False, True])
def test_tests_keep_their_level_where_clips_of_a_person_hang_together(varies: bool) -> None:
    """A test on clips would flag far more: six clips a person are six times the same."""
    rng = np.random.default_rng(11)
    found = []
    for _ in range(400):
        people = np.repeat(np.arange(60), 6)
        member = rng.random(360) < 0.3 if varies else (rng.random(60) < 0.3)[people]
        hits = rng.random(360) < (rng.beta(0.3, 1.2, 60))[people]
        tested = compare(people, hits, member)
        assert tested is not None and tested[0] == ("score" if varies else "permutation")
        found.append(tested[1] < 0.05)
    assert 0.02 <= np.mean(found) <= 0.08


def test_intervals_of_rates_cover_the_truth_where_clips_hang_together() -> None:
    rng = np.random.default_rng(5)
    inside = []
    for _ in range(400):
        people = np.repeat(np.arange(40), rng.integers(1, 9, 40))
        hits = rng.random(len(people)) < rng.beta(1.0, 4.0, 40)[people]
        rate = group_rate(people, hits)
        inside.append(rate.low <= 0.2 <= rate.high)
    assert 0.92 <= np.mean(inside) <= 0.98


def test_holm_is_holm() -> None:
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([])).size == 0


# Correction for an estimator's confusion


def test_certain_labels_are_left_alone() -> None:
    counts = np.array([[3.0], [5.0]])
    found = adjust(counts, counts, Confusion.certain(("a", "b")), ONE)
    assert found.count == pytest.approx(counts) and found.low == pytest.approx(found.high)


def test_expected_counts_are_turned_back_into_the_true_ones() -> None:
    p = np.array([[0.6, 0.1, 0.3], [0.05, 0.75, 0.2]])
    confusion = Confusion(("f", "m"), ("f", "m", "unknown"), 1000 * p)
    observed = (np.array([300.0, 700.0]) @ p)[:, None]
    found = adjust(observed, observed, confusion, ONE)
    assert found.count[:, 0] == pytest.approx([300, 700], abs=0.5)
    other = Confusion(("x", "y"), ("x", "y"), np.array([[90.0, 10.0], [20.0, 80.0]]))
    true = np.array([[100.0, 200.0], [300.0, 400.0]])
    table = p.T @ true @ other.probabilities
    assert adjust(table, table, confusion, other).count == pytest.approx(true, rel=0.01)


@pytest.mark.parametrize("clips_each", [1, 8])
def test_corrected_intervals_cover_the_truth(clips_each: int) -> None:
    """Labels and the measurement of the confusion itself are drawn anew in each of 300 runs."""
    rng = np.random.default_rng(clips_each)
    p = np.array([[0.62, 0.03, 0.35], [0.03, 0.77, 0.2]])
    faces, people = (289, 270), np.array([120, 280])
    inside = []
    for _ in range(300):
        measured = np.array([rng.multinomial(n, q) for n, q in zip(faces, p, strict=True)], float)
        found = np.sum([rng.multinomial(n, q) for n, q in zip(people, p, strict=True)], axis=0)[:, None]
        confusion = Confusion(("f", "m"), ("f", "m", "unknown"), measured)
        adjusted = adjust(found * float(clips_each), found * float(clips_each) ** 2, confusion, ONE)
        inside.append(adjusted.low[0, 0] <= people[0] * clips_each <= adjusted.high[0, 0])
    assert 0.92 <= np.mean(inside) <= 0.98


def test_a_confusion_file_is_read_and_a_bad_one_named(tmp_path: Path) -> None:
    path = tmp_path / "confusion.json"
    path.write_text(
        '{"model": "m", "measured_on": "x", "attributes": {"gender": {"categories": ["f", "m", "unknown"],'
        ' "counts": [[9, 1, 2], [1, 8, 0], [0, 0, 0]]}}}'
    )
    (confusion,) = read_confusions(path).values()
    assert confusion.categories == ("f", "m") and confusion.columns == ("f", "m", "unknown")
    assert confusion.probabilities.sum(axis=1) == pytest.approx([1, 1])
    for text in ("{}", "no json", '{"attributes": {"a": {"categories": ["x"], "counts": [[1, 2]]}}}'):
        path.write_text(text)
        with pytest.raises(BadInputError, match=r"confusion\.json"):
            read_confusions(path)


# Metrics


def test_metrics_of_known_shares() -> None:
    even = np.array([0.25] * 4)
    assert metrics.hill_number(even, 1) == pytest.approx(4) == metrics.hill_number(even, 2)
    assert metrics.evenness(even) == pytest.approx(1)
    skewed = np.array([0.7, 0.3, 0.0])
    assert metrics.hill_number(skewed, 2) == pytest.approx(1 / 0.58)
    far = metrics.divergences(np.array([0.9, 0.1]), np.array([0.5, 0.5]))
    assert far["total_variation"] == pytest.approx(0.4)
    assert far["kl_divergence"] == pytest.approx(0.9 * np.log(1.8) + 0.1 * np.log(0.2))
    assert 0 < far["js_divergence"] < np.log(2)


def test_distances_do_not_depend_on_how_a_target_is_scaled() -> None:
    sums, groups = {"a": 30.0, "b": 10.0}, ("a", "b")
    for scale in (1.0, 0.25, 7.0):
        same = dict(metrics._distances(sums, groups, {"a": 3 * scale, "b": scale}))
        assert same == pytest.approx(dict.fromkeys(same, 0.0), abs=1e-12) and len(same) >= 3
        far = dict(metrics._distances(sums, groups, {"a": scale, "b": scale}))
        assert far["total_variation"] == pytest.approx(0.25)


def test_a_mean_s_interval_is_that_of_sums_of_people() -> None:
    """Three people: sums of what their clips are above the mean are -2, -1 and 3."""
    values, people = np.array([1.0, 3.0, 2.0, 6.0]), np.array([0, 0, 1, 2])
    mean, low, high = metrics._mean(values, people)
    half = 4.302653 * np.sqrt(14 * 3 / 2) / 4  # Student's t with two degrees of freedom
    assert (mean, low, high) == pytest.approx((3.0, 3.0 - half, 3.0 + half))
    assert metrics._mean(values, np.zeros(4, int)) == (3.0, None, None)


def test_groups_of_people_are_compared_by_hits_beyond_what_their_clips_make_likely() -> None:
    clips_each, hits_each = np.array([1, 5, 2, 8, 3, 6]), np.array([1, 4, 1, 2, 0, 1])
    people = np.repeat(np.arange(6), clips_each)
    hits = np.concatenate([np.arange(n) < h for n, h in zip(clips_each, hits_each, strict=True)])
    in_group = np.array([True, True, True, False, False, False])
    beyond = hits_each - 9 / 25 * clips_each
    assert compare(people, hits, in_group[people]) == (
        "permutation",
        pytest.approx(permutation_p(beyond, in_group)),
    )


def test_cramers_v_is_corrected_for_chance() -> None:
    nothing = cramers_v(np.full((2, 2), 25.0))
    assert nothing is not None and nothing.low == nothing.value == nothing.high == 0.0
    whole = cramers_v(np.array([[50.0, 0.0], [0.0, 50.0]]))
    assert whole is not None and whole.value == pytest.approx(1, abs=0.02) and whole.num_people == 100
    assert whole.low < 0.9 < whole.value <= whole.high == 1
    rng = np.random.default_rng(1)
    chance = [
        cramers_v(rng.multinomial(60, np.full(12, 1 / 12)).reshape(3, 4).astype(float)) for _ in range(200)
    ]
    assert np.mean([v.value if v else 0.0 for v in chance]) < 0.08  # uncorrected it would be 0.22
    assert cramers_v(np.array([[3.0, 4.0]])) is None
