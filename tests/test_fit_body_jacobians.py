"""Analytic derivatives of each group of landmarks against finite differences; the solver's banded algebra."""

import math
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.fit_sequences import Noise, observe, talk
from body.load import load_body_model
from body.skinning import skin_points, transform_joints
from transforms.fit_body import FitConfig
from transforms.fit_body.initialise import initial
from transforms.fit_body.kinematics import Frame, fill_slopes, joint_angles, new_frame, place, rotate
from transforms.fit_body.normal import Problem, add_priors, build_problem, linearise
from transforms.fit_body.observations import build_targets
from transforms.fit_body.residuals import part_errors, project
from transforms.fit_body.solver import Clip, Coupling, find_step

NOT_ROBUST = 1e6  # with it, H and g are those of least squares exactly


@pytest.fixture(scope="module")
def problem() -> Problem:
    return build_problem(load_body_model(), FitConfig())


@pytest.fixture(scope="module")
def clip(problem: Problem) -> tuple[Clip, np.ndarray, np.ndarray]:
    """A clip of four frames with legs and both hands in view, and parameters near its start."""
    noise = replace(Noise(), dropped_hands=False)
    motion = talk(problem.model, seed=11, number=4, distance=4.0)
    seen = observe(problem.model, motion, noise, seed=1)
    start, root = initial(problem, seen, motion.focal_px)
    rng = np.random.default_rng(0)
    found = Clip(
        problem=problem,
        targets=build_targets(seen, problem.points, problem.config),
        root=root,
        camera=np.array([motion.focal_px, 640.0, 360.0]),
        coupling=Coupling(precision=1 / problem.layout.acceleration**2),
        betas_precision=1.0,
    )
    return found, start + rng.normal(0, 0.1, start.shape), rng.normal(0, 0.3, problem.num_betas)


@pytest.mark.parametrize("group", range(4), ids=["face", "body", "left_hand", "right_hand"])
def test_gradient_is_exact(clip: tuple[Clip, np.ndarray, np.ndarray], group: int) -> None:
    held, x, betas = clip
    active = np.arange(4) == group
    assert (held.targets.hand_weight > 0).any((1, 2)).all() and (held.targets.pose_weight > 0).sum() > 50

    def cost(x: np.ndarray, betas: np.ndarray) -> np.ndarray:
        camera = held.camera
        return linearise(held.problem, held.targets, x, betas, held.root, camera, active, NOT_ROBUST).cost

    found = linearise(held.problem, held.targets, x, betas, held.root, held.camera, active, NOT_ROBUST).vector
    step, size = 1e-6, x.shape[1]
    numeric = np.zeros_like(found)
    for d in range(size + len(betas)):
        for sign in (1, -1):
            y, b = x.copy(), betas.copy()
            if d < size:
                y[:, d] += sign * step
            else:
                b[d - size] += sign * step
            numeric[:, d] += sign * cost(y, b) / (4 * step)
    scale = np.abs(numeric).max()
    assert scale > 0
    assert np.abs(numeric - found).max() < 1e-5 * scale


def test_errors_of_a_part_are_medians_of_the_points_that_are_seen(
    clip: tuple[Clip, np.ndarray, np.ndarray],
) -> None:
    held, x, betas = clip
    shown = project(held, x, betas)["face"]
    px, weight = (
        shown + np.array([3.0, 4.0]),
        np.full(shown.shape[:2], 0.1 * held.problem.config.max_residual),
    )
    weight[:, ::3], px[:, ::3] = 0.0, 1e6  # not seen
    weight[1], weight[2] = 0.0, 3 * weight[2]
    held = replace(held, targets=held.targets._replace(face_px=px, face_weight=weight))
    errors, valid = part_errors(held, x, betas)
    assert errors["face"] == pytest.approx([5.0, np.nan, 5.0, 5.0], nan_ok=True)
    # 5 px are 0.5 of the most residual where weights are 0.1 of it a pixel, and 1.5 where thrice that.
    assert valid["face"].tolist() == [True, False, False, True]


