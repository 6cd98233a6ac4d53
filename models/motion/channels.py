"""A frame of motion as one vector: which numbers of it are what, and the way there and back.

The face (expression, jaw, gaze) is absolute, since it follows the sound. Pose (pelvis, spine, head, arms,
hands) is what it differs from a reference frame's, turned into that frame's own axes: a network then learns
gestures and not where people sit (VLOGGER, arXiv 2403.08764, section 3.1). Legs stay as in the reference
frame.

T frames; D = 295 numbers a frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from body.topology import JOINT_INDEX, NUM_EXPRESSION, NUM_HAND_JOINTS, SIDES
from models.motion.rotations import SIX, axis_angles, joint_matrices, matrices_of, six_numbers

Float = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
PoseOrigin = Literal["reference", "rest"]
"""What pose differs from: a frame of the same person, or the body model's rest pose."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """Neighbouring numbers of a frame.

    array: of the sample (`smplx:` name); joints: which of its axis-angles, None for plain numbers; valid: the
    part whose mask (`valid:smplx_` name) says where they were seen; width: how many numbers they are here.
    """

    name: str
    array: str
    joints: tuple[int, ...] | None
    valid: str
    width: int
    residual: bool


def _joints(name: str, array: str, joints: tuple[int, ...], valid: str, residual: bool = True) -> Channel:
    width = SIX * len(joints)
    return Channel(name=name, array=array, joints=joints, valid=valid, width=width, residual=residual)


def _body(name: str, *joints: str, valid: str = "body") -> Channel:
    # SMPL-X's body_pose begins with the joint after the pelvis.
    return _joints(name, "body_pose", tuple(JOINT_INDEX[joint] - 1 for joint in joints), valid)


def _arm(side: str) -> Channel:
    bones = (f"{side}_{bone}" for bone in ("collar", "shoulder", "elbow", "wrist"))
    return _body(f"{side}_arm", *bones, valid=f"{side}_arm")


CHANNELS: tuple[Channel, ...] = (
    Channel(
        name="expression", array="expression", joints=None, valid="face", width=NUM_EXPRESSION, residual=False
    ),
    _joints("jaw", "jaw", (0,), "face", residual=False),
    _joints("left_eye", "left_eye", (0,), "face", residual=False),
    _joints("right_eye", "right_eye", (0,), "face", residual=False),
    _joints("root", "global_orient", (0,), "body"),
    Channel(name="transl", array="transl", joints=None, valid="body", width=3, residual=True),
    _body("spine", "spine1", "spine2", "spine3"),
    _body("head", "neck", "head"),
    *(_arm(side) for side in SIDES),
    *(_joints(f"{s}_hand", f"{s}_hand", tuple(range(NUM_HAND_JOINTS)), f"{s}_hand") for s in SIDES),
)


def _slices() -> dict[str, slice]:
    ends = np.cumsum([channel.width for channel in CHANNELS])
    return {c.name: slice(int(end) - c.width, int(end)) for c, end in zip(CHANNELS, ends, strict=True)}


SLICES: Mapping[str, slice] = _slices()
NUM_CHANNELS = sum(channel.width for channel in CHANNELS)
FACE = slice(0, SLICES["right_eye"].stop)
POSE = slice(FACE.stop, NUM_CHANNELS)
TRUNK = slice(FACE.stop, SLICES["left_arm"].start)  # pelvis, spine, head
ARMS = slice(TRUNK.stop, NUM_CHANNELS)  # with hands
UPPER_LIMBS = slice(SLICES["left_arm"].start, SLICES["right_arm"].stop)  # collar to wrist, without fingers
# Expression is put to scale so that its first number is how far the lids open (`Scales.expression`).
LIDS = slice(0, 1)
HEARD = slice(LIDS.stop, SLICES["jaw"].stop)  # what the sound tells: the face but for lids and gaze
NUM_HEARD = HEARD.stop - HEARD.start
ARRAYS: tuple[str, ...] = tuple(dict.fromkeys(f"smplx:{channel.array}" for channel in CHANNELS))
MASKS: tuple[str, ...] = tuple(dict.fromkeys(f"valid:smplx_{channel.valid}" for channel in CHANNELS))


def absolute_vectors(arrays: Mapping[str, npt.NDArray[Any]]) -> Float:
    """Return (T, D) with every channel absolute, which is how a reference frame is told to the network.

    Args:
        arrays: `ARRAYS` of a sample, (T, ...), axis-angles in radians and metres.
    """
    return np.concatenate([_values(channel, arrays) for channel in CHANNELS], axis=1)


def residual_vectors(
    arrays: Mapping[str, npt.NDArray[Any]], reference: Mapping[str, npt.NDArray[Any]]
) -> Float:
    """Return (T, D) as the network draws it: pose against the reference's one frame (arrays (1, ...))."""
    return np.concatenate([_values(channel, arrays, reference) for channel in CHANNELS], axis=1)


