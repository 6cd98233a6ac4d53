"""Where MediaPipe sees joints: offsets from the model's joints, found by asking MediaPipe about renders.

MediaPipe's shoulder, hip or knuckle is a point of its training data's annotators, not a joint centre. Each
is modelled as fixed in the frame of a joint, and its offset solved for over many poses and shapes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from body import pose_points
from body.model import BodyModel, JointPoints
from body.pose_points import HAND_POINTS
from body.raster import Pinhole
from body.skinning import JointTransforms, skin, transform_joints
from body.topology import JOINT_INDEX, SIDES
from tools.body_model import detect, renders
from tools.body_model.anny_source import MIRROR

Float = npt.NDArray[np.float64]

# MediaPipe's pose points of the left side: number, joint, the joint whose frame they move with. The right
# side's numbers are one higher from the shoulders on.
_HEAD_POINTS = (
    (pose_points.NOSE, "head"),
    *zip(pose_points.EYES, ("left_eye", "right_eye"), strict=True),
    *((number, "head") for number in (*pose_points.EARS, *pose_points.MOUTH)),
)
_LEFT_POINTS = (
    (pose_points.SHOULDERS[0], "shoulder", "collar"), (pose_points.ELBOWS[0], "elbow", "shoulder"),
    (pose_points.WRISTS[0], "wrist", "elbow"), (pose_points.PINKIES[0], "pinky1", "wrist"),
    (pose_points.INDEXES[0], "index1", "wrist"), (pose_points.THUMBS[0], "thumb2", "wrist"),
    (pose_points.HIPS[0], "hip", "pelvis"), (pose_points.KNEES[0], "knee", "hip"),
    (pose_points.ANKLES[0], "ankle", "knee"), (pose_points.HEELS[0], "ankle", "ankle"),
    (pose_points.TOES[0], "foot", "ankle"),
)  # fmt: skip
_TWINS: dict[int, int] = dict(
    [(pose_points.NOSE, pose_points.NOSE), pose_points.EYES, pose_points.EARS, pose_points.MOUTH]
) | {number: number + 1 for number, _, _ in _LEFT_POINTS}
_MIN_VISIBILITY = 0.6
_MIN_SIGHTINGS = 15
_ROBUST = 0.02  # metres: residuals beyond it count less and less
_DAMPING = 1e-3


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Sightings:
    """Poses drawn and what MediaPipe saw of them; translations (n, 3) metres."""

    transforms: JointTransforms
    translations: Float
    found: dict[str, Float]
    camera: Pinhole


def look(
    model: BodyModel, colours: Float, number: int, complexity: int, rng: np.random.Generator
) -> Sightings:
    """Draw random bodies and poses, two thirds from the waist up, and ask MediaPipe."""
    poses = renders.gestures(model, number, rng)
    betas = rng.normal(0, 0.8, (number, 10))
    face = np.zeros((number, 1))
    transforms = transform_joints(model, poses, betas, face)
    chest = transforms.positions[:, [JOINT_INDEX["head"], JOINT_INDEX["spine3"]]].mean(1)
    whole = np.arange(number) % 3 == 2
    centre = np.where(whole[:, None], transforms.positions[:, 0], chest)
    distance = np.where(whole, rng.uniform(2.8, 3.6, number), rng.uniform(1.1, 2.2, number))
    translations = -centre + np.stack([np.zeros(number), np.zeros(number), distance], axis=1)
    pictures = []
    for row in range(number):
        vertices, _ = skin(model, poses[row], betas[row], face[row], translations[row])
        pictures.append(renders.draw(model, vertices[0], colours, renders.BODY_CAMERA)[0])
    return Sightings(
        transforms=transforms,
        translations=translations,
        found=detect.bodies(pictures, complexity),
        camera=renders.BODY_CAMERA,
    )


def learn(sightings: Sightings) -> tuple[JointPoints, tuple[JointPoints, JointPoints]]:
    """Return the offsets of pose points and of each hand's 21 points; left and right mirror each other."""
    pose = sightings.found["pose"]
    rows: list[tuple[int, str, str]] = [(n, j, "head") for n, j in _HEAD_POINTS]
    for number, joint, frame in _LEFT_POINTS:
        for shift, side in enumerate(SIDES):
            rows.append(
                (number + shift, f"{side}_{joint}", frame if frame == "pelvis" else f"{side}_{frame}")
            )
    seen = pose[:, :, 2] > _MIN_VISIBILITY
    found = _solve_all(sightings, rows, pose[:, [r[0] for r in rows], :2], seen[:, [r[0] for r in rows]])
    pose_points = _points(rows, *_mirrored(rows, *found, _TWINS))
    hands = []
    for side in SIDES:
        points = sightings.found[f"{side}_hand"]
        listed = [
            (i, f"{side}_{joint}", f"{side}_{_frame(joint, tip)}")
            for i, (joint, tip) in enumerate(HAND_POINTS)
        ]
        offsets, spread = _solve_all(sightings, listed, points, np.isfinite(points[:, :, 0]))
        hands.append((listed, offsets, spread))
    offsets = 0.5 * (hands[0][1] + hands[1][1] * MIRROR)
    spread = 0.5 * (hands[0][2] + hands[1][2])
    left, right = _points(hands[0][0], offsets, spread), _points(hands[1][0], offsets * MIRROR, spread)
    return pose_points, (left, right)