def test_angles_of_joints_are_the_parameters_and_hands_mean_and_components(problem: Problem) -> None:
    skeleton = problem.skeleton
    x = np.random.default_rng(0).normal(0, 1, skeleton.expression_first)
    for joint in range(25):
        first = skeleton.offsets[joint]
        wanted = np.zeros(3) if first < 0 else x[first : first + 3]
        assert joint_angles(x, skeleton, joint) == pytest.approx(wanted)
    number = skeleton.hand_components.shape[1]
    for side in (0, 1):
        first = skeleton.hand_first[side]
        hand = skeleton.hand_mean[side] + x[first : first + number] @ skeleton.hand_components[side]
        found = [joint_angles(x, skeleton, 25 + 15 * side + j) for j in range(15)]
        assert np.ravel(found) == pytest.approx(hand)


def test_robust_gradient_is_exact(clip: tuple[Clip, np.ndarray, np.ndarray]) -> None:
    held, x, betas = clip
    active = np.ones(4, bool)

    def cost(x: np.ndarray) -> float:
        found = linearise(held.problem, held.targets, x, betas, held.root, held.camera, active, 3.0)
        return float(add_priors(held.problem, x, found).sum() + held.coupling.cost(x))

    found = linearise(held.problem, held.targets, x, betas, held.root, held.camera, active, 3.0)
    add_priors(held.problem, x, found)
    gradient = found.vector[:, : x.shape[1]] + held.coupling.pull(x)
    rng = np.random.default_rng(4)
    for _ in range(5):
        way = rng.normal(size=x.shape)
        slope = (cost(x + 1e-7 * way) - cost(x - 1e-7 * way)) / 4e-7
        assert slope == pytest.approx((gradient * way).sum(), rel=1e-4)


def test_banded_step_solves_the_full_system(clip: tuple[Clip, np.ndarray, np.ndarray]) -> None:
    held, x, betas = clip
    free = held.problem.layout.indices("transl", "root", "face", "left_hand")
    _, normal = held.normal(x, betas, np.ones(4, bool), 3.0)
    step, turn = find_step(held, normal, betas, free, 0.0, True)
    number, size, first = len(x), len(free), x.shape[1]
    full = np.zeros((number * size + len(betas),) * 2)
    right = np.zeros(len(full))
    bend = np.diff(np.eye(number), 2, axis=0)
    for n in range(number):
        rows = slice(n * size, (n + 1) * size)
        full[rows, rows] = normal.matrix[n][np.ix_(free, free)]
        full[rows, number * size :] = normal.matrix[n][free, first:]
        full[number * size :, rows] = normal.matrix[n][first:, free]
        right[rows] = normal.vector[n, free]
    full[: number * size, : number * size] += np.kron(bend.T @ bend, np.diag(held.coupling.precision[free]))
    full[number * size :, number * size :] = normal.matrix[:, first:, first:].sum(0) + np.eye(len(betas))
    right[number * size :] = normal.vector[:, first:].sum(0) + betas
    answer = -np.linalg.solve(full, right)
    assert np.allclose(step.ravel(), answer[: number * size], rtol=1e-4, atol=1e-7)
    assert np.allclose(turn, answer[number * size :], rtol=1e-4, atol=1e-7)


def test_points_are_those_of_the_body_model(clip: tuple[Clip, np.ndarray, np.ndarray]) -> None:
    """The kernels' points equal body.skinning's."""
    held, x, betas = clip
    problem = held.problem
    from body.model import between_vertices
    from transforms.fit_body.fit import unpack

    state = unpack(problem, x, held.root)
    joints = ("global_orient", "body_pose", "jaw", "left_eye", "right_eye", "left_hand", "right_hand")
    pose = np.concatenate([state[name] for name in joints], axis=1)
    model, marks = problem.model, problem.model.landmarks
    skin = between_vertices(model.points, model.faces[marks.faces], marks.barycentric)
    transforms = transform_joints(model, pose, betas, state["expression"])
    points = skin_points(skin, transforms, betas, state["expression"], state["transl"])
    rows = {int(i): row for row, i in enumerate(marks.mediapipe_ids)}
    chosen = points[:, [rows[int(i)] for i in problem.points.face_ids[:-2]]].astype(np.float64)
    px = chosen[..., :2] / chosen[..., 2:] * held.camera[0] + held.camera[1:]
    assert np.abs(px - project(held, x, betas)["face"][:, :-2]).max() < 0.05


