"""Linking detections to tracks: several people, leaving, returning, crossing cuts."""

import numpy as np
import pytest

from backends.protocols.pictures import Detection
from schemas.records.picture import Box
from schemas.records.video import FaceTrack
from tests.makers import make_shot
from transforms.track_faces import (
    FaceScanner,
    SampledFaces,
    TrackConfig,
    build_tracks,
    iou_matrix,
    square_around,
    squares_of,
)

CONFIG = TrackConfig()
STEP = 1 / 6


def face(x: float, y: float = 100.0, height: float = 60.0, score: float = 0.9) -> Detection:
    return Detection((x - height * 0.4, y - height / 2, x + height * 0.4, y + height / 2), score)


def samples(num: int, *people) -> list[SampledFaces]:
    """Return samples in which each person is a function from the sample's number to a face or None."""
    return [
        SampledFaces(i * STEP, tuple(f for person in people if (f := person(i)) is not None))
        for i in range(num)
    ]


def tracks_of(*people) -> list[FaceTrack]:
    return build_tracks(make_shot(0, 10), samples(60, *people), CONFIG)


def test_one_face_that_moves_is_one_track() -> None:
    shot = make_shot(0, 10)
    (track,) = build_tracks(shot, samples(60, lambda i: face(100 + 3 * i)), CONFIG)
    assert (track.start_seconds, track.end_seconds) == (0.0, 10.0)
    assert len(track.times_seconds) == len(track.scores) == 60 and len(track.boxes_xyxy) == 240
    assert track.median_height_px == pytest.approx(60) and track.mean_score == pytest.approx(0.9)


def test_two_people_stay_two_tracks_in_any_order_of_detection() -> None:
    left, right = (lambda i: face(100 + i)), (lambda i: face(400 - i))
    shuffled = [
        SampledFaces(s.seconds, s.faces[::-1] if n % 2 else s.faces)
        for n, s in enumerate(samples(60, left, right))
    ]
    tracks = build_tracks(make_shot(0, 10), shuffled, CONFIG)
    middles = [np.asarray(t.boxes_xyxy).reshape(-1, 4)[:, [0, 2]].mean(axis=1) for t in tracks]
    assert len(tracks) == 2
    assert np.abs(np.diff(middles[0])).max() < 3 and np.abs(np.diff(middles[1])).max() < 3


def test_a_face_that_returns_late_starts_a_new_track() -> None:
    tracks = build_tracks(
        make_shot(0, 10), samples(60, lambda i: face(100) if not 20 <= i < 30 else None), CONFIG
    )
    assert [len(t.times_seconds) for t in tracks] == [20, 30]
    # Each reaches half-way to the first sample without it.
    assert tracks[0].end_seconds == pytest.approx(19.5 * STEP)
    assert tracks[1].start_seconds == pytest.approx(29.5 * STEP)
    assert len({t.track_id for t in tracks}) == 2


def test_a_short_miss_does_not_break_a_track() -> None:
    tracks = build_tracks(
        make_shot(0, 10), samples(60, lambda i: face(100) if i not in (20, 21) else None), CONFIG
    )
    assert [len(t.times_seconds) for t in tracks] == [58]


def test_another_person_in_another_place_is_another_track() -> None:
    tracks = build_tracks(make_shot(0, 10), samples(60, lambda i: face(100 if i < 30 else 400)), CONFIG)
    assert [len(t.times_seconds) for t in tracks] == [30, 30]


def test_single_false_detections_are_no_tracks() -> None:
    assert (
        build_tracks(make_shot(0, 10), samples(60, lambda i: face(7 * i) if i % 9 == 0 else None), CONFIG)
        == []
    )


def test_tracks_do_not_leave_the_clean_span_of_their_shot() -> None:
    shot = make_shot(2, 6, guard=0.2)
    (track,) = build_tracks(shot, samples(60, lambda i: face(100)), CONFIG)
    assert (track.start_seconds, track.end_seconds) == (2.2, 5.8)
    assert all(2.2 <= t < 5.8 for t in track.times_seconds)


def test_a_shot_without_samples_has_no_tracks() -> None:
    assert build_tracks(make_shot(100, 110), samples(60, lambda i: face(100)), CONFIG) == []


