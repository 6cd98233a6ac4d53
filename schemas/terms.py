"""The words in which a manifest says on what terms a source may be used, and when they hold no more."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from schemas.days import day_of
from schemas.records.source import Terms

Basis = Literal[
    "consent",
    "explicit_consent",
    "contract",
    "legal_obligation",
    "public_task",
    "legitimate_interest",
    "research",
    "manifestly_public",
    "licence",
    "own_work",
    "public_domain",
    "text_and_data_mining",
]
# What each stands for: of the person the GDPR, of the recording copyright (docs/manifests.md).
BASES: Mapping[Basis, str] = {
    "consent": "GDPR 6(1)(a): the person agreed",
    "explicit_consent": "GDPR 9(2)(a): the person agreed expressly, also to the use of biometric data",
    "contract": "GDPR 6(1)(b): a contract with the person",
    "legal_obligation": "GDPR 6(1)(c): a law obliges whoever uses it",
    "public_task": "GDPR 6(1)(e): a task in the public interest, or of an authority",
    "legitimate_interest": "GDPR 6(1)(f): an interest that was weighed against the person's",
    "research": "GDPR 9(2)(j) and 89: research, with the safeguards that a law asks for",
    "manifestly_public": "GDPR 9(2)(e): the person made it public on purpose",
    "licence": "the holder of the rights allows it, by the licence that is declared",
    "own_work": "whoever declares it holds the rights",
    "public_domain": "nobody holds the rights any more, or nobody ever did",
    "text_and_data_mining": "Directive (EU) 2019/790, article 3 or 4: mining without a licence",
}
Scope = Literal["train", "publish", "generate"]
SCOPES: tuple[Scope, ...] = ("train", "publish", "generate")
# What shards are for by themselves; a video that is made of a person is asked for one by one.
OF_SHARDS: tuple[Scope, ...] = ("train", "publish")
WITHDRAWN = "consent_withdrawn"
EXPIRED = "consent_expired"


def last_day(expires_on: object, withdrawn_on: object) -> datetime.date:
    """Return the last day on which a consent holds, as a file keeps it: the last of all where it has no end.

    What should be a day and is none ended before all days.
    """
    ends = [datetime.date.max]
    for said, before in ((expires_on, 0), (withdrawn_on, 1)):
        if said not in (None, ""):
            day = day_of(said) if isinstance(said, str) else None
            ordinal = 1 if day is None else max(day.toordinal() - before, 1)
            ends.append(datetime.date.fromordinal(ordinal))
    return min(ends)


def no_longer(expires_on: str | None, withdrawn_on: str | None, today: datetime.date) -> str | None:
    """Return the reason why a consent does not hold on a day, None if it does."""
    if today > last_day(None, withdrawn_on):
        return WITHDRAWN
    return EXPIRED if today > last_day(expires_on, None) else None


def narrowest(terms: Sequence[Terms]) -> Terms:
    """Return the terms of the first of some copies of a file, with the first end and least scope of all."""
    first, scopes = terms[0], [set(of.scope.split()) for of in terms if of.scope is not None]
    common = set[str](SCOPES).intersection(*scopes)
    return replace(
        first,
        scope=" ".join(word for word in SCOPES if word in common) if scopes else None,
        expires_on=min((of.expires_on for of in terms if of.expires_on), default=None),
        withdrawn_on=min((of.withdrawn_on for of in terms if of.withdrawn_on), default=None),
    )
