"""From pictures to parameters: people who talk are rendered, MediaPipe finds landmarks, the fitter fits them.

The people have random shapes, all 40 expression components (the fit has 10), skin of several tones, clothes,
a plain or a noisy background and camera noise; their lips move by speech. Nothing of the truth reaches the
fit but the focal length and, as the face tracker gives it in a run, roughly where the face is.
"""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from backends import mediapipe_landmarks
from benchmarks.fit_metrics import angle_deg, face_vertices, head_errors, pa_error_mm
from benchmarks.fit_sequences import Motion, talk
from body.face_mesh import MIDDLE_LIPS
from body.load import load_body_model
from body.model import BodyModel, landmark_points
from body.raster import Pinhole
from body.skinning import skin, skin_points, transform_joints
from body.topology import JOINT_INDEX, MAX_EXPRESSION
from schemas.npz import read_arrays
from tools.body_model.appearance import person_colours
from tools.body_model.renders import draw
from transforms.extract_landmarks import PARTS, LandmarkConfig
from transforms.fit_body import Fit, Observations, fit_clip

Array = npt.NDArray[np.floating]
Picture = npt.NDArray[np.uint8]
NUM_FRAMES = 75
_SEEN_EVERY = 9  # of the vertices, for errors of visible ones


def bodies_of(path: Path) -> list[BodyModel]:
    """Return the bodies of a file of tools/draw_bodies.py, each a model whose shape is that body's."""
    model = load_body_model(num_expression=MAX_EXPRESSION)
    return [_with_template(model, template) for template in read_arrays(path, ["template"])["template"]]


def _with_template(model: BodyModel, template: Array) -> BodyModel:
    still = np.zeros_like
    points = replace(model.points, template=template, shape_dirs=still(model.points.shape_dirs))
    return replace(
        model,
        points=points,
        joint_template=model.regressor @ template,
        joint_shape_dirs=still(model.joint_shape_dirs),
    )


def render(truth: BodyModel, motion: Motion, person: int) -> list[Picture]:
    """Return the pictures of a motion of the true model, with a wall of soft shapes and camera noise."""
    rng = np.random.default_rng(person)
    camera = Pinhole.for_picture(motion.width_px, motion.height_px, motion.focal_px)
    coarse = rng.integers(60, 230, (5, 9, 3)).astype(np.uint8)
    size = (camera.width_px, camera.height_px)
    wall = np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    tints = person_colours(truth, person)
    pictures = []
    for row in range(len(motion.pose)):
        one = slice(row, row + 1)
        mesh, _ = skin(truth, motion.pose[one], motion.betas, motion.expression[one], motion.transl[one])
        picture, _ = draw(truth, mesh[0], tints, camera, wall)
        pictures.append(np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8))
    return pictures


def look(pictures: list[Picture], truth: BodyModel, motion: Motion) -> Observations:
    """Return what the product's landmark extractor sees."""
    settings = LandmarkConfig()
    extractor = mediapipe_landmarks.load(settings.min_score, settings.model_complexity)
    extractor.reset()
    head = np.flatnonzero(truth.points.weights[:, JOINT_INDEX["head"]] > 0.9)[::20]
    camera = Pinhole.for_picture(motion.width_px, motion.height_px, motion.focal_px)
    found = []
    for row, picture in enumerate(pictures):
        one = slice(row, row + 1)
        points, _ = skin(truth, motion.pose[one], motion.betas, motion.expression[one], motion.transl[one])
        px = camera.project(points[0, head])
        margin = 0.3 * np.ptp(px[:, 1])
        (x0, y0), (x1, y1) = px.min(0) - margin, px.max(0) + margin
        found.append(extractor.extract(picture, (float(x0), float(y0), float(x1), float(y1))))
    missing = {**{part: (number, 3) for part, number in PARTS.items()}, "pose_world": (PARTS["pose"], 3),
               "pose_visibility": (PARTS["pose"],)}  # fmt: skip
    arrays = {
        name: np.array([np.full(shape, np.nan) if (v := getattr(f, name)) is None else v for f in found])
        for name, shape in missing.items()
    }
    arrays["pose_visibility"] = np.nan_to_num(arrays["pose_visibility"])
    arrays["pose_world"] = np.nan_to_num(arrays["pose_world"])
    return Observations(
        **arrays,
        width_px=motion.width_px,
        height_px=motion.height_px,
        fps=motion.fps,
        focal_px=motion.focal_px,
        face_detector="mediapipe",
    )


