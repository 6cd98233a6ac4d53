"""Steady the shoulders and hips of a person by how the picture of their torso moves from frame to frame.

A pose network places shoulders on each picture anew: under clothes they wander by centimetres while the
person keeps still, and a body that is fitted to them sways. What the picture shows of clothes says little
about where a shoulder is and much about how far it moved, so the two are put together: landmarks give the
place, points tracked between pictures (Lucas & Kanade; Bouguet 2001) the motion. Dong et al.
(Supervision-by-Registration, CVPR 2018) steady a landmark network in training by the same two.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from scipy.linalg import solveh_banded

from backends.protocols.arrays import RgbImage
from backends.protocols.pictures import FrameLandmarks
from body.pose_points import HIPS, SHOULDERS
from schemas.bounds import Positive

Float = npt.NDArray[np.float64]
Grey = npt.NDArray[np.uint8]
STEADIED = (*SHOULDERS, *HIPS)
_CV: Any = cv2  # whose types do not say that functions of its trackers take and answer None

_LEAST_VISIBILITY = 0.3  # below it a landmark says nothing of its place
# Tracked points: how many, how far apart (px of the small picture), least texture against the best.
_MOST_POINTS, _APART_PX, _LEAST_TEXTURE = 60, 4, 0.003
_LEAST_POINTS, _LEAST_AGREEING = 8, 0.5  # that must move as one, and their share of all
_WINDOW_PX, _LEVELS = 15, 3  # of the tracker
_BACK_PX = 0.3  # a point that is tracked there and back must return to within this
_AGREE_PX = 0.5  # and lie so near to where the torso's motion takes it
# The torso in face heights: from above the line of the shoulders to below it, and at least so wide.
_ABOVE, _BELOW, _LEAST_WIDTH = 0.15, 2.0, 1.0
# What is not the torso, with so much around it (face heights): the face and what hangs from it, hands.
_FACE_MARGIN, _HAND_MARGIN = 0.2, 0.15
_UNTRACKED = 8.0  # times the error of a tracked step is that of a landmark's own
_ROUNDS = 2  # the motion of a point depends a little on where it is


@dataclass(frozen=True, kw_only=True, slots=True)
class TorsoConfig:
    """How shoulders and hips are steadied; deviations are in face heights (hairline to chin).

    wander: how far a landmark strays from its place, over seconds. step: error of a tracked step between two
    frames. Their ratio is the number of frames after which landmarks outweigh what was tracked: 100.
    """

    enabled: bool = True
    wander: Positive = 0.26
    step: Positive = 0.0026
    face_px: Positive = 160.0  # pictures are made smaller until faces are so high
    # And their longer side is so long: 480 px and 150 points gain no more, and take half as much time again.
    longest_px: Positive = 320.0


class TorsoTracker:
    """Follows the torso of one person through frames that follow each other."""

    def __init__(self, face_height_px: float, config: TorsoConfig) -> None:
        """Prepare for frames in which a face is about so high."""
        self._config = config
        self._face_height_px = max(face_height_px, 1.0)
        self._last: tuple[Grey, FrameLandmarks] | None = None
        self._steps: list[Float | None] = []

    def update(self, image: RgbImage, found: FrameLandmarks, repeated: bool = False) -> None:
        """Take the next frame (H, W, 3) and what was found on it; repeated: it shows the last one again."""
        if not self._config.enabled:
            return
        if repeated and self._last is not None:
            self._steps.append(np.eye(2, 3))
            return
        scale = self._scale(image)
        size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
        small = image if scale == 1 else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
        self._steps.append(self._step(grey, scale))
        self._last = (grey, found)

    def steadied(self, frames: Sequence[FrameLandmarks]) -> list[FrameLandmarks]:
        """Return the frames' landmarks, shoulders and hips steadied; x and y alone, where they were seen."""
        seen = [row for row, frame in enumerate(frames) if frame.pose is not None]
        if not seen or all(step is None for step in self._steps[1:]):
            return list(frames)
        places = np.full((len(frames), len(STEADIED), 2), np.nan)
        for row in seen:
            pose, visibility = frames[row].pose, frames[row].pose_visibility
            assert pose is not None
            places[row] = pose[list(STEADIED), :2]
            if visibility is not None:
                places[row, visibility[list(STEADIED)] < _LEAST_VISIBILITY] = np.nan
        tracked = np.array([step is not None for step in self._steps[1:]], np.bool_)
        motion = np.stack([np.eye(2, 3) if step is None else step for step in self._steps[1:]])
        step_error = self._config.step * self._face_height_px
        errors = np.where(tracked, step_error, _UNTRACKED * step_error)
        wander = self._config.wander * self._face_height_px
        points = range(len(STEADIED))
        steady = np.stack([_fused(places[:, i], motion, tracked, errors, wander) for i in points], axis=1)
        return [
            frame if frame.pose is None else replace(frame, pose=_placed(frame.pose, steady[row]))
            for row, frame in enumerate(frames)
        ]

    def _scale(self, image: RgbImage) -> float:
        return min(
            1.0, self._config.face_px / self._face_height_px, self._config.longest_px / max(image.shape[:2])
        )

    def _step(self, grey: Grey, scale: float) -> Float | None:
        """Return how the torso moved since the last frame, (2, 3) in px of the frame: x' = A x + b; None if
        that cannot be told.
        """
        if self._last is None or self._last[0].shape != grey.shape:
            return None
        before, found = self._last
        where = _torso_mask(found, before.shape, scale, self._face_height_px * scale)
        if where is None:
            return None
        step = _motion(before, grey, where)
        if step is not None:
            step[:, 2] /= scale
        return step


