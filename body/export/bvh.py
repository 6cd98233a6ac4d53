"""BVH: the skeleton alone, in SMPL-X's joint names, centimetres and degrees, y up.

Every joint has the channels Zrotation Xrotation Yrotation, R = Rz(z) Rx(x) Ry(y) on column vectors, which
keeps the singular angle (x = 90 degrees) away from how heads, spines and elbows turn. The root's OFFSET is
zero and its position channels say where the pelvis is, which readers that add both and readers that replace
one by the other understand alike. Leaves end at the vertex of their own skin that is farthest from them.
"""

import numpy as np
import numpy.typing as npt

from body.export.skeleton import Array, matrices, skeleton_motion
from body.model import BodyModel
from body.topology import JOINT_NAMES
from body.track import BodyTrack

_CM = 100.0
_GIMBAL = 1e-6  # of the cosine of x, below which only the sum of the other two angles is known


def bvh_text(model: BodyModel, track: BodyTrack) -> str:
    """Return the file's text.

    Raises:
        BadInputError: if the track belongs to another model.
    """
    motion = skeleton_motion(model, track)
    offsets = motion.offsets * _CM
    order: list[int] = []
    lines = ["HIERARCHY", *_joint_lines(model, track, offsets, motion.rest, 0, order)]
    angles = np.degrees(euler_zxy(matrices(motion.rotations)))
    angles = np.unwrap(angles, period=360.0, axis=0)[:, order].reshape(track.num_frames, -1)
    rows = np.concatenate([motion.root * _CM, angles], axis=1)
    lines += ["MOTION", f"Frames: {track.num_frames}", f"Frame Time: {1 / track.fps:.9f}"]
    lines += [" ".join(f"{value:.5f}" for value in row) for row in rows + 0.0]
    return "\n".join(lines) + "\n"


def euler_zxy(rotations: Array) -> Array:
    """Return angles (..., 3) about z, x and y in radians with R = Rz Rx Ry, x within a quarter turn."""
    sine = np.clip(rotations[..., 2, 1], -1.0, 1.0)
    cosine = np.hypot(rotations[..., 2, 0], rotations[..., 2, 2])
    locked = cosine < _GIMBAL
    about_z = np.arctan2(-rotations[..., 0, 1], rotations[..., 1, 1])
    about_z = np.where(locked, np.arctan2(rotations[..., 1, 0], rotations[..., 0, 0]), about_z)
    about_y = np.where(locked, 0.0, np.arctan2(-rotations[..., 2, 0], rotations[..., 2, 2]))
    return np.stack([about_z, np.arctan2(sine, cosine), about_y], axis=-1)


def _joint_lines(
    model: BodyModel, track: BodyTrack, offsets: Array, rest: Array, joint: int, order: list[int]
) -> list[str]:
    """Return the lines of a joint and those below it; `order` receives the joints as they are written."""
    order.append(joint)
    position = "6 Xposition Yposition Zposition" if joint == 0 else "3"
    kind = "ROOT" if joint == 0 else "JOINT"
    inside = [
        f"OFFSET {_numbers(offsets[joint])}",
        f"CHANNELS {position} Zrotation Xrotation Yrotation",
    ]
    below = np.flatnonzero(model.parents == joint)
    for child in below:
        inside += _joint_lines(model, track, offsets, rest, int(child), order)
    if not len(below):
        end = _end(model, track, joint, rest) * _CM
        inside += ["End Site", "{", f"  OFFSET {_numbers(end)}", "}"]
    return [f"{kind} {JOINT_NAMES[joint]}", "{", *(f"  {line}" for line in inside), "}"]


def _end(model: BodyModel, track: BodyTrack, joint: int, rest: Array) -> Array:
    """Return the tip (3,) of a joint's own skin in metres from the joint; half its bone if it has none."""
    rows = np.flatnonzero(model.points.weights.argmax(1) == joint)
    if not len(rows):
        return (rest[joint] - rest[model.parents[joint]]) / 2
    points = model.points.take(rows)
    shaped = points.template + points.shape_dirs[..., : len(track.betas)] @ track.betas
    arms = shaped.astype(np.float64) - rest[joint]
    return arms[np.linalg.norm(arms, axis=1).argmax()]


def _numbers(values: npt.NDArray[np.floating]) -> str:
    return " ".join(f"{value:.6f}" for value in values + 0.0)  # + 0.0: no minus before zeros
