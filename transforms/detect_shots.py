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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import cv2
import numpy as np
import numpy.typing as npt

from backends.protocols import PictureChange, ShotModel
from schemas.bounds import Count, Positive, Share
from schemas.ids import span_id
from schemas.records import Shot

THUMBNAIL = (48, 27)  # px, the input of TransNet V2
FloatArray = npt.NDArray[np.float64]
Thumbnail = npt.NDArray[np.uint8]  # (27, 48, 3) RGB
Cut = tuple[int, int, float | None]  # see find_cuts

# TransNet V2 sees 100 frames and is read at the middle 50; a gate may fire a little late.
_WINDOW, _MARGIN, _LEAD = 100, 25, 3


@dataclass(frozen=True, kw_only=True, slots=True)
class ShotConfig:
    """Thresholds of the two detectors. Content scores are on PySceneDetect's scale of 0 to 255."""

    # Gates that call TransNet V2; a fifth of PySceneDetect's default threshold of 27.
    gate_content: float = 6.0
    gate_ratio: float = 3.0
    gate_lag_change: float = 18.0
    gate_lag_seconds: float = 0.5
    # TransNet V2's own operating point (its paper, section 3).
    sure_probability: Share = 0.5
    # A one-frame jump: content score and ratio to the neighbourhood's median.
    jump_content: float = 12.0
    jump_ratio: float = 6.0
    # A flash jumps too, but the picture returns: this share of the jump must remain.
    jump_remainder: Share = 0.6
    settle_frames: Count = 4
    neighbourhood_frames: Count = 6
    # Frames of a gradual transition have this chance of belonging to it.
    transition_probability: Share = 0.5
    # Kept clear on both sides of a cut, for blended fields and compression echoes.
    guard_frames: int = 1
    min_shot_seconds: float = 0.5
    # A picture that stays for longer is no part of a shot any more: what should follow is missing.
    max_hold_seconds: Positive = 0.5


@dataclass(slots=True)
class ShotScores:
    """Per-frame scores of a whole video, filled by `ShotScanner`; `leaps` are jump cuts found otherwise."""

    seconds: list[float] = field(default_factory=list[float])
    content: list[float] = field(default_factory=list[float])
    jumps: list[int] = field(default_factory=list[int])
    leaps: list[int] = field(default_factory=list[int])
    cut: dict[int, float] = field(default_factory=dict[int, float])
    transition: dict[int, float] = field(default_factory=dict[int, float])


