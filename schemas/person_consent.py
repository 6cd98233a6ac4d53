"""What a person agreed to who is made to speak or move in a video. Whatever is not surely a yes is a no.

A file of consent says who, what for, until when, and which pictures and voices, by their SHA-256. Its word is
read as a manifest's is (`schemas.consent`).
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from schemas.consent import GRANTED, read_consent

Use = Literal["generate", "dub", "edit"]
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonConsent:
    """What a file of consent says. Days are the whole day; `until` is the last on which it holds.

    `pictures` and `voices` are SHA-256 of files, or "any": whichever show or sound like this person. `adult`
    says that the person is 18 or older; for anybody else `guardian` names who agreed for them.
    """

    person: str
    consent: str | bool
    purpose: str
    uses: tuple[Use, ...]
    given_on: datetime.date
    until: datetime.date
    pictures: tuple[str, ...] | Literal["any"]
    voices: tuple[str, ...] | Literal["any"]
    adult: bool
    guardian: str | None = None
    withdrawn_on: datetime.date | None = None
    reference: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What is to be done: its use, the SHA-256 of the picture (or video) and of the voice, and the day."""

    use: Use
    picture_sha256: str
    voice_sha256: str | None
    today: datetime.date


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentBasis:
    """By what a video was made, for its record: a file of consent, or a statement on the command line.

    `consent_sha256` is that of the file, so that it can be told which one it was. A statement was checked by
    nobody. `adult` tells whether it says that the person is one, `guardian` who agreed for a child, and
    `perceived_years` how old the person looks (docs/people.md).
    """

    kind: Literal["file", "statement"]
    use: Use
    picture_sha256: str
    voice_sha256: str | None
    statement: str | None = None
    person: str | None = None
    purpose: str | None = None
    until: datetime.date | None = None
    reference: str | None = None
    consent_sha256: str | None = None
    adult: bool = False
    guardian: str | None = None
    perceived_years: float | None = None


def refusals(consent: PersonConsent, wanted: Wanted) -> tuple[str, ...]:
    """Return all that a consent lacks for what is wanted, with what to do; empty if it is surely a yes."""
    return (
        *_of_the_person(consent),
        *_of_the_time(consent, wanted.today),
        *_of_what_is_used(consent, wanted),
    )


def _of_the_person(consent: PersonConsent) -> Iterator[str]:
    said = read_consent(str(consent.consent))
    if said != GRANTED:
        word = repr(str(consent.consent)[:40])
        yield f"consent is {word}, not 'granted': ask the person, or do not use this picture"
    if not consent.person.strip():
        yield "person is empty: say who agreed"
    if not consent.purpose.strip():
        yield "purpose is empty: say what the person agreed to"
    if not consent.adult and not (consent.guardian or "").strip():
        yield "adult is false and no guardian is named: a child's guardian must agree"


def _of_the_time(consent: PersonConsent, today: datetime.date) -> Iterator[str]:
    if consent.withdrawn_on is not None:
        yield f"it was withdrawn on {consent.withdrawn_on}: do not use this picture"
    if today < consent.given_on:
        yield f"given_on is {consent.given_on}, which is after today, {today}"
    if today > consent.until:
        yield f"it held until {consent.until} and today is {today}: ask the person again"


def _of_what_is_used(consent: PersonConsent, wanted: Wanted) -> Iterator[str]:
    if wanted.use not in consent.uses:
        agreed = ", ".join(consent.uses) or "nothing"
        yield f"uses is {agreed}, not {wanted.use}: the person has to agree to that too"
    kinds = (
        ("pictures", "picture", consent.pictures, wanted.picture_sha256),
        ("voices", "voice", consent.voices, wanted.voice_sha256),
    )
    for key, kind, agreed, used in kinds:
        if agreed == "any" or used is None:
            continue
        if wrong := [one for one in agreed if not _SHA256.fullmatch(one.lower())]:
            yield f"{key}: {wrong[0]!r:.40} is no SHA-256 (64 digits 0-9, a-f)"
        if used not in {one.lower() for one in agreed}:
            yield f"this {kind} is not among {key}; if the person agreed to it, add its SHA-256: {used}"
