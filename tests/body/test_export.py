"""Exported files, read back by what their formats say, move as the body model does."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from body.export.amass import Z_UP_FROM_CAMERA, amass_npz
from body.export.arkit import ARKIT_ORDER, arkit_coefficients, arkit_csv
from body.export.bvh import bvh_text, euler_zxy
from body.export.glb import glb_bytes, skinning_error
from body.export.skeleton import Y_UP_FROM_CAMERA, axis_angles, matrices, quaternion_product, quaternions
from body.load import load_body_model
from body.model import BodyModel
from body.skinning import rotation_matrices, skin
from body.topology import ARKIT_EXPRESSION_UNITS, JOINT_INDEX, JOINT_NAMES, PARENTS
from body.track import BodyTrack
from schemas.outcomes import BadInputError
from tests.body.export_readers import Glb, read_bvh
from tests.body.track_makers import make_track, sample_of

EXPORTERS = {"glb": glb_bytes, "amass": amass_npz, "arkit": arkit_csv, "bvh": bvh_text}


@pytest.fixture(scope="module")
def model() -> BodyModel:
    return load_body_model(num_expression=40)


@pytest.fixture(scope="module")
def track(model: BodyModel) -> BodyTrack:
    return make_track(model)


def truth(model: BodyModel, track: BodyTrack) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices and joints in the camera's axes."""
    return skin(model, track.full_pose(), track.betas, track.expression, track.transl)


def test_glb_joints_and_skin_are_the_models(model: BodyModel, track: BodyTrack) -> None:
    vertices, joints = truth(model, track)
    glb = Glb(glb_bytes(model, track))

    names = [glb.json["nodes"][node]["name"] for node in glb.json["skins"][0]["joints"]]
    placed = glb.joint_matrices(track.num_frames)[..., :3, 3]
    drawn = glb.vertices(track.num_frames)

    assert tuple(names) == JOINT_NAMES
    assert np.abs(placed - joints @ Y_UP_FROM_CAMERA).max() < 1e-4
    assert model.uv_faces is not None
    corners = glb.accessor(glb.json["meshes"][0]["primitives"][0]["indices"]).reshape(-1, 3)
    exact = vertices[:, model.faces] @ Y_UP_FROM_CAMERA
    far = np.linalg.norm(drawn[:, corners] - exact, axis=-1)
    # What is left is what four weights cost, and the function that says how much says so.
    mean, largest = skinning_error(model, track, track.num_frames)
    assert far.max() * 1000 == pytest.approx(largest, abs=0.02)
    assert far.mean() < 1e-4 and largest < 6.0 and mean < 0.1
    few = (model.points.weights > 0).sum(1)[model.faces] <= 4
    assert far[:, few].max() < 1e-4


def test_glb_person_stands_upright_faces_the_viewer_and_has_a_camera(
    model: BodyModel, track: BodyTrack
) -> None:
    glb = Glb(
        glb_bytes(model, replace(track, global_orient=np.tile(np.array([np.pi, 0, 0], np.float32), (12, 1))))
    )
    placed = glb.joint_matrices(track.num_frames)
    joint = {name: placed[0, index] for name, index in JOINT_INDEX.items()}
    lens = glb.json["cameras"][0]["perspective"]
    times = glb.accessor(glb.json["animations"][0]["samplers"][0]["input"])

    assert joint["head"][1, 3] > joint["pelvis"][1, 3] + 0.3
    assert joint["left_shoulder"][0, 3] > joint["right_shoulder"][0, 3] + 0.2  # +x is the person's left
    assert joint["pelvis"][2, 2] > 0.99 and joint["pelvis"][2, 3] < -1  # before a camera that looks along -z
    assert np.tan(lens["yfov"] / 2) == pytest.approx(240 / 2 / 400)
    assert lens["aspectRatio"] == pytest.approx(320 / 240)
    np.testing.assert_allclose(times, np.arange(12) / 25, atol=1e-6)


def test_glb_numbers_keep_the_rules_of_the_format(model: BodyModel, track: BodyTrack) -> None:
    glb = Glb(glb_bytes(model, track))
    primitive = glb.json["meshes"][0]["primitives"][0]
    weights = glb.accessor(primitive["attributes"]["WEIGHTS_0"])
    normals = glb.accessor(primitive["attributes"]["NORMAL"])

    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    targets = glb.json["meshes"][0]["extras"]["targetNames"]
    shares = glb.animated(len(JOINT_NAMES), "weights")
    assert len(targets) == len(primitive["targets"]) and shares is not None
    assert len({name[:-1] for name in targets}) == 10 + len(model.pose_features)
    assert shares.min() == 0 and shares.max() <= 1  # Blender cuts weights to this range
    for node in range(len(JOINT_NAMES)):
        turn = glb.animated(node, "rotation")
        if turn is not None:
            np.testing.assert_allclose(np.linalg.norm(turn, axis=1), 1, atol=1e-6)
            assert ((turn[1:] * turn[:-1]).sum(1) > 0).all()  # no step through the other half space
    for entry in (primitive["attributes"]["POSITION"], *(t["POSITION"] for t in primitive["targets"])):
        values, accessor = glb.accessor(entry), glb.json["accessors"][entry]
        np.testing.assert_array_equal(values.min(0), np.float32(accessor["min"]))
        np.testing.assert_array_equal(values.max(0), np.float32(accessor["max"]))


