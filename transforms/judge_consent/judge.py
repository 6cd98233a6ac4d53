"""Judge by what is declared of a source whether it may be opened. What is asked for and not there is a no."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from schemas.records.source import Source
from schemas.terms import OF_SHARDS, Basis, Scope, no_longer
from transforms.judge_consent.licences import is_allowed, is_licence_or_family
from transforms.judge_consent.terms import is_jurisdiction

Column = Literal[
    "consent_basis",
    "consent_scope",
    "consent_expires",
    "consent_reference",
    "licence",
    "rights_holder",
    "jurisdiction",
]
# Why a source is refused that forbids text and data mining itself, or whose place does.
RESERVED = "rights_reserved"
# Why a source is refused whose cell is empty.
MISSING: Mapping[str, str] = {
    "consent": "consent_missing",
    "consent_basis": "basis_missing",
    "consent_scope": "scope_missing",
    "consent_expires": "expiry_missing",
    "consent_reference": "reference_missing",
    "licence": "licence_missing",
    "rights_holder": "rights_holder_missing",
    "jurisdiction": "jurisdiction_missing",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentConfig:
    """Which sources may be opened, by what is declared of them. What is asked for and not declared is a no.

    `require` true: a source of which nothing is said of consent is never opened. False: it is used, consent
    is for you to know. Null: a manifest with a column for consent asks for it, so an empty cell is a no;
    without that column, and without a manifest, sources are used. `columns` must have a value beside.
    `scopes` are what the result is for, and each must be granted: null asks for train and publish, as shards
    are easily passed on, wherever a manifest has a column for it; a list asks for its own of every source.
    `bases`, `licences` and `jurisdictions` are those that are allowed, of a source that declares several all
    must be; null allows any. `licences` are SPDX identifiers or families of them (`CC-BY`: all versions).
    Material that reserves text and data mining is refused, unless the manifest gives one of
    `bases_above_reservations` for it, as a licence that its holder gave you. `copies` of a refused file are
    told by "content", for which its bytes are hashed where another file has its size, or by "size": then a
    refused file is never opened at all, and whatever is exactly as long is refused with it.
    """

    require: bool | None = None
    columns: tuple[Column, ...] = ()
    scopes: tuple[Scope, ...] | None = None
    bases: tuple[Basis, ...] | None = None
    licences: tuple[str, ...] | None = None
    jurisdictions: tuple[str, ...] | None = None
    bases_above_reservations: tuple[Basis, ...] = ()
    copies: Literal["content", "size"] = "content"

    def __post_init__(self) -> None:
        """Refuse names that no source can have: nothing would ever be used, and nobody told."""
        for name in self.licences or ():
            if not is_licence_or_family(name):
                raise ValueError(
                    f"consent.licences: {name[:60]!r} is no SPDX identifier, such as CC-BY-4.0, no family of "
                    "them (CC-BY), and no LicenseRef-... of your own"
                )
        for code in self.jurisdictions or ():
            if not is_jurisdiction(code):
                raise ValueError(
                    f"consent.jurisdictions: {code[:60]!r} is no code of ISO 3166-1, such as DE, and not EU"
                )


def judge_consent(source: Source, config: ConsentConfig, today: datetime.date) -> tuple[str, ...]:
    """Return the reasons why a source must not be used on a day, the worst first; empty if it may be.

    Its own refusal (`Source.refusal`), as of a cell that is not clear, is not looked at.
    """
    return tuple(dict.fromkeys((*_over(source, today), *_absent(source, config), *_outside(source, config))))


def heeds_reservations(source: Source, config: ConsentConfig) -> bool:
    """Return whether what reserves text and data mining forbids to use a source."""
    declared = (source.terms.basis or "").split()
    return not any(basis in config.bases_above_reservations for basis in declared)


def empty_scope(config: ConsentConfig, *, has_column: bool) -> str | None:
    """Return why a row without a scope is refused by its manifest, None if it is not."""
    return MISSING["consent_scope"] if has_column and config.scopes is None else None


def _over(source: Source, today: datetime.date) -> Iterator[str]:
    reason = no_longer(source.terms.expires_on, source.terms.withdrawn_on, today)
    if reason is not None:
        yield reason


def _absent(source: Source, config: ConsentConfig) -> Iterator[str]:
    if config.require and source.consent is None:
        yield MISSING["consent"]
    terms = source.terms
    values: Mapping[Column, str | None] = {
        "consent_basis": terms.basis,
        "consent_scope": terms.scope,
        "consent_expires": terms.expires_on,
        "consent_reference": source.consent_reference,
        "licence": source.licence,
        "rights_holder": source.rights_holder,
        "jurisdiction": terms.jurisdiction,
    }
    asked: set[Column] = set(config.columns)
    asked |= {"consent_scope"} if config.scopes else set()
    asked |= {"consent_basis"} if config.bases is not None else set()
    asked |= {"licence"} if config.licences is not None else set()
    asked |= {"jurisdiction"} if config.jurisdictions is not None else set()
    yield from (MISSING[column] for column, value in values.items() if column in asked and value is None)


def _outside(source: Source, config: ConsentConfig) -> Iterator[str]:
    terms = source.terms
    wanted = OF_SHARDS if config.scopes is None else config.scopes
    if terms.scope is not None and not set(wanted) <= set(terms.scope.split()):
        yield "scope_not_granted"
    if (
        config.bases is not None
        and terms.basis is not None
        and not set(terms.basis.split()) <= set(config.bases)
    ):
        yield "basis_not_allowed"
    if config.licences is not None and source.licence is not None:
        if terms.licence_id is None:
            yield "licence_unclear"
        elif not is_allowed(terms.licence_id, config.licences):
            yield "licence_not_allowed"
    if config.jurisdictions is not None and terms.jurisdiction not in (None, *config.jurisdictions):
        yield "jurisdiction_not_allowed"
