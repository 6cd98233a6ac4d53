"""Assign splits: which share of the data a clip is for, the same for all clips of one person.

The group is the identity where it is known, else the declared speaker, else the video; a whole
group goes to one split, by a hash, so that adding data moves nobody. People whose faces lie nearer than
`min_face_distance` go together even if they count as two, and faces are compared across splits afterwards.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from schemas.records import Clip

STAGE = "assign_split"


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitConfig:
    """Shares of the splits; what is left of 1 goes to train. `salt` makes another division."""

    val_share: float = 0.0
    test_share: float = 0.0
    salt: str = ""
    # Faces of one person that were not recognised lie nearer than this now and then, those of two rarely.
    min_face_distance: float = 0.85


def split_group(clip: Clip, together: Mapping[str, str] | None = None) -> str:
    """Return who must not be in two splits.

    Args:
        together: identities that go with another one, and which.
    """
    if clip.identity is not None:
        name = clip.identity.identity_id
        return f"identity:{(together or {}).get(name, name)}"
    if clip.source.speaker_id:
        return f"speaker:{clip.source.speaker_id}"
    return f"video:{clip.video_id}"


def assign_split(clip: Clip, config: SplitConfig, together: Mapping[str, str] | None = None) -> Clip:
    """Return the clip with its split; see `split_group`."""
    digest = hashlib.sha256(f"{config.salt}:{split_group(clip, together)}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < config.test_share:
        return replace(clip, split="test")
    if place < config.test_share + config.val_share:
        return replace(clip, split="val")
    return replace(clip, split="train")