def test_bvh_joints_are_the_models(model: BodyModel, track: BodyTrack) -> None:
    _, joints = truth(model, track)
    names, placed, seconds = read_bvh(bvh_text(model, track))

    assert sorted(names) == sorted(JOINT_NAMES) and seconds == pytest.approx(1 / 25)
    order = [JOINT_INDEX[name] for name in names]
    assert np.abs(placed - joints[:, order] @ Y_UP_FROM_CAMERA).max() < 1e-3


def test_bvh_angles_at_the_singular_place_and_over_full_turns() -> None:
    rng = np.random.default_rng(0)
    vectors = np.concatenate([rng.normal(0, 1.5, (200, 3)), [[np.pi / 2, 0, 0], [-np.pi / 2, 0, 0]]])
    turned = matrices(quaternions(vectors))
    z, x, y = np.moveaxis(euler_zxy(turned), -1, 0)[..., None]
    axes = np.eye(3)
    again = [
        matrices(quaternions(angle * axis)) for angle, axis in ((z, axes[2]), (x, axes[0]), (y, axes[1]))
    ]
    np.testing.assert_allclose(again[0] @ again[1] @ again[2], turned, atol=1e-7)


def test_amass_poses_the_same_body_with_z_up(model: BodyModel, track: BodyTrack) -> None:
    vertices, _ = truth(model, track)
    with np.load(io.BytesIO(amass_npz(model, track)), allow_pickle=False) as archive:
        data = {name: archive[name] for name in archive.files}

    posed, joints = skin(model, data["poses"], data["betas"], data["expression"], data["trans"])

    assert np.abs(posed - vertices @ Z_UP_FROM_CAMERA.T).max() < 1e-4
    assert joints[0, JOINT_INDEX["head"], 2] > joints[0, 0, 2] + 0.3
    assert (str(data["gender"]), str(data["surface_model_type"])) == ("neutral", "smplx")
    assert data["poses"].shape == (12, 165) and float(data["mocap_frame_rate"]) == 25.0
    assert not data["valid_face"][-1] and data["valid_face"][:-1].all()
    names = ("root_orient", "pose_body", "pose_jaw", "pose_eye", "pose_hand")
    np.testing.assert_array_equal(np.concatenate([data[n] for n in names], axis=1), data["poses"])


def with_units(model: BodyModel, track: BodyTrack, units: dict[str, float]) -> BodyTrack:
    """Return a track of one frame that holds activations of expression units, by all 40 components."""
    assert model.arkit is not None
    active = np.array([units.get(name, 0.0) for name in ARKIT_EXPRESSION_UNITS])
    still = np.zeros((1, 3), np.float32)
    cut = {
        n: getattr(track, n)[:1] for n in ("transl", "global_orient", "body_pose", "left_hand", "right_hand")
    }
    return replace(
        track,
        **cut,
        jaw=still,
        left_eye=still,
        right_eye=still,
        expression=(active @ model.arkit.to_expression)[None].astype(np.float32),
        valid={},
    )


def test_arkit_finds_the_units_that_a_face_was_made_of(model: BodyModel, track: BodyTrack) -> None:
    rng = np.random.default_rng(3)
    for units in (
        {},
        {"jawForward": 1.0},
        {"mouthSmileLeft": 0.8, "eyeBlinkRight": 1.0, "browInnerUp": 0.3},
        {name: float(rng.uniform()) for name in ARKIT_EXPRESSION_UNITS},
    ):
        found = arkit_coefficients(model, with_units(model, track, units))[0]
        wanted = [units.get(name, 0.0) for name in ARKIT_ORDER]
        np.testing.assert_allclose(found, wanted, atol=2e-3)


def test_arkit_of_ten_components_stays_near(model: BodyModel, track: BodyTrack) -> None:
    for name in ("eyeBlinkLeft", "mouthSmileLeft", "mouthFunnel"):
        full = with_units(model, track, {name: 1.0})
        found = arkit_coefficients(model, replace(full, expression=full.expression[:, :10]))[0]
        assert found.min() >= 0 and found.max() <= 1
        assert found[ARKIT_ORDER.index(name)] > 0.4