def _frame(joint: str, tip: bool) -> str:
    """Return the joint whose frame a hand point moves with: its own for tips, else the bone before it."""
    if tip or joint == "wrist":
        return joint
    return "wrist" if joint.endswith("1") else f"{joint[:-1]}{int(joint[-1]) - 1}"


def _solve_all(
    sightings: Sightings, rows: list[tuple[int, str, str]], pixels: Float, seen: npt.NDArray[np.bool_]
) -> tuple[Float, Float]:
    offsets, spread = np.full((len(rows), 3), np.nan), np.full(len(rows), np.nan)
    size = np.array([sightings.camera.width_px, sightings.camera.height_px])
    for column, (_, joint, frame) in enumerate(rows):
        where = np.nan_to_num(pixels[:, column])
        usable = seen[:, column] & (where > 0).all(1) & (where < size).all(1)
        if usable.sum() >= _MIN_SIGHTINGS:
            offsets[column], spread[column] = _solve(
                sightings, JOINT_INDEX[joint], JOINT_INDEX[frame], where, usable
            )
    return offsets, spread


def _solve(
    sightings: Sightings, joint: int, frame: int, pixels: Float, usable: npt.NDArray[np.bool_]
) -> tuple[Float, float]:
    """Return offset (3,) and median distance in metres, by iteratively reweighted Gauss-Newton."""
    camera = sightings.camera
    turn = sightings.transforms.rotations[usable, frame].astype(np.float64)
    start = (sightings.transforms.positions[:, joint] + sightings.translations)[usable]
    offset, distance = np.zeros(3), np.zeros(0)
    for _ in range(8):
        points = start + turn @ offset
        depth = points[:, 2:]
        # In metres at the point's depth, so that near and far bodies count alike.
        residual = (pixels[usable] - camera.project(points)) * depth / camera.focal_px
        slopes = turn[:, :2] - (points[:, :2] / depth)[..., None] * turn[:, 2:]
        distance = np.linalg.norm(residual, axis=1)
        weight = 1 / (1 + (distance / _ROBUST) ** 2)
        normal = np.einsum("n,nka,nkb->ab", weight, slopes, slopes) + _DAMPING * np.eye(3)
        offset = offset + np.linalg.solve(normal, np.einsum("n,nka,nk->a", weight, slopes, residual))
    return offset, float(np.median(distance))


def _mirrored(
    rows: list[tuple[int, str, str]], offsets: Float, spread: Float, twins: dict[int, int]
) -> tuple[Float, Float]:
    """Return offsets and spreads averaged over both sides."""
    column = {number: index for index, (number, _, _) in enumerate(rows)}
    even, mean = offsets.copy(), spread.copy()
    for left, right in twins.items():
        a, b = column[left], column[right]
        even[a] = 0.5 * (offsets[a] + offsets[b] * MIRROR)
        even[b] = even[a] * MIRROR
        mean[a] = mean[b] = 0.5 * (spread[a] + spread[b])
    return even, mean


def _points(rows: list[tuple[int, str, str]], offsets: Float, spread: Float) -> JointPoints:
    known = np.isfinite(spread)
    listed = [row for row, keep in zip(rows, known, strict=True) if keep]
    return JointPoints(
        ids=np.array([number for number, _, _ in listed], np.int32),
        joints=np.array([JOINT_INDEX[joint] for _, joint, _ in listed], np.int32),
        frames=np.array([JOINT_INDEX[frame] for _, _, frame in listed], np.int32),
        offsets=offsets[known].astype(np.float32),
        spread=spread[known].astype(np.float32),
    )
