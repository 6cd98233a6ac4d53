"""A real speaker's SMPL-X track (SHOW's format) as a motion of our body model, to project and refit.

Rotations and translation are taken as they are. Coefficients of shape, expression and hands mean other
things in another model; here they serve as coefficients of ours, within what ours allows, for the sake of
their real course over time.
"""

from pathlib import Path

import numpy as np

from benchmarks.fit_sequences import Motion
from body.model import BodyModel
from schemas.npz import read_arrays

_NAMES = (
    "global_orient", "body_pose_axis", "jaw_pose", "leye_pose", "reye_pose", "left_hand_pose",
    "right_hand_pose", "expression", "betas", "transl", "camera_transl", "focal_length", "width", "height",
)  # fmt: skip
_MAX_DEVIATIONS = 2.0


def track_files(folder: Path) -> list[Path]:
    """Return the tracks in a data folder's `body`."""
    return sorted((folder / "body").glob("*.npz"))


def read_track(model: BodyModel, path: Path, first: int = 0, number: int = 150, fps: float = 30.0) -> Motion:
    """Return frames of a track as a motion of the model, seen by the track's camera."""
    arrays = read_arrays(path, _NAMES)
    some = slice(first, first + number)
    hands = []
    for side, name in enumerate(("left_hand_pose", "right_hand_pose")):
        z = arrays[name][some].astype(np.float64)
        bound = _MAX_DEVIATIONS * model.hands.deviations[: z.shape[1]]
        components = model.hands.components[side, : z.shape[1]]
        hands.append(model.hands.mean[side] + np.clip(z, -bound, bound) @ components)
    pose = np.concatenate(
        [
            arrays["global_orient"][some].reshape(-1, 3),
            *(arrays[name][some] for name in ("body_pose_axis", "jaw_pose", "leye_pose", "reye_pose")),
            *hands,
        ],
        axis=1,
    )
    count = model.points.expression_dirs.shape[-1]
    # The track's camera has y up, its body y down.
    camera = arrays["camera_transl"].astype(np.float64) * (1, -1, 1)
    return Motion(
        pose=pose.astype(np.float64),
        expression=np.clip(arrays["expression"][some, :count].astype(np.float64), -2.5, 2.5),
        betas=arrays["betas"][0, : model.points.shape_dirs.shape[-1]].astype(np.float64),
        transl=arrays["transl"][some].astype(np.float64) + camera,
        focal_px=float(arrays["focal_length"]),
        width_px=int(arrays["width"]),
        height_px=int(arrays["height"]),
        fps=fps,
    )
