"""Near-duplicates: copies agree in how they move at one shift; other speech of one person does not."""

import numpy as np
import pytest

from transforms import find_near_duplicates
from transforms.find_near_duplicates import (
    DuplicateConfig,
    duplicate_groups,
    motion_series,
    reduced,
    similarity,
)

CONFIG = DuplicateConfig()
SAME_FACE = np.zeros((2, 8), np.float32)


def talking(seed: int, num_steps: int = 100) -> np.ndarray:
    """Return a series (n, 4) of a head that moves smoothly."""
    random = np.random.default_rng(seed)
    columns = [np.convolve(random.standard_normal(num_steps), np.ones(4) / 4, "same") for _ in range(4)]
    return (np.stack(columns, axis=1) * [0.05, 0.05, 0.03, 8.0]).astype(np.float32)


def noisy(series: np.ndarray, seed: int = 1) -> np.ndarray:
    """Return a series as a re-encode leaves it."""
    noise = np.random.default_rng(seed).standard_normal(series.shape) * [0.004, 0.004, 0.002, 0.5]
    return (series + noise).astype(np.float32)


@pytest.mark.parametrize("shift", [0, 7, 30])
def test_a_shifted_noisy_copy_is_found(shift: int) -> None:
    whole = talking(1)
    assert similarity(whole, noisy(whole)[shift:], 40) > 0.9
    assert similarity(noisy(whole)[shift:], whole, 40) > 0.9


def test_a_mirrored_copy_is_found() -> None:
    series = talking(1)
    assert similarity(series, series * np.array([1, -1, 1, 1], np.float32), 40) == pytest.approx(1, abs=1e-5)


def test_other_speech_is_no_copy() -> None:
    assert max(similarity(talking(s), talking(s + 100), 40) for s in range(10)) < 0.6


def test_a_still_clip_is_like_nothing() -> None:
    still = np.zeros((100, 4), np.float32)
    assert similarity(still, still, 40) == -1.0


def test_copies_form_a_group_with_their_similarity() -> None:
    series = [talking(1), noisy(talking(1)), talking(2), noisy(talking(1), 5)[20:]]
    ((members, alike),) = duplicate_groups(np.zeros((4, 8), np.float32), series, CONFIG)
    assert members == [0, 1, 3] and min(alike.values()) > CONFIG.min_similarity


def test_faces_that_differ_are_not_compared() -> None:
    faces = np.array([[0.0], [5.0]], np.float32)
    assert duplicate_groups(faces, [talking(1), talking(1)], CONFIG) == []


def test_copies_among_very_many_clips_are_found_within_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_near_duplicates, "_BLOCK_SIZE", 12)
    faces = np.random.default_rng(0).normal(0, 0.1, (60, 8)).astype(np.float32)
    series = [talking(i) for i in range(60)]
    for i in (0, 20, 40):
        faces[i + 1], series[i + 1] = faces[i] + 0.001, noisy(series[i])
    found = duplicate_groups(faces, series, CONFIG)
    assert [members for members, _ in found] == [[0, 1], [20, 21], [40, 41]]


def test_all_shifts_at_once_find_the_best_one() -> None:
    """Series of other lengths, a channel that is still, overlaps down to the least."""
    for seed in range(8):
        a, b = talking(seed, 60 + seed), talking(seed + (seed % 2) * 50, 45)[seed:] * np.float32(1.5)
        if seed % 3 == 0:
            b[:, 2] = 0.0
        by_one = [
            find_near_duplicates._agreement(a[max(s, 0) :][:n], b[max(-s, 0) :][:n])
            for s in range(20 - len(b), len(a) - 20 + 1)
            for n in [min(s + len(b), len(a)) - max(s, 0)]
        ]
        assert similarity(a, b, 20) == pytest.approx(max(by_one), abs=1e-6)


def test_the_series_does_not_depend_on_scale_or_place() -> None:
    random = np.random.default_rng(0)
    face = random.uniform(50, 150, (1, 478, 3)).repeat(30, axis=0) + random.standard_normal((30, 478, 3))
    sound = random.standard_normal(30 * 640).astype(np.float32) * 0.1
    near = motion_series(face.astype(np.float32), sound, 25.0, 16000)
    far = motion_series((face * 0.4 + 33).astype(np.float32), sound, 25.0, 16000)
    assert near.shape == (30, 4) and np.allclose(near, far, atol=1e-4)


def test_gaps_are_filled_and_no_face_at_all_is_still() -> None:
    face = np.random.default_rng(0).uniform(50, 150, (10, 478, 3)).astype(np.float32)
    face[3:6] = np.nan
    sound = np.zeros(10 * 640, np.float32)
    assert np.isfinite(motion_series(face, sound, 25.0, 16000)).all()
    nothing = motion_series(np.full_like(face, np.nan), sound, 25.0, 16000)
    assert not nothing[:, :3].any()


def test_series_are_compared_at_one_rate() -> None:
    assert reduced(talking(1, 101), 25.0, CONFIG).shape == (50, 4)
