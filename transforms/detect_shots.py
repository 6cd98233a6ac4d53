"""Detect shots: where one continuous take ends and the next begins.

Two detectors share the work. PySceneDetect's content score (mean change of hue, saturation and
luma between frames) and the change of colours over half a second are computed on every
frame and cost next to nothing. Where either shows that something may have happened, TransNet V2
looks at a window of 100 frames. A still talker costs no network time at all, and a cut counts if
  - TransNet V2 is sure of it, or
  - the picture jumps in one frame, far above what its neighbours do, and stays changed. That
    finds jump cuts within one set-up, which TransNet V2 rates low, and passes over flashes.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from backends.protocols import ShotModel
from schemas.ids import span_id
from schemas.records import Shot

STAGE = "detect_shots"
THUMBNAIL = (48, 27)  # px, the input of TransNet V2
FloatArray = npt.NDArray[np.float64]

# TransNet V2 sees 100 frames and is read at the middle 50; a gate may fire a little late.
_WINDOW, _MARGIN, _LEAD = 100, 25, 3


@dataclass(frozen=True, kw_only=True, slots=True)
class ShotConfig:
    """Thresholds of the two detectors. Content scores are on PySceneDetect's scale of 0 to 255."""

    # Gates that call TransNet V2; a fifth of PySceneDetect's default threshold of 27.
    gate_content: float = 6.0
    gate_ratio: float = 3.0
    gate_lag_change: float = 12.0
    gate_lag_seconds: float = 0.5
    # TransNet V2's own operating point (its paper, section 3).
    sure_probability: float = 0.5
    # A one-frame jump: content score and ratio to the neighbourhood's median.
    jump_content: float = 12.0
    jump_ratio: float = 6.0
    # A flash jumps too, but the picture returns: this share of the jump must remain.
    jump_remainder: float = 0.6
    settle_frames: int = 4
    neighbourhood_frames: int = 6
    # Frames of a gradual transition have this chance of belonging to it.
    transition_probability: float = 0.5
    # Kept clear on both sides of a cut, for blended fields and compression echoes.
    guard_frames: int = 1
    min_shot_seconds: float = 0.5


@dataclass(slots=True)
class ShotScores:
    """Per-frame scores of a whole video, filled by `ShotScanner`."""

    seconds: list[float] = field(default_factory=list)
    content: list[float] = field(default_factory=list)
    lag_change: list[float] = field(default_factory=list)
    remainder: dict[int, float] = field(default_factory=dict)
    cut: dict[int, float] = field(default_factory=dict)
    transition: dict[int, float] = field(default_factory=dict)


