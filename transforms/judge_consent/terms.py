"""Read from the cells of a row on what terms its file may be used, strictly: what is not clear is a fault."""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources

from schemas.days import day_of
from schemas.records.source import Terms
from schemas.terms import BASES, SCOPES, WITHDRAWN
from transforms.judge_consent.licences import licence_id

Cells = Mapping[str, str | None]
# A reason for a rejection, and the column it is about.
Fault = tuple[str, str]
# Not of ISO 3166's list, but reserved in it: where the GDPR is law.
_UNION = "EU"
_BETWEEN = re.compile(r"[,;|\s]+")
_YES = frozenset(("yes", "y", "true", "1", "1.0", "withdrawn", "revoked"))
_NO = frozenset(("no", "n", "false", "0", "0.0", "not withdrawn", "not revoked"))
_SPELLINGS = {
    "license": "licence",
    "legitimate_interests": "legitimate_interest",
    "tdm": "text_and_data_mining",
}


def read_terms(cells: Cells) -> tuple[Terms, tuple[Fault, ...]]:
    """Return what the cells of a row say of the terms, and the faults of those that say nothing clear.

    Args:
        cells: by column; empty ones are None or missing.
    """
    said = {column: text for column, text in cells.items() if text is not None}
    faults: list[Fault] = []
    basis = _words(said, "consent_basis", BASES, "basis_unclear", faults)
    scope = _words(said, "consent_scope", SCOPES, "scope_unclear", faults)
    expires_on = _expiry(said, faults)
    withdrawn_on = _withdrawal(said, faults)
    jurisdiction = _jurisdiction(said, faults)
    terms = Terms(
        basis=basis,
        scope=scope,
        expires_on=expires_on,
        withdrawn_on=withdrawn_on,
        licence_id=licence_id(said["licence"]) if "licence" in said else None,
        jurisdiction=jurisdiction,
    )
    return terms, tuple(sorted(faults, key=lambda fault: fault[0] != WITHDRAWN))


def _words(
    said: Mapping[str, str], column: str, known: Iterable[str], reason: str, faults: list[Fault]
) -> str | None:
    """Return a cell's words of a closed list, in the list's order; one that is unknown is a fault."""
    if column not in said:
        return None
    listed = list(known)
    found = set(_split(said[column], listed))
    if not found or not found <= set(listed):
        faults.append((reason, column))
        return None
    return " ".join(word for word in listed if word in found)


def _split(text: str, listed: list[str]) -> Iterator[str]:
    """Yield the words of a cell as the list spells them; a word of several ('own work') may be written so."""
    whole = _spelled(re.sub(r"[\s-]+", "_", text.strip()))
    if whole in listed:
        yield whole
        return
    yield from (_spelled(part.replace("-", "_")) for part in _BETWEEN.split(text.strip()) if part)


def _spelled(word: str) -> str:
    plain = word.casefold()
    return _SPELLINGS.get(plain, plain)


def _expiry(said: Mapping[str, str], faults: list[Fault]) -> str | None:
    text = said.get("consent_expires")
    if text is None:
        return None
    if day_of(text) is None:
        faults.append(("expiry_unclear", "consent_expires"))
        return None
    return text


def _withdrawal(said: Mapping[str, str], faults: list[Fault]) -> str | None:
    text = said.get("consent_withdrawn")
    plain = " ".join((text or "").split()).casefold()
    if text is None or plain in _NO:
        return None
    if day_of(text) is not None:
        return text
    faults.append((WITHDRAWN if plain in _YES else "withdrawal_unclear", "consent_withdrawn"))
    return None


def _jurisdiction(said: Mapping[str, str], faults: list[Fault]) -> str | None:
    text = said.get("jurisdiction")
    if text is None:
        return None
    if not is_jurisdiction(text.upper()):
        faults.append(("jurisdiction_unclear", "jurisdiction"))
        return None
    return text.upper()


def is_jurisdiction(code: str) -> bool:
    """Return whether a text is a code of two letters of ISO 3166-1, or EU."""
    return code == _UNION or code in _countries()


@functools.cache
def _countries() -> frozenset[str]:
    """Return the codes of ISO 3166-1, as the time zone database lists them."""
    table = resources.files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text(encoding="utf-8")
    return frozenset(line.split("\t")[0] for line in table.splitlines() if line and line[0] != "#")
