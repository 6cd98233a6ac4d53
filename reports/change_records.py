"""What is compared of two results, and a change that was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["file", "terms", "came", "went", "end", "split", "identity", "label"]
Row = Mapping[str, Any]
IDENTITY = "identity_identity_id"


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

    `name` is the result's. `clips` are rows of the table by key; `ends` what ended a clip that was not
    accepted (a rejection or a failure) by key; `sources` the id of each source's video by name, None for one
    that never became one, and `lost` what ended such a source. Of files that were erased nothing is known but
    their number; `erased` are erased spans of videos that stay, in seconds, by video. `config` are the
    settings, `weights` the models' hashes by name. `declared` are the terms of readable files by source, as
    the table of videos has them, `copies` the names of other files of one content by video; `consent_day` is
    that on which consents had to hold.
    """

    name: str
    clips: Mapping[str, Row]
    ends: Mapping[str, Row]
    sources: Mapping[str, str | None]
    lost: Mapping[str, Row]
    config: Mapping[str, Any]
    weights: Mapping[str, str | None]
    num_erased: int
    erased: Mapping[str, Sequence[tuple[float, float]]]
    declared: Mapping[str, Row]
    copies: Mapping[str, frozenset[str]]
    consent_day: str | None

    def people(self) -> dict[str, frozenset[str]]:
        """Return the keys of the accepted clips of each person."""
        found: dict[str, set[str]] = {}
        for key, row in self.accepted().items():
            if row[IDENTITY] is not None:
                found.setdefault(row[IDENTITY], set()).add(key)
        return {person: frozenset(keys) for person, keys in found.items()}

    def accepted(self) -> dict[str, Row]:
        """Return the rows of accepted clips by key."""
        return {key: row for key, row in self.clips.items() if row["status"] == "accepted"}

    def statuses(self) -> dict[str, list[str]]:
        """Return the statuses of all clips by source."""
        found: dict[str, list[str]] = {}
        for row in self.clips.values():
            found.setdefault(row["source_name"], []).append(row["status"])
        return found
