"""Synthetic people who talk: smooth random poses, faces and hands, and what a detector would see of them.

Speech opens the jaw about 2.2 times a second and moves the lips by ARKit's units; arms hang or gesture in
front of the body; gaze wanders. Points are projected from the model itself, then disturbed: white and
correlated noise, dropped hands, outliers. All lengths in metres, angles in radians, time in frames.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from body.face_mesh import CHIN, FOREHEAD, NUM_POINTS
from body.model import BodyModel, landmark_points
from body.pose_points import HIPS, NUM_POSE_POINTS
from body.skinning import joint_points, skin_points, transform_joints
from body.topology import JOINT_INDEX, NUM_JOINTS
from transforms.fit_body import Observations

Array = npt.NDArray[np.floating]
_SWAY = {
    "spine1": (0.05, 0.05, 0.04), "spine2": (0.05, 0.06, 0.04), "spine3": (0.04, 0.05, 0.03),
    "neck": (0.10, 0.16, 0.07), "head": (0.12, 0.18, 0.08),
}  # fmt: skip
# (unit, strength, seconds over which it changes)
_UNITS = (
    ("mouthSmile", 0.35, 0.6), ("mouthFunnel", 0.3, 0.12), ("mouthPucker", 0.3, 0.12),
    ("mouthStretch", 0.25, 0.15), ("mouthUpperUp", 0.25, 0.15), ("mouthLowerDown", 0.3, 0.12),
    ("mouthPress", 0.25, 0.15), ("mouthRollLower", 0.2, 0.15), ("mouthShrugUpper", 0.2, 0.2),
    ("browInnerUp", 0.4, 0.5), ("browOuterUp", 0.35, 0.5), ("browDown", 0.3, 0.5), ("eyeSquint", 0.3, 0.4),
    ("cheekSquint", 0.2, 0.4), ("mouthFrown", 0.2, 0.4),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Motion:
    """True parameters of N frames: pose (N, 165), expression (N, E), betas (S,), transl (N, 3), camera."""

    pose: Array
    expression: Array
    betas: Array
    transl: Array
    focal_px: float
    width_px: int
    height_px: int
    fps: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Noise:
    """Standard deviations: face px; hand, body mm; world depth m; hand depth mm; share of outliers."""

    face_px: float = 1.0
    hand_mm: float = 4.5
    body_mm: float = 10.5
    world_m: float = 0.04
    hand_depth_mm: float = 12.0
    outliers: float = 0.0
    outlier_px: float = 60.0
    dropped_hands: bool = True

    def scaled(self, factor: float) -> "Noise":
        """Return noise of so many times the size."""
        names = ("face_px", "hand_mm", "body_mm", "world_m", "hand_depth_mm")
        return replace(self, **{name: getattr(self, name) * factor for name in names})


def wander(rng: np.random.Generator, number: int, size: int, frames: float) -> Array:
    """Return (number, size) smooth noise of unit deviation that changes over `frames`."""
    margin = int(4 * frames)
    white = rng.normal(size=(number + 2 * margin + 2, size))
    smooth = gaussian_filter1d(white, frames, axis=0) * np.sqrt(2 * np.sqrt(np.pi) * frames)
    return smooth[margin : margin + number]


def talk(model: BodyModel, seed: int, number: int = 125, fps: float = 25.0, distance: float = 1.6) -> Motion:
    """Return a person talking to a 1280x720 camera."""
    rng = np.random.default_rng(seed)
    pose = np.zeros((number, NUM_JOINTS, 3))
    root = wander(rng, number, 3, 1.5 * fps) * (0.06, 0.25, 0.05)
    for name, deviation in _SWAY.items():
        pose[:, JOINT_INDEX[name]] = wander(rng, number, 3, 0.6 * fps) * deviation
    for name in ("left_collar", "right_collar"):
        pose[:, JOINT_INDEX[name]] = wander(rng, number, 3, 0.8 * fps) * (0.03, 0.05, 0.06)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        _gesture(pose, side, sign, rng, fps)
        pose[:, JOINT_INDEX[f"{side}_hip"]] = wander(rng, number, 3, 2.0 * fps) * (0.06, 0.04, 0.04)
    pose[:, 0] = (Rotation.from_rotvec(root) * Rotation.from_matrix(np.diag([1.0, -1.0, -1.0]))).as_rotvec()
    for side in range(2):
        count = 12
        z = wander(rng, number, count, 0.4 * fps) * model.hands.deviations[:count]
        hand = model.hands.mean[side] + z @ model.hands.components[side, :count]
        pose[:, 25 + 15 * side : 40 + 15 * side] = hand.reshape(number, 15, 3)
    expression = _speak(model, pose, rng, fps)
    betas = rng.normal(size=model.points.shape_dirs.shape[-1]) * 0.9
    transl = wander(rng, number, 3, 1.2 * fps) * (0.03, 0.02, 0.03) + (0, 0, distance)
    joints = transform_joints(model, pose.reshape(number, -1), betas, expression).positions
    centre = joints[:, [JOINT_INDEX["spine3"], JOINT_INDEX["head"]]].mean((0, 1))
    return Motion(
        pose=pose.reshape(number, -1),
        expression=expression,
        betas=betas,
        transl=transl - centre + (0, 0.05, 0),
        focal_px=1200.0,
        width_px=1280,
        height_px=720,
        fps=fps,
    )


def _gesture(pose: Array, side: str, sign: float, rng: np.random.Generator, fps: float) -> None:
    number, lively = len(pose), rng.random()
    n = wander(rng, number, 4, 0.5 * fps)
    zero = np.zeros(number)
    forward = 0.15 + 0.25 * np.abs(n[:, 1]) * (0.4 + lively)
    lowered = Rotation.from_rotvec(np.stack([zero, zero, sign * (-1.25 + 0.18 * n[:, 0])], 1))
    raised = Rotation.from_rotvec(np.stack([-forward, zero, zero], 1))
    twisted = Rotation.from_rotvec(np.stack([0.3 * n[:, 2], zero, zero], 1))
    pose[:, JOINT_INDEX[f"{side}_shoulder"]] = (raised * lowered * twisted).as_rotvec()
    bend = np.clip(1.15 + 0.45 * n[:, 3] + 0.3 * lively, 0.05, 2.3)
    twist = 0.15 * wander(rng, number, 1, 0.5 * fps)[:, 0] - 0.5
    pose[:, JOINT_INDEX[f"{side}_elbow"]] = np.stack([twist, -sign * bend, zero], 1)
    pose[:, JOINT_INDEX[f"{side}_wrist"]] = wander(rng, number, 3, 0.4 * fps) * (0.25, 0.18, 0.3)


def _speak(model: BodyModel, pose: Array, rng: np.random.Generator, fps: float) -> Array:
    """Move jaw and eyes in place; return expression (N, E)."""
    number = len(pose)
    assert model.arkit is not None
    names, to_expression = model.arkit.names, model.arkit.to_expression
    seconds = np.arange(number) / fps
    loud = np.clip(wander(rng, number, 1, 0.5 * fps)[:, 0] * 0.5 + 0.6, 0, 1)
    phase = 2 * np.pi * 2.2 * seconds + wander(rng, number, 1, 0.3 * fps)[:, 0]
    drift = wander(rng, number, 2, 0.2 * fps) * (0.015, 0.01)
    pose[:, JOINT_INDEX["jaw"]] = np.column_stack([0.13 * loud * np.abs(np.sin(phase)), drift])
    gaze = wander(rng, number, 2, 0.3 * fps) * (0.08, 0.16)
    for name in ("left_eye", "right_eye"):
        pose[:, JOINT_INDEX[name]] = np.column_stack([gaze, np.zeros(number)])
    active = np.zeros((number, len(names)))
    for unit, strength, change in _UNITS:
        value = np.clip(strength * wander(rng, number, 1, change * fps)[:, 0], 0, 1)
        for row, name in enumerate(names):
            if name in (unit, f"{unit}Left", f"{unit}Right"):
                active[:, row] = value * (1 + 0.1 * rng.normal())
    blink = np.zeros(number)
    for centre in rng.uniform(0, number, max(1, int(number / fps / 3))):
        blink += np.exp(-0.5 * ((np.arange(number) - centre) / (0.06 * fps)) ** 2)
    for name in ("eyeBlinkLeft", "eyeBlinkRight"):
        active[:, names.index(name)] = np.clip(blink, 0, 1)
    return active @ to_expression


def observe(model: BodyModel, motion: Motion, noise: Noise, seed: int) -> Observations:
    """Return landmarks of the motion as MediaPipe would give them, disturbed."""
    rng, number = np.random.default_rng(seed), len(motion.pose)
    transforms = transform_joints(model, motion.pose, motion.betas, motion.expression)
    marks = model.landmarks
    skin = landmark_points(model)
    places = {
        "face": skin_points(skin, transforms, motion.betas, motion.expression),
        "pose": joint_points(transforms, model.pose_points),
        "left": joint_points(transforms, model.hand_points[0]),
        "right": joint_points(transforms, model.hand_points[1]),
    }
    space = {name: p.astype(np.float64) + motion.transl[:, None] for name, p in places.items()}
    size = np.array([motion.width_px, motion.height_px])
    px = {name: p[..., :2] / p[..., 2:] * motion.focal_px + size / 2 for name, p in space.items()}
    face = np.full((number, NUM_POINTS, 3), np.nan)
    face[:, marks.mediapipe_ids, :2] = px["face"] + _disturbance(rng, px["face"].shape, noise.face_px)
    face[..., 2] = 0
    px_per_mm = np.median(np.linalg.norm(face[:, FOREHEAD, :2] - face[:, CHIN, :2], axis=1)) / 190
    ids = model.pose_points.ids
    pose, world = np.zeros((2, number, NUM_POSE_POINTS, 3))
    visibility = np.zeros((number, NUM_POSE_POINTS))
    pose[:, ids, :2] = px["pose"] + _disturbance(rng, px["pose"].shape, noise.body_mm * px_per_mm)
    inside = ((px["pose"] > 0) & (px["pose"] < size)).all(-1)
    visibility[:, ids] = np.where(inside, 0.95, 0.05)
    rows = {int(identity): row for row, identity in enumerate(ids)}
    hips = space["pose"][:, [rows[hip] for hip in HIPS]].mean(1, keepdims=True)
    world[:, ids] = space["pose"] - hips + _disturbance(rng, space["pose"].shape, noise.world_m)
    hands = [_hand(rng, space[side], px[side], size, px_per_mm, noise) for side in ("left", "right")]
    if noise.outliers:
        for points in (face, *hands, pose):
            hit = rng.random(points.shape[:2]) < noise.outliers
            points[..., :2] += hit[..., None] * rng.normal(0, noise.outlier_px, (*points.shape[:2], 2))
    return Observations(
        face=face,
        pose=pose,
        pose_visibility=visibility,
        pose_world=world,
        left_hand=hands[0],
        right_hand=hands[1],
        width_px=motion.width_px,
        height_px=motion.height_px,
        fps=motion.fps,
        focal_px=motion.focal_px,
    )


def _disturbance(rng: np.random.Generator, shape: tuple[int, ...], deviation: float) -> Array:
    """Return noise half white, half correlated over about four frames, as detectors' is."""
    slow = wander(rng, shape[0], int(np.prod(shape[1:])), 4.0).reshape(shape)
    return deviation * 0.7 * (rng.normal(size=shape) + slow)


def _hand(
    rng: np.random.Generator, space: Array, px: Array, size: Array, px_per_mm: float, noise: Noise
) -> Array:
    number = len(space)
    depth = (space[..., 2] - space[:, :1, 2]) * 1000 * px_per_mm
    hand = np.concatenate(
        [
            px + _disturbance(rng, px.shape, noise.hand_mm * px_per_mm),
            (depth + _disturbance(rng, depth.shape, noise.hand_depth_mm * px_per_mm))[..., None],
        ],
        axis=-1,
    )
    hand[~((px > 0) & (px < size)).all((1, 2))] = np.nan
    if noise.dropped_hands:
        for start in rng.integers(0, number, max(1, number // 60)):
            hand[start : start + 6] = np.nan
    return hand
