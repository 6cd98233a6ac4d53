"""Assign splits: which share of the data a clip is for, the same for all clips of one person.

A person (the identity where it is known, else the declared speaker, else the video) goes to one
split with all clips, by a hash, so that adding data moves nobody. Identities whose faces are too
near to be sure that they are two people share a split.
"""

import hashlib
from dataclasses import dataclass, replace

from schemas.attributes import person_of
from schemas.bounds import Share
from schemas.outcomes import BadInputError
from schemas.records import Clip


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitConfig:
    """Shares of the splits; what is left of 1 goes to train. `salt` makes another division."""

    val_share: Share = 0.0
    test_share: Share = 0.0
    salt: str = ""

    def __post_init__(self) -> None:
        """Refuse shares of more than all."""
        if self.val_share + self.test_share > 1:
            raise BadInputError("split: val_share and test_share are more than 1 together")


def split_group(clip: Clip) -> str:
    """Return who must not be in two splits."""
    return person_of(clip) if clip.identity is None else f"identity:{clip.identity.split_group}"


def assign_split(clip: Clip, config: SplitConfig) -> Clip:
    """Return the clip with its split."""
    digest = hashlib.sha256(f"{config.salt}:{split_group(clip)}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < config.test_share:
        return replace(clip, split="test")
    if place < config.test_share + config.val_share:
        return replace(clip, split="val")
    return replace(clip, split="train")
