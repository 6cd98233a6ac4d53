"""Whose body the landmarks are, with a Holistic that follows whom it is told to."""

from types import SimpleNamespace

import numpy as np
import pytest

from backends.mediapipe_landmarks import MediaPipeLandmarks
from schemas.records.picture import Box

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT = 160.0, 480.0
REGION: Box = (RIGHT - 50, 70.0, RIGHT + 50, 170.0)


def points(number: int, x: float) -> SimpleNamespace:
    one = SimpleNamespace(x=x / WIDTH, y=120 / HEIGHT, z=0.0, visibility=0.9)
    return SimpleNamespace(landmark=[one] * number)


class Holistic:
    """Finds a person in the left half if anything is shown there, else one in the right half."""

    def __init__(self) -> None:
        self.resets, self.pictures = 0, []

    def reset(self) -> None:
        self.resets += 1

    def process(self, image: np.ndarray) -> SimpleNamespace:
        self.pictures.append(image)
        x = LEFT if (image[:, : WIDTH // 3] != 128).any() else RIGHT
        return SimpleNamespace(
            face_landmarks=None,
            left_hand_landmarks=points(21, x),
            right_hand_landmarks=None,
            pose_landmarks=points(33, x),
            pose_world_landmarks=points(33, x),
        )


class Blind:
    """A face mesh that sees none."""

    def reset(self) -> None: ...

    def process(self, image: np.ndarray) -> SimpleNamespace:
        return SimpleNamespace(multi_face_landmarks=None)


@pytest.fixture
def made() -> tuple[MediaPipeLandmarks, Holistic]:
    extractor, holistic = MediaPipeLandmarks(0.5, 1), Holistic()
    extractor._holistic, extractor._mesh = holistic, Blind()
    extractor.reset()
    return extractor, holistic


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(130, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8)


def test_the_body_is_that_of_the_tracked_face(made: tuple[MediaPipeLandmarks, Holistic]) -> None:
    extractor, holistic = made
    for _ in range(3):
        found = extractor.extract(picture(), REGION)
        assert found.pose is not None and found.pose[0, 0] == pytest.approx(RIGHT)
        assert found.left_hand is not None and found.left_hand[0, 0] == pytest.approx(RIGHT)
    # Seen whole once, then in a column around the face: another person's body is looked for no more.
    assert len(holistic.pictures) == 4 and holistic.resets == 2
    assert (holistic.pictures[-1][:, :200] == 128).all() and (holistic.pictures[-1][:, 400:560] != 128).all()


def test_what_is_still_another_persons_is_not_used(made: tuple[MediaPipeLandmarks, Holistic]) -> None:
    extractor, _ = made
    between: Box = (280.0, 70.0, 380.0, 170.0)
    found = extractor.extract(picture(), between)
    assert found.pose is None and found.left_hand is None and found.pose_visibility is None


def test_a_new_clip_is_seen_whole_again(made: tuple[MediaPipeLandmarks, Holistic]) -> None:
    extractor, holistic = made
    extractor.extract(picture(), REGION)
    extractor.reset()
    own: Box = (LEFT - 50, 70.0, LEFT + 50, 170.0)
    found = extractor.extract(picture(), own)
    assert found.pose is not None and found.pose[0, 0] == pytest.approx(LEFT)
    assert (holistic.pictures[-1] != 128).all()
