"""Face mesh, hands and body landmarks of one person with MediaPipe (weights in the wheel).

Body and hands come from Holistic, whose hands belong to the body by construction. Holistic follows
whom it likes: a body whose nose is not in the tracked face's region is another person's. It then gets
to see a column around the tracked face alone for the rest of the clip, and what it still finds of others
is not used. The face comes from the face mesh run on a region around the tracked face, so that small
faces are seen and a neighbour's is not taken; where it fails, Holistic's face is used.
"""

import functools
from types import SimpleNamespace
from typing import Any

import numpy as np

from backends.protocols.arrays import FloatArray, RgbImage
from backends.protocols.pictures import FrameLandmarks
from backends.quiet import import_mediapipe
from body.pose_points import NOSE
from schemas.records.picture import Box

# Half the column's width over the face region's, which is about two face heights wide.
_REACH = 1.2
_NOBODY = SimpleNamespace(
    face_landmarks=None,
    left_hand_landmarks=None,
    right_hand_landmarks=None,
    pose_landmarks=None,
    pose_world_landmarks=None,
)


class MediaPipeLandmarks:
    """`LandmarkExtractor` on `mediapipe.solutions` holistic and face_mesh in video mode."""

    def __init__(self, min_score: float, model_complexity: int) -> None:
        self._mediapipe = import_mediapipe()
        self.name = f"mediapipe-{self._mediapipe.__version__}/holistic{model_complexity}+face_mesh"
        self._min_score = min_score
        self._complexity = model_complexity
        self._holistic = self._mesh = None
        self._alone = False

    def reset(self) -> None:
        """Start a new clip: both trackers forget what they followed."""
        self._alone = False
        if self._holistic is None or self._mesh is None:
            solutions = self._mediapipe.solutions
            scores = {
                "min_detection_confidence": self._min_score,
                "min_tracking_confidence": self._min_score,
            }
            self._holistic = solutions.holistic.Holistic(
                model_complexity=self._complexity, refine_face_landmarks=True, **scores
            )
            self._mesh = solutions.face_mesh.FaceMesh(max_num_faces=1, refine_landmarks=True, **scores)
        else:
            self._holistic.reset()
            self._mesh.reset()

    def extract(self, image: RgbImage, face_region: Box) -> FrameLandmarks:
        """Return landmarks in px; see `LandmarkExtractor.extract`."""
        if self._holistic is None or self._mesh is None:
            raise RuntimeError("reset() comes before the first picture")
        height, width = image.shape[:2]
        whole = self._person(self._holistic, image, face_region)
        face = self._face(image, face_region)
        if face is None and _inside(whole.face_landmarks, face_region, width, height):
            face = _points(whole.face_landmarks, width, height)
        pose = whole.pose_landmarks
        return FrameLandmarks(
            face=face,
            left_hand=_points(whole.left_hand_landmarks, width, height),
            right_hand=_points(whole.right_hand_landmarks, width, height),
            pose=_points(pose, width, height),
            pose_visibility=None
            if pose is None
            else np.array([p.visibility for p in pose.landmark], np.float32),
            pose_world=None if pose is None else _points(whole.pose_world_landmarks, 1, 1),
        )

    def _person(self, holistic: Any, image: RgbImage, region: Box) -> Any:
        """Return what Holistic finds of the tracked person; nothing if it finds but others."""
        height, width = image.shape[:2]
        found = holistic.process(_column(image, region) if self._alone else image)
        if _is_elsewhere(found.pose_landmarks, region, width, height) and not self._alone:
            self._alone = True
            holistic.reset()
            found = holistic.process(_column(image, region))
        if not _is_elsewhere(found.pose_landmarks, region, width, height):
            return found
        holistic.reset()
        return _NOBODY

    def _face(self, image: RgbImage, region: Box) -> FloatArray | None:
        height, width = image.shape[:2]
        x0, y0 = max(int(region[0]), 0), max(int(region[1]), 0)
        x1, y1 = min(int(np.ceil(region[2])), width), min(int(np.ceil(region[3])), height)
        if x1 - x0 < 16 or y1 - y0 < 16:
            return None
        crop = np.ascontiguousarray(image[y0:y1, x0:x1])
        found = self._mesh.process(crop).multi_face_landmarks  # pyright: ignore[reportOptionalMemberAccess]
        if not found:
            return None
        points = _points(found[0], x1 - x0, y1 - y0)
        return None if points is None else points + np.array([x0, y0, 0], np.float32)


def _points(raw, width: float, height: float) -> FloatArray | None:
    """Return (n, 3); z is scaled like x, as MediaPipe defines it."""
    if raw is None:
        return None
    return np.array([(p.x * width, p.y * height, p.z * width) for p in raw.landmark], np.float32)


def _column(image: RgbImage, region: Box) -> RgbImage:
    """Return the picture with all grey but a column around the face, in which arms have room."""
    reach = _REACH * (region[2] - region[0])
    middle = 0.5 * (region[0] + region[2])
    shown = np.full_like(image, 128)
    left, right = max(int(middle - reach), 0), max(int(np.ceil(middle + reach)), 0)
    shown[:, left:right] = image[:, left:right]
    return shown


def _is_elsewhere(pose: Any, region: Box, width: int, height: int) -> bool:
    if pose is None:
        return False
    x, y = pose.landmark[NOSE].x * width, pose.landmark[NOSE].y * height
    return not (region[0] <= x <= region[2] and region[1] <= y <= region[3])


def _inside(raw, region: Box, width: int, height: int) -> bool:
    """Whether Holistic's face is the tracked one: its nose tip lies in the face region."""
    if raw is None:
        return False
    x, y = raw.landmark[1].x * width, raw.landmark[1].y * height
    return region[0] <= x <= region[2] and region[1] <= y <= region[3]


@functools.lru_cache(maxsize=1)
def load(min_score: float, model_complexity: int) -> MediaPipeLandmarks:
    """Return the process's extractor."""
    return MediaPipeLandmarks(min_score, model_complexity)
