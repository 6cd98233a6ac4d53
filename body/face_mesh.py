"""MediaPipe's face mesh of 478 points: which point is what, and how the head is turned by it.

Numbers are those of `mediapipe.solutions.face_mesh_connections`; every other file takes them from here.
"Left" and "right" are the person's own, so that the right eye lies on the left of a picture.
"""

import numpy as np
import numpy.typing as npt

NUM_POINTS = 478
SKIN = slice(0, 468)  # the mesh without irises
IRISES = slice(468, NUM_POINTS)

FOREHEAD, CHIN = 10, 152  # the hairline and the lowest point: the face's height lies between them
NOSE_TIP, NOSE_BASE, NOSE_ROOT = 1, 2, 168
RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS = (33, 133), (263, 362)  # outer and inner
OUTER_EYES = (RIGHT_EYE_CORNERS[0], LEFT_EYE_CORNERS[0])
CHEEKS = (234, 454)  # the widest points of the outline, right and left
MIDDLE_LIPS = (13, 14)  # middles of the inner lips, upper and lower
OUTER_MIDDLE_LIPS = (0, 17)
MOUTH_CORNERS, INNER_MOUTH_CORNERS = (61, 291), (78, 308)  # right and left

# Irises: the centre, then the rim.
LEFT_IRIS, RIGHT_IRIS = (473, 474, 475, 476, 477), (468, 469, 470, 471, 472)
IRIS_CENTRES = (LEFT_IRIS[0], RIGHT_IRIS[0])

# Points on the line between the sides. The mesh numbers the others of the right side first, and the left's in
# the same order from 248 on. An iris's rim is numbered from the picture's right, counter-clockwise.
MIDLINE = (0, 1, 2, 4, 5, 6, *range(8, 20), 94, 151, 152, 164, 168, 175, 195, 197, 199, 200)
_FIRST_LEFT = 248


def _partners() -> npt.NDArray[np.int64]:
    right = [point for point in range(_FIRST_LEFT) if point not in MIDLINE]
    right += [RIGHT_IRIS[i] for i in (0, 3, 2, 1, 4)]
    left = [*range(_FIRST_LEFT, SKIN.stop), *LEFT_IRIS]
    partners = np.arange(NUM_POINTS)
    partners[right], partners[left] = left, right
    return partners


PARTNERS = _partners()
"""Of each point (478,) the one that mirrors it."""

# Chains of points. Lids run from the outer corner to the inner, lips from right to left, corners included.
# fmt: off
LEFT_LOWER_LID = (263, 249, 390, 373, 374, 380, 381, 382, 362)
LEFT_UPPER_LID = (263, 466, 388, 387, 386, 385, 384, 398, 362)
RIGHT_LOWER_LID = (33, 7, 163, 144, 145, 153, 154, 155, 133)
RIGHT_UPPER_LID = (33, 246, 161, 160, 159, 158, 157, 173, 133)
LEFT_LOWER_BROW, LEFT_UPPER_BROW = (276, 283, 282, 295, 285), (300, 293, 334, 296, 336)
RIGHT_LOWER_BROW, RIGHT_UPPER_BROW = (46, 53, 52, 65, 55), (70, 63, 105, 66, 107)
LOWER_OUTER_LIP = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
UPPER_OUTER_LIP = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LOWER_INNER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
UPPER_INNER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
# The outline, once around from the forehead: it slides along the skin as the head turns.
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176,
    149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)
# fmt: on

# Upper and lower lid in the middle of each eye.
MIDDLE_LIDS = ((LEFT_UPPER_LID[4], LEFT_LOWER_LID[4]), (RIGHT_UPPER_LID[4], RIGHT_LOWER_LID[4]))

# Areas, each as its points once.
RIGHT_EYE = (*RIGHT_LOWER_LID, *RIGHT_UPPER_LID[-2:0:-1])
LEFT_EYE = (*LEFT_LOWER_LID[::-1], *LEFT_UPPER_LID[1:-1])
BROWS = (*LEFT_LOWER_BROW, *LEFT_UPPER_BROW, *RIGHT_LOWER_BROW, *RIGHT_UPPER_BROW)
OUTER_LIPS = (*LOWER_OUTER_LIP, *UPPER_OUTER_LIP[1:-1])
INNER_LIPS = (*LOWER_INNER_LIP, *UPPER_INNER_LIP[1:-1])
RIGHT_CHEEK = (117, 118, 119, 100, 36, 205, 187, 123, 116)
LEFT_CHEEK = (346, 347, 348, 329, 266, 425, 411, 352, 345)
BROAD_FOREHEAD = (67, 109, 10, 338, 297, 299, 337, 151, 108, 69)

# Points nearest to the 68 of iBUG 300-W: 17 of the contour, then 51.
NUM_CONTOUR = 17
IBUG68 = (
    162, 234, 93, 58, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 389,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 168, 197, 5, 4, 75, 97, 2, 326, 305,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87,
)  # fmt: skip


def head_angles(face: npt.NDArray[np.float32]) -> tuple[float, float, float]:
    """Return yaw, pitch and roll in degrees of a face mesh (478, 3).

    The head's axes are the line through the outer eye corners and the line from brow to chin.
    Yaw is positive when the person turns to the picture's right, pitch when the face points
    down, roll when the head tilts clockwise as seen.
    """
    across = (face[OUTER_EYES[1]] - face[OUTER_EYES[0]]).astype(np.float64)
    down = (face[CHIN] - face[FOREHEAD]).astype(np.float64)
    normal = np.cross(across, down)
    normal /= np.linalg.norm(normal) + 1e-9  # points away from the camera when frontal
    yaw = np.degrees(np.arctan2(-normal[0], normal[2]))
    pitch = np.degrees(np.arctan2(-normal[1], np.hypot(normal[0], normal[2])))
    roll = np.degrees(np.arctan2(across[1], np.hypot(across[0], across[2])))
    return float(yaw), float(pitch), float(roll)