class ShotScanner:
    """Consumes frames in order and scores them; memory is bounded by one network window.

    A frame is judged a few frames late, when what follows it is known.
    """

    def __init__(
        self,
        config: ShotConfig,
        scorer: Callable[[], PictureChange],
        model: Callable[[], ShotModel],
        fps: float,
    ) -> None:
        self.scores = ShotScores()
        self._config = config
        self._scorer = scorer
        self._running = scorer()
        self._model = model
        self._lag = max(round(config.gate_lag_seconds * fps), 2)
        self._delay = max(config.neighbourhood_frames, config.settle_frames)
        self._thumbnails: list[Thumbnail] = []
        self._first = 0  # frame number of _thumbnails[0]
        self._wanted: list[int] = []  # candidate frames the network has not seen yet

    def update(self, seconds: float, thumbnail: Thumbnail) -> None:
        """Take the next frame: its time and its RGB thumbnail (27, 48, 3)."""
        self.scores.seconds.append(seconds)
        self.scores.content.append(self._running.change(thumbnail))
        self._thumbnails.append(thumbnail)
        number = len(self.scores.seconds) - 1
        self._judge(number - self._delay)
        if self._wanted and number - self._wanted[0] >= _WINDOW - _MARGIN:
            self._look()
        self._forget(number)

    def finish(self) -> ShotScores:
        """Judge the last frames, look at the candidates among them and return all scores."""
        count = len(self.scores.seconds)
        for number in range(max(count - self._delay, 0), count):
            self._judge(number)
        while self._wanted:
            self._look()
        return self.scores

    def _judge(self, number: int) -> None:
        """Decide whether a frame is a jump by itself, or a candidate for the network, or nothing."""
        if number < 1:
            return
        config, content = self._config, self.scores.content[number]
        ratio = change_ratio(self.scores.content, number, config.neighbourhood_frames)
        if content >= config.jump_content and ratio >= config.jump_ratio and self._remains(number):
            self.scores.jumps.append(number)
            return
        if content >= config.gate_content and ratio >= config.gate_ratio:
            self._wanted.append(number)
            return
        since = max(number - self._lag, self.scores.jumps[-1] if self.scores.jumps else 0)
        change = float(cv2.absdiff(self._thumbnail(since), self._thumbnail(number)).mean())
        if change >= config.gate_lag_change:
            self._wanted.append(number)

    def _remains(self, number: int) -> bool:
        """Return whether the picture before a flash and after it differ: the jump was none."""
        settle = self._config.settle_frames
        after = min(number + settle, len(self.scores.seconds) - 1)
        wanted = self._config.jump_remainder * self.scores.content[number]
        # Seen from the flash's last frame the picture changes for good: look from before it, too.
        return all(self._change(before, after) >= wanted for before in (number - 1, max(number - settle, 0)))

    def _change(self, before: int, after: int) -> float:
        pair = self._scorer()
        pair.change(self._thumbnail(before))
        return pair.change(self._thumbnail(after))

    def _thumbnail(self, number: int) -> Thumbnail:
        return self._thumbnails[max(number - self._first, 0)]

    def _look(self) -> None:
        """Run the network on the window whose middle half starts just before the first candidate."""
        begin, end = self._wanted[0] - _MARGIN - _LEAD, len(self.scores.seconds)
        indices = np.clip(np.arange(begin, begin + _WINDOW), 0, end - 1)
        window = np.stack([self._thumbnail(int(i)) for i in indices])
        cut, transition = self._model().cut_probabilities(window)
        for offset in range(_MARGIN, _WINDOW - _MARGIN):
            frame = begin + offset
            if 0 <= frame < end:
                self.scores.cut[frame] = float(cut[offset])
                self.scores.transition[frame] = float(transition[offset])
        covered = begin + _WINDOW - _MARGIN - _LEAD
        self._wanted = [n for n in self._wanted if n >= covered]

    def _forget(self, number: int) -> None:
        """Drop thumbnails that no judgement or window can ask for any more."""
        oldest = self._wanted[0] if self._wanted else number - self._delay
        drop = oldest - max(_MARGIN + _LEAD, self._lag) - 1 - self._first
        if drop > _WINDOW:
            del self._thumbnails[:drop]
            self._first += drop


def change_ratio(content: Sequence[float], number: int, neighbourhood: int) -> float:
    """Return a frame's change relative to the median change of its neighbours.

    The idea of PySceneDetect's AdaptiveDetector, with a median so that a second cut nearby does
    not hide the first. Changes below 0.5 count as 0.5 (sensor noise).
    """
    around = [
        *content[max(1, number - neighbourhood) : number],
        *content[number + 1 : number + 1 + neighbourhood],
    ]
    usual = float(np.median(around)) if around else 0.0
    return content[number] / max(usual, 0.5)


def find_cuts(scores: ShotScores, config: ShotConfig) -> list[Cut]:
    """Return cuts as (last frame of the old shot + 1, first frame of the new shot, score).

    The two numbers are equal for a hard cut; between them lies a gradual transition. The score is
    TransNet V2's chance of a cut, None where the jump decided without it.
    """
    content = np.asarray(scores.content)
    # TransNet V2 marks the last frame before a cut; shift so that a cut names its first frame.
    cut = np.zeros(len(content))
    for frame, probability in scores.cut.items():
        if frame + 1 < len(cut):
            cut[frame + 1] = probability
    sure = np.flatnonzero(cut >= config.sure_probability).tolist()
    hits = sorted({*scores.jumps, *scores.leaps, *sure})
    return [_transition(group, scores, cut, content, config) for group in _groups(hits)]


def _groups(hits: Sequence[int]) -> list[list[int]]:
    """Join hits that are at most three frames apart: one transition."""
    groups: list[list[int]] = []
    for hit in hits:
        if groups and hit - groups[-1][-1] <= 3:
            groups[-1].append(hit)
        else:
            groups.append([hit])
    return groups


