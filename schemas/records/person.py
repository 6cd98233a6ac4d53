"""Who a clip shows: identity, attributes, age."""

from dataclasses import dataclass
from typing import Literal

from schemas.quick import quick


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who a clip shows, across the collection.

    `confidence` is how much nearer the clip is to its own identity than to the merging distance:
    1 - distance / threshold, at least 0. Ids are salted hashes that mean nothing elsewhere.
    `split_group` is the same for identities that look so alike that they must share a split.
    """

    identity_id: str
    confidence: float
    embedder: str
    split_group: str


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """One perceived or declared property of the person or the picture; 'unknown' is a value.

    `name` is age_group, gender, skin_tone, head_pose, hands, setting, clothing, language or a
    declared name such as ethnicity. `model` says who estimated it, None where it was declared.
    `score` is the number behind the category (age in years, place on the Monk scale), if there is one.
    """

    name: str
    value: str
    source: Literal["declared", "estimated"]
    confidence: float | None
    model: str | None
    score: float | None


AgeBasis = Literal["declared", "perceived", "unknown"]


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class AgeBound:
    """How old the person of a clip is at least, as far as anything says so.

    `years_at_least` is the least age that is declared, or else how old the person looks in all their clips
    less a margin, 0 where nothing tells; `basis` says which. `unguarded_years` is the same, but null where
    the manifest declares a guardian's consent: nobody asks there (rule `may_be_minor`).
    """

    years_at_least: float
    basis: AgeBasis
    unguarded_years: float | None
