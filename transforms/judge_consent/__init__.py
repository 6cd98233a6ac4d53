"""Consent and licence as policy: what a manifest declares, read strictly, and whether it does."""

from transforms.judge_consent.judge import (
    MISSING,
    RESERVED,
    ConsentConfig,
    empty_scope,
    heeds_reservations,
    judge_consent,
)
from transforms.judge_consent.terms import Fault, read_terms

__all__ = [
    "MISSING",
    "RESERVED",
    "ConsentConfig",
    "Fault",
    "empty_scope",
    "heeds_reservations",
    "judge_consent",
    "read_terms",
]
