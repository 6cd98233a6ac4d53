"""Motion as numbers: rotations, channels, points of the body, sound at frames, scores."""

import pickle
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as made_arrays

from backends.weights import whisper_folder
from body.load import load_body_model
from body.model import BodyModel, landmark_points
from body.skinning import rotation_matrices, skin_points, transform_joints
from body.topology import JOINT_INDEX, SIDES
from models.motion import measures
from models.motion.body_points import BodyPoints
from models.motion.channels import (
    ARRAYS,
    CHANNELS,
    FACE,
    MASKS,
    NUM_CHANNELS,
    POSE,
    SLICES,
    absolute_vectors,
    origin_of,
    residual_vectors,
    rotations_of,
    seen,
    to_parameters,
)
from models.motion.rotations import axis_angles, matrices_of, six_numbers
from models.motion.sound import LogMel, sound_features
from schemas.outcomes import BadInputError
from schemas.sample import BODY_ARRAYS

LEGS = [JOINT_INDEX[f"{side}_{bone}"] - 1 for side in SIDES for bone in ("hip", "knee", "ankle", "foot")]


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return load_body_model()


def moving(num_frames: int, seed: int = 0) -> dict[str, npt.NDArray[Any]]:
    """Return a sample's arrays of somebody whose legs keep still."""
    random = np.random.default_rng(seed)
    found = {
        name: random.normal(0, 0.3, (num_frames, *shape)).astype(dtype)
        if dtype != "bool"
        else np.ones(num_frames, bool)
        for name, (shape, dtype, _) in BODY_ARRAYS.items()
    }
    pose = found["smplx:body_pose"].reshape(num_frames, 21, 3)
    pose[:, LEGS] = pose[:1, LEGS]
    return found


@given(made_arrays(np.float32, (4, 3), elements=st.floats(-3.0, 3.0, width=32)))
def test_six_numbers_are_the_rotation(vectors: npt.NDArray[np.float32]) -> None:
    matrices = rotation_matrices(vectors)
    again = matrices_of(torch.from_numpy(six_numbers(matrices))).numpy()
    assert np.abs(again - matrices).max() < 1e-5
    assert np.abs(rotation_matrices(axis_angles(again)) - matrices).max() < 1e-4


def test_no_rotation_is_zero_and_any_six_numbers_are_a_rotation() -> None:
    assert not six_numbers(np.eye(3, dtype=np.float32)[None]).any()
    made = matrices_of(torch.randn(50, 6, generator=torch.Generator().manual_seed(0)))
    assert torch.allclose(made @ made.mT, torch.eye(3).expand(50, 3, 3), atol=1e-5)
    assert torch.allclose(torch.linalg.det(made), torch.ones(50), atol=1e-5)


def test_channels_lie_side_by_side_and_cover_all() -> None:
    covered = [index for name in SLICES for index in range(SLICES[name].start, SLICES[name].stop)]
    assert covered == list(range(NUM_CHANNELS))
    assert [s.stop - s.start for s in SLICES.values()] == [c.width for c in CHANNELS]
    assert (FACE.start, FACE.stop, POSE.stop) == (0, POSE.start, NUM_CHANNELS)
    assert [c.name for c in CHANNELS if not c.residual] == ["expression", "jaw", "left_eye", "right_eye"]
    moved = [j for c in CHANNELS if c.array == "body_pose" and c.joints for j in c.joints]
    assert sorted([*moved, *LEGS]) == list(range(21))
    assert set(ARRAYS) <= set(BODY_ARRAYS) and set(MASKS) <= set(BODY_ARRAYS)


def test_motion_and_back_again() -> None:
    arrays = moving(6)
    reference = {name: arrays[name][2:3] for name in ARRAYS}
    vectors = residual_vectors(arrays, reference)
    assert vectors.shape == (6, NUM_CHANNELS) and vectors.dtype == np.float32
    assert np.abs(vectors[2, POSE]).max() < 1e-6  # the reference differs from itself by nothing
    back = to_parameters(vectors, reference)
    for name in ARRAYS:
        assert np.abs(back[name] - arrays[name]).max() < 1e-5, name


