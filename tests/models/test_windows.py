"""Windows: the right frames, sound, arrays and words; an order that only the seed decides; exact going on."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.data.clips import clips, clips_of_the_same_people
from models.data.collate import Batch, collate
from models.data.config import WindowConfig
from models.data.loader import WindowLoader
from models.data.records import Window
from models.data.windows import ShardWindows
from schemas.exclusions import veiled_key
from schemas.outcomes import BadInputError
from schemas.records.person import Identity
from tests.made_clips import filled
from tests.media_makers import read_frame_number
from tests.models.made_shards import made_clip, write_shards

ROOT = Path(__file__).parents[2]
LENGTHS = (60, 70, 51, 90, 100, 30, 64, 75, 88, 55, 120)
CONFIG = WindowConfig(num_frames=40, arrays=("smplx:jaw", "valid:face"))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of four shards."""
    folder = tmp_path_factory.mktemp("windows") / "OUT"
    write_shards(folder, LENGTHS)
    return folder


def told(window: Window) -> tuple[Any, ...]:
    return window.key, window.start_frame, window.mirrored


def batches_of(out: Path, num_workers: int, batch_size: int = 2, **changes: Any) -> list[Batch]:
    windows = ShardWindows(out, CONFIG, seed=5, batch_size=batch_size, **changes)
    return list(WindowLoader(windows, num_workers=num_workers))


def told_by(batches: list[Batch]) -> list[Any]:
    return [(b.keys, b.start_frame.tolist(), b.after.draw) for b in batches]


def test_all_parts_of_a_window_are_of_the_same_frames(out: Path) -> None:
    for window in ShardWindows(out, replace(CONFIG, with_frames=True), seed=1):
        assert window.frames is not None and window.sound is not None
        shown = [read_frame_number(frame) for frame in window.frames]
        real = window.start_frame + np.arange(window.num_valid)
        assert shown[: window.num_valid] == real.tolist()
        frames = np.minimum(
            window.start_frame + np.arange(40), LENGTHS[round(window.arrays["smplx:jaw"][0, 0] * 1000)] - 1
        )
        assert np.allclose(window.arrays["smplx:jaw"][:, 1] * 1000, frames, atol=0.01)
        assert window.arrays["valid:face"].tolist() == [True] * window.num_valid + [False] * (
            40 - window.num_valid
        )
        assert window.sound.shape == (40 * 640,)
        samples = np.round(window.sound * 32768).astype(int)
        expected = (window.start_frame * 640 + np.arange(window.num_valid * 640)) % 30000
        assert np.array_equal(samples[: len(expected)], expected) and not samples[len(expected) :].any()
        for word in window.words:
            assert word["start_seconds"] == pytest.approx(0.1 - window.start_frame / 25)
        assert (len(window.words) == 1) == (window.start_frame <= 6)


def test_a_reference_is_another_frame_of_the_same_clip(out: Path) -> None:
    config = replace(CONFIG, with_reference=True, with_frames=True)
    frames = set()
    for window in ShardWindows(out, config, seed=2):
        assert window.reference is not None and window.reference.picture is not None
        jaw = window.reference.arrays["smplx:jaw"]
        assert jaw.shape == (1, 3) and window.arrays["smplx:jaw"].shape == (40, 3)
        assert np.allclose(jaw[0, :1] * 1000, window.arrays["smplx:jaw"][0, 0] * 1000)
        assert round(jaw[0, 1] * 1000) == window.reference.frame
        assert read_frame_number(window.reference.picture) == window.reference.frame
        frames.add(window.reference.frame - window.start_frame)
    assert min(frames) < 0 and max(frames) >= 40
    assert all(w.reference is None for w in ShardWindows(out, CONFIG, seed=2))


def test_a_loader_makes_what_a_program_wants_of_windows(out: Path) -> None:
    windows = ShardWindows(out, CONFIG, seed=5, batch_size=2)
    made = list(WindowLoader(windows, make=_Keys, num_workers=1))
    assert [batch.keys for batch in made] == [batch.keys for batch in batches_of(out, 0)]


