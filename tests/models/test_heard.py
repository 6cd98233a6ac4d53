"""Sound features that are remembered by clip: heard once, and what is sent to processes that read."""

import pickle

import numpy as np
import pytest

from models.data.records import Window
from models.motion import heard
from models.motion.heard import HeardClips
from models.motion.sound import Float, LogMel


class Counting(LogMel):
    """Counts how often it hears, here and where it is sent."""

    times = 0

    def at_frames(self, sound: Float, num_frames: int, fps: float) -> Float:
        Counting.times += 1
        return super().at_frames(sound, num_frames, fps)


def window(key: str, start: int) -> Window:
    sound = np.random.default_rng(len(key)).normal(0, 0.1, 16000).astype(np.float32)
    return Window(
        key=key,
        start_frame=start,
        num_frames=10,
        num_valid=10,
        fps=25.0,
        about={"num_frames": 25},
        arrays={},
        sound=None,
        clip_sound=sound,
        frames=None,
        words=(),
        betas=None,
        reference=None,
        mirrored=False,
    )


@pytest.fixture
def clips(monkeypatch: pytest.MonkeyPatch) -> HeardClips:
    monkeypatch.setattr(Counting, "times", 0)
    return HeardClips(Counting())


def test_a_clip_is_heard_once_also_by_processes_that_read(clips: HeardClips) -> None:
    first = clips.at_frames(window("a", 0))
    later = clips.at_frames(window("a", 15))
    sent = pickle.loads(pickle.dumps(clips))
    assert np.array_equal(sent.at_frames(window("a", 0)), first)
    assert np.array_equal(sent.at_frames(window("a", 15)), later)
    assert Counting.times == 1


def test_what_is_much_is_not_sent(clips: HeardClips, monkeypatch: pytest.MonkeyPatch) -> None:
    clips.at_frames(window("a", 0))
    monkeypatch.setattr(heard, "_MAX_SENT_BYTES", 1000)
    assert len(pickle.dumps(clips)) < 2000


def test_the_longest_unheard_is_forgotten_first() -> None:
    clips = HeardClips(Counting(), max_bytes=2 * 25 * LogMel().width * 2)  # of two clips
    Counting.times = 0
    for key in ("a", "bb", "a", "ccc", "a", "bb"):
        clips.at_frames(window(key, 0))
    assert Counting.times == 4  # a, bb, ccc, which took bb's place, and bb again
