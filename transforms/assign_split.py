"""Assign splits: which share of the data a clip is for, the same for all clips of one person.

A person (the identity where it is known, else the declared speaker, else the video) goes to one
split with all clips, by a hash, so that adding data moves nobody. Identities whose faces are too
near to be sure that they are two people share a split.

A hash knows nothing of groups, so a small group may be in no training data at all. A rule that moved people
for that would move them back when others like them are added, and who was trained on would be tested on. So
only groups that the configuration names are kept in training: a person's own clips suffice to tell.
"""

import hashlib
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace

from schemas.attributes import attributes_of, person_of
from schemas.bounds import Share
from schemas.groups import share_in
from schemas.outcomes import BadInputError
from schemas.records.clip import Clip


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitConfig:
    """Shares of the splits; what is left of 1 goes to train. `salt` makes another division.

    People of whom any clip is in a group of `keep_in_train`, e.g. `{age_group: 60-69}`, go to train whatever
    the hash says; then no other split has anybody of that group.
    """

    val_share: Share = 0.0
    test_share: Share = 0.0
    salt: str = ""
    keep_in_train: tuple[dict[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse shares of more than all."""
        if self.val_share + self.test_share > 1:
            raise BadInputError("split: val_share and test_share are more than 1 together")


def split_group(clip: Clip) -> str:
    """Return who must not be in two splits."""
    return person_of(clip) if clip.identity is None else f"identity:{clip.identity.split_group}"


def kept_in_train(clip: Clip, config: SplitConfig) -> Iterator[str]:
    """Yield who must be in train because of this clip."""
    known = {name: attribute.value for name, attribute in attributes_of(clip).items()}
    for group in config.keep_in_train:
        if all(name in known and share_in(name, known[name], value) > 0 for name, value in group.items()):
            yield split_group(clip)
            return


def assign_split(clip: Clip, config: SplitConfig, kept: Container[str] = ()) -> Clip:
    """Return the clip with its split.

    Args:
        kept: who must be in train.
    """
    if split_group(clip) in kept:
        return replace(clip, split="train")
    digest = hashlib.sha256(f"{config.salt}:{split_group(clip)}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < config.test_share:
        return replace(clip, split="test")
    if place < config.test_share + config.val_share:
        return replace(clip, split="val")
    return replace(clip, split="train")
