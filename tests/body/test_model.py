"""The embedded model as shipped, and SMPL-X files that are not what they should be."""

import json

import numpy as np
import pytest

from body.embedded import ARRAY_NAMES, embedded_path, load_embedded, pack, unpack
from body.face_mesh import IRIS_CENTRES, LEFT_IRIS
from body.load import load_body_model
from body.model import BodyModel
from body.raster import Pinhole, part_mask, rasterise
from body.shading import facing_camera
from body.skinning import skin, surface_points
from body.smplx_format import write_smplx
from body.topology import (
    ARKIT_EXPRESSION_UNITS,
    ARKIT_NAMES,
    JOINT_INDEX,
    JOINT_NAMES,
    KEYPOINT_VERTICES,
    NUM_JOINTS,
    PARENTS,
    Part,
)
from schemas.npz import read_arrays
from schemas.outcomes import BadInputError

MIRROR = np.array([-1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def model() -> BodyModel:
    return load_embedded()


@pytest.fixture(scope="module")
def smplx_arrays(tmp_path_factory) -> dict[str, np.ndarray]:
    path = tmp_path_factory.mktemp("smplx") / "SMPLX_NEUTRAL.npz"
    write_smplx(load_body_model(), path)
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays["shapedirs"] = arrays["shapedirs"][..., [*range(10), *range(300, 310)]]  # the small layout
    return arrays


def test_the_file_is_small_and_names_its_making(model):
    path = embedded_path()
    report = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))

    assert path.stat().st_size < 8e6
    assert report["model_id"] == model.model_id
    assert report["bytes"] == path.stat().st_size
    readme = (path.parent / "README.md").read_text(encoding="utf-8")
    assert "CC0" in readme and "build_body_model.py" in readme
    assert model.model_id in readme


def test_names_agree_with_the_format():
    assert len(JOINT_NAMES) == len(PARENTS) == NUM_JOINTS == 55
    assert all(parent < joint for joint, parent in enumerate(PARENTS))
    assert len(ARKIT_NAMES) == 52 and len(ARKIT_EXPRESSION_UNITS) == 40


