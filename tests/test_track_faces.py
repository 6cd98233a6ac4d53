"""Linking detections to tracks: several people, leaving, returning, crossing cuts."""

import numpy as np
import pytest

from backends.protocols import Detection
from schemas.records import Box, FaceTrack
from tests.makers import make_shot
from transforms.track_faces import FaceScanner, SampledFaces, TrackConfig, build_tracks, iou_matrix

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