def person_motion(truth: BodyModel, seed: int) -> Motion:
    """Return a new person's motion, in a wide or a square picture."""
    rng = np.random.default_rng(2000 + seed)
    motion = talk(truth, 2000 + seed, NUM_FRAMES, distance=float(1.3 + 0.4 * rng.random()))
    return replace(motion, width_px=720) if seed % 2 else motion


def measure(model: BodyModel, seed: int, truth: BodyModel | None = None) -> dict[str, float]:
    """Render, look and fit one person; returns errors by name.

    Args:
        truth: the body that is drawn, if it is not one of the model's shapes.
    """
    drawn = truth or load_body_model(num_expression=MAX_EXPRESSION)
    motion = person_motion(drawn, seed)
    seen = look(render(drawn, motion, seed), drawn, motion)
    return compare(model, drawn, fit_clip(model, seen), motion, seen)


def compare(
    model: BodyModel, truth: BodyModel, fit: Fit, motion: Motion, seen: Observations, step: int = 5
) -> dict[str, float]:
    """Return errors of a fit against the true body that was drawn; vertices on every `step`-th frame."""
    some = slice(0, None, step)
    mesh, _ = skin(model, fit.full_pose()[some], fit.betas, fit.expression[some], fit.transl[some])
    target, _ = skin(truth, motion.pose[some], motion.betas, motion.expression[some], motion.transl[some])
    px = Pinhole.for_picture(motion.width_px, motion.height_px, motion.focal_px).project(target)
    inside = np.all((px > 0) & (px < (motion.width_px, motion.height_px)), axis=-1)
    rows = [np.flatnonzero(inside[i])[::_SEEN_EVERY] for i in range(len(inside))]
    pairs = [(m[r][None], t[r][None]) for m, t, r in zip(mesh, target, rows, strict=True)]
    face = face_vertices(model)
    row = {
        "visible PA-PVE mm": float(np.mean([pa_error_mm(m, t) for m, t in pairs])),
        "face PVE mm": pa_error_mm(mesh[:, face], target[:, face]),
        "hands PA-PVE mm": _hands(model, mesh, target, seen, some),
        "head deg": float(head_errors(model, fit.full_pose()[some], motion.pose[some]).mean()),
    }
    angles = angle_deg(fit.full_pose().reshape(-1, 55, 3).astype(np.float64), motion.pose.reshape(-1, 55, 3))
    for name, joints in (("jaw", [22]), ("eyes", [23, 24]), ("shoulder", [16, 17]), ("elbow", [18, 19])):
        row[f"{name} deg"] = float(angles[:, joints].mean())
    found = _apertures(model, fit.full_pose(), fit.betas, fit.expression)
    true = _apertures(truth, motion.pose, motion.betas, motion.expression)
    row["lip aperture correlation"] = float(np.corrcoef(found, true)[0, 1])
    row["depth mm"] = 1000 * float(np.abs(fit.transl - motion.transl)[:, 2].mean())
    return row


def _hands(model: BodyModel, mesh: Array, target: Array, seen: Observations, some: slice) -> float:
    errors = []
    for part, wrist, first in (("left_hand", 20, 25), ("right_hand", 21, 40)):
        hand = np.flatnonzero(model.points.weights[:, [wrist, *range(first, first + 15)]].sum(1) > 0.9)
        known = seen.seen(part)[some]
        if known.any():
            errors.append(pa_error_mm(mesh[known][:, hand], target[known][:, hand]))
    return float(np.mean(errors)) if errors else float("nan")


def _apertures(model: BodyModel, pose: Array, betas: Array, expression: Array) -> Array:
    """Return the distance of the inner lips' middles (N,), metres."""
    points = landmark_points(model, MIDDLE_LIPS)
    placed = skin_points(points, transform_joints(model, pose, betas, expression), betas, expression)
    return np.linalg.norm(placed[:, 0] - placed[:, 1], axis=-1)