class _Keys:
    """A batch that is its windows' keys."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self.keys = tuple(w.key for w in windows)
        self.after, self.skipped = windows[-1].after, ()


@pytest.mark.parametrize("num_workers", [1, 2])
def test_workers_change_nothing(out: Path, num_workers: int) -> None:
    alone = batches_of(out, 0, epochs=2)
    assert told_by(batches_of(out, num_workers, epochs=2)) == told_by(alone)
    assert told_by(batches_of(out, 0, epochs=2)) == told_by(alone)
    assert len(alone) == 2 * len(LENGTHS) // 2


def test_another_seed_or_epoch_is_another_order(out: Path) -> None:
    windows = ShardWindows(out, CONFIG, seed=1)
    first, second = [told(w) for w in windows], [told(w) for w in windows]
    assert {t[0] for t in first} == {t[0] for t in second} and first != second
    assert [told(w) for w in ShardWindows(out, CONFIG, seed=2)] != first
    windows.set_epoch(0)
    assert [told(w) for w in windows] == first


@pytest.mark.parametrize("taken", [0, 1, 4, 5, 9])
@pytest.mark.parametrize("num_workers", [0, 2])
def test_going_on_in_mid_epoch_is_exact(out: Path, taken: int, num_workers: int) -> None:
    whole = batches_of(out, 0, epochs=2)
    loader = WindowLoader(ShardWindows(out, CONFIG, seed=5, batch_size=2, epochs=2), num_workers=num_workers)
    batches = iter(loader)
    for _ in range(taken):
        next(batches)
    state = json.loads(json.dumps(loader.state_dict()))
    again = WindowLoader(
        ShardWindows(out, CONFIG, seed=5, batch_size=2, epochs=None), num_workers=num_workers
    )
    again.load_state_dict(state)
    rest = [batch for batch, _ in zip(again, range(len(whole) - taken), strict=False)]
    assert told_by(rest) == told_by(whole[taken:])


def test_going_on_between_the_windows_of_a_batch_is_exact(out: Path) -> None:
    def fresh() -> ShardWindows:
        return ShardWindows(out, CONFIG, seed=5, batch_size=4, epochs=None, rank=1, world_size=2)

    whole = list(itertools.islice(fresh(), 20))
    for taken in (1, 3, 4, 7):
        windows = fresh()
        windows.load_state_dict(windows.state_dict(after=whole[taken - 1]))
        rest = itertools.islice(windows, 20 - taken)
        assert [told(w) for w in rest] == [told(w) for w in whole[taken:]]


def test_ranks_share_every_batch_and_two_see_what_one_does(out: Path) -> None:
    one = batches_of(out, 0, batch_size=4)
    two = [batches_of(out, 0, batch_size=2, rank=rank, world_size=2) for rank in (0, 1)]
    for whole, first, second in zip(one, *two, strict=True):
        assert first.keys + second.keys == whole.keys
        assert first.start_frame.tolist() + second.start_frame.tolist() == whole.start_frame.tolist()
    keys = [key for batch in one for key in batch.keys]
    assert len(keys) == len(set(keys)) == 8


def test_more_readers_than_samples_are_refused_with_what_to_do(out: Path) -> None:
    with pytest.raises(BadInputError, match=r"11 samples are no batch of 2 .* 6 ranks.*fewer ranks"):
        ShardWindows(out, CONFIG, seed=1, batch_size=2, world_size=6)
    with pytest.raises(BadInputError, match="no shards of the split 'val'; there are train"):
        ShardWindows(out, CONFIG, seed=1, split="val")
    with pytest.raises(BadInputError, match="no sample to draw"):
        ShardWindows(out, replace(CONFIG, num_frames=500, short_clips="leave_out"), seed=1)


def test_clips_are_whole_and_in_order(out: Path) -> None:
    found = list(clips(out, CONFIG, split="train"))
    assert Counter(w.num_frames for w in found) == Counter(LENGTHS)
    assert [told(w) for w in clips(out, CONFIG, split="train")] == [told(w) for w in found]


def test_processes_that_read_have_no_locks_of_this_ones_threads(out: Path) -> None:
    """One that is forked would wait for ever for what another thread held at that moment."""
    with _HELD:
        made = list(WindowLoader(ShardWindows(out, CONFIG, seed=5, batch_size=2), make=_free, num_workers=1))
    assert [batch.keys for batch in made] == [batch.keys for batch in batches_of(out, 0)]


_HELD = threading.Lock()


def _free(windows: Sequence[Window]) -> Batch:
    assert _HELD.acquire(timeout=0)
    _HELD.release()
    return collate(windows)


@pytest.mark.filterwarnings("ignore:Got pickle error")
def test_what_cannot_be_sent_to_processes_that_read_is_said(out: Path) -> None:
    windows = ShardWindows(out, CONFIG, seed=5)
    with pytest.raises(TypeError, match=r"make cannot be sent .*lambda.* a function of a module"):
        next(iter(WindowLoader(windows, make=lambda found: collate(found), num_workers=1)))


def test_processes_that_read_end_by_sigterm_and_with_their_program(out: Path) -> None:
    command = [sys.executable, "-m", "tests.models.reading_program", str(out)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        first, second = map(int, program.stdout.readline().split())
        os.kill(first, signal.SIGTERM)
        assert "ended by SIGTERM" in program.stdout.readline()
        assert not _is_there(first) and _is_there(second)
        program.kill()
    begun = time.monotonic()
    while _is_there(second):
        assert time.monotonic() - begun < 10
        time.sleep(0.05)


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def of_two_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards of three clips of one person, one of them by another camera, and one of another person."""
    folder = tmp_path_factory.mktemp("people") / "OUT"
    people = [replace(filled(Identity), identity_id=name) for name in ("ann", "ann", "ann", "bob")]
    lenses = [replace(made_clip(0, 60).body_fit, focal_length_px=px) for px in (150.0, 150.0, 90.0, 150.0)]  # type: ignore[type-var]
    write_shards(folder, (60, 70, 80, 90), 2, identity=people, body_fit=lenses)
    return folder