def first_frame(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """Return the first frame of a sample's `ARRAYS`, each (1, ...)."""
    return {name: arrays[name][:1] for name in ARRAYS}


def origin_of(
    reference: Mapping[str, npt.NDArray[Any]], against: PoseOrigin
) -> Mapping[str, npt.NDArray[Any]]:
    """Return the frame (arrays (1, ...)) that pose differs from, for a reference frame."""
    if against == "reference":
        return reference
    return {name: np.zeros_like(values) for name, values in reference.items()}


def seen(arrays: Mapping[str, npt.NDArray[Any]]) -> Mask:
    """Return (T, D): where the part that a number belongs to was seen and the fit vouches for it."""
    masks = [arrays[f"valid:smplx_{channel.valid}"].astype(bool) for channel in CHANNELS]
    widths = [channel.width for channel in CHANNELS]
    return np.repeat(np.stack(masks, axis=1), widths, axis=1)


def _values(
    channel: Channel,
    arrays: Mapping[str, npt.NDArray[Any]],
    reference: Mapping[str, npt.NDArray[Any]] | None = None,
) -> Float:
    values = np.asarray(arrays[f"smplx:{channel.array}"], np.float32)
    origin = None
    if reference is not None and channel.residual:
        origin = np.asarray(reference[f"smplx:{channel.array}"], np.float32)
    if channel.joints is None:
        return values if origin is None else values - origin
    turned = joint_matrices(values)[:, channel.joints]
    if origin is not None:
        turned = np.swapaxes(joint_matrices(origin)[:, channel.joints], -1, -2) @ turned
    return six_numbers(turned).reshape(len(values), channel.width)


def rotations_of(vectors: Tensor, name: str) -> Tensor:
    """Return the rotations (..., J, 3, 3) that a channel of vectors (..., D) holds; differentiable."""
    numbers = vectors[..., SLICES[name]]
    return matrices_of(numbers.unflatten(-1, (-1, SIX)))


def to_parameters(
    vectors: Float, reference: Mapping[str, npt.NDArray[Any]], against: PoseOrigin = "reference"
) -> dict[str, Float]:
    """Return `ARRAYS` (T, ...) of residual vectors (T, D) for a reference frame (arrays (1, ...)).

    Joints that no channel moves stay as the reference has them.
    """
    number, origin = len(vectors), origin_of(reference, against)
    out = {
        name: np.repeat(np.asarray(reference[name], np.float32).reshape(1, -1), number, axis=0)
        for name in ARRAYS
    }
    tensor = torch.from_numpy(np.ascontiguousarray(vectors))
    for channel in CHANNELS:
        name = f"smplx:{channel.array}"
        if channel.joints is None:
            numbers = vectors[:, SLICES[channel.name]]
            out[name] = numbers + (np.asarray(origin[name], np.float32) if channel.residual else 0)
            continue
        turned = rotations_of(tensor, channel.name).numpy()
        joints = list(channel.joints)
        angles = out[name].reshape(number, -1, 3)
        if channel.residual:
            turned = joint_matrices(np.asarray(origin[name], np.float32))[:, joints] @ turned
        angles[:, joints] = axis_angles(turned)
    return {name: np.asarray(values, np.float32) for name, values in out.items()}
