"""Which part of the body each triangle belongs to, from the skinning weights and where the head is."""

import numpy as np
import numpy.typing as npt

from body.topology import JOINT_INDEX, NUM_JOINTS, SIDES, Part

# The face as pictures show it: a box around the eyes' joints, metres, in the rest pose.
_FACE_BEHIND_EYES, _FACE_ABOVE_EYES, _FACE_BELOW_EYES, _FACE_HALF_WIDTH = 0.045, 0.075, 0.135, 0.068


def _part_of_joint() -> npt.NDArray[np.uint8]:
    parts = np.full(NUM_JOINTS, Part.TORSO, np.uint8)
    for name in ("neck", "head", "jaw"):
        parts[JOINT_INDEX[name]] = Part.HEAD
    for side in SIDES:
        for joint in ("shoulder", "elbow"):
            parts[JOINT_INDEX[f"{side}_{joint}"]] = Part[f"{side.upper()}_ARM"]
        for joint in ("hip", "knee", "ankle", "foot"):
            parts[JOINT_INDEX[f"{side}_{joint}"]] = Part[f"{side.upper()}_LEG"]
        hand = [i for n, i in JOINT_INDEX.items() if n.startswith(side) and n[-1].isdigit()]
        parts[[*hand, JOINT_INDEX[f"{side}_wrist"]]] = Part[f"{side.upper()}_HAND"]
        parts[JOINT_INDEX[f"{side}_eye"]] = Part[f"{side.upper()}_EYE"]
    return parts


def parts_from_weights(
    template: npt.NDArray[np.floating],
    joints: npt.NDArray[np.floating],
    weights: npt.NDArray[np.floating],
    faces: npt.NDArray[np.integer],
) -> npt.NDArray[np.uint8]:
    """Return a Part (F,) for each triangle: that of the joint that moves it most; the mouth's inside is HEAD.

    Args:
        template: (V, 3) rest positions; joints: (55, 3); weights: (V, 55); faces: (F, 3).
    """
    strongest = weights[faces].sum(1).argmax(1)
    parts = _part_of_joint()[strongest]
    centres = template[faces].mean(1)
    eyes = joints[[JOINT_INDEX["left_eye"], JOINT_INDEX["right_eye"]]].mean(0)
    height, depth = centres[:, 1] - eyes[1], centres[:, 2] - eyes[2]
    face = (depth > -_FACE_BEHIND_EYES) & (height < _FACE_ABOVE_EYES) & (height > -_FACE_BELOW_EYES)
    face &= np.abs(centres[:, 0] - eyes[0]) < _FACE_HALF_WIDTH
    parts[(parts == Part.HEAD) & face & (strongest != JOINT_INDEX["neck"])] = Part.FACE
    return parts