@pytest.mark.parametrize("angle", [0.0, 1e-5, 1e-3, 0.5, 3.0])
def test_left_jacobian(angle: float) -> None:
    vector = angle * np.array([0.6, -0.48, 0.64])
    rotation, jacobian, moved, unused = (np.zeros((3, 3)) for _ in range(4))
    rotate(vector[0], vector[1], vector[2], rotation, jacobian)
    assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    for axis in range(3):
        delta = np.eye(3)[axis] * 1e-6
        ahead = vector + delta
        rotate(ahead[0], ahead[1], ahead[2], moved, unused)
        turn = moved @ rotation.T
        seen = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / 2e-6
        assert np.allclose(seen, jacobian[:, axis], atol=1e-5)


@pytest.mark.parametrize("angle", [1e-7, 5e-5, 9.99e-5])
def test_small_angles_turn_by_the_series(angle: float) -> None:
    """Against the exponential's own series, summed until nothing is added."""
    ax, ay, az = angle * np.array([0.6, -0.48, 0.64])
    cross = np.array([[0, -az, ay], [az, 0, -ax], [-ay, ax, 0]])
    rotation, jacobian = np.zeros((3, 3)), np.zeros((3, 3))
    rotate(ax, ay, az, rotation, jacobian)
    powers = [np.linalg.matrix_power(cross, k) for k in range(8)]
    # Beside 1 the small terms are lost, so what is odd in the angle is compared by itself too.
    for found, later in ((rotation, 0), (jacobian, 1)):
        series = sum(power / math.factorial(k + later) for k, power in enumerate(powers))
        odd = sum(powers[k] / math.factorial(k + later) for k in (1, 3, 5))
        assert np.allclose(found, series, rtol=0, atol=1e-15)
        assert np.allclose((found - found.T) / 2, odd, rtol=1e-11, atol=1e-20)


def placed(problem: Problem, x: np.ndarray, root: np.ndarray, betas: np.ndarray) -> Frame:
    skeleton, hands = problem.skeleton, np.ones(2, np.bool_)
    frame = new_frame(len(betas))
    place(x, root, skeleton.rest + skeleton.by_betas @ betas, skeleton, frame, hands, np.zeros((3, 3)))
    fill_slopes(skeleton, frame, hands)
    return frame


def test_joints_move_as_axes_and_slopes_say(problem: Problem) -> None:
    """Against differences: of joints by betas, of turns about the axes by each joint's own angles."""
    random = np.random.default_rng(7)
    x = random.normal(0, 0.4, problem.layout.size)
    root = np.linalg.qr(random.normal(size=(3, 3)))[0]
    betas = random.normal(0, 0.5, problem.num_betas)
    frame, step = placed(problem, x, root, betas), 1e-6
    for b in range(len(betas)):
        change = step * np.eye(len(betas))[b]
        ahead, behind = (placed(problem, x, root, betas + sign * change).placed for sign in (1, -1))
        assert np.allclose((ahead - behind) / (2 * step), frame.slopes[..., b], atol=1e-8)
    for joint in range(25):
        first = problem.skeleton.offsets[joint]
        for axis in range(3 if first >= 0 else 0):
            change = step * np.eye(len(x))[first + axis]
            ahead, behind = (placed(problem, x + sign * change, root, betas).turned for sign in (1, -1))
            spin = (ahead[joint] - behind[joint]) / (2 * step) @ frame.turned[joint].T
            found = np.array([spin[2, 1], spin[0, 2], spin[1, 0]])
            assert np.allclose(found, frame.axes[joint][:, axis], atol=1e-8)
