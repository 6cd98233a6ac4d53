"""Tracks of a body in motion, made of a seed."""

from typing import Any

import numpy as np

from body.model import BodyModel
from body.topology import JOINT_INDEX
from body.track import TRACK_PARAMETERS, TRACK_PARTS, BodyTrack


def make_track(model: BodyModel, num_frames: int = 12, seed: int = 0, num_expression: int = 10) -> BodyTrack:
    """Return a person upright before the camera, arms hanging, every joint swaying."""
    rng = np.random.default_rng(seed)
    times = np.arange(num_frames)[:, None] / 25

    def sway(width: int, size: float) -> np.ndarray:
        return size * np.sin(times * rng.uniform(1, 6, width) + rng.uniform(0, 6, width))

    body = sway(63, 0.15)
    body[:, (JOINT_INDEX["left_shoulder"] - 1) * 3 + 2] -= 1.1
    body[:, (JOINT_INDEX["right_shoulder"] - 1) * 3 + 2] += 1.1
    values = {
        "transl": sway(3, 0.1) + np.array([0.0, 0.3, 2.0]),
        "global_orient": sway(3, 0.2) + np.array([np.pi, 0.0, 0.0]),
        "body_pose": body,
        "jaw": np.abs(sway(3, 0.25)) * [1.0, 0.2, 0.05],
        "left_eye": sway(3, 0.15) * [1.0, 1.0, 0.0],
        "right_eye": sway(3, 0.15) * [1.0, 1.0, 0.0],
        "left_hand": sway(45, 0.3) + model.hands.mean[0],
        "right_hand": sway(45, 0.3) + model.hands.mean[1],
        "expression": sway(num_expression, 1.2),
    }
    seen = np.ones(num_frames, bool)
    seen[-1] = False
    return BodyTrack(
        **{name: value.astype(np.float32) for name, value in values.items()},
        betas=rng.normal(0, 1, 10).astype(np.float32),
        fps=25.0,
        focal_length_px=400.0,
        width=320,
        height=240,
        model_id=model.model_id,
        valid={part: seen.copy() for part in TRACK_PARTS},
    )


def sample_of(track: BodyTrack) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays and the body_fit record of the sample that stores a track."""
    arrays = {f"smplx:{name}": getattr(track, name) for name in TRACK_PARAMETERS}
    for part, mask in track.valid.items():
        arrays[f"valid:smplx_{part}"] = mask
        arrays[f"smplx:{part}_error_px"] = np.ones(track.num_frames, np.float32)
    fit = {"betas": tuple(track.betas.tolist()), "focal_length_px": 400.0, "model_id": track.model_id}
    return arrays, fit
