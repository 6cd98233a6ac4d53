"""The face mesh's foreseeable error: how a face is seen in axes of its own, and that known errors go away."""

import numpy as np
import pytest

from body.detector_bias import NUM_IRIS_FEATURES, NUM_SKIN_FEATURES, DetectorBias, FaceView
from body.face_mesh import IRIS_CENTRES, LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS
from body.load import load_body_model

IDS = np.array([1, 61, 152], np.int32)


def faces(number: int = 5) -> np.ndarray:
    """Return landmarks of the embedded model's face, seen from the front, in px: (n, 478, 3)."""
    model = load_body_model()
    marks = model.landmarks
    corners = model.points.template[model.faces[marks.faces]]
    points = (corners * marks.barycentric[..., None]).sum(1)
    face = np.zeros((478, 3))
    face[marks.mediapipe_ids] = points * (1000, -1000, -1000)
    face[:, :2] += 300 - face[:, :2].mean(0)
    rng = np.random.default_rng(0)
    return face + rng.normal(0, 0.3, (number, 478, 3))


def turned(face: np.ndarray, angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    flat = (face[..., :2] - 300) @ np.array([[c, s], [-s, c]]) + 300
    return np.concatenate([flat, face[..., 2:]], axis=-1)


def nodded(face: np.ndarray, angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    y, z = face[..., 1] - 300, face[..., 2]
    return np.stack([face[..., 0], c * y - s * z + 300, s * y + c * z], axis=-1)


@pytest.fixture(scope="module")
def bias() -> DetectorBias:
    rng = np.random.default_rng(1)
    return DetectorBias(
        ids=IDS,
        skin=rng.normal(0, 0.02, (NUM_SKIN_FEATURES, len(IDS), 2)).astype(np.float32),
        iris=rng.normal(0, 0.02, (NUM_IRIS_FEATURES, 2, 2)).astype(np.float32),
    )


def test_a_view_does_not_depend_on_place_size_and_roll() -> None:
    face = faces()
    plain, other = FaceView.of(face), FaceView.of(turned(2 * face, 0.4))
    assert np.allclose(plain.features(), other.features(), atol=1e-9)
    assert np.allclose(other.size, 2 * plain.size)


def test_the_size_is_about_four_fifths_of_the_face_s_height() -> None:
    face = faces()
    height = np.linalg.norm(face[:, 10, :2] - face[:, 152, :2], axis=1)
    assert np.allclose(FaceView.of(face).size / height, 0.8, atol=0.1)


def test_a_nod_changes_pitch_alone() -> None:
    face = faces()
    straight, down = FaceView.of(face).features(), FaceView.of(nodded(face, 0.3)).features()
    change = down - straight
    assert np.allclose(np.abs(change[:, 2]), 0.3, atol=0.02) and np.abs(change[:, 1]).max() < 0.05


def test_gaze_is_how_far_irises_are_from_the_middle_of_the_eye_s_corners() -> None:
    face = faces(1)
    for iris, corners in zip(IRIS_CENTRES, (LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS), strict=True):
        face[:, iris, :2] = face[:, corners, :2].mean(axis=1)
    assert FaceView.of(face).features()[:, 7:] == pytest.approx(np.zeros((1, 2)), abs=1e-9)
    view = FaceView.of(face)
    one, both = face.copy(), face.copy()
    one[:, IRIS_CENTRES[0], :2] += view.to_picture(np.array([[[0.04, 0.02]]]))[:, 0]
    both[:, list(IRIS_CENTRES), :2] += view.to_picture(np.array([[[0.04, 0.02]]]))
    assert FaceView.of(one).features()[:, 7:] == pytest.approx(np.array([[0.02, 0.01]]), abs=1e-9)
    assert FaceView.of(both).features()[:, 7:] == pytest.approx(np.array([[0.04, 0.02]]), abs=1e-9)


def test_offsets_go_to_the_picture_and_back() -> None:
    view = FaceView.of(turned(faces(), 0.7))
    offsets = np.random.default_rng(2).normal(0, 0.01, (5, 3, 2))
    assert np.allclose(view.from_picture(view.to_picture(offsets)), offsets)


def test_only_known_points_move_and_missing_faces_stay_missing(bias: DetectorBias) -> None:
    face = faces()
    face[2] = np.nan
    moved = bias.corrected(face)
    still = np.setdiff1d(np.arange(478), [*IDS, 468, 473])
    assert np.array_equal(moved[:, still], face[:, still], equal_nan=True)
    assert np.isnan(moved[2]).all()
    assert (np.abs(moved[0, IDS, :2] - face[0, IDS, :2]) > 0).all()
    assert np.array_equal(moved[..., 2], face[..., 2], equal_nan=True)


def test_the_correction_turns_with_the_face(bias: DetectorBias) -> None:
    face = faces()
    assert np.allclose(bias.corrected(turned(face, 0.5)), turned(bias.corrected(face), 0.5), atol=1e-6)


def test_opening_lips_does_not_change_where_the_skin_is_moved(bias: DetectorBias) -> None:
    face = faces()
    open_mouth = face.copy()
    open_mouth[:, 14, 1] += 12
    before, after = (bias.corrected(f)[:, IDS] - f[:, IDS] for f in (face, open_mouth))
    assert np.allclose(before, after, atol=0.05)


def test_the_embedded_bias_lifts_a_nod_and_stays_small_when_frontal() -> None:
    bias = load_body_model().detector_bias
    assert bias is not None
    face = faces()
    size = FaceView.of(face).size[:, None]
    straight = np.linalg.norm(bias.corrected(face)[:, :468, :2] - face[:, :468, :2], axis=-1) / size
    nod = nodded(face, 0.5)
    bowed = np.linalg.norm(bias.corrected(nod)[:, :468, :2] - nod[:, :468, :2], axis=-1) / size
    assert np.median(straight) < 0.03 and np.median(bowed) > np.median(straight)