@pytest.mark.parametrize(
    ("part", "turn", "wanted"),
    [
        ("jaw", [0.5, 0.0, 0.0], {"jawOpen": 0.5}),
        ("jaw", [-0.5, 0.0, 0.0], {}),
        ("jaw", [0.0, 0.5, 0.0], {"jawLeft": 0.5}),
        ("jaw", [0.0, -0.5, 0.0], {"jawRight": 0.5}),
        ("left_eye", [0.5, 0.0, 0.0], {"eyeLookDownLeft": 0.5}),
        ("right_eye", [-0.5, 0.0, 0.0], {"eyeLookUpRight": 0.5}),
        ("left_eye", [0.0, 0.5, 0.0], {"eyeLookOutLeft": 0.5}),
        ("right_eye", [0.0, 0.5, 0.0], {"eyeLookInRight": 0.5}),
        ("right_eye", [0.0, -2.0, 0.0], {"eyeLookOutRight": 1.0}),
    ],
)
def test_arkit_reads_jaw_and_gaze(
    model: BodyModel, track: BodyTrack, part: str, turn: list[float], wanted: dict[str, float]
) -> None:
    assert model.arkit is not None
    name = next(iter(wanted), "jawOpen").removesuffix("Left").removesuffix("Right")
    key = "jawLeft" if name == "jaw" else name
    rest = with_units(model, track, {})
    angles = np.array([turn], np.float32) * model.arkit.angles[key]
    found = arkit_coefficients(model, replace(rest, **{part: angles}))[0]
    np.testing.assert_allclose(found, [wanted.get(n, 0.0) for n in ARKIT_ORDER], atol=1e-5)


def test_arkit_file_has_a_row_a_frame_in_apples_order(model: BodyModel, track: BodyTrack) -> None:
    head, *rows = arkit_csv(model, track).splitlines()
    names = head.split(",")
    assert names == ["time", "frame", *ARKIT_ORDER, "face_valid"] and len(ARKIT_ORDER) == 52
    assert names[2] == "eyeBlinkLeft" and names[16] == "jawForward" and names[-2] == "tongueOut"
    values = np.array([[float(word) for word in row.split(",")] for row in rows])
    np.testing.assert_allclose(values[:, 0], np.arange(12) / 25, atol=1e-6)
    np.testing.assert_array_equal(values[:, 1], np.arange(12))
    np.testing.assert_array_equal(values[:, -1], [1] * 11 + [0])
    assert values[:, 2:-1].min() >= 0 and values[:, 2:-1].max() <= 1


@pytest.mark.parametrize("format", EXPORTERS)
def test_files_depend_on_nothing_but_the_track(model: BodyModel, track: BodyTrack, format: str) -> None:
    assert EXPORTERS[format](model, track) == EXPORTERS[format](model, make_track(model))


@pytest.mark.parametrize("format", EXPORTERS)
def test_one_frame_is_enough_and_another_model_is_refused(
    model: BodyModel, track: BodyTrack, format: str
) -> None:
    assert EXPORTERS[format](model, with_units(model, track, {}))
    with pytest.raises(BadInputError, match="don't transfer"):
        EXPORTERS[format](model, replace(track, model_id="smplx-other"))


def test_quaternions_are_the_rotations() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(0, 1, (2, 100, 3))
    second[:3] = [[0, 0, 0], [1e-9, 0, 0], [0, np.pi, 0]]
    a, b = quaternions(first), quaternions(second)
    np.testing.assert_allclose(matrices(b), rotation_matrices(second), atol=1e-6)
    np.testing.assert_allclose(matrices(quaternion_product(a, b)), matrices(a) @ matrices(b), atol=1e-12)
    np.testing.assert_allclose(matrices(quaternions(axis_angles(a))), matrices(a), atol=1e-12)
    assert len(PARENTS) == len(JOINT_NAMES)


def test_a_track_is_read_from_a_sample(model: BodyModel, track: BodyTrack) -> None:
    arrays, fit = sample_of(track)
    read = BodyTrack.from_sample(arrays, fit, 25.0, 320, 240)
    assert bvh_text(model, read) == bvh_text(model, track)
    assert read.valid.keys() == track.valid.keys()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, f: a.pop("smplx:jaw"), "smplx:jaw missing"),
        (lambda a, f: f.pop("betas"), "betas missing"),
        (lambda a, f: a.update({"smplx:jaw": a["smplx:jaw"][:-1]}), "jaw has shape"),
        (lambda a, f: a.update({"smplx:transl": a["smplx:transl"] * np.nan}), "transl has numbers"),
        (lambda a, f: a.update({"valid:smplx_face": np.ones(3, bool)}), "mask face"),
        (lambda a, f: f.update({"focal_length_px": 0.0}), "focal length"),
    ],
)
def test_a_sample_that_does_not_fit_is_refused(track: BodyTrack, change: Any, message: str) -> None:
    arrays, fit = sample_of(track)
    change(arrays, fit)
    with pytest.raises(BadInputError, match=message):
        BodyTrack.from_sample(arrays, fit, 25.0, 320, 240)
