"""What was seen of the person on each frame, and how far each point is to be trusted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d

from body.face_mesh import CHIN, FACE_OVAL, FOREHEAD, INNER_LIPS, OUTER_LIPS
from body.pose_points import (
    EARS,
    ELBOWS,
    HIPS,
    INDEXES,
    KNEES,
    NOSE,
    NUM_POSE_POINTS,
    PINKIES,
    SHOULDERS,
    WRISTS,
)
from schemas.sample import unpack_landmarks
from transforms.fit_body.config import FitConfig, LandmarkNoise
from transforms.fit_body.normal import Targets
from transforms.fit_body.points import ModelPoints
from transforms.fit_body.trust import LEGS, lasting, leaps, leg_seen

Array = npt.NDArray[np.float64]
Landmarks = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]
# From the hairline to the chin in the landmark model, metres: gives px per metre at the face's depth.
FACE_HEIGHT_M = 0.190
_ARMS = (*ELBOWS, *WRISTS, *PINKIES, *INDEXES)
_TWIN_DISTANCE = 0.25  # of a hand's length, mean over points
_RATE = 25.0  # fps of the neighbours that a leap is told by
_MARGIN = 0.02  # of the picture's size, within which a point outside still counts


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Observations:
    """Landmarks of N frames in px, NaN where a part was not seen; z in px of the picture's scale.

    face (N, 478, 3); pose (N, 33, 3) with pose_visibility (N, 33) in [0, 1] and pose_world (N, 33, 3) metres
    around the hips; left_hand, right_hand (N, 21, 3). focal_px None: not known. face_detector: whose
    points the face's are, "mediapipe" or None for points without a detector's bias.
    """

    face: Landmarks
    pose: Landmarks
    pose_visibility: Landmarks
    pose_world: Landmarks
    left_hand: Landmarks
    right_hand: Landmarks
    width_px: int
    height_px: int
    fps: float
    focal_px: float | None = None
    face_detector: Literal["mediapipe"] | None = None

    @classmethod
    def from_sample(
        cls,
        arrays: Mapping[str, npt.NDArray[Any]],
        width_px: int,
        height_px: int,
        fps: float,
        focal_px: float | None = None,
    ) -> "Observations":
        """Return the landmarks of a sample's arrays (schemas.sample.ARRAYS)."""
        return cls(
            face=unpack_landmarks(arrays, "face:landmarks"),
            pose=unpack_landmarks(arrays, "pose:landmarks"),
            pose_visibility=arrays["pose:visibility"] / np.float32(255),
            pose_world=arrays["pose:world"].astype(np.float32),
            left_hand=unpack_landmarks(arrays, "hand:left_landmarks"),
            right_hand=unpack_landmarks(arrays, "hand:right_landmarks"),
            width_px=width_px,
            height_px=height_px,
            fps=fps,
            focal_px=focal_px,
            face_detector="mediapipe",
        )

    @property
    def num_frames(self) -> int:
        """N."""
        return len(self.face)

    def seen(self, part: str) -> npt.NDArray[np.bool_]:
        """Return (N,) whether "face", "pose", "left_hand" or "right_hand" was seen."""
        return np.isfinite(getattr(self, part)[:, 0, 0])

    def take(self, rows: npt.NDArray[np.intp], fps: float) -> "Observations":
        """Return some of the frames, which follow each other at `fps`."""
        return replace(
            self,
            face=self.face[rows],
            pose=self.pose[rows],
            pose_visibility=self.pose_visibility[rows],
            pose_world=self.pose_world[rows],
            left_hand=self.left_hand[rows],
            right_hand=self.right_hand[rows],
            fps=fps,
        )

    def face_height_px(self) -> float:
        """Return the median distance from hairline to chin; from the shoulders if no face was seen."""
        if self.seen("face").any():
            spans = np.linalg.norm(self.face[:, FOREHEAD, :2] - self.face[:, CHIN, :2], axis=1)
            return max(float(np.nanmedian(spans)), 4.0)
        if self.seen("pose").any():
            left, right = SHOULDERS
            spans = np.linalg.norm(self.pose[:, left, :2] - self.pose[:, right, :2], axis=1)
            return max(float(np.nanmedian(spans)) * FACE_HEIGHT_M / 0.36, 4.0)
        return 0.2 * self.height_px


def build_targets(seen: Observations, points: ModelPoints, config: FitConfig) -> Targets:
    """Return px, depths and weights of the model's points."""
    noise, face_height = config.noise, seen.face_height_px()
    px_per_mm = face_height / (FACE_HEIGHT_M * 1000)
    pose = _pose_targets(seen, points.pose_ids, noise, px_per_mm)
    face_px, face_weight = _face_targets(seen, points.face_ids, noise, face_height)
    hands = [_hand_targets(seen, part, noise, px_per_mm) for part in ("left_hand", "right_hand")]
    stacked = [np.ascontiguousarray(np.stack(group)) for group in zip(*hands, strict=True)]
    return Targets(face_px, face_weight, *pose, *stacked)


def _face_targets(
    seen: Observations, ids: npt.NDArray[np.int32], noise: LandmarkNoise, face_height: float
) -> tuple[Array, Array]:
    deviation = max(noise.face_heights * face_height, noise.min_face_px)
    trust = np.ones(len(ids))
    trust[np.isin(ids, FACE_OVAL)] = noise.contour_weight
    trust[np.isin(ids, OUTER_LIPS)] = noise.lips_weight
    trust[np.isin(ids, INNER_LIPS)] = noise.inner_lips_weight
    trust[-2:] = noise.iris_weight
    px = seen.face[:, ids, :2].astype(np.float64)
    known = np.isfinite(px).all(-1)
    return np.nan_to_num(px), known * trust / deviation


