"""Voices: the core with made-up voices, and the bundled network on a conversation."""

import numpy as np
import numpy.typing as npt
import pytest

from backends import resemblyzer
from tests.makers import speech
from transforms.compare_voices import VoiceConfig, change_score, compare_voices, hear_voices

CONFIG = VoiceConfig()


class ByTime:
    """One voice until a moment, another after it; a little noise on both."""

    name, window_seconds = "by time", 1.6

    def __init__(self, change: float) -> None:
        self.change = change

    def embed(self, samples: npt.NDArray[np.float32], starts_seconds: npt.NDArray[np.float64]):
        rng = np.random.default_rng(0)
        late = starts_seconds + 0.8 >= self.change
        points = np.where(late[:, None], np.eye(8)[1], np.eye(8)[0]) + rng.normal(0, 0.05, (len(late), 8))
        return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def heard(change: float, speech_spans: list[tuple[float, float]], seconds: float = 8.0):
    samples = np.zeros(round(seconds * 16000), np.float32)
    return compare_voices(hear_voices(samples, speech_spans, ByTime(change), CONFIG), CONFIG)


def test_one_voice_is_one_and_does_not_change() -> None:
    found = heard(99.0, [(0.0, 8.0)])
    assert found.num_voices == 1 and found.foreign_ratio == 0.0
    assert found.change_score is not None and found.change_score < 0.1


def test_another_voice_is_noticed() -> None:
    found = heard(4.0, [(0.0, 8.0)])
    assert found.num_voices == 2 and found.foreign_ratio == pytest.approx(0.5, abs=0.1)
    assert found.change_score is not None and found.change_score > 0.9


def test_without_speech_to_compare_nothing_is_said() -> None:
    for spans in ([], [(0.0, 0.5)]):
        found = heard(4.0, spans)
        assert (found.num_voices, found.change_score, found.foreign_ratio) == (None, None, None)
    assert heard(1.0, [(0.0, 1.0)], seconds=1.0).num_voices is None


def test_windows_across_a_moment_do_not_count() -> None:
    starts = np.arange(0.0, 2.0, 0.4)
    assert change_score(np.eye(2, dtype=np.float32)[[0] * 5], starts, 1.6) is None


def test_the_bundled_network_hears_a_change_of_speaker() -> None:
    embedder = resemblyzer.load()
    # The recording is a telephone call: one person speaks until about 10.5 s, the other from then on.
    found = embedder.embed(speech(6.0), np.array([0.0, 0.4, 2.0]))
    assert found.shape == (3, 256) and np.allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)
    assert embedder.embed(speech(2.0), np.zeros(0)).shape == (0, 256)
    assert np.array_equal(found, embedder.embed(speech(6.0), np.array([0.0, 0.4, 2.0])))
