"""What clustering is told and what it is about."""

from collections.abc import Sequence
from dataclasses import dataclass

from backends.protocols.arrays import FloatArray
from schemas.bounds import Count, Positive


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityConfig:
    """How near the faces of one person are.

    `merge_distance` is the root mean square distance of two groups' faces below which they are one
    person, relative to how far look-alike strangers are from them. The default is for the embedded
    descriptors: higher finds more true pairs and takes more strangers for one person
    (benchmarks/people.py prints both). For ArcFace networks take about 1.1.
    """

    merge_distance: Positive = 0.98
    # People among whom that distance was set. Among more there are more lookalikes: a merge asks for more.
    merge_people: Count = 400
    # By how much the logarithm of the likelihood ratio of one person to two falls where the squared relative
    # distance grows by 1, about `merge_distance` (benchmarks/people.py strangers prints it).
    evidence_per_distance: Positive = 38.0
    # Two voices farther apart than this (1 - cosine) speak against one person, nearer ones for one: where as
    # many pairs of clips of one person as of two lie. The weight makes both kinds of distance count by how
    # much likelier they make one person than two.
    neutral_voice_distance: Positive = 0.28
    voice_weight: float = 1.5
    neighbours: Count = 20
    block_size: Count = 4_000
    # A face goes to so many nearest blocks, so that people on a border are found together.
    probes: Count = 2
    # People whose faces lie nearer than this go to one split even if they count as two: faces of one
    # person that were not recognised lie nearer now and then, those of two people rarely.
    lookalike_distance: float = 0.85
    # Mixed into ids so that they do not link this collection to another. Keep it secret.
    salt: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Face:
    """A clip's face in the comparison of all with all."""

    clip_id: str
    descriptor: FloatArray
    stranger_distance: float
    shot_id: str
    track_id: str
    start_seconds: float
    end_seconds: float
    registered: str | None = None
    """The identity that an earlier run gave it."""
    voice: FloatArray | None = None
    """A unit vector, None where too little is said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A clip's place in an identity: its relative distance from the identity's centre."""

    clip_id: str
    identity_id: str
    distance: float


@dataclass(frozen=True, kw_only=True, slots=True)
class NearPair:
    """Two near faces by their clips, the smaller id first, and their relative distance."""

    first: str
    second: str
    distance: float


@dataclass(frozen=True, kw_only=True, slots=True)
class BlockPairs:
    """What a block of faces gives: near pairs, and the groups of clips that pairs tie together."""

    pairs: Sequence[NearPair]
    groups: Sequence[tuple[str, ...]]
