"""A clip ready to be drawn: everything that is known about it, frame by frame."""

from collections.abc import Sequence
from dataclasses import dataclass

from drawing.draw import FrameMarks
from drawing.mesh import MeshView
from drawing.panel import Inset
from drawing.timeline import TimelineData
from schemas.records.sound import Word


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipView:
    """What the drawings of a clip have in common. Sizes in px of the clip's own video."""

    key: str
    name: str
    verdict: str
    status: str
    width: int
    height: int
    fps: float
    num_frames: int
    marks: Sequence[FrameMarks]
    inset: Inset | None
    words: Sequence[Word]
    language: str | None
    timeline: TimelineData
    mesh: MeshView | None = None

    @property
    def without_words(self) -> str:
        """What captions say where there are no words."""
        return "no transcript" if self.status == "accepted" else f"no transcript ({self.verdict})"
