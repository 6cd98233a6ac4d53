"""Colours that make the body look enough like a person for a landmark detector."""

import cv2
import numpy as np
import numpy.typing as npt

from body.face_mesh import INNER_LIPS, OUTER_LIPS
from body.model import BodyModel, landmark_points
from body.topology import JOINT_INDEX, Part

NUM_PEOPLE = 4
_SKINS = ((0.86, 0.66, 0.56), (0.47, 0.32, 0.24), (0.93, 0.76, 0.68), (0.66, 0.48, 0.36))
_SHIRTS = ((0.25, 0.35, 0.60), (0.55, 0.20, 0.22), (0.85, 0.85, 0.82), (0.15, 0.15, 0.17))
_LIPS, _CAVITY, _HAIR = (0.72, 0.36, 0.36), (0.28, 0.09, 0.08), (0.16, 0.11, 0.08)
_SCLERA, _IRIS, _PUPIL = (0.93, 0.93, 0.93), (0.30, 0.20, 0.12), (0.03, 0.03, 0.03)
_IRIS_RADIUS, _PUPIL_RADIUS = 0.0060, 0.0028  # metres; the human iris measures 11.7 mm across
_CLOTHED = ("pelvis", "spine1", "spine2", "spine3", "left_collar", "right_collar", "left_shoulder",
            "right_shoulder")  # fmt: skip


def person_colours(model: BodyModel, person: int) -> npt.NDArray[np.float32]:
    """Return RGB (V, 3) in [0, 1] of one of NUM_PEOPLE: skin of several tones, lips, eyes, hair and shirt."""
    rest, person = model.points.template, person % NUM_PEOPLE
    tone = np.array(_SKINS[person])
    rgb = np.tile(tone, (len(rest), 1))
    part = np.zeros(len(rest), np.uint8)
    part[model.faces.ravel()] = np.repeat(model.face_parts, 3)
    eye = model.joint_template[JOINT_INDEX["left_eye"]]
    head, side, height = np.isin(part, (Part.FACE, Part.HEAD)), np.abs(rest[:, 0]), rest[:, 1] - eye[1]
    front = head & (rest[:, 2] > eye[2] - 0.03)
    rgb[front & _within(model, OUTER_LIPS) & ~_within(model, INNER_LIPS)] = np.array(_LIPS) * tone / _SKINS[0]
    arch = 0.0205 + 0.004 * np.sin(np.clip((side - 0.012) / 0.045, 0, 1) * np.pi)
    rgb[front & (np.abs(height - arch) < 0.0045) & (side > 0.012) & (side < 0.056)] = _HAIR
    rgb[head & ((height > 0.075) | ((rest[:, 2] < eye[2] - 0.10) & (height > -0.03)))] = _HAIR
    rgb[part == Part.MOUTH] = _CAVITY
    for ball, name in ((Part.LEFT_EYE, "left_eye"), (Part.RIGHT_EYE, "right_eye")):
        away = rest - model.joint_template[JOINT_INDEX[name]]
        radius, ahead = np.linalg.norm(away[:, :2], axis=1), (part == ball) & (away[:, 2] > 0)
        rgb[part == ball] = _SCLERA
        rgb[ahead & (radius < _IRIS_RADIUS)] = _IRIS
        rgb[ahead & (radius < _PUPIL_RADIUS)] = _PUPIL
    clothed = [JOINT_INDEX[name] for name in _CLOTHED]
    rgb[model.points.weights[:, clothed].sum(1) > 0.5] = _SHIRTS[person]
    return np.clip(rgb, 0, 1).astype(np.float32)


def _within(model: BodyModel, outline: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Return which vertices (V,) lie inside a ring of face landmarks, seen from the front."""
    ring = landmark_points(model, outline).template
    polygon = (ring[:, :2] * 1e4).astype(np.float32)
    points = (model.points.template[:, :2] * 1e4).astype(float)
    return np.array([cv2.pointPolygonTest(polygon, (x, y), False) >= 0 for x, y in points])
