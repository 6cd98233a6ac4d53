"""Landmarks that were found on frames, as the fitter takes them, and what it makes of them as a track."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from backends.protocols.pictures import FrameLandmarks
from body.face_mesh import NUM_POINTS
from body.pose_points import NUM_HAND_POINTS, NUM_POSE_POINTS
from body.track import BodyTrack
from transforms.fit_body import Fit, Observations


def observed(frames: Sequence[FrameLandmarks], width_px: int, height_px: int, fps: float) -> Observations:
    """Return landmarks of N frames that follow each other."""

    def points(part: str, *shape: int) -> npt.NDArray[np.float32]:
        missing = np.full(shape, np.nan, np.float32)
        found = [getattr(frame, part) for frame in frames]
        return np.stack([missing if one is None else one for one in found]).astype(np.float32)

    return Observations(
        face=points("face", NUM_POINTS, 3),
        pose=points("pose", NUM_POSE_POINTS, 3),
        pose_visibility=np.nan_to_num(points("pose_visibility", NUM_POSE_POINTS)),
        pose_world=np.nan_to_num(points("pose_world", NUM_POSE_POINTS, 3)),
        left_hand=points("left_hand", NUM_HAND_POINTS, 3),
        right_hand=points("right_hand", NUM_HAND_POINTS, 3),
        width_px=width_px,
        height_px=height_px,
        fps=fps,
        face_detector="mediapipe",
    )


def fitted_track(fit: Fit) -> BodyTrack:
    """Return a fit as what exporters, drawings and models take."""
    shared = {"betas": fit.betas, "focal_length_px": fit.focal_length_px, "model_id": fit.model_id}
    return BodyTrack.from_sample(fit.arrays(), shared, fit.fps, fit.width_px, fit.height_px)
