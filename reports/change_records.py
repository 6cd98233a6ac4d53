"""What is compared of two results, and a change that was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["file", "came", "went", "end", "split", "identity", "label"]
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change of one clip, or of a file (`clip_id` None). `why` is what both results tell of its cause."""

    change: Kind
    source_name: str
    clip_id: str | None
    attribute: str | None = None
    before: str | None
    after: str | None
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One of the two results.

    `clips` are rows of the table by key; `ends` what ended a clip that was not accepted (a rejection or a
    failure) by key; `sources` the id of each source's video by name, None for one that never became one, and
    `lost` what ended such a source. Of files that were erased nothing is known but their number; `erased` are
    erased spans of videos that stay, in seconds, by video. `config` are the settings, `weights` the models'
    hashes by name.
    """

    clips: Mapping[str, Row]
    ends: Mapping[str, Row]
    sources: Mapping[str, str | None]
    lost: Mapping[str, Row]
    config: Mapping[str, Any]
    weights: Mapping[str, str | None]
    num_erased: int
    erased: Mapping[str, Sequence[tuple[float, float]]]

    def accepted(self) -> dict[str, Row]:
        """Return the rows of accepted clips by key."""
        return {key: row for key, row in self.clips.items() if row["status"] == "accepted"}

    def statuses(self) -> dict[str, list[str]]:
        """Return the statuses of all clips by source."""
        found: dict[str, list[str]] = {}
        for row in self.clips.values():
            found.setdefault(row["source_name"], []).append(row["status"])
        return found