class ShotScanner:
    """Consumes frames in order and scores them; memory is bounded by one network window."""

    def __init__(self, config: ShotConfig, model: Callable[[], ShotModel], fps: float) -> None:
        self.scores = ShotScores()
        self._config = config
        self._model = model
        self._lag = max(round(config.gate_lag_seconds * fps), 2)
        self._thumbnails: list[npt.NDArray[np.uint8]] = []
        self._recent: list[npt.NDArray[np.uint8]] = []
        self._hsv: npt.NDArray[np.int16] | None = None
        self._first = 0  # frame number of _thumbnails[0]
        self._wanted: list[int] = []  # candidate frames the network has not seen yet
        self.network_frames = 0

    def update(self, seconds: float, thumbnail: npt.NDArray[np.uint8]) -> None:
        """Take the next frame: its time and its RGB thumbnail (27, 48, 3)."""
        hsv = _hsv(thumbnail)
        number = len(self.scores.seconds)
        content = 0.0 if self._hsv is None else content_change(self._hsv, hsv)
        old = self._recent[0] if self._recent else thumbnail
        lagged = float(cv2.absdiff(old, thumbnail).mean())
        self.scores.seconds.append(seconds)
        self.scores.content.append(content)
        self.scores.lag_change.append(lagged)
        self._recent = [*self._recent[-self._lag + 1 :], thumbnail]
        self._hsv = hsv
        self._thumbnails.append(thumbnail)
        self._settle(number)
        if self._is_candidate(number):
            self._wanted.append(number)
        if self._wanted and number - self._wanted[0] >= _WINDOW - _MARGIN:
            self._look(number + 1)
        self._forget()

    def finish(self) -> ShotScores:
        """Look at the candidates near the end and return all scores."""
        while self._wanted:
            self._look(len(self.scores.seconds))
        return self.scores

    def _settle(self, number: int) -> None:
        """Measure what remains of a jump once a flash would be over."""
        jump = number - self._config.settle_frames
        if jump > 0 and self.scores.content[jump] >= self._config.jump_content:
            before, after = (self._thumbnails[i - self._first] for i in (jump - 1, number))
            self.scores.remainder[jump] = content_change(_hsv(before), _hsv(after))

    def _is_candidate(self, number: int) -> bool:
        config, scores = self._config, self.scores
        recent = scores.content[max(1, number - config.neighbourhood_frames) : number]
        usual = max(float(np.median(recent)) if recent else 0.0, 0.5)
        content = scores.content[number]
        jumps = content >= config.gate_content and content >= config.gate_ratio * usual
        return jumps or scores.lag_change[number] >= config.gate_lag_change

    def _look(self, end: int) -> None:
        """Run the network on the window whose middle half starts just before the first candidate."""
        begin = self._wanted[0] - _MARGIN - _LEAD
        indices = np.clip(np.arange(begin, begin + _WINDOW), self._first, end - 1)
        window = np.stack([self._thumbnails[i - self._first] for i in indices])
        cut, transition = self._model().cut_probabilities(window)
        self.network_frames += _WINDOW
        for offset in range(_MARGIN, _WINDOW - _MARGIN):
            frame = begin + offset
            if 0 <= frame < end:
                self.scores.cut[frame] = float(cut[offset])
                self.scores.transition[frame] = float(transition[offset])
        covered = begin + _WINDOW - _MARGIN - _LEAD
        self._wanted = [n for n in self._wanted if n >= covered]

    def _forget(self) -> None:
        keep_from = (self._wanted[0] if self._wanted else len(self.scores.seconds)) - _MARGIN - _LEAD
        drop = keep_from - self._first
        if drop > _WINDOW:
            del self._thumbnails[:drop]
            self._first += drop


def _hsv(thumbnail: npt.NDArray[np.uint8]) -> npt.NDArray[np.int16]:
    return cv2.cvtColor(thumbnail, cv2.COLOR_RGB2HSV).astype(np.int16)


def content_change(before: npt.NDArray[np.int16], after: npt.NDArray[np.int16]) -> float:
    """Return PySceneDetect's content score of two HSV pictures: their mean absolute difference."""
    return float(np.abs(after - before).mean())


def change_ratio(content: FloatArray, neighbourhood: int) -> FloatArray:
    """Return each frame's change relative to the median change of its neighbours.

    The idea of PySceneDetect's AdaptiveDetector, with a median so that a second cut nearby does
    not hide the first. Changes below 0.5 count as 0.5 (sensor noise).
    """
    ratios = np.zeros_like(content)
    for i in range(len(content)):
        around = np.concatenate(
            [content[max(1, i - neighbourhood) : i], content[i + 1 : i + 1 + neighbourhood]]
        )
        usual = max(float(np.median(around)) if around.size else 0.0, 0.5)
        ratios[i] = content[i] / usual
    return ratios


def find_cuts(scores: ShotScores, config: ShotConfig) -> list[tuple[int, int, float]]:
    """Return cuts as (last frame of the old shot + 1, first frame of the new shot, score).

    The two numbers are equal for a hard cut; between them lies a gradual transition.
    """
    num_frames = len(scores.seconds)
    content = np.asarray(scores.content)
    ratio = change_ratio(content, config.neighbourhood_frames)
    # TransNet V2 marks the last frame before a cut; shift so that a cut names its first frame.
    cut = np.zeros(num_frames)
    for frame, probability in scores.cut.items():
        if frame + 1 < num_frames:
            cut[frame + 1] = probability
    remainder = np.array([scores.remainder.get(i, c) for i, c in enumerate(scores.content)])
    jumps = (
        (content >= config.jump_content)
        & (ratio >= config.jump_ratio)
        & (remainder >= config.jump_remainder * content)
    )
    hits = np.flatnonzero(jumps | (cut >= config.sure_probability))
    return [_transition(group, scores, cut, content, config) for group in _groups(hits)]