def test_every_array_is_finite_and_consistent(model):
    points = model.points
    for array in (
        points.template,
        points.shape_dirs,
        points.expression_dirs,
        points.pose_dirs,
        points.weights,
    ):
        assert array.dtype == np.float32 and np.isfinite(array).all()
    np.testing.assert_allclose(points.weights.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(model.regressor.sum(1), 1, atol=1e-4)
    assert model.faces.min() == 0 and model.faces.max() == model.num_vertices - 1
    assert points.shape_dirs.shape[2] >= 10 and points.expression_dirs.shape[2] == 40
    assert set(np.unique(model.face_parts)) == set(Part) - {Part.BACKGROUND}


def test_packing_and_unpacking_again_changes_nothing(model):
    again = unpack(pack(model), "again")

    for name in ("template", "shape_dirs", "expression_dirs", "pose_dirs"):
        one, other = getattr(model.points, name), getattr(again.points, name)
        assert np.abs(one - other).max() <= 1e-7, name
    assert np.abs(model.points.weights - again.points.weights).max() < 1e-6
    np.testing.assert_array_equal(model.faces, again.faces)
    np.testing.assert_array_equal(model.regressor, again.regressor)
    np.testing.assert_array_equal(model.landmarks.faces, again.landmarks.faces)


def test_the_file_holds_exactly_the_named_arrays():
    path = embedded_path()
    with np.load(path) as archive:
        assert set(archive.files) == set(ARRAY_NAMES)
    assert set(read_arrays(path, ARRAY_NAMES)) == set(ARRAY_NAMES)


def test_loading_twice_is_the_same(model):
    again = load_embedded()
    assert again.model_id == model.model_id
    np.testing.assert_array_equal(again.points.shape_dirs, model.points.shape_dirs)


def test_the_body_is_an_upright_adult_in_t_pose(model):
    template, joints = model.points.template, model.joint_template
    assert 1.6 < np.ptp(template[:, 1]) < 1.8
    arm = joints[[JOINT_INDEX["left_shoulder"], JOINT_INDEX["left_elbow"], JOINT_INDEX["left_wrist"]]]
    assert arm[0, 0] < arm[1, 0] < arm[2, 0]
    np.testing.assert_allclose(arm[1:, 1:], arm[:1, 1:].repeat(2, 0), atol=0.01)
    assert joints[JOINT_INDEX["left_eye"], 2] > joints[JOINT_INDEX["head"], 2]
    taller = template + model.points.shape_dirs[..., 0]
    assert np.ptp(taller[:, 1]) > np.ptp(template[:, 1])


def test_the_body_is_symmetric(model):
    joints = model.joint_template
    for name, index in JOINT_INDEX.items():
        twin = JOINT_INDEX[name.replace("left", "right")] if name.startswith("left") else index
        if not name.startswith("right"):
            np.testing.assert_allclose(joints[index] * MIRROR, joints[twin], atol=2e-5)
    for name, vertex in KEYPOINT_VERTICES.items():
        if name.startswith("left"):
            twin = KEYPOINT_VERTICES[name.replace("left", "right")]
            np.testing.assert_allclose(
                model.points.template[vertex] * MIRROR, model.points.template[twin], atol=2e-5
            )


def test_keypoint_vertices_are_where_their_names_say(model):
    at = {name: model.points.template[vertex] for name, vertex in KEYPOINT_VERTICES.items()}
    assert at["nose"][2] > at["left_eye"][2] and abs(at["nose"][0]) < 0.005
    assert at["left_ear"][0] > 0.06 > -0.06 > at["right_ear"][0]
    for finger in ("thumb", "index", "middle", "ring", "pinky"):
        last = model.joint_template[JOINT_INDEX[f"left_{finger}3"]]
        assert 0.01 < np.linalg.norm(at[f"left_{finger}"] - last) < 0.045
    assert at["left_big_toe"][2] > at["left_heel"][2] + 0.15
    assert at["left_heel"][1] < -1.1


def test_landmarks_cover_mediapipes_face_and_are_symmetric(model):
    marks = model.landmarks
    places = surface_points(model.points.template[None], model.faces, marks)[0]

    assert places.shape == (478, 3) and np.isfinite(places).all()
    np.testing.assert_array_equal(marks.mediapipe_ids, np.arange(478))
    np.testing.assert_allclose(marks.barycentric.sum(1), 1, atol=1e-5)
    assert marks.barycentric.min() >= -1e-6
    assert (marks.weights > 0).all() and (marks.weights <= 1).all()
    mirrored = np.linalg.norm(places[:, None] * MIRROR - places[None], axis=-1).min(1)
    assert np.median(mirrored) < 1e-3 and mirrored.max() < 4e-3
    eyes = places[list(IRIS_CENTRES)]
    assert eyes[0, 0] > 0.02 > -0.02 > eyes[1, 0]
    assert places[10, 1] > eyes[0, 1] > places[4, 1] > places[13, 1] > places[14, 1] > places[152, 1]
    assert (model.face_parts[marks.faces[list(LEFT_IRIS)]] == Part.LEFT_EYE).all()
    assert not np.isin(model.face_parts[marks.faces], [Part.MOUTH, Part.TORSO]).any()


def test_opening_the_jaw_parts_the_lips(model):
    angles = np.linspace(0, 0.3, 5)
    pose = np.zeros((5, NUM_JOINTS, 3))
    pose[:, JOINT_INDEX["jaw"], 0] = angles
    vertices, _ = skin(model, pose, np.zeros(10), np.zeros(40))
    marks = surface_points(vertices, model.faces, model.landmarks)

    gap = np.linalg.norm(marks[:, 13] - marks[:, 14], axis=-1)

    assert gap[0] < 0.006 and gap[-1] > 0.025 and (np.diff(gap) > 0).all()


def test_arkit_units_map_there_and_back(model):
    units = model.arkit
    assert units is not None
    active = np.random.default_rng(0).uniform(0, 1, (6, 40)).astype(np.float32)

    coefficients = active @ units.to_expression

    np.testing.assert_allclose(coefficients @ units.from_expression, active, atol=1e-4)
    assert units.names == ARKIT_EXPRESSION_UNITS


def test_a_blink_closes_its_own_eye(model):
    units = model.arkit
    assert units is not None
    blink = np.zeros(40, np.float32)
    blink[units.names.index("eyeBlinkLeft")] = 1
    pose, face = np.zeros((2, NUM_JOINTS, 3)), np.stack([blink * 0, blink]) @ units.to_expression
    vertices, _ = skin(model, pose, np.zeros(10), face)
    marks = surface_points(vertices, model.faces, model.landmarks)

    left = np.linalg.norm(marks[:, 386] - marks[:, 374], axis=1)
    right = np.linalg.norm(marks[:, 159] - marks[:, 145], axis=1)

    assert left[0] > 0.006 and left[1] < 0.45 * left[0]
    assert right[1] == pytest.approx(right[0], rel=0.01)


def test_fewer_components_are_the_first_ones(model):
    few = load_body_model(num_betas=4, num_expression=6)
    assert few.points.shape_dirs.shape[2] == 4 and few.points.expression_dirs.shape[2] == 6
    np.testing.assert_array_equal(few.points.expression_dirs, model.points.expression_dirs[..., :6])
    assert few.arkit is not None and few.arkit.from_expression.shape == (6, 40)


def test_every_part_is_seen_in_the_picture(model):
    camera = Pinhole.for_picture(512, 512, 1000.0)
    vertices = facing_camera(model.points.template, np.array([0.0, -0.35, 0.0]), 3.8)

    mask = part_mask(rasterise(vertices, model.faces, camera), model.face_parts)

    seen = {part: int((mask == part).sum()) for part in Part}
    hidden = {Part.MOUTH}
    assert all(count > 0 for part, count in seen.items() if part not in hidden)
    assert seen[Part.LEFT_ARM] == pytest.approx(seen[Part.RIGHT_ARM], rel=0.05)
    columns = np.nonzero(mask == Part.LEFT_HAND)[1]
    assert columns.min() > 256  # the person's left is at the picture's right


def _save(path, arrays):
    np.savez(path, **arrays)
    return path


def test_a_sound_file_with_object_arrays_beside_it_loads(tmp_path, smplx_arrays):
    extra = smplx_arrays | {"part2num": np.array({"pelvis": 0}, dtype=object)}
    np.savez(tmp_path / "SMPLX_MALE.npz", allow_pickle=True, **extra)

    loaded = load_body_model(tmp_path / "SMPLX_MALE.npz")

    assert loaded.arkit is None and loaded.points.shape_dirs.shape[2] == 10


def test_both_hands_of_a_file_are_their_own(model, tmp_path, smplx_arrays):
    sample = np.random.default_rng(0).normal(size=(50, 45)) * np.linspace(0.1, 0.6, 45)
    path = _save(tmp_path / "SMPLX_HANDS.npz", smplx_arrays | {"hands_coeffsl": sample})

    hands = load_body_model(path).hands

    for side, name in enumerate("lr"):
        assert np.array_equal(hands.mean[side], smplx_arrays[f"hands_mean{name}"])
        assert np.array_equal(hands.components[side], smplx_arrays[f"hands_components{name}"])
        assert np.allclose(hands.mean[side], model.hands.mean[side])
        assert np.allclose(hands.components[side], model.hands.components[side])
    assert not np.allclose(hands.mean[0], hands.mean[1])
    assert not np.allclose(hands.components[0], hands.components[1])
    assert hands.deviations == pytest.approx(np.sqrt(np.mean((sample - sample.mean(0)) ** 2, axis=0)))


@pytest.mark.parametrize("sample", [np.zeros((1, 45)), np.zeros((9, 44)), np.zeros(45)])
def test_a_sample_of_hands_that_tells_no_deviation_is_left(model, tmp_path, smplx_arrays, sample):
    path = _save(tmp_path / "SMPLX_HANDS.npz", smplx_arrays | {"hands_coeffsl": sample})
    assert np.array_equal(load_body_model(path).hands.deviations, model.hands.deviations)


@pytest.mark.parametrize("name", ["v_template", "posedirs", "lmk_faces_idx", "hands_meanl"])
def test_a_missing_or_pickled_array_is_named(tmp_path, smplx_arrays, name):
    arrays = {key: value for key, value in smplx_arrays.items() if key != name}
    with pytest.raises(BadInputError, match=f"{name} missing"):
        load_body_model(_save(tmp_path / "SMPLX_A.npz", arrays))
    np.savez(
        tmp_path / "SMPLX_B.npz", allow_pickle=True, **(arrays | {name: np.array([None, 1], dtype=object)})
    )
    with pytest.raises(BadInputError, match=f"{name} missing"):
        load_body_model(tmp_path / "SMPLX_B.npz")


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("v_template", lambda a: a[:-1], "has shape"),
        ("shapedirs", lambda a: a[..., :19], "shapedirs has shape"),
        ("posedirs", lambda a: a[..., :207], "posedirs has shape"),
        ("weights", lambda a: a[:, :24], "weights has shape"),
        ("weights", lambda a: a * 2, "don't sum to 1"),
        ("f", lambda a: a + 10_000_000, "points beyond"),
        ("f", lambda a: a.astype(np.int64) - 5, "points beyond"),
        ("lmk_faces_idx", lambda a: a.astype(np.int64) - 1_000_000, "points beyond"),
        ("v_template", lambda a: a * np.nan, "not finite"),
        ("J_regressor", lambda a: a + np.inf, "not finite"),
        ("kintree_table", lambda a: a[:, ::-1], "joints are not"),
        ("hands_meanl", lambda a: np.array(["x"] * 45), "holds no numbers"),
        ("v_template", lambda a: a[0, 0], "has shape|no body|missing"),
        ("ft", lambda a: a + 10_000_000, "texture coordinates"),
    ],
)
def test_arrays_that_make_no_sense_are_named(tmp_path, smplx_arrays, name, change, message):
    path = _save(tmp_path / "SMPLX_X.npz", smplx_arrays | {name: change(smplx_arrays[name])})

    with pytest.raises(BadInputError, match=message):
        load_body_model(path)


def test_another_model_is_refused_with_advice(tmp_path):
    path = _save(tmp_path / "SMPL_NEUTRAL.npz", {"v_template": np.zeros((6890, 3))})

    with pytest.raises(BadInputError, match="SMPLX_"):
        load_body_model(path)
