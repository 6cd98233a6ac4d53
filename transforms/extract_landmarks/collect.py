"""Extract landmarks: face mesh with irises, hands and body of the tracked person, every frame."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from backends.protocols.arrays import RgbImage
from backends.protocols.pictures import FrameLandmarks, LandmarkExtractor
from body.face_mesh import CHIN, FOREHEAD, IRISES, NUM_POINTS, SKIN
from body.pose_points import NUM_HAND_POINTS, NUM_POSE_POINTS
from schemas.bounds import Share
from schemas.records.clip import Clip
from schemas.records.picture import Box, FaceJump, LandmarkCoverage
from schemas.records.video import FaceTrack
from schemas.sample import pack_landmarks
from transforms.extract_landmarks.torso import TorsoConfig, TorsoTracker
from transforms.geometry import boxes_at

FloatArray = npt.NDArray[np.float64]
PARTS = {
    "face": NUM_POINTS,
    "left_hand": NUM_HAND_POINTS,
    "right_hand": NUM_HAND_POINTS,
    "pose": NUM_POSE_POINTS,
}
_JUMP_MOTION, _AROUND = 0.04, 6


@dataclass(frozen=True, kw_only=True, slots=True)
class LandmarkConfig:
    """MediaPipe's own default scores; complexity 1 is the body model its wheel carries."""

    min_score: Share = 0.5
    model_complexity: Literal[1] = 1
    # The face mesh looks at the tracked box enlarged by this on every side.
    face_margin: float = 0.6
    torso: TorsoConfig = field(default_factory=TorsoConfig)


def region_around(box: Box, config: LandmarkConfig) -> Box:
    """Return where the face mesh looks for a face whose box is known, px."""
    x0, y0, x1, y1 = box
    margin = config.face_margin * (y1 - y0)
    return x0 - margin, y0 - margin, x1 + margin, y1 + margin


def clip_boxes(clip: Clip, track: FaceTrack) -> FloatArray:
    """Return the face box on every frame, (num_frames, 4) in px of the clip."""
    seconds = clip.start_seconds + np.arange(clip.num_frames) / clip.fps
    x0, y0, x1, y1 = clip.crop_xyxy
    scale = np.array([clip.width / (x1 - x0), clip.height / (y1 - y0)] * 2)
    return (boxes_at(track, seconds) - np.array([x0, y0, x0, y0])) * scale


