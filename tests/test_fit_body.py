"""The fitter on bodies whose parameters are known: made from the model itself, projected, disturbed."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.fit_metrics import compare
from benchmarks.fit_sequences import Motion, Noise, observe, talk
from body.load import load_body_model
from body.model import BodyModel
from transforms.fit_body import PARTS, Fit, FitConfig, Observations, fit_clip, fit_quality
from transforms.fit_body.observations import with_believed_limbs
from transforms.fit_body.trust import leaps

NUMBER = 40
CLEAN = replace(Noise().scaled(0.0), dropped_hands=False)


@pytest.fixture(scope="module")
def model() -> BodyModel:
    return load_body_model()


@pytest.fixture(scope="module")
def motion(model: BodyModel) -> Motion:
    return talk(model, seed=3, number=NUMBER)


@pytest.fixture(scope="module")
def seen(model: BodyModel, motion: Motion) -> Observations:
    return observe(model, motion, Noise(), seed=5)


@pytest.fixture(scope="module")
def fit(model: BodyModel, seen: Observations) -> Fit:
    return fit_clip(model, seen)


def without(seen: Observations, *parts: str) -> Observations:
    """Return observations in which parts were never seen."""
    return replace(seen, **{part: np.full_like(getattr(seen, part), np.nan) for part in parts})


def equal(a: Fit, b: Fit) -> bool:
    return all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for name in ("transl", "global_orient", "body_pose", "jaw", "left_hand", "expression", "betas")
    )


def test_shapes_and_units(fit: Fit, model: BodyModel) -> None:
    assert fit.full_pose().shape == (NUMBER, 165) and fit.full_pose().dtype == np.float32
    assert fit.transl.shape == (NUMBER, 3) and fit.expression.shape == (NUMBER, 10)
    assert fit.betas.shape == (10,) and fit.model_id == model.model_id
    assert set(fit.valid) == set(fit.error_px) == set(PARTS)
    assert 0.8 < fit.transl[:, 2].mean() < 2.5


def test_clean_landmarks_give_the_motion_back(model: BodyModel, motion: Motion) -> None:
    fit = fit_clip(model, observe(model, motion, CLEAN, seed=1))
    errors = compare(model, fit, motion)
    assert errors["face PVE mm"] < 0.6 and errors["head deg"] < 1.0 and errors["jaw deg"] < 0.8
    assert errors["PA-MPJPE mm"] < 20
    assert np.nanmedian(fit.error_px["face"]) < 0.4


def test_noise_costs_little(model: BodyModel, motion: Motion, fit: Fit) -> None:
    errors = compare(model, fit, motion)
    assert errors["PA-MPJPE mm"] < 22 and errors["face PVE mm"] < 0.8
    assert errors["acceleration mm/frame^2"] < 3.0
    in_the_picture = [part for part in PARTS if not part.endswith("leg")]
    assert all(fit.valid[part][np.isfinite(fit.error_px[part])].mean() > 0.9 for part in in_the_picture)


def test_outliers_cost_little(model: BodyModel, motion: Motion, fit: Fit) -> None:
    disturbed = fit_clip(model, observe(model, motion, Noise(outliers=0.1), seed=5))
    plain, rough = compare(model, fit, motion), compare(model, disturbed, motion)
    assert rough["PA-MPJPE mm"] < 1.25 * plain["PA-MPJPE mm"] + 1
    assert rough["face PVE mm"] < 1.25 * plain["face PVE mm"]


def test_same_input_same_output(model: BodyModel, seen: Observations, fit: Fit) -> None:
    assert equal(fit, fit_clip(model, seen))


def test_one_picture(model: BodyModel, motion: Motion, seen: Observations) -> None:
    single = fit_clip(model, seen.take(np.array([7]), seen.fps))
    assert single.full_pose().shape == (1, 165)
    assert single.valid["face"].all() and single.error_px["face"][0] < 3
    scores = fit_quality(model, single)
    assert scores.max_acceleration is None and scores.num_flips == 0
    jaw = motion.pose[7, 66]
    assert abs(single.jaw[0, 0] - jaw) < np.radians(5)


@pytest.mark.parametrize("number", [2, 3])
def test_few_frames(model: BodyModel, seen: Observations, number: int) -> None:
    fit = fit_clip(model, seen.take(np.arange(number), seen.fps))
    assert np.isfinite(fit.full_pose()).all() and fit.valid["face"].all()


def test_frame_rate_does_not_matter(model: BodyModel) -> None:
    """The same motion at 25 and 50 fps: frames that both have agree, smoothness is in physical units."""
    fast = talk(model, seed=8, number=80, fps=50.0)
    seen = observe(model, fast, CLEAN, seed=2)
    slow = fit_clip(model, seen.take(np.arange(0, 80, 2), 25.0))
    full = fit_clip(model, seen)
    turned = np.abs(slow.full_pose()[:, :66] - full.full_pose()[::2, :66])
    assert np.median(turned) < 0.01 and np.abs(slow.transl - full.transl[::2]).max() < 0.05
    ratio = fit_quality(model, full).max_acceleration, fit_quality(model, slow).max_acceleration
    assert ratio[0] is not None and ratio[1] is not None and 0.4 < ratio[0] / ratio[1] < 2.5


def test_no_hands(model: BodyModel, seen: Observations) -> None:
    fit = fit_clip(model, without(seen, "left_hand", "right_hand"))
    assert not fit.valid["left_hand"].any() and np.isnan(fit.error_px["left_hand"]).all()
    assert np.allclose(fit.left_hand, model.hands.mean[0], atol=1e-5)  # held by the prior
    assert fit_quality(model, fit).hand_error is None


def test_face_alone(model: BodyModel, seen: Observations) -> None:
    fit = fit_clip(model, without(seen, "pose", "left_hand", "right_hand"))
    assert fit.valid["face"].all() and not fit.valid["body"].any()
    assert np.nanmedian(fit.error_px["face"]) < 2
    assert fit_quality(model, fit).body_error is None


def test_body_alone(model: BodyModel, seen: Observations) -> None:
    fit = fit_clip(model, without(seen, "face"))
    assert fit.valid["body"].mean() > 0.9 and not fit.valid["face"].any()
    assert np.isfinite(fit.full_pose()).all() and (fit.jaw == fit.jaw[0]).all()


def test_gaps_are_bridged_and_marked(model: BodyModel, motion: Motion, seen: Observations) -> None:
    face, pose = seen.face.copy(), seen.pose.copy()
    face[10:16] = pose[10:16] = np.nan
    fit = fit_clip(model, replace(seen, face=face, pose=pose))
    assert not fit.valid["face"][10:16].any() and fit.valid["face"][:10].all()
    assert np.abs(np.diff(fit.transl, axis=0)).max() < 0.05


def test_nothing_seen_is_an_error(model: BodyModel, seen: Observations) -> None:
    with pytest.raises(ValueError, match="neither"):
        fit_clip(model, without(seen, "face", "pose"))


def test_gaze_follows_the_irises(model: BodyModel, motion: Motion, seen: Observations) -> None:
    fit = fit_clip(model, observe(model, motion, CLEAN, seed=4))
    true = motion.pose.reshape(-1, 55, 3)[:, 23, 1]
    assert np.corrcoef(fit.left_eye[:, 1], true)[0, 1] > 0.9


def test_a_jump_shows_in_the_scores(model: BodyModel, fit: Fit) -> None:
    transl = fit.transl.copy()
    transl[20:] += 0.3
    calm, jumpy = (fit_quality(model, f).max_acceleration for f in (fit, replace(fit, transl=transl)))
    assert calm is not None and jumpy is not None and jumpy > 5 * calm
    orient = fit.global_orient.copy()
    orient[20] = (0, np.pi, 0)
    assert fit_quality(model, replace(fit, global_orient=orient)).num_flips == 2


def test_betas_prior_pulls_to_the_mean(model: BodyModel, seen: Observations, fit: Fit) -> None:
    stiff = fit_clip(model, seen, FitConfig(betas_precision=1e4))
    assert np.abs(stiff.betas).max() < 0.2 < np.abs(fit.betas).max()


def test_a_hand_found_twice_is_used_once(model: BodyModel, seen: Observations) -> None:
    wrong = seen.left_hand.copy()
    wrong[5:9] = seen.right_hand[5:9] + 1.0
    assert np.isfinite(wrong[5:9]).all()
    fit = fit_clip(model, replace(seen, left_hand=wrong))
    assert not fit.valid["left_hand"][5:9].any() and fit.valid["right_hand"][5:9].all()


def test_a_wrist_without_elbow_and_hand_does_not_count(model: BodyModel, seen: Observations) -> None:
    """BlazePose places arms out of the picture within it; nothing may be invented from that."""
    alone = without(seen, "left_hand", "right_hand")
    pose, visibility = alone.pose.copy(), alone.pose_visibility.copy()
    visibility[:, [13, 14]] = 0.1
    hidden = fit_clip(model, replace(alone, pose=pose, pose_visibility=visibility))
    pose[:, 15:21, :2] += 150
    moved = fit_clip(model, replace(alone, pose=pose, pose_visibility=visibility))
    assert np.allclose(hidden.body_pose, moved.body_pose, atol=1e-6)


@pytest.mark.parametrize(
    ("feet", "ankle_visibility"),
    [((0.99, 0.99), 0.95), ((0.8, 0.8), 0.8)],
    ids=["feet at the edge of the picture", "feet that may be anywhere"],
)
def test_legs_of_which_the_feet_are_a_guess_hang_at_rest(
    model: BodyModel, seen: Observations, feet: tuple[float, float], ankle_visibility: float
) -> None:
    """Somebody who sits: knees are in the picture, the feet below it are placed somewhere within."""
    points, visible = seen.pose.copy(), seen.pose_visibility.copy()
    size = (seen.width_px, seen.height_px)
    points[:, [25, 26], :2] = np.array([[0.3, 0.75], [0.7, 0.75]]) * size
    points[:, [27, 28], :2] = np.array([[0.2, feet[0]], [0.8, feet[1]]]) * size
    points[:, [29, 30, 31, 32], :2] = np.array([0.5, feet[0]]) * size
    visible[:, [25, 26]], visible[:, 27:33] = 0.95, ankle_visibility
    fit = fit_clip(model, replace(seen, pose=points, pose_visibility=visible))
    legs = fit.body_pose[:, [*range(6), *range(9, 15), *range(18, 24)]]
    assert np.allclose(legs, legs[0]) and np.abs(legs).max() < 0.2
    assert not fit.valid["left_leg"].any() and not fit.valid["right_leg"].any()
    assert fit.valid["body"].mean() > 0.9 and np.isnan(fit.error_px["left_leg"]).all()


def test_a_leg_in_the_picture_is_seen(seen: Observations) -> None:
    points, visible = seen.pose.copy(), seen.pose_visibility.copy()
    points[:, [25, 27], :2] = np.array([[0.3, 0.6], [0.3, 0.9]]) * (seen.width_px, seen.height_px)
    visible[:, [25, 27]] = 0.95
    kept = with_believed_limbs(replace(seen, pose=points, pose_visibility=visible), FitConfig())
    assert (kept.pose_visibility[:, 25] > 0).all() and (kept.pose_visibility[:, 26] == 0).all()


def test_an_arm_flung_outward_on_one_frame_is_not_believed(seen: Observations) -> None:
    points = seen.pose.copy()
    points[11, 13, :2] += 1.5 * seen.face_height_px()
    visible = np.maximum(seen.pose_visibility, 0.9)
    kept = with_believed_limbs(replace(seen, pose=points, pose_visibility=visible), FitConfig())
    assert kept.pose_visibility[11, 13] == 0.0
    assert (np.delete(kept.pose_visibility[:, [13, 14]], 11, axis=0) > 0).all()


def test_arms_that_flicker_are_not_believed(seen: Observations) -> None:
    visible = np.full_like(seen.pose_visibility, 0.9)
    visible[:, 14], visible[20:22, 14], visible[30:34, 14] = 0.1, 0.9, 0.9
    kept = with_believed_limbs(replace(seen, pose_visibility=visible), FitConfig())
    assert (kept.pose_visibility[20:22, 14] == 0.0).all() and (kept.pose_visibility[30:34, 14] > 0).all()


def test_gestures_do_not_leap() -> None:
    """15 cm to either side, turning round every fifth of a second: 0.8 face heights are 15 cm."""
    swing = 79.0 * np.sin(2 * np.pi * np.arange(50) / 10)
    px = np.stack([swing, np.zeros(50)], axis=-1)[:, None]
    assert not leaps(px, np.ones((50, 1), bool), 1, 80.0).any()
    px[20] += 200.0
    assert np.flatnonzero(leaps(px, np.ones((50, 1), bool), 1, 80.0)).tolist() == [20]


def test_a_hand_that_is_off_on_few_frames_is_masked_there(model: BodyModel, fit: Fit) -> None:
    """It is not the clip's fault: what counts is the share of frames on which a seen hand is not fitted."""
    errors = np.full(NUMBER, np.nan, np.float32)
    errors[:3] = 0.2 * fit.face_height_px
    nowhere = np.zeros(NUMBER, bool)
    brief = replace(
        fit,
        error_px=fit.error_px | {"left_hand": errors, "right_hand": np.full_like(errors, np.nan)},
        valid=fit.valid | {"left_hand": nowhere, "right_hand": nowhere},
    )
    scores = fit_quality(model, brief)
    assert scores.hand_misfit_ratio == pytest.approx(3 / NUMBER) and scores.hand_error is None


def test_valid_hands_are_near_what_was_seen(fit: Fit) -> None:
    for hand in ("left_hand", "right_hand"):
        assert (fit.error_px[hand][fit.valid[hand]] <= 0.06 * fit.face_height_px).all()