def _pose_targets(
    seen: Observations, ids: npt.NDArray[np.int32], noise: LandmarkNoise, px_per_mm: float
) -> tuple[Array, Array, Array, Array]:
    px = np.nan_to_num(seen.pose[:, ids, :2].astype(np.float64))
    visibility = np.where(seen.seen("pose")[:, None], seen.pose_visibility[:, ids], 0.0).astype(np.float64)
    size = np.array([seen.width_px, seen.height_px])
    inside = ((px > -_MARGIN * size) & (px < (1 + _MARGIN) * size)).all(-1)
    least = np.where(np.isin(ids, _ARMS), noise.min_arm_visibility, noise.min_visibility)
    trust = visibility * (visibility > least) * inside
    memory = 2 * round(noise.hand_memory_seconds * seen.fps) + 1
    for part, elbow, wrist, *knuckles in zip(
        ("left_hand", "right_hand"), ELBOWS, WRISTS, PINKIES, INDEXES, strict=True
    ):
        known = seen.seen(part)
        recent = np.asarray(maximum_filter1d(known, memory, mode="constant"), np.bool_)
        believed = recent | (trust[:, ids == elbow] > 0).any(1)
        trust[:, np.isin(ids, (wrist, *knuckles))] *= believed[:, None]
        trust[:, np.isin(ids, knuckles)] *= np.where(known, 0.0, 0.7)[:, None]
        trust[:, ids == wrist] *= np.where(known, noise.wrist_weight_with_hand, 0.7)[:, None]
    deviation = np.full(len(ids), noise.limb_mm)
    deviation[np.isin(ids, (NOSE, *EARS, *SHOULDERS))] = noise.shoulder_mm
    deviation[np.isin(ids, HIPS)] = noise.hip_mm
    world = np.nan_to_num(seen.pose_world[..., 2].astype(np.float64))
    depth = world[:, ids] - world[:, SHOULDERS].mean(1, keepdims=True)
    depth_deviation = np.full(len(ids), np.inf)
    for group, value in (
        (ELBOWS, noise.elbow_depth_m), (WRISTS, noise.wrist_depth_m), (HIPS, noise.hip_depth_m),
        (KNEES, noise.elbow_depth_m),
    ):  # fmt: skip
        depth_deviation[np.isin(ids, group)] = value
    return px, trust / (deviation * px_per_mm), depth, (trust > 0) / depth_deviation


def _hand_targets(
    seen: Observations, part: str, noise: LandmarkNoise, px_per_mm: float
) -> tuple[Array, Array, Array, Array]:
    points = getattr(seen, part).astype(np.float64)
    known = np.isfinite(points[:, :, 0])
    points = np.nan_to_num(points)
    px = points[..., :2]
    inside = ((px > 0) & (px < np.array([seen.width_px, seen.height_px]))).all(-1)
    depth = (points[..., 2] - points[:, :1, 2]) / px_per_mm / 1000
    return px, known * inside / (noise.hand_mm * px_per_mm), depth, known / noise.hand_depth_m


def without_twins(seen: Observations) -> Observations:
    """Return observations in which no hand was taken for both: the one farther from its wrist goes.

    Clasped hands stay: their points of the same name lie apart.
    """
    hands = [getattr(seen, part)[..., :2] for part in ("left_hand", "right_hand")]
    gap = np.linalg.norm(hands[0] - hands[1], axis=-1).mean(1)
    size = np.linalg.norm(hands[0] - hands[0][:, :1], axis=-1).max(1)
    twins = gap < _TWIN_DISTANCE * size
    wrists = seen.pose[:, WRISTS, :2]
    away = [np.nan_to_num(np.linalg.norm(h[:, 0] - wrists[:, i], axis=1)) for i, h in enumerate(hands)]
    left, right = seen.left_hand.copy(), seen.right_hand.copy()
    left[twins & (away[0] > away[1])] = np.nan
    right[twins & (away[0] <= away[1])] = np.nan
    return replace(seen, left_hand=left, right_hand=right)


def with_believed_limbs(seen: Observations, config: FitConfig) -> Observations:
    """Return observations in which points of limbs that are not to be believed count as not visible."""
    px, noise = seen.pose[..., :2].astype(np.float64), config.noise
    known = seen.seen("pose")[:, None] & (seen.pose_visibility > noise.min_visibility)
    step = round(seen.fps / _RATE)
    believed = known.copy()
    if step:  # at a low rate a gesture turns round between two pictures
        believed &= ~leaps(px, known, step, noise.max_leap * seen.face_height_px())
    believed = lasting(believed, round(noise.min_seen_seconds * seen.fps))
    for side in (0, 1):
        there = leg_seen(px, seen.pose_visibility, seen.width_px, seen.height_px, side, noise)
        believed[:, LEGS[side::2]] &= there[:, None] & (there.mean() >= config.min_leg_ratio)
    limbs = np.isin(np.arange(NUM_POSE_POINTS), (*_ARMS, *LEGS))
    return replace(seen, pose_visibility=np.where(believed | ~limbs, seen.pose_visibility, 0.0))
