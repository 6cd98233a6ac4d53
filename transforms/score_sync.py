"""Score sync: whether the face of a clip says what is heard, how late the sound is, and who speaks.

    agreement                  *                 the peak's place: av_offset_frames
      of lips               *     *              its height above the median: sync_confidence
      and sound   * *  *  *         *  *  *  *
                  |--------|--------|--------|
    lag (frames) -15       0        +  sound late

docs/sync.md says what the score is worth and where it fails.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backends.protocols import RgbImage, SyncScorer
from body.face_mesh import CHIN, FOREHEAD, MIDDLE_LIPS
from schemas.records import Clip, Sync
from schemas.sample import SAMPLING_RATE_HZ

FloatArray = npt.NDArray[np.float64]
_FULL_FRAMES = 125


@dataclass(frozen=True, kw_only=True, slots=True)
class SyncConfig:
    """`model`: "lip-sync" is embedded; or the path of a map that tools/train_lip_sync.py built (.npz), or
    of a SyncNet (.onnx, backends/syncnet.py), for which the bounds of the sync rules have to be set anew.

    Offsets up to `max_lag_frames` are looked for. One of at least `min_repair_frames` is repaired
    where the confidence reaches `min_repair_confidence` and both halves of the clip agree on it to
    `max_repair_spread_frames`; the estimate is good to one frame, so one frame is left alone.
    """

    model: str = "lip-sync"
    max_lag_frames: int = 15
    min_repair_frames: int = 2
    min_repair_confidence: float = 0.3
    max_repair_spread_frames: int = 2


def score_sync(
    samples: npt.NDArray[np.float32],
    face: npt.NDArray[np.float32],
    fps: float,
    scorer: SyncScorer,
    config: SyncConfig,
    pictures: Iterable[RgbImage] | None = None,
) -> Sync | None:
    """Return how a face and the sound agree; None if the clip is too short or the face not seen.

    Args:
        samples: mono (m,) at 16 kHz, the clip's sound.
        face: (n, 478, 3) landmarks in px, NaN where not seen.
        pictures: the clip's n frames, if the scorer needs them.
    """
    if len(face) < 2 * config.max_lag_frames + 10 or np.isfinite(face[:, 0, 0]).mean() < 0.5:
        return None
    seen = scorer.look(face, fps, pictures)
    scores = scorer.lag_scores(samples, seen, fps, config.max_lag_frames)
    offset = int(np.argmax(scores)) - config.max_lag_frames
    confidence = peak_height(scores, len(face))
    repair = 0
    if abs(offset) >= config.min_repair_frames and confidence >= config.min_repair_confidence:
        halves = _half_offsets(samples, seen, fps, scorer, config)
        if all(abs(half - offset) <= config.max_repair_spread_frames for half in halves):
            repair = offset
    return Sync(
        av_offset_frames=offset,
        repaired_frames=repair,
        sync_confidence=round(confidence, 6),
        lip_activity=lip_activity(face, fps),
        rival_margin=None,
        scorer=scorer.name,
    )


def peak_height(scores: FloatArray, num_frames: int) -> float:
    """Return how far the best lag's score stands above the median.

    Chance correlations grow with the inverse root of the number of frames, so peaks of clips shorter than
    5 s are lowered to stand for what they would be worth at that length.
    """
    shortness = min(np.sqrt(num_frames / _FULL_FRAMES), 1.0)
    return float((scores.max() - np.median(scores)) * shortness)


def _half_offsets(
    samples: npt.NDArray[np.float32],
    seen: FloatArray,
    fps: float,
    scorer: SyncScorer,
    config: SyncConfig,
) -> list[int]:
    """Return the offset of each half of a clip; () where halves are too short to have one."""
    middle = len(seen) // 2
    if middle < 2 * config.max_lag_frames + 10:
        return []
    cut = round(middle / fps * SAMPLING_RATE_HZ)
    found: list[int] = []
    for sound, span in ((samples[:cut], slice(0, middle)), (samples[cut:], slice(middle, None))):
        scores = scorer.lag_scores(sound, seen[span], fps, config.max_lag_frames)
        found.append(int(np.argmax(scores)) - config.max_lag_frames)
    return found


def lip_activity(face: npt.NDArray[np.floating], fps: float) -> float | None:
    """Return the mean speed at which the inner lips part and close, in face heights a second.

    Args:
        face: (n, 478, 3) landmarks in px, NaN where not seen.
    """
    seen = face[np.isfinite(face[:, 0, 0])].astype(np.float64)
    if len(seen) < 2:
        return None
    height = np.median(np.linalg.norm(seen[:, CHIN] - seen[:, FOREHEAD], axis=1))
    upper, lower = MIDDLE_LIPS
    opening = np.linalg.norm(seen[:, lower] - seen[:, upper], axis=1) / max(height, 1e-6)
    return round(float(np.abs(np.diff(opening)).mean() * fps), 6)


def with_rivals(clips: Sequence[Clip]) -> list[Clip]:
    """Return the clips of one shot, each with its margin over the best other face seen meanwhile."""
    compared: list[Clip] = []
    for clip in clips:
        others = [
            other.sync.sync_confidence
            for other in clips
            if other.track_id != clip.track_id and other.sync is not None and _overlap(clip, other) > 0.5
        ]
        if clip.sync is None or not others:
            compared.append(clip)
            continue
        margin = round(clip.sync.sync_confidence - max(others), 6)
        compared.append(dataclasses.replace(clip, sync=dataclasses.replace(clip.sync, rival_margin=margin)))
    return compared


def _overlap(clip: Clip, other: Clip) -> float:
    """Return the share of the shorter of two clips that lies in the other."""
    shared = min(clip.end_seconds, other.end_seconds) - max(clip.start_seconds, other.start_seconds)
    return shared / min(clip.duration_seconds, other.duration_seconds)