def _torso_mask(found: FrameLandmarks, shape: tuple[int, ...], scale: float, face_px: float) -> Grey | None:
    """Return where the torso is, 255; None where the shoulders are not known."""
    if found.pose is None or not np.isfinite(found.pose[list(SHOULDERS), :2]).all():
        return None
    left, right = (found.pose[i, :2].astype(np.float64) * scale for i in SHOULDERS)
    middle, half = (left + right) / 2, (left - right) / 2
    half *= max(1.0, 0.5 * _LEAST_WIDTH * face_px / max(float(np.linalg.norm(half)), 1e-6))
    up, down = np.array([0, -_ABOVE * face_px]), np.array([0, _BELOW * face_px])
    corners = [middle + half + up, middle - half + up, middle - half + down, middle + half + down]
    mask = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(mask, _pixels(np.stack(corners)), 255)
    for points, margin in (
        (found.face, _FACE_MARGIN), (found.left_hand, _HAND_MARGIN), (found.right_hand, _HAND_MARGIN),
    ):  # fmt: skip
        if points is not None and np.isfinite(points[:, :2]).all():
            outline = cv2.convexHull(_pixels(points[:, :2] * scale))
            cv2.fillConvexPoly(mask, outline, 0)
            cv2.polylines(mask, [outline], True, 0, max(1, round(2 * margin * face_px)))
    return mask


def _pixels(points: npt.NDArray[np.floating]) -> npt.NDArray[np.int32]:
    # Far outside is as good as outside; OpenCV's drawing overflows beyond 2^15.
    return np.clip(np.rint(points), -16_000, 16_000).astype(np.int32)


def _motion(before: Grey, after: Grey, where: Grey) -> Float | None:
    """Return the similarity (2, 3) that most of the points in a mask follow from one picture to the next."""
    points = _CV.goodFeaturesToTrack(before, _MOST_POINTS, _LEAST_TEXTURE, _APART_PX, mask=where)
    if points is None or len(points) < _LEAST_POINTS:
        return None
    moved, there = _tracked(before, after, points)
    back, here = _tracked(after, before, moved)
    lost: Float = np.linalg.norm(back - points, axis=-1)[:, 0]
    kept = np.flatnonzero(there & here & (lost < _BACK_PX))
    if len(kept) < _LEAST_POINTS:
        return None
    found, agreeing = _CV.estimateAffinePartial2D(
        points[kept], moved[kept], method=cv2.RANSAC, ransacReprojThreshold=_AGREE_PX, confidence=0.999
    )
    if found is None or agreeing.sum() < max(_LEAST_POINTS, _LEAST_AGREEING * len(points)):
        return None
    return np.asarray(found, np.float64)


def _tracked(before: Grey, after: Grey, points: Any) -> tuple[Any, npt.NDArray[np.bool_]]:
    """Return where points (K, 1, 2) are on the next picture, and whether each was found (K,)."""
    window = (_WINDOW_PX, _WINDOW_PX)
    moved, found, _ = _CV.calcOpticalFlowPyrLK(before, after, points, None, winSize=window, maxLevel=_LEVELS)
    return moved, np.asarray(found[:, 0] > 0, np.bool_)


def _fused(
    places: Float, motion: Float, tracked: npt.NDArray[np.bool_], errors: Float, wander: float
) -> Float:
    """Return places (N, 2) of a point that moves by the steps (N - 1, 2, 3) and stays near where it was seen.

    The least squares of both, weighted by their deviations in px. A step that could not be tracked is the
    landmark's own, believed less; where a point was not seen, NaN stays.
    """
    known = np.asarray(np.isfinite(places).all(1), np.bool_)
    if not known.any():
        return places
    rows = np.arange(len(places))
    columns: list[Float] = [np.interp(rows, rows[known], column[known]) for column in places.T]
    at = np.stack(columns, axis=1)
    own = np.diff(at, axis=0)
    coupled: Float = 1 / errors**2
    pulled: Float = known / wander**2
    wanted = np.nan_to_num(places) * pulled[:, None]
    band = np.zeros((2, len(places)))
    band[1] = pulled
    band[1, 1:] += coupled
    band[1, :-1] += coupled
    band[0, 1:] = -coupled
    for _ in range(_ROUNDS):
        moves = np.einsum("nab,nb->na", motion[:, :, :2], at[:-1]) + motion[:, :, 2] - at[:-1]
        pull = coupled[:, None] * np.where(tracked[:, None], moves, own)
        right = wanted.copy()
        right[1:] += pull
        right[:-1] -= pull
        at = np.asarray(solveh_banded(band, right), np.float64)
    return np.where(known[:, None], at, places)


def _placed(pose: npt.NDArray[np.floating], steady: Float) -> npt.NDArray[np.float32]:
    """Return pose (33, 3) with the steadied points (4, 2) that are known."""
    placed = np.array(pose, np.float32)
    points = list(STEADIED)
    placed[points, :2] = np.where(np.isfinite(steady), steady, placed[points, :2])
    return placed
