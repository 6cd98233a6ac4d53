"""What an erasure takes away, as plain values that its journal holds until it is done."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["source", "speaker", "identity", "clip"]
KINDS: tuple[Kind, ...] = ("source", "speaker", "identity", "clip")


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What a user asks to be erased: by which kind of name, the name, and why."""

    kind: Kind
    name: str
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ErasedSpan:
    """A span in seconds of a video of which the rest stays."""

    video_id: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ErasePlan:
    """What goes.

    `clip_ids` are all clips that go, accepted or not. `video_ids` are videos that go whole, with
    `source_names` and `owners` (places) of the files; of other videos `spans` go. `identities` and
    `speakers` are people of whom nothing is left; `speaker_words` what a manifest calls them. `groups` are
    new names of groups of look-alikes that were called after one of them. `sizes` are the videos' sizes in
    bytes, as `video_ids`. `remarks` are for the user: what stays and might be meant.
    """

    request: Request
    clip_ids: tuple[str, ...] = ()
    video_ids: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    source_names: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    spans: tuple[ErasedSpan, ...] = ()
    identities: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    speaker_words: tuple[str, ...] = ()
    groups: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()

    def spans_of(self, video_id: str) -> list[tuple[float, float]]:
        """Return the spans that go of a video that stays."""
        return [(s.start_seconds, s.end_seconds) for s in self.spans if s.video_id == video_id]
