"""Score every frame of a video while it is decoded: changes of colour, TransNet V2 where they call for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from backends.protocols.pictures import PictureChange, ShotModel
from schemas.bounds import Count, Positive, Share

THUMBNAIL = (48, 27)  # px, the input of TransNet V2
FloatArray = npt.NDArray[np.float64]
Thumbnail = npt.NDArray[np.uint8]  # (27, 48, 3) RGB

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
