"""Names and orders that SMPL-X and ARKit files agree on.

Source of the joint order and vertex ids: Pavlakos et al., Expressive Body Capture (SMPL-X, 2019) and the
`smplx` package's joint_names and vertex_ids, which every file in the format follows. ARKit's names are
those of ARFaceAnchor.BlendShapeLocation.
"""

from enum import IntEnum

_BODY = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle",
    "right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head",
    "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    "jaw", "left_eye", "right_eye",
)  # fmt: skip
FINGERS = ("index", "middle", "pinky", "ring", "thumb")  # SMPL-X's order within a hand
SIDES = ("left", "right")

JOINT_NAMES: tuple[str, ...] = _BODY + tuple(
    f"{side}_{finger}{bone}" for side in SIDES for finger in FINGERS for bone in (1, 2, 3)
)
JOINT_INDEX: dict[str, int] = {name: index for index, name in enumerate(JOINT_NAMES)}
NUM_JOINTS = len(JOINT_NAMES)

_BODY_PARENTS = (
    -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 15, 15, 15,
)  # fmt: skip


def _hand_parents() -> tuple[int, ...]:
    parents: list[int] = []
    for wrist in (JOINT_INDEX["left_wrist"], JOINT_INDEX["right_wrist"]):
        for _ in FINGERS:
            first = len(_BODY_PARENTS) + len(parents)
            parents += [wrist, first, first + 1]
    return tuple(parents)


PARENTS: tuple[int, ...] = _BODY_PARENTS + _hand_parents()  # of each joint; -1 for the pelvis

# Joints of each part of a full pose (55, 3), in the order smplx concatenates them.
GLOBAL_ORIENT = slice(0, 1)
BODY_POSE = slice(1, 22)
JAW = slice(22, 23)
LEFT_EYE = slice(23, 24)
RIGHT_EYE = slice(24, 25)
LEFT_HAND = slice(25, 40)
RIGHT_HAND = slice(40, 55)
NUM_HAND_JOINTS = 15

NUM_BETAS = 10
NUM_EXPRESSION = 10
MAX_SHAPE = 300  # columns of shapedirs before the expression ones, in files of 400 columns
MAX_EXPRESSION = 100
NUM_POSE_FEATURES = (NUM_JOINTS - 1) * 9


class Part(IntEnum):
    """What a vertex or a pixel belongs to."""

    BACKGROUND = 0
    FACE = 1
    HEAD = 2  # scalp, ears and neck
    MOUTH = 3  # lips' inside, cavity and tongue
    LEFT_EYE = 4
    RIGHT_EYE = 5
    TORSO = 6
    LEFT_ARM = 7
    RIGHT_ARM = 8
    LEFT_HAND = 9
    RIGHT_HAND = 10
    LEFT_LEG = 11
    RIGHT_LEG = 12


# Vertices that programs written for SMPL-X take as keypoints, whatever file they loaded.
KEYPOINT_VERTICES: dict[str, int] = {
    "nose": 9120, "right_eye": 9929, "left_eye": 9448, "right_ear": 616, "left_ear": 6,
    "right_thumb": 8079, "right_index": 7669, "right_middle": 7794, "right_ring": 7905,
    "right_pinky": 8022, "left_thumb": 5361, "left_index": 4933, "left_middle": 5058,
    "left_ring": 5169, "left_pinky": 5286, "left_big_toe": 5770, "left_small_toe": 5780,
    "left_heel": 8846, "right_big_toe": 8463, "right_small_toe": 8474, "right_heel": 8635,
}  # fmt: skip

ARKIT_NAMES: tuple[str, ...] = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft",
    "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight",
    "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight",
    "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight",
    "mouthFrownLeft", "mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft",
    "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
# Units that the jaw and the eyes' rotations make, and the tongue, which the model has not.
ARKIT_FROM_POSE: tuple[str, ...] = (
    "jawOpen",
    "jawLeft",
    "jawRight",
    "tongueOut",
    *(name for name in ARKIT_NAMES if name.startswith("eyeLook")),
)
ARKIT_EXPRESSION_UNITS: tuple[str, ...] = tuple(n for n in ARKIT_NAMES if n not in ARKIT_FROM_POSE)
