"""Jump cuts in made talk: a head, shoulders and two hands that move on their own before a still wall."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from transforms.find_jump_cuts import PICTURE_SIDE_PX, JumpConfig, JumpScanner, leaping_share, tile_change

Gray = npt.NDArray[np.uint8]
HEIGHT = 144


def texture(seed: int, height: int, width: int) -> Gray:
    coarse = np.random.default_rng(seed).integers(20, 236, (height // 6 + 2, width // 6 + 2)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


WALL = texture(0, HEIGHT, PICTURE_SIDE_PX)
# Texture, place at rest (x, y), px it moves, periods of its motion in frames.
PARTS = (
    (texture(1, 54, 44), (106, 20), 4.0, (37.0, 53.0)),
    (texture(2, 60, 110), (73, 80), 2.0, (61.0, 97.0)),
    (texture(3, 20, 20), (70, 105), 9.0, (23.0, 31.0)),
    (texture(4, 20, 20), (160, 105), 9.0, (29.0, 19.0)),
)


def talk(frames: list[int], noise: float = 0.7) -> list[Gray]:
    """Return the pictures of a talker at these frames of an endless motion, (144, 256) grey."""
    random = np.random.default_rng(5)
    pictures: list[Gray] = []
    for frame in frames:
        picture = WALL.astype(np.float32)
        for part, place, reach, periods in PARTS:
            dx, dy = (reach * np.sin(2 * np.pi * frame / period) for period in periods)
            move = np.array([[1, 0, place[0] + dx], [0, 1, place[1] + dy]], np.float32)
            there = cv2.warpAffine(np.full_like(part, 255), move, (PICTURE_SIDE_PX, HEIGHT)) / 255.0
            moved = cv2.warpAffine(part, move, (PICTURE_SIDE_PX, HEIGHT))
            picture = picture * (1 - there) + moved * there
        noisy = picture + random.normal(0, noise, picture.shape)
        pictures.append(np.clip(noisy, 0, 255).astype(np.uint8))
    return pictures


def cuts(pictures: list[Gray]) -> list[int]:
    scanner = JumpScanner(JumpConfig())
    for picture in pictures:
        scanner.update(picture)
    return scanner.finish()


def without(first: int, gap: int, length: int = 80) -> list[Gray]:
    """Return talk of which `gap` frames from `first` on were cut out."""
    return talk([i if i < first else i + gap for i in range(length)])


def test_talk_has_no_cut() -> None:
    assert cuts(talk(list(range(150)))) == []


@pytest.mark.parametrize(("first", "gap"), [(40, 9), (40, 16), (40, 40), (4, 12), (19, 12), (75, 25)])
def test_a_cut_in_one_set_up_is_found_to_the_frame(first: int, gap: int) -> None:
    assert cuts(without(first, gap)) == [first]


def test_each_of_several_cuts_is_found() -> None:
    frames = [*range(30), *range(45, 70), *range(95, 130)]
    assert cuts(talk(frames)) == [30, 55]


def test_captions_and_inserted_pictures_are_no_cut() -> None:
    pictures = talk(list(range(80)))
    for number in range(40, 80):
        pictures[number][136:144, 8:248] = 235  # below the hands
        pictures[number][8:72, 8:56] = texture(9, 64, 48)
    assert cuts(pictures) == []


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_flash_is_no_cut(length: int) -> None:
    pictures = talk(list(range(80)))
    for number in range(40, 40 + length):
        pictures[number] = np.clip(pictures[number].astype(int) + 90, 0, 255).astype(np.uint8)
    assert cuts(pictures) == []


def test_other_light_on_everything_is_no_cut() -> None:
    pictures = talk(list(range(80)))
    brighter = [np.clip(p.astype(int) + 15, 0, 255).astype(np.uint8) for p in pictures[40:]]
    assert cuts([*pictures[:40], *brighter]) == []


def test_every_second_picture_twice_is_no_cut() -> None:
    assert cuts(talk([i // 2 * 2 for i in range(100)])) == []


def test_where_nothing_moves_there_is_nothing_to_leap() -> None:
    assert cuts([WALL] * 40 + [texture(7, HEIGHT, PICTURE_SIDE_PX)] * 40) == []


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_few_pictures(count: int) -> None:
    assert cuts(talk(list(range(count)))) == []


def test_memory_does_not_grow_with_the_video() -> None:
    scanner = JumpScanner(JumpConfig())
    for picture in talk(list(range(60))):
        scanner.update(picture)
        assert len(scanner._changes) < 20


def test_a_change_of_light_is_taken_off_the_tiles() -> None:
    before = WALL.astype(np.float32)
    assert tile_change(before, before + 20).max() == 0
    moved = before.copy()
    moved[:8, :8] += 30
    assert tile_change(before, moved)[0] == pytest.approx(30) and tile_change(before, moved)[1:].max() == 0


# Changes over one, two and three pictures where nothing leaps, and the four of them that reach across a leap
# before picture 10: since pictures 9 and 8 by pictures 10 and 11.
USUAL = (1.0, 2.0, 4.0)
ACROSS = ((10, 1), (10, 2), (11, 2), (11, 3))


def leaping_changes(num_leaping: int) -> dict[int, npt.NDArray[np.float32]]:
    """Return changes of ten tiles of which some leap to twice the usual; what must have no say is huge."""
    changes = {t: np.repeat(np.array(USUAL, np.float32)[:, None], 10, axis=1) for t in range(2, 20)}
    for number in (10, 11, 12):
        for lag in (1, 2, 3):
            if number - lag < 10 and (number, lag) not in ACROSS:
                changes[number][lag - 1] = 99.0
    changes[3][:], changes[17][0], changes[18][1], changes[19][2] = 99.0, 99.0, 99.0, 99.0
    for number, lag in ACROSS:
        changes[number][lag - 1, :num_leaping] = 2 * (USUAL[lag - 1] + 0.6)
    return changes


@pytest.mark.parametrize("num_leaping", [0, 4, 10])
def test_a_leap_is_one_by_all_four_distances_across_it(num_leaping: int) -> None:
    changes = leaping_changes(num_leaping)
    assert leaping_share(changes, 10, JumpConfig()) == pytest.approx(num_leaping / 10)


@pytest.mark.parametrize(("number", "lag"), ACROSS)
def test_a_tile_that_goes_on_by_one_distance_does_not_leap(number: int, lag: int) -> None:
    changes = leaping_changes(6)
    changes[number][lag - 1, :3] = 1.4 * (USUAL[lag - 1] + 0.6)
    assert leaping_share(changes, 10, JumpConfig()) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("number", "lag"), [(4, 1), (9, 1), (4, 2), (9, 3), (11, 1), (16, 1), (17, 2), (18, 3)]
)
def test_a_tile_leaps_beyond_the_most_of_its_neighbourhood(number: int, lag: int) -> None:
    changes = leaping_changes(6)
    changes[number][lag - 1, :3] = 2 * USUAL[lag - 1] + 0.6
    assert leaping_share(changes, 10, JumpConfig()) == pytest.approx(0.3)


def test_a_leap_right_after_the_first_picture_has_two_distances() -> None:
    """Nothing is known of before the first picture."""
    changes = {t: np.full((3, 10), 1.0, np.float32) for t in range(14)}
    for number, lag in ((2, 1), (2, 2), (3, 2), (3, 3)):
        changes[number][lag - 1] = 3.2
    assert leaping_share(changes, 2, JumpConfig()) == 1.0
    changes[1][0], changes[2][1:], changes[3][1:] = 3.2, 9.0, 9.0
    changes[2][0], changes[2][1] = 1.0, 3.2
    assert leaping_share(changes, 1, JumpConfig()) == 0.0, "nothing to compare with before it"
