"""What of a body moves otherwise: only that, and only there."""

import numpy as np
import pytest

from body.changes import CHANGES, around_eyes, below_nose, changed_points, changing_vertices
from body.lids import lid_opening
from body.load import load_body_model
from body.retime import at_moments, between
from body.topology import JOINT_INDEX, KEYPOINT_VERTICES
from body.track import TRACK_PARAMETERS
from tests.body.track_makers import make_track

MODEL = load_body_model()
OWN, GIVEN = make_track(MODEL, seed=1), make_track(MODEL, seed=2)
ALL = slice(None)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_moves_its_own_vertices_and_no_others(change):
    before, after = changed_points(MODEL, OWN, GIVEN, [change], ALL)
    away = np.linalg.norm(after - before, axis=2)
    moving = changing_vertices(MODEL, frozenset([change]))
    assert away[:, moving].max() > 3e-3
    assert away[:, ~moving].max() < 4e-3


def test_a_new_mouth_leaves_the_upper_face_to_the_bit():
    before, after = changed_points(MODEL, OWN, GIVEN, ["mouth"], ALL)
    upper = below_nose(MODEL) == 0
    assert upper[KEYPOINT_VERTICES["left_eye"]] and upper.mean() > 0.1
    assert np.array_equal(before[:, upper], after[:, upper])
    chin = int(np.argmax(MODEL.points.weights[:, JOINT_INDEX["jaw"]]))
    assert np.linalg.norm(after - before, axis=2)[:, chin].max() > 2e-3


def test_lids_close_and_the_mouth_stays():
    opening = lid_opening(MODEL)
    shut = OWN.expression - 0.008 * opening / (opening @ opening)
    wanted = between(OWN, OWN, np.zeros(12))
    object.__setattr__(wanted, "expression", shut.astype(np.float32))
    before, after = changed_points(MODEL, OWN, wanted, ["blinks"], ALL)
    moved = np.linalg.norm(after - before, axis=2)
    assert 2e-3 < moved.max() < 12e-3 and np.array_equal(
        before[:, around_eyes(MODEL) == 0], after[:, around_eyes(MODEL) == 0]
    )
    # What is left of this change for the expression is nothing.
    _, rest = changed_points(MODEL, OWN, _with_jaw_of(OWN, wanted), ["expression"], ALL)
    assert np.abs(rest - before).max() < 1e-4


def _with_jaw_of(own, wanted):
    object.__setattr__(wanted, "jaw", own.jaw)
    return wanted


def test_no_change_gives_the_same_mesh():
    for change in CHANGES:
        before, after = changed_points(MODEL, OWN, OWN, [change], slice(2, 4))
        assert np.array_equal(before, after)


def test_motion_between_frames_is_between_them_and_ends_are_held():
    same = at_moments(OWN, np.arange(12) / 25, 25.0)
    for name in TRACK_PARAMETERS:
        assert np.allclose(getattr(same, name), getattr(OWN, name), atol=1e-6)
    twice = at_moments(OWN, np.arange(40) / 50, 50.0)
    assert twice.fps == 50 and twice.num_frames == 40
    middle = 0.5 * (OWN.expression[3] + OWN.expression[4])
    assert np.allclose(twice.expression[7], middle, atol=1e-5)
    assert np.allclose(twice.jaw[7], 0.5 * (OWN.jaw[3] + OWN.jaw[4]), atol=2e-3)
    assert np.array_equal(twice.body_pose[-1], OWN.body_pose[-1])


def test_the_ends_of_a_mix_are_exact_and_rotations_go_the_short_way():
    share = np.zeros(12)
    share[6:] = 1
    mixed = between(OWN, GIVEN, share)
    assert np.array_equal(mixed.global_orient[:6], OWN.global_orient[:6])
    assert np.array_equal(mixed.global_orient[6:], GIVEN.global_orient[6:])
    there, back = make_track(MODEL), make_track(MODEL)
    there.global_orient[:], back.global_orient[:] = [3.0, 0, 0], [-3.0, 0, 0]
    half = between(there, back, np.full(12, 0.5)).global_orient
    assert np.allclose(np.abs(half[:, 0]), np.pi, atol=1e-3)