def test_pose_against_the_rest_pose_is_absolute_and_comes_back() -> None:
    arrays = moving(6)
    reference = {name: arrays[name][2:3] for name in ARRAYS}
    vectors = residual_vectors(arrays, origin_of(reference, "rest"))
    assert np.abs(vectors - absolute_vectors(arrays)).max() < 1e-6
    back = to_parameters(vectors, reference, "rest")
    for name in ARRAYS:
        assert np.abs(back[name] - arrays[name]).max() < 1e-5, name


def test_a_turn_against_the_reference_is_the_same_however_somebody_sits() -> None:
    """The head turned by 0.2 rad in its own axes is the same numbers for every reference."""
    vectors = []
    for seed in (1, 2):
        reference = {name: moving(1, seed)[name] for name in ARRAYS}
        before = rotation_matrices(reference["smplx:body_pose"].reshape(21, 3)[JOINT_INDEX["head"] - 1])
        turned = axis_angles(before @ rotation_matrices(np.array([0, 0.2, 0], np.float32)))
        arrays = {name: values.copy() for name, values in reference.items()}
        arrays["smplx:body_pose"].reshape(21, 3)[JOINT_INDEX["head"] - 1] = turned
        vectors.append(residual_vectors(arrays, reference)[0, SLICES["head"]])
    assert np.abs(vectors[0] - vectors[1]).max() < 1e-5 and np.abs(vectors[0]).max() > 0.1


def test_masks_are_those_of_each_channels_part() -> None:
    arrays = moving(3)
    arrays["valid:smplx_left_hand"][1] = False
    arrays["valid:smplx_face"][2] = False
    mask = seen(arrays)
    hidden = {name for name, part in SLICES.items() if not mask[1, part].any()}
    assert hidden == {"left_hand"}
    assert {n for n, part in SLICES.items() if not mask[2, part].any()} == {
        *("expression", "jaw", "left_eye", "right_eye")
    }


def test_points_are_where_skinning_puts_them(body: BodyModel) -> None:
    points, arrays = BodyPoints(body), moving(4)
    pose = arrays["smplx:body_pose"].reshape(4, 21, 3)
    pose[:, LEGS] = 0
    betas = np.random.default_rng(1).normal(0, 1, 10).astype(np.float32)
    shape = torch.from_numpy(betas)[None].repeat(4, 1)
    reference = {name: arrays[name][:1] for name in ARRAYS}
    vectors = torch.from_numpy(residual_vectors(arrays, reference))
    still = torch.from_numpy(absolute_vectors(reference)).repeat(4, 1)
    parts = ("global_orient", "body_pose", "jaw", "left_eye", "right_eye", "left_hand", "right_hand")
    full = np.concatenate([arrays[f"smplx:{part}"] for part in parts], axis=1)

    joints = points.joints(vectors, still, shape).numpy()
    expected = transform_joints(body, full, betas, arrays["smplx:expression"]).positions
    assert np.abs(joints - expected).max() < 1e-5

    resting = full.copy()
    resting[:, :66] = 0
    resting[:, 75:] = 0
    transforms = transform_joints(body, resting, betas, arrays["smplx:expression"])
    face = skin_points(landmark_points(body, points.ids), transforms, betas, arrays["smplx:expression"])
    assert np.abs(points.face(vectors, shape).numpy() - face).max() < 1e-5


def test_points_follow_the_jaw_and_give_it_a_gradient(body: BodyModel) -> None:
    points = BodyPoints(body)
    vectors = torch.zeros(2, NUM_CHANNELS, requires_grad=True)
    face = points.face(vectors, torch.zeros(2, 10))
    face[:, points.rows("lips")].square().sum().backward()
    assert vectors.grad is not None
    assert vectors.grad[:, SLICES["jaw"]].abs().max() > 0 and not vectors.grad[:, SLICES["head"]].any()
    assert rotations_of(vectors, "left_arm").shape == (2, 4, 3, 3)