@dataclass(slots=True)
class LandmarkCollector:
    """Consumes a clip's frames in order and gathers their landmarks."""

    extractor: LandmarkExtractor
    boxes: FloatArray
    config: LandmarkConfig
    frames: list[FrameLandmarks] = field(default_factory=list[FrameLandmarks])
    _torso: TorsoTracker = field(init=False)

    def __post_init__(self) -> None:
        self.extractor.reset()
        self._torso = TorsoTracker(float(np.median(self.boxes[:, 3] - self.boxes[:, 1])), self.config.torso)

    def update(self, image: RgbImage, repeated: bool) -> FrameLandmarks:
        """Take the next frame; `repeated` means it shows the same picture as the last one."""
        repeated = repeated and bool(self.frames)
        if repeated:
            self.frames.append(self.frames[-1])
        else:
            x0, y0, x1, y1 = (float(v) for v in self.boxes[len(self.frames)])
            region = region_around((x0, y0, x1, y1), self.config)
            self.frames.append(self.extractor.extract(image, region))
        self._torso.update(image, self.frames[-1], repeated)
        return self.frames[-1]

    def steadied(self) -> list[FrameLandmarks]:
        """Return the frames' landmarks with shoulders and hips steadied."""
        return self._torso.steadied(self.frames)

    def arrays(self, track: FaceTrack, clip: Clip) -> dict[str, npt.NDArray[Any]]:
        """Return the sample's landmark arrays and masks (see schemas.sample.ARRAYS)."""
        steadied = self.steadied()
        points = {part: _stack(steadied, part, n) for part, n in PARTS.items()}
        seconds = clip.start_seconds + np.arange(clip.num_frames) / clip.fps
        gaps = np.abs(np.asarray(track.times_seconds)[None] - seconds[:, None]).min(axis=1)
        unseen, nowhere = np.zeros(NUM_POSE_POINTS), np.zeros((NUM_POSE_POINTS, 3))
        visibility = np.array(
            [unseen if f.pose_visibility is None else f.pose_visibility for f in self.frames]
        )
        world = np.array([nowhere if f.pose_world is None else f.pose_world for f in self.frames])
        return {
            "face:landmarks": pack_landmarks(points["face"]),
            "hand:left_landmarks": pack_landmarks(points["left_hand"]),
            "hand:right_landmarks": pack_landmarks(points["right_hand"]),
            "pose:landmarks": pack_landmarks(points["pose"]),
            "pose:visibility": np.round(np.clip(visibility, 0, 1) * 255).astype(np.uint8),
            "pose:world": world.astype(np.float16),
            "box:face": self.boxes.astype(np.float32),
            "valid:box": gaps <= 0.5,
            **{f"valid:{part}": np.isfinite(p[:, 0, 0]) for part, p in points.items()},
        }

    def jumps(self) -> list[tuple[int, float]]:
        """Return the frames at which the face jumps, with scores (`face_jumps`)."""
        return face_jumps(_stack(self.frames, "face", NUM_POINTS))

    def coverage(self, fps: float) -> LandmarkCoverage:
        """Return on which share of the frames each part was seen."""
        face = _stack(self.frames, "face", NUM_POINTS)
        seen = np.isfinite(face[:, 0, 0])
        left = np.array([f.left_hand is not None for f in self.frames])
        right = np.array([f.right_hand is not None for f in self.frames])
        return LandmarkCoverage(
            face_ratio=float(seen.mean()),
            iris_ratio=float(np.isfinite(face[:, IRISES, 0]).all(axis=1).mean()),
            pose_ratio=float(np.mean([f.pose is not None for f in self.frames])),
            left_hand_ratio=float(left.mean()),
            right_hand_ratio=float(right.mean()),
            any_hand_ratio=float((left | right).mean()),
            longest_face_gap_seconds=longest_run(~seen) / fps,
            face_jump=max((score for _, score in face_jumps(face)), default=0.0),
            extractor=self.extractor.name,
        )


def _stack(frames: list[FrameLandmarks], part: str, num_points: int) -> FloatArray:
    missing = np.full((num_points, 3), np.nan)
    return np.array([missing if getattr(f, part) is None else getattr(f, part) for f in frames])


def longest_run(flags: npt.NDArray[np.bool_]) -> int:
    """Return the length of the longest run of true values."""
    longest = run = 0
    for flag in flags.tolist():
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest


def face_jumps(face: FloatArray) -> list[tuple[int, float]]:
    """Return the moments at which the face moves much: the first frame after each, and how far it stands out.

    A frame's motion is the mean move of the mesh since the frame before, in face heights. Where it
    exceeds 0.04 (a metre a second and more), it is divided by the largest motion of the six frames
    on either side: people start and stop moving over several frames, a jump cut does not. Values
    above 3 are cuts; shot detection does not see them when the set-up stays the same.

    Args:
        face: (n, 478, 3) px, NaN where not seen.
    """
    if not np.isfinite(face).any():
        return []
    height = max(float(np.nanmedian(face[:, CHIN, 1] - face[:, FOREHEAD, 1])), 1.0)
    moves = np.linalg.norm(np.diff(face[:, SKIN, :2], axis=0), axis=2).mean(axis=1) / height
    found: list[tuple[int, float]] = []
    for i in np.flatnonzero(moves > _JUMP_MOTION).tolist():
        around = np.concatenate([moves[max(i - _AROUND, 0) : i], moves[i + 1 : i + 1 + _AROUND]])
        around = around[np.isfinite(around)]
        if len(around) >= _AROUND // 2:
            found.append((i + 1, float(moves[i] / max(around.max(), 0.1 * _JUMP_MOTION))))
    return found


def jumps_between(jumps: Sequence[tuple[int, float]], shown_seconds: Sequence[float]) -> tuple[FaceJump, ...]:
    """Return jumps with the times of the pictures before and after each, given when each frame's is shown."""
    return tuple(
        FaceJump(before_seconds=shown_seconds[i - 1], after_seconds=shown_seconds[i], score=round(score, 6))
        for i, score in jumps
    )
