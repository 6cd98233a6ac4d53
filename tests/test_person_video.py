"""Where a video shows a person: stretches, people, frames at a constant rate, what stays as it is."""

import itertools
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from backends.protocols.pictures import Detection, FaceView, FrameLandmarks
from body.load import load_body_model
from commands.remake_video import faded, scenes_of
from pipelines.footage import Footage, footage_of, open_video
from pipelines.looks import Look, of_one_person
from pipelines.person_video import Followed, PersonVideo, cut_off, whole_track
from pipelines.stretches import Stretch, stretches_of
from schemas.outcomes import BadInputError
from schemas.records.picture import Box
from schemas.records.video import Shot
from tests.body.track_makers import make_track
from tests.media_makers import RATES, constant_times, read_frame_number, variable_times, write_video
from transforms.collect_faces import CollectConfig, FaceCollector
from transforms.extract_landmarks import LandmarkCollector, LandmarkConfig
from transforms.track_faces import SampledFaces

BODY = load_body_model()


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    """Two seconds of numbered pictures."""
    path = write_video(tmp_path_factory.mktemp("video") / "numbers.mp4", constant_times(RATES["25"], 50))
    return footage_of(open_video(path), [i / 25 for i in range(50)], 2048)


def shots(*borders: int) -> list[Shot]:
    """Return shots between frames at which there are cuts; a frame beside each cut is not clean."""
    made: list[Shot] = []
    for first, end in itertools.pairwise(borders):
        clean = (first + (first > 0), end - (end < borders[-1]))
        made.append(
            Shot(
                shot_id=f"shot{first}",
                video_id="video",
                start_frame=first,
                end_frame=end,
                start_seconds=first / 25,
                end_seconds=end / 25,
                clean_start_seconds=clean[0] / 25,
                clean_end_seconds=clean[1] / 25,
                cut_score=None,
            )
        )
    return made


def seen(*faces: tuple[float, float, float, float], until: float = 2.0) -> list[SampledFaces]:
    """Return samples of faces, (left, height, first second, last second) each."""
    samples: list[SampledFaces] = []
    for seconds in np.arange(0, until, 0.16):
        found = [
            Detection((left, 50.0, left + 0.8 * height, 50.0 + height), 0.9)
            for left, height, first, last in faces
            if first <= seconds < last
        ]
        samples.append(SampledFaces(float(seconds), tuple(found)))
    return samples


def test_one_face_is_followed_to_the_video_s_ends_and_to_cuts(footage: Footage) -> None:
    found, notes = stretches_of(footage, shots(0, 20, 50), seen((100, 60, 0, 2)), 24)
    assert [(one.start, one.end) for one in found] == [(0, 20), (20, 50)] and not notes
    assert found[1].boxes.shape == (30, 4) and np.allclose(found[1].boxes[0], (100, 50, 148, 110))


def test_a_face_that_leaves_and_returns_is_two_stretches(footage: Footage) -> None:
    here, back = (100, 60, 0, 0.6), (160, 60, 1.4, 2.0)
    found, _ = stretches_of(footage, shots(0, 50), seen(here, back), 24)
    assert len(found) == 2 and found[0].end < 20 and found[1].start > 30 and found[1].end == 50


def test_two_people_are_refused_and_a_small_face_behind_is_not(footage: Footage) -> None:
    with pytest.raises(BadInputError, match=r"two people are seen at 0\.. s"):
        stretches_of(footage, shots(0, 50), seen((20, 60, 0, 2), (200, 40, 0.5, 2)), 24)
    found, _ = stretches_of(footage, shots(0, 50), seen((20, 60, 0, 2), (200, 26, 0, 2)), 24)
    assert len(found) == 1 and found[0].boxes[0, 0] == 20


def test_faces_that_are_too_small_are_said(footage: Footage) -> None:
    found, notes = stretches_of(footage, shots(0, 50), seen((20, 20, 0, 2)), 24)
    assert not found and notes == ["a face is 20 px high; at least 24 are needed"]


