"""Principal components of hand poses, from a procedural sampler of anatomical joint angles.

No motion capture data with a free licence exists for hands, so the sample is drawn: fingers curl together,
each joint with its own noise within its range (flexion of the first joint to 1.5 rad, of the second to 1.9,
the third following the second at 0.62 of its angle), spread narrows as the fist closes.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from body.topology import FINGERS, JOINT_INDEX
from tools.body_model.tpose import unit

Float = npt.NDArray[np.float64]

_SAMPLES = 6000
_DIP_PER_PIP = 0.62
MIRROR_AXIS_ANGLE = np.tile([1.0, -1.0, -1.0], 15)  # of a pose, across the plane x = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class HandSpace:
    """Of the left hand: mean (45,), components (45, 45) in unit rows, deviations (45,), in radians."""

    mean: Float
    components: Float
    deviations: Float
    explained: Float


def learn(joints: Float, fingertips: Float) -> HandSpace:
    """Return the hand space for rest joints (55, 3) and the left fingertips (5, 3; thumb first)."""
    poses = draw(joints, fingertips, _SAMPLES, np.random.default_rng(1))
    mean = poses.mean(0)
    _, values, components = np.linalg.svd(poses - mean, full_matrices=False)
    components *= np.where(components.sum(1) < 0, -1.0, 1.0)[:, None]
    return HandSpace(
        mean=mean,
        components=components,
        deviations=values / np.sqrt(_SAMPLES),
        explained=np.cumsum(values**2) / (values**2).sum(),
    )


def draw(joints: Float, fingertips: Float, number: int, rng: np.random.Generator) -> Float:
    """Return left hand poses (number, 45), axis-angle in SMPL-X's order of fingers."""
    pose = np.zeros((number, 15, 3))
    fist = rng.beta(1.2, 2.2, number)
    down = np.array([0.0, -1.0, 0.0])
    for index, finger in enumerate(FINGERS[:4]):
        first, last = (joints[JOINT_INDEX[f"left_{finger}{k}"]] for k in (1, 3))
        hinge = unit(np.cross(last - first, down))
        single = (rng.random(number) < 0.2) * rng.uniform(-0.4, 0.6, number)  # pointing, counting
        curl = np.clip(0.7 * fist + rng.normal(0, 0.18, number) + single, -0.08, 1.1)
        spread = rng.normal(0, 0.09, number) * (1 - 0.7 * np.clip(curl, 0, 1))
        second = np.clip(1.7 * curl + rng.normal(0, 0.15, number), -0.05, 1.9)
        flexion = np.clip(1.4 * curl + rng.normal(0, 0.12, number), -0.3, 1.5)
        pose[:, 3 * index] = flexion[:, None] * hinge - spread[:, None] * down
        pose[:, 3 * index + 1] = second[:, None] * hinge
        pose[:, 3 * index + 2] = _DIP_PER_PIP * second[:, None] * hinge
    pose[:, 12:] = _thumb(joints, fingertips[0], number, rng)
    return pose.reshape(number, 45)


def _thumb(joints: Float, tip: Float, number: int, rng: np.random.Generator) -> Float:
    """Return (number, 3, 3): the first joint moves about three axes, the other two only bend."""
    chain = [joints[JOINT_INDEX[f"left_thumb{k}"]] for k in (1, 2, 3)]
    knuckles = np.stack([joints[JOINT_INDEX[f"left_{n}"]] for n in ("index1", "pinky1", "wrist")])
    palm = knuckles.sum(0) / 3
    along = unit(chain[2] - chain[0])
    inwards: Float = palm - tip
    bend: Float = unit(np.asarray(np.cross(along, inwards), np.float64))
    aside = unit(np.asarray(np.cross(bend, along), np.float64))
    turns = rng.normal([0.15, 0.0, 0.0], [0.25, 0.22, 0.12], (number, 3))
    second = np.clip(rng.normal(0.25, 0.30, number), -0.3, 1.0)
    third = np.clip(0.9 * second + rng.normal(0, 0.15, number), -0.4, 1.2)
    first = turns @ np.stack([bend, aside, along])
    return np.stack([first, second[:, None] * bend, third[:, None] * bend], axis=1)
