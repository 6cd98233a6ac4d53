"""Gathering landmarks over a clip, with an extractor that finds what it is told to."""

import dataclasses

import numpy as np
import pytest

from backends.protocols.pictures import FrameLandmarks
from schemas.records.picture import Box
from schemas.sample import check_arrays, unpack_landmarks
from tests.makers import make_clip, make_shot, make_track
from transforms.extract_landmarks import (
    LandmarkCollector,
    LandmarkConfig,
    clip_boxes,
    face_jumps,
    jumps_between,
    longest_run,
)

PICTURE = np.zeros((240, 320, 3), np.uint8)
NOTHING = FrameLandmarks(None, None, None, None, None, None)


def some_face(x: float = 160.0, height: float = 80.0) -> np.ndarray:
    points = np.zeros((478, 3), np.float32)
    points[:, 0], points[:, 1] = x, 100.0
    points[10, 1], points[152, 1] = 100.0 - height / 2, 100.0 + height / 2
    return points


def full(x: float = 160.0) -> FrameLandmarks:
    return FrameLandmarks(
        face=some_face(x),
        left_hand=np.full((21, 3), 50.0, np.float32),
        right_hand=None,
        pose=np.full((33, 3), 70.0, np.float32),
        pose_visibility=np.full(33, 0.5, np.float32),
        pose_world=np.full((33, 3), 0.25, np.float32),
    )


class Scripted:
    """Finds what its script says, frame by frame, and notes where it was told to look."""

    name = "scripted"

    def __init__(self, script: list[FrameLandmarks]) -> None:
        self.script, self.regions, self.resets = script, [], 0

    def reset(self) -> None:
        self.resets += 1

    def extract(self, image: np.ndarray, face_region: Box) -> FrameLandmarks:
        self.regions.append(face_region)
        return self.script[len(self.regions) - 1]


def collect(script: list[FrameLandmarks], repeated: tuple[int, ...] = ()):
    shot = make_shot(0, 10)
    clip = make_clip(num_frames=len(script) + len(repeated))
    track = make_track(shot, 0, 10, centre=(160, 100))
    extractor = Scripted(script)
    collector = LandmarkCollector(extractor, clip_boxes(clip, track), LandmarkConfig())
    for number in range(clip.num_frames):
        collector.update(PICTURE, number in repeated)
    arrays = collector.arrays(track, clip)
    check_arrays(arrays, clip.num_frames, fitted=False)
    return collector, arrays, extractor


def test_arrays_keep_the_contract_and_masks_say_what_was_seen() -> None:
    _, arrays, extractor = collect([full(), NOTHING, full(), dataclasses.replace(full(), face=None)])
    assert extractor.resets == 1
    assert arrays["valid:face"].tolist() == [True, False, True, False]
    assert arrays["valid:left_hand"].tolist() == [True, False, True, True]
    assert arrays["valid:right_hand"].tolist() == [False] * 4
    assert arrays["valid:pose"].tolist() == [True, False, True, True]
    assert unpack_landmarks(arrays, "hand:left_landmarks")[0, 0].tolist() == [50.0, 50.0, 50.0]
    assert np.isnan(unpack_landmarks(arrays, "pose:landmarks")[1]).all()
    assert arrays["pose:visibility"][:, 0].tolist() == [128, 0, 128, 128]
    assert arrays["pose:world"][0, 0].tolist() == [0.25] * 3


def test_a_repeated_picture_is_not_looked_at_again() -> None:
    _, arrays, extractor = collect([full(100), full(120), full(140)], repeated=(1, 3))
    assert len(extractor.regions) == 3
    assert unpack_landmarks(arrays, "face:landmarks")[:, 0, 0].tolist() == [100, 100, 120, 120, 140]


def test_coverage_is_the_share_of_frames() -> None:
    collector, _, _ = collect([full(), NOTHING, NOTHING, full(), full()])
    coverage = collector.coverage(25.0)
    assert coverage.face_ratio == coverage.iris_ratio == coverage.pose_ratio == 0.6
    assert (coverage.left_hand_ratio, coverage.right_hand_ratio, coverage.any_hand_ratio) == (0.6, 0.0, 0.6)
    assert coverage.longest_face_gap_seconds == pytest.approx(2 / 25)
    assert coverage.extractor == "scripted"


def test_a_clip_in_which_nothing_was_found_has_scores() -> None:
    collector, _, _ = collect([NOTHING] * 4)
    coverage = collector.coverage(25.0)
    assert (coverage.face_ratio, coverage.face_jump) == (0.0, 0.0)
    assert coverage.longest_face_gap_seconds == pytest.approx(4 / 25)


def test_boxes_are_in_pixels_of_the_clip() -> None:
    clip = make_clip(crop_xyxy=(100.0, 50.0, 740.0, 530.0), width=320, height=240)
    track = make_track(make_shot(0, 10), 0, 10, centre=(420, 290), height=100)
    boxes = clip_boxes(clip, track)
    assert boxes.shape == (50, 4)
    assert boxes[0] == pytest.approx([140, 95, 180, 145])


def test_the_extractor_looks_around_the_tracked_face() -> None:
    _, _, extractor = collect([full()])
    x0, y0, x1, y1 = extractor.regions[0]
    assert (x0 + x1) / 2 == pytest.approx(160) and (y0 + y1) / 2 == pytest.approx(100)
    assert y1 - y0 == pytest.approx(80 * (1 + 2 * LandmarkConfig().face_margin))


def test_frames_far_from_a_detection_have_no_valid_box() -> None:
    clip = make_clip(num_frames=100)
    track = make_track(make_shot(0, 10), 0, 4, skip=[(1.0, 3.0)])
    collector = LandmarkCollector(Scripted([NOTHING] * 100), clip_boxes(clip, track), LandmarkConfig())
    for _ in range(100):
        collector.update(PICTURE, False)
    valid = collector.arrays(track, clip)["valid:box"]
    assert valid[:33].all() and not valid[40:60].any() and valid[75:].all()


@pytest.mark.parametrize(("flags", "run"), [("", 0), ("000", 0), ("0110111", 3), ("1111", 4)])
def test_longest_run(flags: str, run: int) -> None:
    assert longest_run(np.array([f == "1" for f in flags], bool)) == run


def test_a_jump_stands_out_from_the_motion_around_it() -> None:
    steady = np.stack([some_face(100 + 4 * i) for i in range(20)])
    cut = np.stack([some_face(100 + i) for i in range(10)] + [some_face(140 + i) for i in range(10)])
    assert max(score for _, score in face_jumps(steady)) == pytest.approx(1.0, rel=1e-3)
    assert face_jumps(cut) == [(10, pytest.approx(31.0, rel=1e-3))]


def test_a_small_jump_does_not_count() -> None:
    blink = np.stack([some_face(100)] * 8 + [some_face(102)] * 8)
    assert face_jumps(blink) == []


def test_a_jump_hidden_by_a_frame_without_a_face_is_not_seen() -> None:
    hidden = np.stack([some_face(100), np.full((478, 3), np.nan), some_face(180)])
    assert face_jumps(hidden) == []


def test_jumps_are_told_by_the_times_of_the_pictures_around_them() -> None:
    collector, _, _ = collect([full(100 + i + 40 * (i > 5)) for i in range(12)])
    shown = [10.0 + 0.04 * i for i in range(12)]
    (jump,) = jumps_between(collector.jumps(), shown)
    assert (jump.before_seconds, jump.after_seconds) == (shown[5], shown[6])
    assert jump.score == pytest.approx(collector.coverage(25.0).face_jump, rel=1e-6)