class Descriptors:
    """An embedder that reads a person's number from the colour of a view."""

    name = "colours"

    def embed(self, views: Sequence[FaceView]) -> npt.NDArray[np.float32]:
        return np.array([[float(view.image[0, 0, 0])] for view in views], np.float32)

    def pool(
        self, descriptors: npt.NDArray[np.float32], weights: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        return np.asarray(weights @ descriptors, np.float32)

    def stranger_distance(self, descriptor: npt.NDArray[np.float32]) -> float:
        return 1.0


class Blind:
    """An extractor that sees nothing."""

    name = "blind"

    def reset(self) -> None: ...

    def extract(self, image: np.ndarray, face_region: Box) -> FrameLandmarks:
        return FrameLandmarks(None, None, None, None, None, None)


def test_shots_of_somebody_else_stay_as_they_are() -> None:
    def look(start: int, length: int, person: int | None) -> Look:
        views = FaceCollector(CollectConfig(), length)
        if person is not None:
            view = FaceView(np.full((4, 4, 3), person, np.uint8), np.zeros((478, 3), np.float32))
            views._best[0] = (1.0, view)
        stretch = Stretch(start=start, end=start + length, boxes=np.zeros((length, 4)))
        landmarks = LandmarkCollector(Blind(), stretch.boxes, LandmarkConfig())
        return Look(stretch=stretch, views=views, landmarks=landmarks)

    looks = [look(0, 20, 7), look(20, 50, 9), look(70, 10, None), look(80, 30, 9)]
    kept, notes = of_one_person(looks, Descriptors())
    assert [one.stretch.start for one in kept] == [20, 70, 80]
    assert notes == ["frames 0 to 19 show somebody else; they stay as they are"]


@pytest.mark.parametrize("rotation", [0, 90])
def test_frames_come_upright_at_a_constant_rate(rotation: int, tmp_path: Path) -> None:
    path = tmp_path / "turned.mp4"
    write_video(path, constant_times(RATES["29.97"], 20), rotation_degrees=rotation)
    footage = footage_of(open_video(path), [i * 1001 / 30000 for i in range(20)], 2048)
    assert (footage.width, footage.height, footage.num_frames) == (320, 180, 20)
    assert footage.fps == pytest.approx(30000 / 1001)
    assert [read_frame_number(frame) for frame in footage.frames()] == list(range(20))


def test_a_rate_that_varies_becomes_a_whole_one_and_large_pictures_smaller(tmp_path: Path) -> None:
    path, times = tmp_path / "phone.mp4", variable_times(40)
    write_video(path, times)
    video = open_video(path)
    assert video.variable_frame_rate
    footage = footage_of(video, [float(t - times[0]) for t in times], 160)
    assert footage.fps == round(video.fps) and (footage.width, footage.height) == (160, 90)
    shown = list(footage.frames())
    assert len(shown) == footage.num_frames and shown[0].shape == (90, 160, 3)
    assert footage.seconds == pytest.approx(float(times[-1] - times[0] + Fraction(1, 25)), abs=0.1)


def test_a_change_comes_in_and_goes_where_the_face_is_lost() -> None:
    seen = np.array([1, 1, 1, 1, 0, 1, 1, 1, 1, 1], bool)
    share = faded(seen, 1.0, True, True)
    assert share.tolist() == [1, 1, 1, 0.5, 0, 0.5, 1, 1, 1, 1]
    assert faded(np.ones(3, bool), 1.0, False, True).tolist() == [0.5, 1, 1]
    assert faded(np.ones(3, bool), 4.0, True, True).tolist() == [1, 1, 1]


def test_scenes_take_motion_by_the_video_s_frames(footage: Footage) -> None:
    own, motion = make_track(BODY, 12, seed=1), make_track(BODY, 50, seed=2, num_expression=14)
    scenes = scenes_of([Followed(start=20, track=own)], motion, np.ones(50, np.float32))
    (scene,) = scenes
    assert scene.own.expression.shape == scene.wanted.expression.shape == (12, 14)
    assert scene.strength[-1] == 0  # that frame's fit is not valid
    full = np.flatnonzero(scene.strength == 1)
    assert len(full) and np.array_equal(scene.wanted.jaw[full], motion.jaw[20 + full])
    assert np.array_equal(scene.wanted.jaw[-1], own.jaw[-1])


def test_a_video_is_cut_off_and_its_motion_has_a_row_for_every_frame(footage: Footage) -> None:
    tracks = [make_track(BODY, 10, seed=1), make_track(BODY, 12, seed=2)]
    followed = (Followed(start=5, track=tracks[0]), Followed(start=30, track=tracks[1]))
    person = PersonVideo(footage=footage, followed=followed, reference=None, notes=())  # type: ignore[arg-type]
    whole = whole_track(person)
    assert whole.num_frames == 50
    assert np.array_equal(whole.jaw[5:15], tracks[0].jaw) and np.array_equal(whole.jaw[30:42], tracks[1].jaw)
    assert np.array_equal(whole.jaw[20], tracks[0].jaw[-1]) and np.array_equal(whole.jaw[0], tracks[0].jaw[0])
    assert np.flatnonzero(whole.valid["face"]).tolist() == [*range(5, 14), *range(30, 41)]
    short = cut_off(person, 33)
    assert short.footage.num_frames == 33 and [one.track.num_frames for one in short.followed] == [10, 3]
    assert len(cut_off(person, 20).followed) == 1 and cut_off(person, 99).footage.num_frames == 50
