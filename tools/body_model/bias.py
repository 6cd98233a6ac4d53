"""Learn the face mesh's bias: draw faces whose points are known, ask MediaPipe, regress what it missed."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from body.detector_bias import NUM_SKIN_FEATURES, DetectorBias, FaceView
from body.face_mesh import IRIS_CENTRES
from body.model import BodyModel, landmark_points
from body.raster import Pinhole
from body.skinning import skin, skin_points, transform_joints
from body.topology import JOINT_INDEX, NUM_BETAS, NUM_JOINTS
from tools.body_model import renders
from tools.body_model.appearance import NUM_PEOPLE, person_colours
from tools.body_model.detect import FaceDetector
from transforms.fit_body.points import CORNEA

Float = npt.NDArray[np.float64]
# Deviations, rad: how people who talk to a camera turn their heads and eyes.
_YAW, _PITCH, _ROLL = 0.40, 0.28, 0.12
_GAZE = (0.12, 0.20)
_RIDGE = 1e-3


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Answers:
    """Of n faces: MediaPipe's points (n, 478, 3), where the model's L landmarks are (n, L, 2), and its irises
    (n, 2, 2); px.
    """

    found: Float
    landmarks: Float
    irises: Float


def ask(model: BodyModel, number: int, rng: np.random.Generator) -> Answers:
    """Draw faces of random shape, expression, gaze, distance and turn, and let MediaPipe look at them.

    Args:
        model: with all expression components.
    """
    tints = [person_colours(model, person) for person in range(NUM_PEOPLE)]
    points = landmark_points(model)
    rows: list[tuple[Float, Float, Float]] = []
    with FaceDetector() as detector:
        for row in range(number):
            pose, betas, expression = _person(model, rng)
            transforms = transform_joints(model, pose, betas, expression)
            camera, transl = _view(transforms.positions[0], transforms.rotations[0], rng)
            mesh, _ = skin(model, pose, betas, expression, transl)
            picture, _ = renders.draw(model, mesh[0], tints[row % NUM_PEOPLE], camera, _wall(camera, rng))
            noisy = np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)
            answer = detector.find(noisy)
            if answer is None:
                continue
            true = camera.project(skin_points(points, transforms, betas, expression, transl)[0])
            eyes = [JOINT_INDEX["left_eye"], JOINT_INDEX["right_eye"]]
            ahead = transforms.positions[0, eyes] + transforms.rotations[0, eyes] @ (0, 0, CORNEA) + transl
            rows.append((answer, true.astype(np.float64), camera.project(ahead)))
    found, landmarks, irises = (np.stack(group) for group in zip(*rows, strict=True))
    return Answers(found=found, landmarks=landmarks, irises=irises)


def _person(model: BodyModel, rng: np.random.Generator) -> tuple[Float, Float, Float]:
    """Return a pose (1, 165), betas and expression (1, E)."""
    units = model.arkit
    assert units is not None
    pose = np.zeros((NUM_JOINTS, 3))
    turn = Rotation.from_euler("YXZ", rng.normal(size=3) * (_YAW, _PITCH, _ROLL))
    pose[0] = (Rotation.from_rotvec([np.pi, 0, 0]) * turn).as_rotvec()
    pose[JOINT_INDEX["jaw"]] = (max(0.0, rng.normal(0.06, 0.08)), *rng.normal(0, 0.01, 2))
    gaze = rng.normal(size=2) * _GAZE
    for name in ("left_eye", "right_eye"):
        pose[JOINT_INDEX[name], :2] = gaze
    active = rng.uniform(0, 0.5, len(units.names)) * (rng.random(len(units.names)) < 0.25)
    for row, name in enumerate(units.names):
        if name.endswith("Right") and rng.random() < 0.8:  # most faces move evenly
            active[row] = active[units.names.index(name.removesuffix("Right") + "Left")]
    return pose.reshape(1, -1), rng.normal(0, 0.9, NUM_BETAS), (active @ units.to_expression)[None]


def _view(positions: Float, rotations: Float, rng: np.random.Generator) -> tuple[Pinhole, Float]:
    """Return a camera whose picture the face fills by a third to a half, and the translation (1, 3)."""
    head = JOINT_INDEX["head"]
    face = positions[head] + rotations[head] @ np.array([0.0, 0.03, 0.06])
    distance, side = rng.uniform(0.6, 1.8), int(rng.integers(256, 640))
    focal = side * rng.uniform(0.55, 0.8) * distance / 0.22
    return Pinhole.for_picture(side, side, focal), np.array([[*rng.normal(0, 0.02, 2), distance]]) - face


def _wall(camera: Pinhole, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    coarse = rng.integers(60, 230, (6, 6, 3)).astype(np.uint8)
    size = (camera.width_px, camera.height_px)
    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def learn(model: BodyModel, answers: Answers) -> DetectorBias:
    """Return the bias by ridge regression; the skin's depends on the head's turn alone: lips move freely."""
    ids = model.landmarks.mediapipe_ids
    view = FaceView.of(answers.found)
    features = view.features()
    skin_missed = view.from_picture(answers.landmarks - answers.found[:, ids, :2])
    iris_missed = view.from_picture(answers.irises - answers.found[:, IRIS_CENTRES, :2])
    return DetectorBias(
        ids=ids,
        skin=_regress(features[:, :NUM_SKIN_FEATURES], skin_missed),
        iris=_regress(features, iris_missed),
    )


def report(bias: DetectorBias, answers: Answers) -> dict[str, float]:
    """Return typical errors of answers the bias was not learnt from, in face sizes, before and after."""
    found = {}
    for name, face in (("raw", answers.found), ("corrected", bias.corrected(answers.found))):
        size = FaceView.of(answers.found).size[:, None, None]
        skin_gap = (face[:, bias.ids, :2] - answers.landmarks) / size
        iris_gap = (face[:, IRIS_CENTRES, :2] - answers.irises) / size
        found[f"skin_{name}"] = float(np.sqrt((skin_gap**2).sum(-1).mean()))
        found[f"iris_{name}"] = float(np.sqrt((iris_gap**2).sum(-1).mean()))
    return found


def _regress(features: npt.NDArray, missed: npt.NDArray) -> npt.NDArray[np.float32]:
    """Return coefficients (F, L, 2) of offsets (n, L, 2)."""
    square = features.T @ features + _RIDGE * np.eye(features.shape[1])
    weights = np.linalg.solve(square, features.T @ missed.reshape(len(missed), -1))
    return weights.reshape(-1, *missed.shape[1:]).astype(np.float32)
