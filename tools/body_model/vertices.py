"""What each vertex is: its part, its place in SMPL-X's numbering, its colour in calibration renders."""

import numpy as np
import numpy.typing as npt

from body.parts import parts_from_weights
from body.topology import JOINT_INDEX, KEYPOINT_VERTICES, SIDES, Part
from tools.body_model.anny_source import FINGER_NUMBERS, Mesh
from tools.body_model.face_space import interior
from tools.body_model.shape_space import ShapeSpace, head_mask

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]


def _of(names: tuple[str, ...]) -> list[int]:
    return [JOINT_INDEX[name] for name in names]


def face_parts(mesh: Mesh, space: ShapeSpace) -> npt.NDArray[np.uint8]:
    """Return the part of each triangle (F,): by weights, and by anny's regions where it has them."""
    parts = parts_from_weights(space.mean, space.regressor @ space.mean, mesh.weights, mesh.faces)
    regions = {
        Part.MOUTH: ("mouth_cavity", "tongue"),
        Part.LEFT_EYE: ("eye_front.L", "eye_back.L"),
        Part.RIGHT_EYE: ("eye_front.R", "eye_back.R"),
        Part.LEFT_HAND: ("hand.L",),
        Part.RIGHT_HAND: ("hand.R",),
    }
    for part, names in regions.items():
        parts[np.isin(mesh.regions, names)] = part
    return parts


def keypoint_vertices(mesh: Mesh, space: ShapeSpace) -> dict[str, int]:
    """Return our vertex for each of body.topology.KEYPOINT_VERTICES; the right side mirrors the left."""
    mean, joints, weights = space.mean, space.regressor @ space.mean, mesh.weights
    skin = (head_mask(mesh) > 0.5) & ~interior(mesh)
    eye, jaw = joints[JOINT_INDEX["left_eye"]], joints[JOINT_INDEX["jaw"]]
    middle = skin & (np.abs(mean[:, 0]) < 0.004) & (mean[:, 1] < eye[1]) & (mean[:, 1] > jaw[1] - 0.02)
    picked = {"nose": np.where(middle, mean[:, 2], -np.inf).argmax()}
    eyeball = weights[:, JOINT_INDEX["left_eye"]] > 0.5
    picked["left_eye"] = np.where(eyeball, mean[:, 2], -np.inf).argmax()
    picked["left_ear"] = np.where(skin, mean[:, 0], -np.inf).argmax()
    for row, finger in enumerate(FINGER_NUMBERS):
        picked[f"left_{finger}"] = np.linalg.norm(mean - space.fingertips[0, row], axis=1).argmin()
    toes = weights[:, JOINT_INDEX["left_foot"]] > 0.3
    inner, outer = mean[toes, 0].min(), mean[toes, 0].max()
    picked["left_big_toe"] = np.where(toes & (mean[:, 0] < inner + 0.035), mean[:, 2], -np.inf).argmax()
    picked["left_small_toe"] = np.where(toes & (mean[:, 0] > outer - 0.015), mean[:, 2], -np.inf).argmax()
    foot = toes | (weights[:, JOINT_INDEX["left_ankle"]] > 0.3)
    sole = foot & (mean[:, 1] < mean[foot, 1].min() + 0.03)
    picked["left_heel"] = np.where(sole, mean[:, 2], np.inf).argmin()
    picked |= {n.replace("left", "right"): mesh.mirror[v] for n, v in picked.items() if n.startswith("left")}
    return {name: int(vertex) for name, vertex in picked.items()}


def smplx_order(picked: dict[str, int], number: int) -> Int:
    """Return the old index (V,) of each new vertex so that keypoints get the numbers SMPL-X gives them."""
    order, position = np.arange(number), np.arange(number)
    for name, new in KEYPOINT_VERTICES.items():
        old, other = picked[name], order[new]
        order[new], order[position[old]] = old, other
        position[other], position[old] = position[old], new
    return order


_SKIN, _LIPS, _CAVITY, _TONGUE = (
    (0.86, 0.66, 0.56),
    (0.72, 0.36, 0.36),
    (0.28, 0.09, 0.08),
    (0.70, 0.35, 0.35),
)
_SCLERA, _IRIS, _PUPIL = (0.93, 0.93, 0.93), (0.30, 0.20, 0.12), (0.03, 0.03, 0.03)
_BROW, _HAIR, _SHIRT, _TROUSERS = (
    (0.25, 0.16, 0.11),
    (0.16, 0.11, 0.08),
    (0.25, 0.35, 0.60),
    (0.20, 0.20, 0.22),
)
IRIS_RADIUS = 0.0060  # metres; the human iris measures 11.7 mm across
_PUPIL_RADIUS = 0.0028


def colours(mesh: Mesh, space: ShapeSpace) -> Float:
    """Return RGB (V, 3) in [0, 1] that makes renders look enough like people for a landmark detector."""
    mean, joints, weights = space.mean, space.regressor @ space.mean, mesh.weights
    rgb = np.tile(_SKIN, (len(mean), 1))
    rgb += mesh.lips[:, None] * (np.array(_LIPS) - rgb)
    hidden = interior(mesh)
    tongue = np.zeros(len(mean), bool)
    tongue[mesh.faces[mesh.regions == "tongue"]] = True
    rgb[hidden & (head_mask(mesh) > 0.5)] = _CAVITY
    rgb[tongue] = _TONGUE
    for name in ("left_eye", "right_eye"):
        centre, ball = joints[JOINT_INDEX[name]], weights[:, JOINT_INDEX[name]] > 0.5
        radius = np.linalg.norm((mean - centre)[:, :2], axis=1)
        front = ball & (mean[:, 2] > centre[2])
        rgb[ball] = _SCLERA
        rgb[front & (radius < IRIS_RADIUS)] = _IRIS
        rgb[front & (radius < _PUPIL_RADIUS)] = _PUPIL
    eye = joints[JOINT_INDEX["left_eye"]]
    skin = (head_mask(mesh) > 0.9) & ~hidden
    side, height = np.abs(mean[:, 0]), mean[:, 1] - eye[1]
    arch = 0.0205 + 0.004 * np.sin(np.clip((side - 0.012) / 0.045, 0, 1) * np.pi)
    arch -= 0.003 * np.clip((side - 0.035) / 0.02, 0, 1)
    brow = (
        skin
        & (np.abs(height - arch) < 0.0045)
        & (side > 0.012)
        & (side < 0.056)
        & (mean[:, 2] > eye[2] - 0.03)
    )
    rgb[brow] = _BROW
    rgb[skin & ((height > 0.075) | ((mean[:, 2] < eye[2] - 0.10) & (height > -0.03)))] = _HAIR
    shoulders = tuple(f"{side}_{joint}" for side in SIDES for joint in ("collar", "shoulder"))
    trunk = ("spine1", "spine2", "spine3", "pelvis", *shoulders)
    legs = tuple(f"{side}_{joint}" for side in SIDES for joint in ("hip", "knee"))
    rgb[weights[:, _of(trunk)].sum(1) > 0.5] = _SHIRT
    rgb[weights[:, _of(legs)].sum(1) > 0.5] = _TROUSERS
    return rgb
