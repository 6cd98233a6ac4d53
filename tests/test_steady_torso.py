"""Shoulders and hips that follow what the picture of the torso does, on pictures whose motion is known."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from backends.protocols.pictures import FrameLandmarks
from transforms.extract_landmarks.torso import STEADIED, TorsoConfig, TorsoTracker

FACE_PX, WIDTH, HEIGHT = 80.0, 320, 240
PLACES = np.array([[210.0, 130], [110, 130], [190, 230], [130, 230]])  # shoulders and hips
NUM_FRAMES = 60


def cloth() -> np.ndarray:
    """Return a picture with texture to track."""
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT // 4, WIDTH // 4, 3)).astype(np.uint8)
    return cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def moved(step: int) -> np.ndarray:
    """Return where the torso of frame `step` has gone: it sways 8 px and turns a little."""
    angle, away = 0.03 * np.sin(step / 9), 8 * np.sin(step / 15)
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = PLACES.mean(0)
    return np.column_stack([turned, middle - turned @ middle + [away, 0.2 * away]])


def landmarks(places: np.ndarray, visibility: float = 0.9) -> FrameLandmarks:
    pose = np.full((33, 3), 50.0, np.float32)
    pose[list(STEADIED), :2] = places
    return FrameLandmarks(
        face=None, left_hand=None, right_hand=None, pose=pose,
        pose_visibility=np.full(33, visibility, np.float32), pose_world=np.zeros((33, 3), np.float32),
    )  # fmt: skip


def clip(see: Callable[[int, np.ndarray], FrameLandmarks | None], config: TorsoConfig | None = None):
    """Return the landmarks that were seen, the steadied, and the true places (N, 4, 2)."""
    tracker, picture = TorsoTracker(FACE_PX, config or TorsoConfig()), cloth()
    frames, true = [], []
    for step in range(NUM_FRAMES):
        motion = moved(step)
        true.append(PLACES @ motion[:, :2].T + motion[:, 2])
        frames.append(see(step, true[-1]) or FrameLandmarks(None, None, None, None, None, None))
        image = cv2.warpAffine(picture, motion, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        tracker.update(np.asarray(image, np.uint8), frames[-1])
    return frames, tracker.steadied(frames), np.stack(true)


def places_of(frames: list[FrameLandmarks]) -> np.ndarray:
    return np.stack([frame.pose[list(STEADIED), :2] for frame in frames if frame.pose is not None])


def sway(places: np.ndarray, true: np.ndarray) -> float:
    """Return how much the way off changes over time, px: a constant one does a fit no harm."""
    return float((places - true).std(0).mean())


def wandering(step: int, true: np.ndarray) -> FrameLandmarks:
    random = np.random.default_rng(step)
    return landmarks(true + 6 * np.sin(step / 4 + np.arange(4))[:, None] + random.normal(0, 2, (4, 2)))


def test_landmarks_that_wander_are_steadied_and_keep_their_place() -> None:
    seen, steadied, true = clip(wandering)
    assert sway(places_of(seen), true) > 4
    assert sway(places_of(steadied), true) < 0.5
    assert np.abs(places_of(steadied).mean(0) - places_of(seen).mean(0)).max() < 1


def test_other_landmarks_and_those_that_keep_to_the_torso_stay() -> None:
    seen, steadied, true = clip(lambda _, true: landmarks(true))
    assert np.abs(places_of(steadied) - true).max() < 0.5
    others = [i for i in range(33) if i not in STEADIED]
    for before, after in zip(seen, steadied, strict=True):
        assert before.pose is not None and after.pose is not None
        assert np.array_equal(before.pose[others], after.pose[others])
        assert np.array_equal(before.pose[:, 2], after.pose[:, 2])


def test_nothing_is_made_up_where_no_body_was_seen() -> None:
    _, steadied, true = clip(lambda step, true: None if 20 <= step < 30 else wandering(step, true))
    assert [frame.pose is None for frame in steadied] == [20 <= step < 30 for step in range(NUM_FRAMES)]
    seen = np.r_[0:20, 30:NUM_FRAMES]
    assert sway(places_of(steadied), true[seen]) < 3.5  # two pieces, each about where it was seen


def test_a_step_that_cannot_be_tracked_is_no_leap() -> None:
    tracker, picture = TorsoTracker(FACE_PX, TorsoConfig()), cloth()
    # Landmarks wander off, to one side before a flash and to the other after it, while the body keeps still.
    seen = [landmarks(PLACES + 8 * np.cos(step / 59 * np.pi)) for step in range(60)]
    for step, frame in enumerate(seen):
        tracker.update(np.full_like(picture, 255) if step == 30 else picture, frame)
    steps = np.abs(np.diff(places_of(tracker.steadied(seen)), axis=0)).max((1, 2))
    assert steps[:29].max() < 0.1  # tracked, and still
    assert steps.max() < 3


def test_landmarks_that_are_not_visible_do_not_pull() -> None:
    def see(step: int, true: np.ndarray) -> FrameLandmarks:
        there = step % 2 == 0
        return landmarks(true if there else true + 40, 0.9 if there else 0.1)

    _, steadied, true = clip(see)
    assert np.abs(places_of(steadied)[::2] - true[::2]).max() < 0.5
    assert np.abs(places_of(steadied)[1::2] - true[1::2] - 40).max() < 0.5  # not believed, so not touched


@pytest.mark.parametrize("size", [(HEIGHT, WIDTH), (1, 1)])
def test_a_picture_without_texture_leaves_landmarks_as_they_are(size: tuple[int, int]) -> None:
    picture = np.full((*size, 3), 90, np.uint8)
    tracker = TorsoTracker(FACE_PX, TorsoConfig())
    seen = [wandering(step, PLACES) for step in range(10)]
    for frame in seen:
        tracker.update(picture, frame)
    assert np.array_equal(places_of(tracker.steadied(seen)), places_of(seen))


def test_it_can_be_left_out() -> None:
    seen, steadied, _ = clip(wandering, TorsoConfig(enabled=False))
    assert np.array_equal(places_of(steadied), places_of(seen))


def test_a_picture_shown_again_moves_nothing() -> None:
    tracker = TorsoTracker(FACE_PX, TorsoConfig())
    seen = [wandering(step, PLACES) for step in range(30)]
    for step, frame in enumerate(seen):
        tracker.update(cloth(), frame, repeated=step > 0)
    assert places_of(tracker.steadied(seen)).std(0).max() < 0.6


def test_landmarks_far_out_of_the_picture_do_no_harm() -> None:
    tracker = TorsoTracker(FACE_PX, TorsoConfig())
    seen = [landmarks(PLACES + 1e7) for _ in range(3)] + [replace(landmarks(PLACES), pose_visibility=None)]
    for frame in seen:
        tracker.update(cloth(), frame)
    assert np.isfinite(places_of(tracker.steadied(seen))).all()
