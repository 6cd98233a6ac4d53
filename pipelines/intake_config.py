"""The settings of what is taken in and under which names it goes out."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class ManifestConfig:
    """How manifests are read. `extra_columns` that we do not know: "refuse" the manifest, or "ignore" them.

    A column whose name looks like one of ours misspelt is refused in any case. `max_size_bytes` holds for
    the file and for what it unpacks to.
    """

    extra_columns: Literal["refuse", "ignore"] = "refuse"
    max_size_bytes: int = 2**30


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishConfig:
    """Which of the manifest's identifiers of people are published as they are; otherwise as pseudonyms.

    With `identities.salt` a pseudonym is a salted hash, the same in every run, folder and collection with
    that salt. Without, it is made from the name of the first file that it belongs to, and holds nothing of
    the value. A licence that asks for its author's name (CC BY) needs `rights_holder` to be published.
    """

    speaker_id: bool = False
    consent_reference: bool = False
    rights_holder: bool = False