def test_a_frame_elsewhere_is_of_another_clip_of_the_person_by_the_same_camera(of_two_people: Path) -> None:
    config = replace(CONFIG, with_reference=True, with_frames=True, elsewhere=1.0)
    shown: dict[int, set[int]] = {number: set() for number in range(4)}
    for window in ShardWindows(of_two_people, config, seed=2, epochs=12):
        number, other = round(window.arrays["smplx:jaw"][0, 0] * 1000), window.elsewhere
        if other is None:
            continue
        of, frame = (round(value) for value in other.arrays["smplx:jaw"][0, :2] * 1000)
        shown[number].add(of)
        assert other.picture is not None and read_frame_number(other.picture) == other.frame == frame
        assert other.betas is not None and window.betas is not None
        assert np.array_equal(other.betas, window.betas)
    assert shown == {0: {1}, 1: {0}, 2: set(), 3: set()}


def test_frames_elsewhere_come_as_often_as_wanted_and_the_same_ones_again(of_two_people: Path) -> None:
    config = replace(CONFIG, with_reference=True, with_frames=True, elsewhere=0.5)

    def frames() -> list[int | None]:
        windows = ShardWindows(of_two_people, config, seed=2, epochs=12)
        return [window.elsewhere and window.elsewhere.frame for window in windows]

    found = frames()
    assert 0 < sum(frame is not None for frame in found) < 2 * 12
    assert frames() == found


def test_clips_of_the_same_people_are_found_by_what_stands_for_one(of_two_people: Path) -> None:
    keys = [window.key for window in clips(of_two_people, CONFIG, split=None)]
    numbers = [round(w.arrays["smplx:jaw"][0, 0] * 1000) for w in clips(of_two_people, CONFIG, split=None)]
    one = keys[numbers.index(2)]
    found = clips_of_the_same_people(of_two_people, [veiled_key(one)])
    assert found == {key for key, number in zip(keys, numbers, strict=True) if number < 3}
    assert clips_of_the_same_people(of_two_people, []) == frozenset()
