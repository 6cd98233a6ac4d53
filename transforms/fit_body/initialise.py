"""Where the fit starts: upright, turned as the shoulders are, arms as BlazePose sees them, face in place."""

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from body.face_mesh import SKIN
from body.pose_points import ELBOWS, NOSE, SHOULDERS, WRISTS
from body.skinning import rotation_matrices
from body.topology import JOINT_INDEX, SIDES
from transforms.fit_body.layout import OFFSETS, ROOT
from transforms.fit_body.normal import Problem
from transforms.fit_body.observations import FACE_HEIGHT_M, Observations

Array = npt.NDArray[np.float64]
_ARMS = tuple(zip(SIDES, (1.0, -1.0), SHOULDERS, ELBOWS, WRISTS, strict=True))
_MAX_TURN = 1.2  # rad from the clip's mean yaw; more is a body detector that swapped sides
_MIN_BEND = 0.1  # rad of the elbow, below which its axis is not known


def mean_orientation(seen: Observations) -> tuple[Array, Array]:
    """Return an upright body's orientation (3, 3) for the clip and each frame's further yaw (N,) rad.

    Only yaw is taken from the shoulders: BlazePose leans people forward or back at random.
    """
    known = seen.seen("pose")
    yaw = np.zeros(seen.num_frames)
    if known.any():
        world = seen.pose_world[known].astype(np.float64)
        across = world[:, SHOULDERS[0]] - world[:, SHOULDERS[1]]
        turns = np.arctan2(-across[:, 2], across[:, 0])
        middle = np.angle(np.exp(1j * turns).mean())
        yaw[:] = middle
        yaw[known] = turns
        yaw = np.angle(np.exp(1j * (yaw - middle)))
        yaw[np.abs(yaw) > _MAX_TURN] = 0
    else:
        middle = 0.0
    c, s = np.cos(middle), np.sin(middle)
    # The rest pose has y up and z forward, the camera y down and z away: half a turn about x, then yaw.
    return np.array([[c, 0, -s], [0, -1, 0], [-s, 0, -c]]), yaw


def initial(problem: Problem, seen: Observations, focal: float) -> tuple[Array, Array]:
    """Return first parameters (N, D) and the clip's mean orientation (3, 3)."""
    layout, number = problem.layout, seen.num_frames
    root, yaw = mean_orientation(seen)
    x = np.tile(layout.mean, (number, 1))
    x[:, :3] = 0
    x[:, ROOT + 1] = yaw
    turned = rotation_matrices(x[:, ROOT : ROOT + 3]).astype(np.float64) @ root
    _place_arms(x, seen, turned)
    x[:, :3] = (
        _head_place(seen, focal)
        - turned @ (problem.skeleton.rest[JOINT_INDEX["head"]] - problem.skeleton.rest[0])
        - problem.skeleton.rest[0]
    )
    return x, root


def _head_place(seen: Observations, focal: float) -> Array:
    """Return where the head is (N, 3) m, from the size and place of the face or of the body's nose."""
    height = seen.face_height_px()
    depth = focal * FACE_HEIGHT_M / height
    centre = seen.face[:, SKIN, :2].astype(np.float64).mean(1)
    nose = seen.pose[:, NOSE, :2].astype(np.float64)
    centre = np.where(np.isfinite(centre), centre, nose)
    known = np.isfinite(centre[:, 0])
    if not known.any():
        centre[:] = (seen.width_px / 2, seen.height_px / 3)
    else:
        frames = np.arange(len(centre))
        for axis in range(2):
            centre[:, axis] = np.interp(frames, frames[known], centre[known, axis])
    offset = (centre - np.array([seen.width_px, seen.height_px]) / 2) / focal * depth
    return np.concatenate([offset, np.full((len(centre), 1), depth)], axis=1)


def _place_arms(x: Array, seen: Observations, turned: Array) -> None:
    """Turn shoulders and elbows so that upper and lower arms point as in the body's world landmarks."""
    world = np.nan_to_num(seen.pose_world.astype(np.float64))
    known = seen.seen("pose")
    for side, sign, shoulder, elbow, wrist in _ARMS:
        upper = _unit(np.einsum("nba,nb->na", turned, world[:, elbow] - world[:, shoulder]))
        lower = _unit(np.einsum("nba,nb->na", turned, world[:, wrist] - world[:, elbow]))
        bend = np.arccos(np.clip((upper * lower).sum(1), -1, 1))
        visible = seen.pose_visibility[:, [elbow, wrist]].min(1) > 0.5
        use = np.flatnonzero(known & visible & (bend > _MIN_BEND))
        axis = _unit(np.cross(upper, lower))
        rest = np.array([[sign, 0, 0], [0, -sign, 0], np.cross([sign, 0, 0], [0, -sign, 0])]).T
        aim = np.stack([upper, axis, np.cross(upper, axis)], axis=-1)[use]
        first = OFFSETS[f"{side}_shoulder"]
        x[use, first : first + 3] = axis_angles(aim @ rest.T)
        first = OFFSETS[f"{side}_elbow"]
        x[use, first : first + 3] = 0
        x[use, first + 1] = -sign * bend[use]


def _unit(vectors: Array) -> Array:
    return vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-9)


def axis_angles(matrices: npt.NDArray[np.floating]) -> Array:
    """Return axis-angle vectors (..., 3) of rotations (..., 3, 3), angles in [0, pi]."""
    flat = np.asarray(matrices, np.float64).reshape(-1, 3, 3)
    return Rotation.from_matrix(flat).as_rotvec().reshape(*matrices.shape[:-2], 3)