def _transition(
    group: list[int], scores: ShotScores, cut: FloatArray, content: FloatArray, config: ShotConfig
) -> tuple[int, int, float | None]:
    peak = max(group, key=lambda i: (content[i], -i))
    looked_at = [float(cut[i]) for i in group if i - 1 in scores.cut]
    score = max(looked_at, default=None)
    if leaps := set(group) & set(scores.leaps):
        return min(leaps), min(leaps), score
    others = [content[i] for i in range(max(peak - 3, 1), min(peak + 4, len(content))) if i != peak]
    if content[peak] >= 3.0 * max([0.5, float(np.median(others)) if others else 0.5]):
        return peak, peak, score  # one frame does it all: a hard cut
    start, end = group[0], group[-1]
    while start > 1 and scores.transition.get(start - 1, 0.0) >= config.transition_probability:
        start -= 1
    limit = len(content) - 1
    # Where everything moves, the transition is what moves twice as much as a second around it.
    usual = float(np.median(content[max(start - 25, 1) : end + 26]))
    floor = max(0.3 * float(content[start : end + 1].max()), 2.0 * usual)
    while end < limit and (
        scores.transition.get(end, 0.0) >= config.transition_probability or content[end] >= floor
    ):
        end += 1
    while start > 1 and content[start - 1] >= floor:
        start -= 1
    return start, end, score


def build_shots(
    video_id: str,
    scores: ShotScores,
    end_seconds: float,
    config: ShotConfig,
    breaks: Mapping[int, float] = MappingProxyType({}),
) -> list[Shot]:
    """Partition a video's frames into shots.

    Args:
        end_seconds: the end of the last frame.
        breaks: frames before which there is a gap or the clock starts again, and when the picture before
            each ends; a shot ends there, whatever is seen.

    Returns:
        Shots that cover all frames; their clean spans leave out transitions and guard frames.
    """
    seconds = [*(max(s, 0.0) for s in scores.seconds), end_seconds]
    last = len(scores.seconds)
    shots: list[Shot] = []
    start, clean_start, start_score = 0, 0, None
    for old_end, new_start, score in _with_breaks(find_cuts(scores, config), breaks):
        if old_end <= start:
            continue
        guard = 0 if new_start in breaks else config.guard_frames
        clean_end = max(old_end - guard, clean_start)
        shots.append(_shot(video_id, seconds, (start, new_start), (clean_start, clean_end), start_score))
        if new_start in breaks:
            shots[-1] = _ended(shots[-1], breaks[new_start])
        start, clean_start, start_score = new_start, min(new_start + guard, last), score
    shots.append(_shot(video_id, seconds, (start, last), (clean_start, last), start_score))
    return _merge_fragments(shots, config, breaks)


def _with_breaks(cuts: Sequence[Cut], breaks: Mapping[int, float]) -> list[Cut]:
    """Return cuts in order with those at breaks, which take the place of others found there."""
    kept = [cut for cut in cuts if not any(cut[0] <= frame <= cut[1] for frame in breaks)]
    return sorted([*kept, *((frame, frame, None) for frame in breaks)], key=lambda cut: cut[:2])


def _ended(shot: Shot, end_seconds: float) -> Shot:
    """Return a shot that ends before a gap, and not at the picture behind it."""
    clean_end = min(shot.clean_end_seconds, end_seconds)
    return dataclasses.replace(shot, end_seconds=end_seconds, clean_end_seconds=clean_end)


def _shot(
    video_id: str,
    seconds: list[float],
    frames: tuple[int, int],
    clean_frames: tuple[int, int],
    score: float | None,
) -> Shot:
    return Shot(
        shot_id=span_id(video_id, "shot", *frames),
        video_id=video_id,
        start_frame=frames[0],
        end_frame=frames[1],
        start_seconds=seconds[frames[0]],
        end_seconds=seconds[frames[1]],
        clean_start_seconds=seconds[clean_frames[0]],
        clean_end_seconds=seconds[clean_frames[1]],
        cut_score=score,
    )


def _merge_fragments(shots: list[Shot], config: ShotConfig, breaks: Mapping[int, float]) -> list[Shot]:
    """Give fragments at the file's ends, too short to be shots, to their neighbour as unclean."""

    def is_fragment(shot: Shot, border: int) -> bool:
        return len(shots) > 1 and border not in breaks and _length(shot) < config.min_shot_seconds

    if is_fragment(shots[-1], shots[-1].start_frame):
        previous, last = shots[-2], shots.pop()
        shots[-1] = dataclasses.replace(
            previous,
            shot_id=span_id(previous.video_id, "shot", previous.start_frame, last.end_frame),
            end_frame=last.end_frame,
            end_seconds=last.end_seconds,
        )
    if is_fragment(shots[0], shots[0].end_frame):
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