@pytest.mark.parametrize("fps", [25.0, 30.0, 23.976])
def test_sound_is_at_the_frame_in_which_it_is_heard(fps: float) -> None:
    features, number = LogMel(), 50
    sound = np.zeros(round(number / fps * 16000), np.float32)
    start, end = round(20 / fps * 16000), round(24 / fps * 16000)
    sound[start:end] = np.random.default_rng(0).normal(0, 0.1, end - start)
    heard = features.at_frames(sound, number, fps)
    assert heard.shape == (number, features.width) and heard.dtype == np.float32
    loud = np.flatnonzero(heard.mean(1) > heard.mean(1).max() - 2)
    assert loud.min() in (19, 20) and loud.max() in (23, 24)


def test_sound_that_is_too_short_is_followed_by_silence() -> None:
    heard = LogMel().at_frames(np.ones(100, np.float32), 10, 25.0)
    assert heard.shape == (10, 320) and np.allclose(heard[5:], np.log(1e-6), atol=1e-3)


def test_whisper_needs_a_model(tmp_path: Any) -> None:
    with pytest.raises(BadInputError, match="needs the folder"):
        sound_features("whisper")
    with pytest.raises(BadInputError, match=r"model\.bin is missing"):
        sound_features("whisper", str(tmp_path))


def test_whisper_hears_a_stretch_alike_whatever_comes_long_after() -> None:
    features = sound_features("whisper", str(whisper_folder("tiny.en")))
    sound = np.random.default_rng(0).normal(0, 0.1, 16000 * 6).astype(np.float32)
    other = sound.copy()
    other[16000 * 5 :] = 0
    heard, changed = (features.at_frames(s, 150, 25.0) for s in (sound, other))
    assert heard.shape == (150, features.width)
    assert np.array_equal(heard[:98], changed[:98]) and not np.array_equal(heard[125:], changed[125:])
    sent = pickle.dumps(features)  # to a process that reads, which loads the weights itself
    assert len(sent) < 1000 and np.array_equal(pickle.loads(sent).at_frames(sound, 150, 25.0), heard)


def test_scores_of_made_series() -> None:
    t = np.arange(200) / 25
    wave = np.sin(2 * np.pi * t).astype(np.float32)
    assert measures.correlation(wave, 3 * wave + 1) == pytest.approx(1)
    assert measures.correlation(wave, np.zeros_like(wave)) == 0
    assert measures.best_lag(np.roll(wave, 3), wave, 5) == 3
    assert measures.amplitude(0.5 * wave[:, None], wave[:, None]) == pytest.approx(0.5)
    assert measures.speed(2 * wave[:, None], wave[:, None]) == pytest.approx(2)
    line = np.stack([t, t, t], 1).astype(np.float32)[:, None]
    assert measures.jitter(line, 25) == pytest.approx(0, abs=0.1)
    opening = np.full(250, 0.01, np.float32)
    opening[[50, 51, 120, 121]] = 0.001
    opening[200:240] = 0.001  # looks down for too long to be a blink
    assert measures.blinks_a_minute(opening, 25) == pytest.approx(2 * 6)


def test_beats_that_fall_together_count_fully() -> None:
    t = np.arange(100) / 25
    loudness = np.cos(2 * np.pi * t)  # a beat at every whole second
    place = np.cumsum(1.05 - loudness)[:, None, None] * np.ones((1, 1, 3))
    together = measures.beat_consistency(place.astype(np.float32), loudness.astype(np.float32), 25)
    apart = measures.beat_consistency(
        np.cumsum(1.05 + loudness)[:, None, None].astype(np.float32), loudness.astype(np.float32), 25
    )
    assert together > 0.8 > apart
