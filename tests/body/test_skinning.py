"""Our skinning against `smplx`, and against what must hold of any skinned body."""

import numpy as np
import pytest

from body.load import load_body_model
from body.model import BodyModel, JointPoints, between_vertices
from body.skinning import (
    JointTransforms,
    forward_kinematics,
    joint_points,
    rotation_matrices,
    skin,
    skin_points,
    surface_points,
    transform_joints,
)
from body.smplx_format import write_smplx
from body.topology import (
    BODY_POSE,
    GLOBAL_ORIENT,
    JAW,
    JOINT_INDEX,
    KEYPOINT_VERTICES,
    LEFT_EYE,
    LEFT_HAND,
    NUM_JOINTS,
    RIGHT_EYE,
    RIGHT_HAND,
)


@pytest.fixture(scope="module")
def model() -> BodyModel:
    return load_body_model()


@pytest.fixture(scope="module")
def smplx_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("smplx") / "SMPLX_NEUTRAL.npz"
    write_smplx(load_body_model(num_betas=20, num_expression=40), path)
    return path


def _smplx_outputs(path, pose, betas, expression, transl):
    smplx, torch = pytest.importorskip("smplx"), pytest.importorskip("torch")
    layer = smplx.create(
        str(path), model_type="smplx", use_pca=False, flat_hand_mean=True, batch_size=len(pose),
        num_betas=betas.shape[1], num_expression_coeffs=expression.shape[1], use_face_contour=True,
    )  # fmt: skip
    parts = {
        "global_orient": GLOBAL_ORIENT, "body_pose": BODY_POSE, "jaw_pose": JAW, "leye_pose": LEFT_EYE,
        "reye_pose": RIGHT_EYE, "left_hand_pose": LEFT_HAND, "right_hand_pose": RIGHT_HAND,
    }  # fmt: skip
    given = {name: pose[:, part].reshape(len(pose), -1) for name, part in parts.items()}
    given |= {"betas": betas, "expression": expression, "transl": transl}
    with torch.no_grad():
        return layer(**{name: torch.tensor(value, dtype=torch.float32) for name, value in given.items()})


@pytest.mark.parametrize(("num_betas", "num_expression"), [(10, 10), (20, 40)])
def test_equals_smplx(smplx_file, num_betas, num_expression):
    ours = load_body_model(num_betas=num_betas, num_expression=num_expression)
    rng = np.random.default_rng(0)
    pose = rng.normal(0, 0.4, (4, NUM_JOINTS, 3))
    pose[0] = 0
    betas, expression = rng.normal(0, 1.5, (4, num_betas)), rng.normal(0, 1.5, (4, num_expression))
    transl = rng.normal(0, 1, (4, 3))

    vertices, joints = skin(ours, pose, betas, expression, transl)

    theirs = _smplx_outputs(smplx_file, pose, betas, expression, transl)
    assert np.abs(theirs.vertices.numpy() - vertices).max() < 1e-5
    assert np.abs(theirs.joints[:, :NUM_JOINTS].numpy() - joints).max() < 1e-5
    # After the joints come 21 keypoint vertices, then 51 landmarks of the face and 17 of its contour.
    picked = theirs.joints[:, NUM_JOINTS : NUM_JOINTS + len(KEYPOINT_VERTICES)].numpy()
    ids = [KEYPOINT_VERTICES[name] for name in ("nose", "right_eye", "left_eye", "right_ear", "left_ear")]
    assert np.abs(picked[:, :5] - vertices[:, ids]).max() < 1e-5
    assert theirs.joints.shape[1] == NUM_JOINTS + 21 + 51 + 17


def test_a_written_model_reads_back_the_same(smplx_file, model):
    read = load_body_model(smplx_file)
    rng = np.random.default_rng(1)
    pose, betas, face = rng.normal(0, 0.3, (3, NUM_JOINTS, 3)), rng.normal(size=10), rng.normal(size=(3, 10))

    there, _ = skin(read, pose, betas, face)
    here, _ = skin(model, pose, betas, face)

    assert np.abs(there - here).max() < 1e-5
    np.testing.assert_array_equal(read.pose_features, np.sort(model.pose_features))
    assert read.model_id.startswith("smplx-") and model.model_id.startswith("mentor-")
    assert len(read.landmarks.mediapipe_ids) == 68
    ours = surface_points(here, model.faces, model.landmarks)[:, read.landmarks.mediapipe_ids]
    assert np.abs(ours - surface_points(there, read.faces, read.landmarks)).max() < 1e-5


def test_rest_pose_is_the_template(model):
    vertices, joints = skin(model, np.zeros((1, NUM_JOINTS, 3)), np.zeros(10), np.zeros(10))

    np.testing.assert_allclose(vertices[0], model.points.template, atol=1e-6)
    np.testing.assert_allclose(joints[0], model.joint_template, atol=1e-6)


def test_global_orient_and_translation_move_the_body_rigidly(model):
    rng = np.random.default_rng(2)
    pose = rng.normal(0, 0.3, (2, NUM_JOINTS, 3))
    pose[:, 0] = 0
    turned = pose.copy()
    turned[:, 0] = [0.3, -1.2, 2.0]
    shift = np.array([0.5, -2.0, 3.0])

    still, joints = skin(model, pose, np.ones(10), np.ones(10))
    moved, _ = skin(model, turned, np.ones(10), np.ones(10), shift)

    turn, pelvis = rotation_matrices([0.3, -1.2, 2.0]), joints[:, :1]
    expected = (still - pelvis) @ turn.T + pelvis + shift
    np.testing.assert_allclose(moved, expected, atol=2e-6)


