"""Consent and licence as policy: what a manifest declares, read strictly, and whether it does."""

from transforms.judge_consent.judge import MISSING, ConsentConfig, empty_scope, judge_consent
from transforms.judge_consent.terms import Fault, read_terms

__all__ = ["MISSING", "ConsentConfig", "Fault", "empty_scope", "judge_consent", "read_terms"]
