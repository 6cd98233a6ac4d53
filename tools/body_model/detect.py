"""MediaPipe's answers on calibration renders, each picture on its own."""

import numpy as np
import numpy.typing as npt

from backends.quiet import import_mediapipe
from body.pose_points import NUM_POSE_POINTS

Float = npt.NDArray[np.float64]
Picture = npt.NDArray[np.uint8]


class FaceDetector:
    """FaceMesh on single pictures; a context manager."""

    def __enter__(self) -> "FaceDetector":
        solution = import_mediapipe().solutions.face_mesh
        self._mesh = solution.FaceMesh(static_image_mode=True, refine_landmarks=True, max_num_faces=1)
        return self

    def __exit__(self, *_: object) -> None:
        self._mesh.close()

    def find(self, picture: Picture) -> Float | None:
        """Return the 478 points (478, 3) in px, z in the scale of x; None if there is no face."""
        answer = self._mesh.process(picture).multi_face_landmarks  # pyright: ignore
        if not answer:
            return None
        depth = np.array([p.z for p in answer[0].landmark]) * picture.shape[1]
        return np.column_stack([_pixels(answer[0], picture), depth])


def bodies(pictures: list[Picture], model_complexity: int) -> dict[str, Float]:
    """Return Holistic's points in px, NaN where not found: pose (n, 33, 3: x, y, visibility), left_hand and
    right_hand (n, 21, 2).
    """
    holistic = import_mediapipe().solutions.holistic.Holistic(
        static_image_mode=True, model_complexity=model_complexity
    )
    found = {
        "pose": np.full((len(pictures), NUM_POSE_POINTS, 3), np.nan),
        "left_hand": np.full((len(pictures), 21, 2), np.nan),
        "right_hand": np.full((len(pictures), 21, 2), np.nan),
    }
    with holistic:
        for row, picture in enumerate(pictures):
            answer = holistic.process(picture)
            if answer.pose_landmarks:
                found["pose"][row, :, :2] = _pixels(answer.pose_landmarks, picture)
                found["pose"][row, :, 2] = [p.visibility for p in answer.pose_landmarks.landmark]
            for side in ("left_hand", "right_hand"):
                points = getattr(answer, f"{side}_landmarks")
                if points:
                    found[side][row] = _pixels(points, picture)
    return found


def _pixels(points, picture: Picture) -> Float:
    height, width = picture.shape[:2]
    return np.array([(p.x * width, p.y * height) for p in points.landmark])
