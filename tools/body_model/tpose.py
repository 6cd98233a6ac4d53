"""Turning anny's rest pose (arms hanging at 45 degrees, fingers bent) into SMPL-X's T-pose.

Arms lie along x, palms face down, fingers are straight. Every body is turned by its own bone directions, so
that the same pose parameters mean the same directions for every shape.
"""

import numpy as np
import numpy.typing as npt

from body.topology import JOINT_INDEX, NUM_JOINTS, PARENTS, SIDES
from tools.body_model.anny_source import FINGER_NUMBERS, Bodies, Mesh

Float = npt.NDArray[np.float64]

# Turning the palm down twists the hand against the upper arm; the forearm shares it along its length, or
# the skin at the wrist would be wrung: its upper half takes 0.35 of the angle, its lower half 0.80.
_TWIST_UPPER, _TWIST_LOWER = 0.35, 0.80
_STRAIGHT_FINGERS = ("index", "middle", "ring", "pinky")
_FINGER_SPREAD = 0.6  # of the spread that the first bones have in anny's rest pose


def unit(vectors: Float) -> Float:
    """Return vectors (..., 3) scaled to length 1."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def cross_matrix(axis: Float) -> Float:
    """Return the matrices (..., 3, 3) with K(a) b = a x b."""
    zero = np.zeros(axis.shape[:-1])
    x, y, z = axis[..., 0], axis[..., 1], axis[..., 2]
    rows = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1)
    return rows.reshape(*axis.shape[:-1], 3, 3)


def turn_about(axis: Float, angle: Float) -> Float:
    """Return rotations (n, 3, 3) about unit axes (n, 3) by angles (n,) in radians (Rodrigues)."""
    k = cross_matrix(axis)
    return np.eye(3) + np.sin(angle)[:, None, None] * k + (1 - np.cos(angle))[:, None, None] * (k @ k)


def shortest_turn(start: Float, end: Float) -> Float:
    """Return the rotations (n, 3, 3) of least angle that take directions (n, 3) to others."""
    a, b = unit(start), unit(end)
    k = cross_matrix(np.cross(a, b))
    return np.eye(3) + k + k @ k / (1 + (a * b).sum(-1))[:, None, None]


def _apply(rotations: Float, vectors: Float) -> Float:
    return np.einsum("nij,nj->ni", rotations, vectors)


def _arm(joints: Float, tips: Float, side: str, rotations: Float) -> Float:
    """Fill the global rotations (n, 55, 3, 3) of one arm; return the palm's twist (n,) in radians."""

    def at(name: str) -> Float:
        return joints[:, JOINT_INDEX[f"{side}_{name}"]]

    sign = 1.0 if side == "left" else -1.0
    along = np.tile([sign, 0.0, 0.0], (len(joints), 1))
    upper, fore = unit(at("elbow") - at("shoulder")), unit(at("wrist") - at("elbow"))
    hinge = unit(np.cross(upper, fore))  # the elbow bends about it; in the T-pose it is vertical
    vertical = np.tile([0.0, -sign, 0.0], (len(joints), 1))
    before = np.stack([upper, hinge, np.cross(upper, hinge)], axis=-1)
    after = np.stack([along, vertical, np.cross(along, vertical)], axis=-1)
    shoulder = after @ before.swapaxes(-1, -2)
    elbow = shortest_turn(_apply(shoulder, fore), along) @ shoulder
    untwisted = shortest_turn(_apply(elbow, unit(at("middle1") - at("wrist"))), along) @ elbow
    normal = _apply(untwisted, np.cross(at("index1") - at("wrist"), at("pinky1") - at("wrist")))
    normal = unit(normal - along * (normal * along).sum(-1, keepdims=True))
    twist = np.arctan2((np.cross(normal, -vertical) * along).sum(-1), (normal * -vertical).sum(-1))
    wrist = turn_about(along, twist) @ untwisted
    rotations[:, JOINT_INDEX[f"{side}_shoulder"]] = shoulder
    rotations[:, JOINT_INDEX[f"{side}_elbow"]] = turn_about(along, twist * _TWIST_UPPER) @ elbow
    rotations[:, JOINT_INDEX[f"{side}_wrist"]] = wrist
    for index, finger in enumerate(FINGER_NUMBERS):
        chain = [at(f"{finger}{k}") for k in (1, 2, 3)] + [tips[:, index]]
        turned = wrist
        target = _apply(wrist, unit(chain[1] - chain[0])) * [1.0, 0.0, _FINGER_SPREAD]
        for k in (1, 2, 3):
            if finger in _STRAIGHT_FINGERS:
                turned = shortest_turn(_apply(turned, chain[k] - chain[k - 1]), target) @ turned
            rotations[:, JOINT_INDEX[f"{side}_{finger}{k}"]] = turned
    return twist


def to_t_pose(bodies: Bodies, mesh: Mesh) -> Bodies:
    """Return the bodies in T-pose, each with its pelvis joint at the origin."""
    number = len(bodies.vertices)
    rotations = np.tile(np.eye(3), (number, NUM_JOINTS, 1, 1))
    twists = [_arm(bodies.joints, bodies.fingertips[:, i], side, rotations) for i, side in enumerate(SIDES)]
    posed = bodies.joints.copy()
    for joint in range(1, NUM_JOINTS):
        parent = PARENTS[joint]
        bone = bodies.joints[:, joint] - bodies.joints[:, parent]
        posed[:, joint] = posed[:, parent] + _apply(rotations[:, parent], bone)
    shifts = posed - np.einsum("njab,njb->nja", rotations, bodies.joints)
    transforms = np.concatenate([rotations, shifts[..., None]], axis=-1)
    vertices = np.empty_like(bodies.vertices)
    for row in range(number):
        blended = (mesh.weights @ transforms[row].reshape(NUM_JOINTS, 12)).reshape(-1, 3, 4)
        for i, side in enumerate(SIDES):
            _twist_forearm(
                blended, mesh.forearm_twist[:, i], side, twists[i][row], transforms[row], posed[row]
            )
        vertices[row] = np.einsum("vab,vb->va", blended[:, :, :3], bodies.vertices[row]) + blended[:, :, 3]
    tips = bodies.fingertips.copy()
    for i, side in enumerate(SIDES):
        last = [JOINT_INDEX[f"{side}_{finger}3"] for finger in FINGER_NUMBERS]
        bones = bodies.fingertips[:, i] - bodies.joints[:, last]
        tips[:, i] = posed[:, last] + np.einsum("njab,njb->nja", rotations[:, last], bones)
    pelvis = posed[:, :1]
    return Bodies(
        vertices=vertices - pelvis.astype(np.float32),
        joints=posed - pelvis,
        fingertips=tips - pelvis[:, None],
    )


def _twist_forearm(
    blended: Float, weight: Float, side: str, twist: float, transforms: Float, posed: Float
) -> None:
    """Add, in place, what the lower forearm turns more than the elbow; blended is (V, 3, 4)."""
    elbow = JOINT_INDEX[f"{side}_elbow"]
    axis = np.array([[1.0 if side == "left" else -1.0, 0.0, 0.0]])
    more = turn_about(axis, np.array([twist * (_TWIST_LOWER - _TWIST_UPPER)]))[0]
    turned = more @ transforms[elbow]
    turned[:, 3] += posed[elbow] - more @ posed[elbow]
    rows = np.nonzero(weight > 1e-4)[0]
    blended[rows] += weight[rows, None, None] * (turned - transforms[elbow])
