"""Score sync: whether the face of a clip says what is heard, how late the sound is, and who speaks.

    agreement                  *                 the peak's place: av_offset_frames
      of lips               *     *              its height above the median: sync_confidence
      and sound   * *  *  *         *  *  *  *
                  |--------|--------|--------|
    lag (frames) -15       0        +  sound late

docs/sync.md says what the score is worth and where it fails.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from backends.protocols.arrays import RgbImage
from backends.protocols.sound import SyncScorer
from body.face_mesh import CHIN, FOREHEAD, MIDDLE_LIPS
from schemas.bounds import Count
from schemas.records.clip import Clip
from schemas.records.sound import SpokenStretch, Sync

FloatArray = npt.NDArray[np.float64]
Span = tuple[float, float]
_FULL_FRAMES = 125
# Long enough for a few words, short enough that a listener's turn fills one; mostly speech.
_STRETCH_SECONDS = 2.0
_MIN_SPOKEN = 0.6


@dataclass(frozen=True, kw_only=True, slots=True)
class SyncConfig:
    """`model`: "lip-sync" is embedded; or the path of a map that tools/train_lip_sync.py built (.npz), or
    of a SyncNet (.onnx, backends/syncnet.py), for which the bounds of the sync rules have to be set anew.

    Offsets up to `max_lag_frames` are looked for. One of at least `min_repair_frames` is repaired
    where the confidence reaches `min_repair_confidence` and both halves of the clip agree on it to
    `max_repair_spread_frames`, or where the clips of its video together say so; the estimate is good to
    one frame, so one frame is left alone.
    """

    model: str = "lip-sync"
    max_lag_frames: Count = 15
    min_repair_frames: Count = 2
    min_repair_confidence: float = 0.26
    max_repair_spread_frames: int = 2


def score_sync(
    samples: npt.NDArray[np.float32],
    face: npt.NDArray[np.float32],
    fps: float,
    scorer: SyncScorer,
    config: SyncConfig,
    speech: Sequence[Span] = (),
    pictures: Iterable[RgbImage] | None = None,
) -> Sync | None:
    """Return how a face and the sound agree; None if the clip is too short or the face not seen.

    Args:
        samples: mono (m,) at 16 kHz, the clip's sound.
        face: (n, 478, 3) landmarks in px, NaN where not seen.
        speech: where somebody speaks, in seconds.
        pictures: the clip's n frames, if the scorer needs them.
    """
    if len(face) < 2 * config.max_lag_frames + 10 or np.isfinite(face[:, 0, 0]).mean() < 0.5:
        return None
    seen = scorer.look(face, fps, pictures)
    agreement = scorer.agreement(samples, seen, fps, config.max_lag_frames)
    scores = lag_scores(agreement)
    offset = best_lag(scores)
    confidence = peak_height(scores, len(face))
    stretches = spoken_stretches(agreement, spoken_frames(speech, len(face), fps), fps)
    repair = 0
    if abs(offset) >= config.min_repair_frames and confidence >= config.min_repair_confidence:
        halves = _half_offsets(agreement)
        if all(abs(half - offset) <= config.max_repair_spread_frames for half in halves):
            repair = offset
    return Sync(
        av_offset_frames=offset,
        repaired_frames=repair,
        unrepaired_frames=_unrepaired(offset, repair, config),
        sync_confidence=round(confidence, 6),
        weakest_agreement=min((stretch.agreement for stretch in stretches), default=None),
        stretches=stretches,
        lip_activity=lip_activity(face, fps),
        rival_margin=None,
        lag_scores=tuple(np.round(scores, 4).tolist()),
        scorer=scorer.name,
    )


def lag_scores(agreement: FloatArray) -> FloatArray:
    """Return the score of each lag, (k,), of what each frame adds to it, (k, n); 0 without any."""
    known = np.isfinite(agreement)
    return np.where(known, agreement, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)


def spoken_frames(speech: Sequence[Span], num_frames: int, fps: float) -> npt.NDArray[np.bool_]:
    """Return on which frames somebody speaks, (num_frames,)."""
    middles = (np.arange(num_frames) + 0.5) / fps
    spans = np.array(speech, np.float64).reshape(-1, 2)
    return np.asarray(((middles >= spans[:, :1]) & (middles < spans[:, 1:])).any(axis=0), bool)


def spoken_stretches(
    agreement: FloatArray, spoken: npt.NDArray[np.bool_], fps: float
) -> tuple[SpokenStretch, ...]:
    """Return the height of the clip's best lag above the median lag, over every 2 s that are mostly speech.

    Where a face speaks in one part and listens in another, its words are not all its own.

    Args:
        agreement: (k, n) what each frame adds to the score of each lag.
        spoken: (n,) frames on which somebody speaks.
    """
    width = round(_STRETCH_SECONDS * fps)
    if agreement.shape[1] < width:
        return ()
    known = np.isfinite(agreement)
    sums = _moving_sum(np.where(known, agreement, 0.0), width)
    local = sums / np.maximum(_moving_sum(known.astype(np.float64), width), 1.0)
    full = _moving_sum(spoken[None].astype(np.float64), width)[0] >= _MIN_SPOKEN * width
    best = int(np.argmax(lag_scores(agreement)))
    heights = local[best] - np.median(local, axis=0)
    return tuple(
        SpokenStretch(start_seconds=i / fps, agreement=round(float(heights[i]), 6))
        for i in np.flatnonzero(full).tolist()
    )


def _moving_sum(rows: FloatArray, width: int) -> FloatArray:
    """Return the sums of `width` neighbours in each row, (k, n - width + 1)."""
    summed = np.cumsum(np.pad(rows, ((0, 0), (1, 0))), axis=1)
    return summed[:, width:] - summed[:, :-width]


def best_lag(scores: FloatArray) -> int:
    """Return the lag of the highest score, in frames; the middle score is that of lag 0."""
    return int(np.argmax(scores)) - len(scores) // 2


def _unrepaired(offset: int, repair: int, config: SyncConfig) -> int:
    """Return how far the best lag lies from what was repaired; what is too small to repair is none."""
    left = abs(offset - repair)
    return left if left >= config.min_repair_frames else 0


def peak_height(scores: FloatArray, num_frames: int) -> float:
    """Return how far the best lag's score stands above the median.

    Chance correlations grow with the inverse root of the number of frames, so peaks of clips shorter than
    5 s are lowered to stand for what they would be worth at that length.
    """
    shortness = min(np.sqrt(num_frames / _FULL_FRAMES), 1.0)
    return float((scores.max() - np.median(scores)) * shortness)


def _half_offsets(agreement: FloatArray) -> list[int]:
    """Return the offset of each half of a clip; [] where halves are too short to have one."""
    num_lags, num_frames = agreement.shape
    middle = num_frames // 2
    if middle < num_lags + 9:
        return []
    return [best_lag(lag_scores(half)) for half in (agreement[:, :middle], agreement[:, middle:])]


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


def with_shared_offset(clips: Sequence[Clip], config: SyncConfig) -> list[Clip]:
    """Return the clips of one video, whose sound is late by one and the same offset unless a clip is sure
    of another.

    Lag scores are averaged over the clips, weighted by their frames and confidence. A clip whose own best
    lag is within a frame of the video's is repaired by the video's; one that is sure of another lag (it
    repaired it by itself, or is surely in sync) keeps its own; what is left between a clip's best lag and
    the repair is its `unrepaired_frames`.
    """
    shared, confidence = _shared_lag(clips)
    if shared is None or confidence < config.min_repair_confidence:
        return list(clips)
    return [
        clip if clip.sync is None else replace(clip, sync=_sharing(clip.sync, shared, config))
        for clip in clips
    ]


def _shared_lag(clips: Sequence[Clip]) -> tuple[int | None, float]:
    """Return the lag on which clips agree and how far it stands out; None of fewer than two clips."""
    judged = [(clip, clip.sync) for clip in clips if clip.sync is not None]
    weights = np.array([clip.num_frames * max(sync.sync_confidence, 0.0) for clip, sync in judged])
    if len(judged) < 2 or not weights.sum():
        return None, 0.0
    scores = weights @ np.array([sync.lag_scores for _, sync in judged]) / weights.sum()
    return best_lag(scores), peak_height(scores, sum(clip.num_frames for clip, _ in judged))


def _sharing(sync: Sync, shared: int, config: SyncConfig) -> Sync:
    """Return what a clip's sound is moved by, given the lag of its video."""
    own, small = sync.av_offset_frames, config.min_repair_frames
    sure = sync.sync_confidence >= config.min_repair_confidence and (sync.repaired_frames or abs(own) < small)
    repair = sync.repaired_frames
    if abs(own - shared) < small:
        repair = shared if max(abs(own), abs(shared)) >= small else 0
    elif not sure:
        repair = shared if abs(shared) >= small else 0
    return replace(sync, repaired_frames=repair, unrepaired_frames=_unrepaired(own, repair, config))
