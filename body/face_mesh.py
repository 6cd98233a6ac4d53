"""MediaPipe's face mesh of 478 points: which point is what, and how the head is turned by it.

Numbers are those of `mediapipe.solutions.face_mesh_connections`; "left" and "right" are the picture's.
"""

import numpy as np
import numpy.typing as npt

OUTER_EYES = (33, 263)
FOREHEAD, CHIN = 10, 152
INNER_LIPS = (13, 14)  # upper and lower, in the middle


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
