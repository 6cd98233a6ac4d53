"""Shots of made pictures, with a network that sees nothing, one that knows, and the real one."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends import transnetv2
from backends.protocols.pictures import ShotModel
from backends.pyscenedetect import ContentScorer
from schemas.records.video import Shot
from transforms.detect_shots import THUMBNAIL, ShotConfig, ShotScanner, ShotScores, build_shots, find_cuts

Frames = list[npt.NDArray[np.uint8]]
CONFIG = ShotConfig()


class Blind:
    """Sees no cut anywhere."""

    name = "blind"
    looks = 0

    def cut_probabilities(self, thumbnails: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.looks += 1
        assert thumbnails.shape == (100, 27, 48, 3)
        return np.zeros(100, np.float32), np.zeros(100, np.float32)


def talk(seed: int, num_frames: int, start: int = 0, zoom: float = 0.0) -> Frames:
    """Return thumbnails of a head that moves a little before a background of soft shapes."""
    random = np.random.default_rng(seed)
    coarse = random.integers(20, 236, (5, 8, 3)).astype(np.uint8)
    background = cv2.resize(coarse, (192, 108), interpolation=cv2.INTER_CUBIC)
    frames: Frames = []
    for i in range(start, start + num_frames):
        picture = background.copy()
        x = 96 + round(3 * np.sin(i / 8))
        cv2.circle(picture, (x, 60), 28, (200, 160, 140), -1)
        cv2.circle(picture, (x, 72), 4 + round(3 * np.sin(i)), (90, 30, 30), -1)
        dy, dx = round(54 * zoom), round(96 * zoom)
        picture = picture[dy : 108 - dy, dx : 192 - dx]
        small = cv2.resize(picture, THUMBNAIL, interpolation=cv2.INTER_AREA)
        frames.append(np.clip(small + random.normal(0, 1, small.shape), 0, 255).astype(np.uint8))
    return frames


def blend(first: Frames, second: Frames) -> Frames:
    shares = np.linspace(0, 1, len(first) + 2)[1:-1]
    return [
        np.round(a * (1 - s) + b * s).astype(np.uint8) for a, b, s in zip(first, second, shares, strict=True)
    ]


def scan(frames: Frames, model: ShotModel, fps: float = 25.0) -> list[Shot]:
    scanner = ShotScanner(CONFIG, ContentScorer, lambda: model, fps)
    for number, frame in enumerate(frames):
        scanner.update(number / fps, frame)
    shots = build_shots("v", scanner.finish(), len(frames) / fps, CONFIG)
    assert_partition(shots, len(frames))
    return shots


def assert_partition(shots: list[Shot], num_frames: int) -> None:
    borders = [0, *(s.end_frame for s in shots)]
    assert [s.start_frame for s in shots] == borders[:-1] and borders[-1] == num_frames
    for shot in shots:
        assert shot.start_seconds <= shot.clean_start_seconds
        assert shot.clean_start_seconds <= shot.clean_end_seconds <= shot.end_seconds


def starts(shots: list[Shot]) -> list[int]:
    return [s.start_frame for s in shots[1:]]


BLACK: Frames = [np.zeros((27, 48, 3), np.uint8)]
WHITE: Frames = [np.full((27, 48, 3), 250, np.uint8)]
HARD = talk(1, 60) + talk(2, 60)
JUMP = talk(1, 60) + talk(1, 60, start=60, zoom=0.25)
DISSOLVE = talk(1, 60) + blend(talk(1, 16, start=60), talk(2, 16)) + talk(2, 60, start=16)
FADE = (
    talk(1, 60)
    + blend(talk(1, 12, start=60), BLACK * 12)
    + BLACK * 15
    + blend(BLACK * 12, talk(2, 12))
    + talk(2, 60, start=12)
)


def test_a_talker_who_keeps_still_is_one_shot_and_costs_no_network() -> None:
    model = Blind()
    assert starts(scan(talk(1, 200), model)) == []
    assert model.looks == 0


@pytest.mark.parametrize("frames", [HARD, JUMP], ids=["hard cut", "jump cut"])
def test_a_cut_within_one_frame_is_found_without_the_network(frames: Frames) -> None:
    first, second = scan(frames, Blind())
    assert (first.end_frame, second.start_frame) == (60, 60)
    # One guard frame on both sides.
    assert first.clean_end_seconds == pytest.approx(59 / 25)
    assert second.clean_start_seconds == pytest.approx(61 / 25)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_flash_is_no_cut(length: int) -> None:
    frames = talk(1, 60) + WHITE * length + talk(1, 60, start=60 + length)
    assert starts(scan(frames, Blind())) == []


def test_two_cuts_close_to_each_other_are_both_found() -> None:
    assert starts(scan(talk(1, 60) + talk(2, 20) + talk(3, 60), Blind())) == [60, 80]


def test_a_fragment_at_an_end_belongs_to_its_neighbour_but_is_not_clean() -> None:
    (shot,) = scan(talk(1, 6) + talk(2, 100), Blind())
    assert shot.start_frame == 0 and shot.clean_start_seconds >= 6 / 25
    (shot,) = scan(talk(1, 100) + talk(2, 6), Blind())
    assert shot.end_frame == 106 and shot.clean_end_seconds <= 100 / 25


def test_a_cut_in_a_short_video_is_found() -> None:
    assert starts(scan(talk(1, 20) + talk(2, 20), Blind())) == [20]


@pytest.mark.parametrize("num_frames", [1, 2, 5])
def test_a_video_of_few_frames_is_one_shot(num_frames: int) -> None:
    assert len(scan(talk(1, num_frames), Blind())) == 1


def test_memory_does_not_grow_with_the_video() -> None:
    scanner = ShotScanner(CONFIG, ContentScorer, Blind, 25.0)
    for number, frame in enumerate(talk(1, 120) * 6):  # a jump every 120 frames
        scanner.update(number / 25, frame)
        assert len(scanner._thumbnails) < 400


def scores_of(num_frames: int, cut: dict[int, float], transition: dict[int, float]) -> ShotScores:
    seconds = [i / 25 for i in range(num_frames)]
    return ShotScores(seconds=seconds, content=[1.0] * num_frames, cut=cut, transition=transition)


def test_the_network_names_the_last_frame_of_a_shot() -> None:
    assert find_cuts(scores_of(100, {49: 0.9}, {}), CONFIG) == [(50, 50, 0.9)]


def test_frames_of_a_gradual_transition_are_not_clean() -> None:
    scores = scores_of(200, {95: 0.8}, dict.fromkeys(range(85, 106), 0.9))
    first, second = build_shots("v", scores, 8.0, CONFIG)
    assert first.clean_end_seconds <= 85 / 25
    assert second.clean_start_seconds >= 105 / 25


def test_a_leap_is_a_hard_cut_to_the_frame() -> None:
    scores = scores_of(100, {51: 0.6}, {})
    scores.leaps = [50]
    assert find_cuts(scores, CONFIG) == [(50, 50, 0.6)]


def test_an_unsure_network_makes_no_cut() -> None:
    assert find_cuts(scores_of(100, {49: 0.4}, {49: 0.9}), CONFIG) == []


@given(
    st.integers(1, 300),
    st.dictionaries(st.integers(0, 299), st.floats(0, 1)),
    st.dictionaries(st.integers(0, 299), st.floats(0, 1)),
)
def test_shots_partition_the_frames_whatever_the_scores(
    num_frames: int, cut: dict[int, float], transition: dict[int, float]
) -> None:
    inside = [{k: v for k, v in found.items() if k < num_frames} for found in (cut, transition)]
    scores = scores_of(num_frames, *inside)
    shots = build_shots("v", scores, num_frames / 25, CONFIG)
    assert_partition(shots, num_frames)
    assert len({s.shot_id for s in shots}) == len(shots)


@pytest.fixture(scope="module")
def network() -> ShotModel:
    return transnetv2.load()


def test_the_real_network_finds_cuts_to_the_frame(network: ShotModel) -> None:
    assert starts(scan(HARD, network)) == [60]
    assert starts(scan(JUMP, network)) == [60]
    assert starts(scan(talk(1, 150), network)) == []


@pytest.mark.parametrize(
    ("frames", "low", "high"), [(DISSOLVE, 60, 76), (FADE, 60, 87)], ids=["dissolve", "fade to black"]
)
def test_the_real_network_keeps_gradual_transitions_out_of_clean_spans(
    network: ShotModel, frames: Frames, low: int, high: int
) -> None:
    shots = scan(frames, network)
    assert len(shots) > 1 and all(low - 2 <= s <= high + 2 for s in starts(shots))
    assert shots[0].clean_end_seconds * 25 <= low + 3
    assert shots[-1].clean_start_seconds * 25 >= high - 3
