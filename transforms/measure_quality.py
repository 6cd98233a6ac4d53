"""Measure picture quality: sharpness, light, head pose, motion, stillness, written text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from backends.protocols.arrays import RgbImage
from backends.protocols.pictures import FrameLandmarks, TextDetector
from body.face_mesh import CHIN, FOREHEAD, MIDDLE_LIPS, SKIN, head_angles
from body.pose_points import ELBOWS, SHOULDERS, WRISTS
from schemas.bounds import Count, Level, Share
from schemas.outcomes import BadInputError
from schemas.records.picture import Box, VisualQuality

FloatArray = npt.NDArray[np.float64]
Gray = npt.NDArray[Any]  # (H, W) uint8; OpenCV's stubs say no more

_FACE_SIDE = 128  # px height at which sharpness is compared across face sizes
_SMALL = 96  # px side of the pictures on which motion is measured
_ARMS = (*SHOULDERS, *ELBOWS, *WRISTS)


@dataclass(frozen=True, kw_only=True, slots=True)
class QualityConfig:
    """Sampling of the costlier measurements."""

    text_frames: int = 3
    text_side_px: Count = 640
    min_legibility: Share = 0.6
    motion_every_frames: Count = 5
    # Mean absolute difference (of 255) below which two pictures are the same.
    still_difference: float = 0.15
    dark_luma: Level = 30
    bright_luma: Level = 245

    def __post_init__(self) -> None:
        """Refuse a picture that is dark and bright."""
        if self.dark_luma >= self.bright_luma:
            raise BadInputError(
                f"quality: dark_luma = {self.dark_luma} is not below bright_luma = {self.bright_luma}"
            )


@dataclass(slots=True)
class QualityMeter:
    """Consumes a clip's frames with their landmarks and measures them."""

    config: QualityConfig
    fps: float
    num_frames: int
    source_scale: float  # source px per px of the clip
    text_detector: TextDetector | None
    person: tuple[int, int, int, int]  # where the person's head is, px of the clip
    faces: list[tuple[float, ...]] = field(default_factory=list[tuple[float, ...]])
    angles: list[tuple[float, float, float]] = field(default_factory=list[tuple[float, float, float]])
    lips: list[float] = field(default_factory=list[float])
    arms: list[FloatArray] = field(default_factory=list[FloatArray])
    still: list[bool] = field(default_factory=list[bool])
    camera: list[float] = field(default_factory=list[float])
    text: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    _head: Gray | None = None
    _anchor: Gray | None = None
    _index: int = 0

    def update(self, image: RgbImage, landmarks: FrameLandmarks) -> None:
        """Take the next frame."""
        gray: Gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        small: Gray = cv2.resize(gray, (_SMALL, _SMALL), interpolation=cv2.INTER_AREA)
        # Stillness is the person's: a talker before a slide fills a small part of the picture.
        x0, y0, x1, y1 = self.person
        head: Gray = cv2.resize(gray[y0:y1, x0:x1], (_SMALL, _SMALL), interpolation=cv2.INTER_AREA)
        if self._head is not None:
            self.still.append(float(cv2.absdiff(head, self._head).mean()) < self.config.still_difference)
        self._head = head
        if self._index % self.config.motion_every_frames == 0:
            if self._anchor is not None:
                seconds = self.config.motion_every_frames / self.fps
                self.camera.append(border_motion(self._anchor, small) / seconds)
            self._anchor = small
        if landmarks.face is not None:
            self._measure_face(gray, landmarks.face)
        self.arms.append(_arm_points(landmarks))
        if self._wants_text():
            self._measure_text(image, landmarks)
        self._index += 1

    def _measure_face(self, gray: Gray, face: npt.NDArray[np.float32]) -> None:
        box = _bounds(face, gray.shape[1], gray.shape[0])
        if box is None:
            return
        patch = gray[box[1] : box[3], box[0] : box[2]]
        width = max(round(patch.shape[1] * _FACE_SIDE / patch.shape[0]), 2)
        patch = cv2.resize(patch, (width, _FACE_SIDE), interpolation=cv2.INTER_AREA)
        height = float(face[CHIN, 1] - face[FOREHEAD, 1])
        self.faces.append(
            (
                float(cv2.Laplacian(patch, cv2.CV_32F).var()),
                float(patch.mean()),
                float(patch.std()),
                float((patch < self.config.dark_luma).mean()),
                float((patch > self.config.bright_luma).mean()),
                height,
            )
        )
        self.angles.append(head_angles(face))
        self.lips.append(
            float(np.linalg.norm(face[MIDDLE_LIPS[1], :2] - face[MIDDLE_LIPS[0], :2])) / max(height, 1.0)
        )

    def _wants_text(self) -> bool:
        count = self.config.text_frames
        if self.text_detector is None or not count:
            return False
        wanted = {round((i + 0.5) * self.num_frames / count) for i in range(count)}
        return self._index in wanted

    def _measure_text(self, image: RgbImage, landmarks: FrameLandmarks) -> None:
        if self.text_detector is None:
            return
        scale = min(1.0, self.config.text_side_px / max(image.shape[:2]))
        reduced: npt.NDArray[Any] = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        boxes = self.text_detector.text_boxes(reduced)
        height, width = reduced.shape[:2]
        face = None if landmarks.face is None else _bounds(landmarks.face * scale, width, height)
        # Lips, collars and folds look like text to a detector; what cannot be read does not count.
        wanted = self.config.min_legibility
        read = [b for b in boxes if self.text_detector.legibility(reduced, b) >= wanted]
        self.text.append(text_ratios(read, width, height, face))

    def finish(self, damaged_frames: int) -> VisualQuality:
        """Return the measurements of the clip."""
        faces = np.median(np.array(self.faces), axis=0).tolist() if self.faces else [None] * 6
        angles = np.array(self.angles) if self.angles else None
        middle = [None] * 3 if angles is None else np.median(angles, axis=0).tolist()
        face_height = faces[5]
        unit = max(face_height or 1.0, 1.0)
        # Glasses and mouths are read as letters on single frames: over the face, text is what most looks see.
        area = max(share for share, _ in self.text) if self.text else None
        over_face = float(np.median([share for _, share in self.text])) if self.text else None
        return VisualQuality(
            sharpness=faces[0],
            face_luma=faces[1],
            face_contrast=faces[2],
            dark_ratio=faces[3],
            bright_ratio=faces[4],
            face_height_px=None if face_height is None else face_height * self.source_scale,
            yaw_degrees=middle[0],
            pitch_degrees=middle[1],
            roll_degrees=middle[2],
            max_abs_yaw_degrees=None if angles is None else float(np.percentile(np.abs(angles[:, 0]), 95)),
            camera_motion=float(np.median(self.camera)) if self.camera else 0.0,
            body_motion=body_motion(self.arms, self.fps, unit),
            mouth_motion=float(np.std(self.lips)) if self.lips else None,
            stillness_ratio=float(np.mean(self.still)) if self.still else 0.0,
            text_area_ratio=area,
            text_over_face_ratio=over_face,
            damaged_frames=damaged_frames,
            ocr=None if self.text_detector is None else self.text_detector.name,
        )