def _groups(hits: npt.NDArray[np.intp]) -> list[list[int]]:
    """Join hits that are at most three frames apart: one transition."""
    groups: list[list[int]] = []
    for hit in hits.tolist():
        if groups and hit - groups[-1][-1] <= 3:
            groups[-1].append(hit)
        else:
            groups.append([hit])
    return groups


def _transition(
    group: list[int], scores: ShotScores, cut: FloatArray, content: FloatArray, config: ShotConfig
) -> tuple[int, int, float]:
    peak = max(group, key=lambda i: (content[i], -i))
    score = float(max(cut[i] for i in group))
    others = [content[i] for i in range(max(peak - 3, 1), min(peak + 4, len(content))) if i != peak]
    if content[peak] >= 3.0 * max([0.5, float(np.median(others)) if others else 0.5]):
        return peak, peak, score  # one frame does it all: a hard cut
    start, end = group[0], group[-1]
    while start > 1 and scores.transition.get(start - 1, 0.0) >= config.transition_probability:
        start -= 1
    limit = len(content) - 1
    floor = 0.3 * float(content[start : end + 1].max())
    while end < limit and (
        scores.transition.get(end, 0.0) >= config.transition_probability or content[end] >= floor
    ):
        end += 1
    while start > 1 and content[start - 1] >= floor:
        start -= 1
    return start, end, score


def build_shots(video_id: str, scores: ShotScores, end_seconds: float, config: ShotConfig) -> list[Shot]:
    """Partition a video's frames into shots.

    Args:
        end_seconds: the end of the last frame.

    Returns:
        Shots that cover all frames; their clean spans leave out transitions and guard frames.
    """
    seconds = [*scores.seconds, end_seconds]
    last = len(scores.seconds)
    shots: list[Shot] = []
    start, clean_start, score = 0, 0, None
    ends = [*find_cuts(scores, config), (last, last, None)]
    for old_end, new_start, next_score in ends:
        if old_end <= start and next_score is not None:
            continue
        is_last = next_score is None
        clean_end = old_end if is_last else old_end - config.guard_frames
        shots.append(
            _shot(video_id, seconds, start, new_start, clean_start, max(clean_end, clean_start), score)
        )
        start, clean_start, score = new_start, min(new_start + config.guard_frames, last), next_score
    return _merge_fragments(shots, config)


def _shot(
    video_id: str,
    seconds: list[float],
    start: int,
    end: int,
    clean_start: int,
    clean_end: int,
    score: float | None,
) -> Shot:
    return Shot(
        shot_id=span_id(video_id, "shot", start, end),
        video_id=video_id,
        start_frame=start,
        end_frame=end,
        start_seconds=seconds[start],
        end_seconds=seconds[end],
        clean_start_seconds=seconds[clean_start],
        clean_end_seconds=seconds[clean_end],
        cut_score=score,
    )


def _merge_fragments(shots: list[Shot], config: ShotConfig) -> list[Shot]:
    """Give fragments at the file's ends, too short to be shots, to their neighbour as unclean."""
    if len(shots) > 1 and _length(shots[-1]) < config.min_shot_seconds:
        previous, last = shots[-2], shots.pop()
        shots[-1] = dataclasses.replace(
            previous,
            shot_id=span_id(previous.video_id, "shot", previous.start_frame, last.end_frame),
            end_frame=last.end_frame,
            end_seconds=last.end_seconds,
        )
    if len(shots) > 1 and _length(shots[0]) < config.min_shot_seconds:
        first, following = shots.pop(0), shots[0]
        shots[0] = dataclasses.replace(
            following,
            shot_id=span_id(first.video_id, "shot", first.start_frame, following.end_frame),
            start_frame=first.start_frame,
            start_seconds=first.start_seconds,
            cut_score=None,
        )
    return shots


def _length(shot: Shot) -> float:
    return shot.clean_end_seconds - shot.clean_start_seconds
