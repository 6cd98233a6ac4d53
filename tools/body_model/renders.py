"""Pictures of the model for calibration, with what each pixel shows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from body.model import BodyModel
from body.raster import Pinhole, Raster, rasterise, vertex_normals
from body.shading import facing_camera, shade
from body.skinning import skin
from body.topology import ARKIT_EXPRESSION_UNITS, JOINT_INDEX, JOINT_NAMES, NUM_JOINTS

Float = npt.NDArray[np.float64]
Picture = npt.NDArray[np.uint8]

SUPERSAMPLING = 2
_SIZE_PX = 640
FACE_CAMERA = Pinhole.for_picture(_SIZE_PX, _SIZE_PX, 1500.0)
BODY_CAMERA = Pinhole.for_picture(_SIZE_PX, _SIZE_PX, 800.0)
_FACE_DISTANCE = 0.75  # metres: a face 380 px high
_YAWS = (-1.0, -0.7, -0.35, -0.15, 0.0, 0.15, 0.35, 0.7, 1.0)
_PITCHES = (-0.2, 0.2)
_SKINS = ((1.0, 1.0, 1.0), (0.64, 0.58, 0.50), (1.08, 1.15, 1.2), (0.82, 0.80, 0.72))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class FaceRender:
    """A picture, its raster at SUPERSAMPLING times the resolution, and how the head was turned."""

    picture: Picture
    raster: Raster
    yaw: float
    pitch: float


def draw(
    model: BodyModel,
    vertices: npt.NDArray,
    colours: npt.NDArray,
    camera: Pinhole,
    background: Picture | None = None,
) -> tuple[Picture, Raster]:
    """Return an anti-aliased picture of vertices (V, 3) in the camera's frame, and its fine raster.

    The background (height, width, 3) is grey where none is given.
    """
    fine = camera.scaled(SUPERSAMPLING)
    raster = rasterise(vertices, model.faces, fine)
    normals = vertex_normals(vertices, model.faces)
    if background is None:
        background = np.full((camera.height_px, camera.width_px, 3), 205, np.uint8)
    behind = background.repeat(SUPERSAMPLING, 0).repeat(SUPERSAMPLING, 1)
    picture = shade(raster, model.faces, normals, colours.astype(np.float32), behind)
    blocks = picture.reshape(camera.height_px, SUPERSAMPLING, camera.width_px, SUPERSAMPLING, 3)
    return blocks.mean((1, 3)).astype(np.uint8), raster


def still_faces(model: BodyModel, colours: Float, identities: Float) -> Iterator[FaceRender]:
    """Draw neutral faces of bodies (n, V, 3) in T-pose from eleven directions each."""
    views = [(yaw, 0.0) for yaw in _YAWS] + [(0.0, pitch) for pitch in _PITCHES]
    for row, body in enumerate(identities):
        tint = np.clip(colours * _SKINS[row % len(_SKINS)], 0, 1)
        for yaw, pitch in views:
            yield _face(model, body, tint, yaw, pitch)


def open_mouths(
    model: BodyModel, colours: Float, number: int, rng: np.random.Generator
) -> Iterator[FaceRender]:
    """Draw faces of random shapes with the mouth open, so that both lips' inner rims are seen."""
    units = model.arkit
    assert units is not None
    for row in range(number):
        pose = np.zeros((NUM_JOINTS, 3))
        pose[JOINT_INDEX["jaw"], 0] = rng.uniform(0.08, 0.32)
        active = np.zeros(len(ARKIT_EXPRESSION_UNITS))
        for name in ("mouthUpperUp", "mouthLowerDown", "mouthSmile", "mouthStretch"):
            level = rng.uniform(0, 0.5) * (rng.random() < 0.5)
            for side in ("Left", "Right"):
                active[units.names.index(name + side)] = level
        betas = rng.normal(0, 0.8, 10)
        vertices, _ = skin(model, pose, betas, active @ units.to_expression)
        tint = np.clip(colours * _SKINS[row % len(_SKINS)], 0, 1)
        yield _face(model, vertices[0], tint, rng.uniform(-0.3, 0.3), rng.uniform(-0.15, 0.15))


def _face(model: BodyModel, body: npt.NDArray, colours: Float, yaw: float, pitch: float) -> FaceRender:
    eyes = (model.regressor @ body)[[JOINT_INDEX["left_eye"], JOINT_INDEX["right_eye"]]].mean(0)
    seen = facing_camera(body, eyes - [0.0, 0.03, 0.0], _FACE_DISTANCE, yaw, pitch)
    picture, raster = draw(model, seen, colours, FACE_CAMERA)
    return FaceRender(picture=picture, raster=raster, yaw=yaw, pitch=pitch)


def gestures(model: BodyModel, number: int, rng: np.random.Generator) -> Float:
    """Draw full poses (number, 55, 3) of people who face the camera and talk with their hands.

    Angles in radians; the body is turned to the camera's axes.
    """
    local = np.zeros((number, NUM_JOINTS, 3))

    def noise(*deviations: float) -> Float:
        return rng.normal(size=(number, len(deviations))) * deviations

    for name in ("spine1", "spine2", "spine3"):
        local[:, JOINT_INDEX[name]] = noise(0.05, 0.05, 0.04)
    local[:, JOINT_INDEX["neck"]] = noise(0.10, 0.16, 0.07)
    local[:, JOINT_INDEX["head"]] = noise(0.12, 0.18, 0.08)
    local[:, JOINT_INDEX["jaw"], 0] = rng.uniform(0, 0.12, number)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        raised, forward = noise(0.30)[:, 0], 0.15 + np.abs(noise(0.30)[:, 0])
        down = _about("z", sign * (raised - 1.15))
        shoulder = _about("x", -forward) * down * _about("x", noise(0.3)[:, 0])
        local[:, JOINT_INDEX[f"{side}_shoulder"]] = shoulder.as_rotvec()
        bend = np.clip(1.2 + noise(0.5)[:, 0], 0.05, 2.3)
        local[:, JOINT_INDEX[f"{side}_elbow"], :2] = np.stack([noise(0.25)[:, 0] - 0.5, -sign * bend], 1)
        local[:, JOINT_INDEX[f"{side}_wrist"]] = noise(0.25, 0.18, 0.30)
        local[:, JOINT_INDEX[f"{side}_collar"]] = noise(0.03, 0.05, 0.06)
        local[:, JOINT_INDEX[f"{side}_hip"]] = noise(0.06, 0.04, 0.04)
    first = JOINT_NAMES.index("left_index1")
    for hand in (0, 1):
        levels = rng.normal(size=(number, 12)) * model.hands.deviations[:12]
        poses = model.hands.mean[hand] + levels @ model.hands.components[hand, :12]
        local[:, first + 15 * hand : first + 15 * hand + 15] = poses.reshape(number, 15, 3)
    towards = Rotation.from_rotvec(noise(0.06, 0.25, 0.05)) * Rotation.from_rotvec([np.pi, 0, 0])
    local[:, 0] = towards.as_rotvec()
    return local


def _about(axis: str, angles: Float) -> Rotation:
    return Rotation.from_euler(axis, angles[:, None])