def head_region(boxes: FloatArray, width: int, height: int) -> tuple[int, int, int, int]:
    """Return the part of a clip's picture in which the head is, the same on all frames.

    Args:
        boxes: (n, 4) the face's box on every frame, px; width, height: of the picture.
    """
    x0, y0, x1, y1 = (float(v) for v in np.median(boxes, axis=0))
    margin = 0.25 * (y1 - y0)
    left, top = max(int(x0 - margin), 0), max(int(y0 - margin), 0)
    right, bottom = min(int(x1 + margin), width), min(int(y1 + margin), height)
    return (left, top, right, bottom) if right - left >= 8 and bottom - top >= 8 else (0, 0, width, height)


def _bounds(face: npt.NDArray[np.float32], width: int, height: int) -> tuple[int, int, int, int] | None:
    low = np.floor(face[SKIN, :2].min(axis=0)).astype(int)
    high = np.ceil(face[SKIN, :2].max(axis=0)).astype(int)
    x0, y0 = max(int(low[0]), 0), max(int(low[1]), 0)
    x1, y1 = min(int(high[0]), width), min(int(high[1]), height)
    return (x0, y0, x1, y1) if x1 - x0 >= 8 and y1 - y0 >= 8 else None


def border_motion(before: Gray, after: Gray) -> float:
    """Return how far the picture's border moved, as a share of the picture's side.

    The median optical flow (Farneback 2003) of the top and side borders, where the person
    rarely is: what moves there is the camera.
    """
    flow = cv2.calcOpticalFlowFarneback(
        before, after, np.zeros((_SMALL, _SMALL, 2), np.float32), 0.5, 3, 15, 2, 5, 1.1, 0
    )
    edge = _SMALL // 8
    border = np.concatenate(
        [flow[:edge].reshape(-1, 2), flow[edge:, :edge].reshape(-1, 2), flow[edge:, -edge:].reshape(-1, 2)]
    )
    return float(np.linalg.norm(np.median(border, axis=0))) / _SMALL


def _arm_points(landmarks: FrameLandmarks) -> FloatArray:
    points = np.full((len(_ARMS), 2), np.nan)
    if landmarks.pose is not None and landmarks.pose_visibility is not None:
        seen = landmarks.pose_visibility[list(_ARMS)] > 0.5
        points[seen] = landmarks.pose[list(_ARMS), :2][seen]
    return points


def body_motion(arms: Sequence[FloatArray], fps: float, face_height_px: float) -> float | None:
    """Return the mean speed of shoulders, elbows and wrists in face heights a second."""
    speeds = np.linalg.norm(np.diff(np.array(arms), axis=0), axis=-1)
    seen = speeds[np.isfinite(speeds)]
    return float(seen.mean() * fps / face_height_px) if seen.size else None


def text_ratios(
    boxes: Sequence[Box], width: int, height: int, face: tuple[int, int, int, int] | None
) -> tuple[float, float]:
    """Return the shares of the picture and of the face's box that text covers."""
    mask = np.zeros((height, width), bool)
    for x0, y0, x1, y1 in boxes:
        mask[max(int(y0), 0) : int(np.ceil(y1)), max(int(x0), 0) : int(np.ceil(x1))] = True
    over = 0.0 if face is None else float(mask[face[1] : face[3], face[0] : face[2]].mean())
    return float(mask.mean()), over
