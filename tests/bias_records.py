"""Rows of the bias report that no run stands behind."""

from typing import Any

from schemas.bias import (
    BalanceSplit,
    BalanceTarget,
    BalanceWarning,
    BiasCell,
    BiasMetric,
    DeclaredPerceived,
    FunnelRow,
    Representation,
    UnusedDeclaration,
    YoungAdults,
)


def make_cell(**changes: Any) -> BiasCell:
    """Return a marginal cell of forty clips."""
    fields: dict[str, Any] = {
        "scope": "candidates", "attribute": "gender", "value": "feminine", "attribute_2": None,
        "value_2": None, "num_clips": 40, "num_seconds": 200.0, "num_people": 12, "num_declared": 10,
        "raw": 40.0, "share": 0.4, "adjusted": 42.0, "adjusted_low": 37.0, "adjusted_high": 47.0,
        "suppressed": False,
    }  # fmt: skip
    return BiasCell(**(fields | changes))


def make_metric(**changes: Any) -> BiasMetric:
    """Return an evenness."""
    fields: dict[str, Any] = {
        "scope": "candidates", "metric": "evenness", "attribute": "gender", "value": None, "other": None,
        "result": 0.97, "low": None, "high": None, "num_clips": 100, "num_people": 30, "suppressed": False,
    }  # fmt: skip
    return BiasMetric(**(fields | changes))


def make_funnel_row(**changes: Any) -> FunnelRow:
    """Return a row in which a filter takes a fifth of a group and a tenth of the rest."""
    fields: dict[str, Any] = {
        "level": "clip", "stage": "look", "filter": "dark_face", "attribute": "gender", "value": "feminine",
        "basis": "all", "num_in": 40, "num_dropped": 8, "num_people": 12,
        "rate": 0.2, "rate_low": 0.1, "rate_high": 0.35, "rest_rate": 0.1, "ratio": 2.0, "ratio_low": 0.8,
        "ratio_high": 5.0, "test": "permutation", "p_value": 0.1, "p_adjusted": 0.4, "flagged": False,
        "explained_by": None, "suppressed": False,
    }  # fmt: skip
    return FunnelRow(**(fields | changes))


def make_representation(**changes: Any) -> Representation:
    """Return a group of a quarter of the people, which is half of a population."""
    fields: dict[str, Any] = {
        "by": "all", "part": "all", "attribute": "gender", "value": "feminine", "unit": "people",
        "amount": 30.0, "share": 0.25, "share_low": 0.18, "share_high": 0.32, "num_people": 30,
        "population": 0.5, "source": "a census", "represented": 0.5, "reference": "masculine",
        "ratio": 0.33, "ratio_low": 0.2, "ratio_high": 0.5, "difference": -1.0, "difference_low": -1.3,
        "difference_high": -0.7,
    }  # fmt: skip
    return Representation(**(fields | changes))


def make_target(**changes: Any) -> BalanceTarget:
    """Return a target that was met."""
    fields: dict[str, Any] = {
        "kind": "target", "split": "train", "name": "gender", "value": "feminine", "unit": "clips",
        "asked": None, "wanted": 0.5, "before": 0.4, "selected": 0.4, "achieved": 0.5, "without_floor": 0.5,
        "others": 0.1, "others_achieved": 0.1, "feasible": True, "binding": None, "note": None,
        "suppressed": False,
    }  # fmt: skip
    return BalanceTarget(**(fields | changes))


def make_unused(**changes: Any) -> UnusedDeclaration:
    """Return an age in a manifest's third row that nobody can use."""
    fields: dict[str, Any] = {
        "source_name": "talk.mp4", "row": "line 3", "attribute": "age", "declared": "12-Oct",
        "reason": "not understood as an age or a range of ages",
    }  # fmt: skip
    return UnusedDeclaration(**(fields | changes))


def make_young(**changes: Any) -> YoungAdults:
    """Return young women of whom a quarter is lost."""
    fields: dict[str, Any] = {
        "attribute": "gender", "value": "feminine", "num_people": 12, "num_clips": 40, "num_lost": 10,
        "rate": 0.25, "rate_low": 0.1, "rate_high": 0.5, "suppressed": False,
    }  # fmt: skip
    return YoungAdults(**(fields | changes))


def make_compared(**changes: Any) -> DeclaredPerceived:
    """Return clips of women that were perceived as of women."""
    fields: dict[str, Any] = {
        "attribute": "gender", "declared": "feminine", "perceived": "feminine", "num_clips": 40,
        "num_people": 12, "suppressed": False,
    }  # fmt: skip
    return DeclaredPerceived(**(fields | changes))


def make_split(**changes: Any) -> BalanceSplit:
    """Return training data of which some clips are held at the floor."""
    fields: dict[str, Any] = {
        "split": "train", "num_clips": 100, "num_people": 20, "num_seconds": 500.0, "effective_clips": 60.0,
        "effective_people": 15.0, "design_effect": 1.667, "smallest_weight": 0.1, "largest_weight": 4.0,
        "num_at_floor": 12, "distance": 0.04, "distance_without_floor": 0.01,
    }  # fmt: skip
    return BalanceSplit(**(fields | changes))


def make_warning(**changes: Any) -> BalanceWarning:
    """Return that training has nobody of an age group."""
    fields: dict[str, Any] = {
        "split": "train", "attribute": "age_group", "value": "60-69", "problem": "absent",
        "advice": "split.keep_in_train: [{age_group: 60-69}] puts its people there",
    }  # fmt: skip
    return BalanceWarning(**(fields | changes))
