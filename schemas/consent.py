"""What a manifest may say of consent. Whatever is not surely a yes is a no."""

from collections.abc import Mapping
from typing import Literal

from schemas.records.source import Source

Consent = Literal["granted", "refused", "unclear"]
GRANTED: Consent = "granted"
REASONS: Mapping[Consent, str] = {"refused": "consent_refused", "unclear": "consent_unclear"}
_YES = frozenset(("granted", "given", "yes", "y", "true", "1", "consented", "agreed"))
_NO = frozenset(
    (
        *("no", "n", "false", "0", "denied", "refused", "declined", "withheld", "withdrawn", "revoked"),
        *("expired", "not granted", "not given", "no consent", "opt-out", "opt out", "opted out"),
    )
)


def read_consent(word: str) -> Consent:
    """Return what a word of a manifest's column says; 'unclear' is never opened, as 'refused' is not.

    Numbers may have been written as fractions ('1.0'), as tables with gaps hold them.
    """
    plain = " ".join(word.split()).casefold()
    plain = plain.removesuffix(".0") if plain in ("1.0", "0.0") else plain
    if plain in _YES:
        return GRANTED
    return "refused" if plain in _NO else "unclear"


def refusal(source: Source) -> tuple[str, ...]:
    """Return why a source may not be opened, the reason first; empty if it may.

    What was found of the file (`Source.refusal`) counts, and the source's own word in any case.
    """
    if source.refusal:
        return source.refusal
    said = GRANTED if source.consent is None else read_consent(source.consent)
    return () if said == GRANTED else (REASONS[said],)