def test_overlap_of_boxes() -> None:
    a: Box = (0, 0, 10, 10)
    others: list[Box] = [(0, 0, 10, 10), (5, 0, 15, 10), (20, 20, 30, 30), (0, 0, 0, 0)]
    assert iou_matrix([a], others) == pytest.approx(np.array([[1, 1 / 3, 0, 0]]))


class Recorder:
    name = "recorder"

    def detect(self, image: np.ndarray) -> list[Detection]:
        return [Detection((1, 2, 3, 4), 0.5)]


@pytest.mark.parametrize("fps", [12.0, 23.976, 25.0, 50.0])
def test_frames_are_sampled_at_the_detectors_rate_and_boxes_scaled_back(fps: float) -> None:
    scanner = FaceScanner(CONFIG, Recorder(), scale=2.5)
    times = (np.arange(round(10 * fps)) / fps).tolist()
    for seconds in times:
        if scanner.wants(seconds):
            scanner.update(seconds, np.zeros((8, 8, 3), np.uint8))
    assert scanner.samples[0].seconds == 0.0
    gaps = np.diff([s.seconds for s in scanner.samples])
    assert gaps.min() >= STEP - 2e-3 and gaps.max() <= STEP + 1 / fps
    assert scanner.samples[0].faces[0].box_xyxy == (2.5, 5.0, 7.5, 10.0)


class Shortsighted:
    """Sees white rectangles that are a twelfth of the picture's longer side, or higher."""

    name = "shortsighted"

    def __init__(self) -> None:
        self.looks = 0

    def detect(self, image: np.ndarray) -> list[Detection]:
        self.looks += 1
        rows, columns = np.nonzero(image.min(axis=2) > 200)
        if not len(rows) or rows.max() + 1 - rows.min() < max(image.shape[:2]) / 12:
            return []
        x0, y0, x1, y1 = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        return [Detection((float(x0), float(y0), float(x1), float(y1)), 0.9)]


def slide(face: Box | None) -> np.ndarray:
    picture = np.full((432, 768, 3), 90, np.uint8)
    if face is not None:
        x0, y0, x1, y1 = (round(v) for v in face)
        picture[y0:y1, x0:x1] = 250
    return picture


def test_a_small_face_in_a_corner_is_found_and_followed() -> None:
    detector = Shortsighted()
    scanner = FaceScanner(CONFIG, detector, scale=2.5)
    for i in range(12):
        scanner.update(i * STEP, slide((700 - i, 380, 724 - i, 408)))
    assert all(len(s.faces) == 1 for s in scanner.samples)
    assert scanner.samples[3].faces[0].box_xyxy == (697 * 2.5, 950.0, 721 * 2.5, 1020.0)
    squares = len(squares_of(768, 432, CONFIG.square_px))
    assert detector.looks == 12 + squares + 11  # the whole each time, all squares once, then one square


def test_without_a_face_the_squares_are_looked_at_once_a_second() -> None:
    detector = Shortsighted()
    scanner = FaceScanner(CONFIG, detector, scale=1.0)
    for i in range(12):
        scanner.update(i * STEP, slide(None))
    assert detector.looks == 12 + 2 * len(squares_of(768, 432, CONFIG.square_px))


@pytest.mark.parametrize(("width", "height"), [(768, 432), (432, 768), (320, 240), (100, 300), (768, 256)])
def test_squares_cover_the_picture(width: int, height: int) -> None:
    seen = np.zeros((height, width), bool)
    for x0, y0, x1, y1 in squares_of(width, height, 256):
        assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height and max(x1 - x0, y1 - y0) <= 256
        seen[y0:y1, x0:x1] = True
    assert seen.all()


@pytest.mark.parametrize(
    "box", [(0, 0, 20, 20), (-30, -30, -10, -10), (750, 420, 790, 460), (900, 900, 940, 950)]
)
def test_a_square_around_a_face_lies_in_the_picture(box: Box) -> None:
    x0, y0, x1, y1 = square_around(box, (432, 768, 3), 256)
    assert 0 <= x0 < x1 <= 768 and 0 <= y0 < y1 <= 432