def test_frames_are_independent_and_subsets_equal_the_whole(model):
    rng = np.random.default_rng(3)
    pose, face = rng.normal(0, 0.3, (5, NUM_JOINTS, 3)), rng.normal(size=(5, 10))
    betas, transl = rng.normal(size=10), rng.normal(size=(5, 3))
    rows = rng.choice(model.num_vertices, 40, replace=False)

    whole, _ = skin(model, pose, betas, face, transl)

    transforms = transform_joints(model, pose, betas, face)
    part = skin_points(model.points.take(rows), transforms, betas, face, transl)
    np.testing.assert_allclose(part, whole[:, rows], atol=1e-6)
    one, _ = skin(model, pose[2:3], betas, face[2:3], transl[2:3])
    np.testing.assert_allclose(one[0], whole[2], atol=1e-6)
    flat, _ = skin(model, pose.reshape(5, 165), np.tile(betas, (5, 1)), face, transl)
    np.testing.assert_array_equal(flat, whole)


def test_points_between_vertices_follow_the_skinned_triangles(model):
    pose = np.random.default_rng(4).normal(0, 0.2, (3, NUM_JOINTS, 3))
    pose[:, JOINT_INDEX["jaw"]] = [[0, 0, 0], [0.15, 0, 0], [0.3, 0, 0]]
    marks = model.landmarks

    vertices, _ = skin(model, pose, np.ones(10), np.ones(10))
    exact = surface_points(vertices, model.faces, marks)
    points = between_vertices(model.points, model.faces[marks.faces], marks.barycentric)
    blended = skin_points(
        points, transform_joints(model, pose, np.ones(10), np.ones(10)), np.ones(10), np.ones(10)
    )

    apart = np.linalg.norm(exact - blended, axis=-1)
    assert apart.mean() < 5e-5 and apart.max() < 5e-4  # a triangle's corners have slightly different weights


@pytest.mark.parametrize("scale", [0.0, 1e-9, 1e-5, 1e-4, 1e-3, 0.1, 3.14159, 6.0])
def test_rotations_are_rotations_at_every_angle(scale):
    scipy = pytest.importorskip("scipy.spatial.transform")
    vectors = np.random.default_rng(5).normal(size=(50, 3))
    vectors *= scale / np.linalg.norm(vectors, axis=1, keepdims=True)

    matrices = rotation_matrices(vectors)

    np.testing.assert_allclose(matrices, scipy.Rotation.from_rotvec(vectors).as_matrix(), atol=2e-6)


def test_kinematics_of_a_chain_done_by_hand():
    parents = np.array([-1, 0, 1])
    rest = np.array([[[0.0, 0, 0], [1, 0, 0], [2, 0, 0]]], np.float32)
    quarter = rotation_matrices([[[0, 0, np.pi / 2], [0, 0, np.pi / 2], [0, 0, 0]]])

    turned, placed = forward_kinematics(quarter, rest, parents)

    np.testing.assert_allclose(placed[0], [[0, 0, 0], [0, 1, 0], [-1, 1, 0]], atol=1e-6)
    np.testing.assert_allclose(turned[0, 2], np.diag([-1.0, -1, 1]), atol=1e-6)


def test_expressions_leave_the_joints_in_place(model):
    assert np.abs(model.joint_expression_dirs).max() < 1e-5  # metres a unit coefficient


def test_joint_points_ride_on_their_frames(model):
    pose = np.zeros((2, NUM_JOINTS, 3))
    pose[1, JOINT_INDEX["left_elbow"]] = [0, -1.2, 0]
    transforms = transform_joints(model, pose, np.zeros(10), np.zeros(10))

    pose_points = joint_points(transforms, model.pose_points)
    left = joint_points(transforms, model.hand_points[0])
    right = joint_points(transforms, model.hand_points[1])

    ids = model.pose_points.ids.tolist()
    shoulder, wrist = ids.index(11), ids.index(15)
    np.testing.assert_allclose(pose_points[0, shoulder], pose_points[1, shoulder], atol=1e-6)
    assert np.linalg.norm(pose_points[0, wrist] - pose_points[1, wrist]) > 0.2
    elbow = transforms.positions[:, [JOINT_INDEX["left_elbow"]]]
    lengths = np.linalg.norm(left - elbow, axis=-1)
    np.testing.assert_allclose(lengths[0], lengths[1], atol=1e-5)
    np.testing.assert_array_equal(right[0], right[1])


def test_joint_points_are_offset_from_joints_as_their_frames_are_turned():
    """A quarter turn about z moves an offset along x to y; the other point rides on another frame."""
    rotations = np.tile(np.eye(3, dtype=np.float32), (1, NUM_JOINTS, 1, 1))
    rotations[0, 4] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    positions = np.zeros((1, NUM_JOINTS, 3), np.float32)
    positions[0, 7], positions[0, 9] = [1, 2, 3], [-1, 0, 5]
    transforms = JointTransforms(
        rotations=rotations,
        shifts=np.zeros((1, NUM_JOINTS, 3), np.float32),
        positions=positions,
        features=np.zeros((1, 0), np.float32),
    )
    points = JointPoints(
        ids=np.array([0, 1]),
        joints=np.array([7, 9]),
        frames=np.array([4, 5]),
        offsets=np.array([[0.5, 0, 0.25], [0.5, 0, 0.25]], np.float32),
        spread=np.zeros(2, np.float32),
    )

    np.testing.assert_allclose(
        joint_points(transforms, points), [[[1, 2.5, 3.25], [-0.5, 0, 5.25]]], atol=1e-6
    )
