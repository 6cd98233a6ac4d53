"""Perceived age and gender presentation of a clip: what the views of its face agree on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from backends.protocols.arrays import FloatArray
from backends.protocols.pictures import AttributeEstimator, FaceEstimate, FaceView
from schemas.attributes import AGE_GROUPS, AGE_STARTS, GENDERS, UNKNOWN
from schemas.bounds import Share
from schemas.records.person import Attribute


@dataclass(frozen=True, kw_only=True, slots=True)
class PerceivedConfig:
    """When an estimate counts.

    `model`: `faceres` is embedded, anything else is the path of a FairFace-style ONNX network. Below a
    chance of 0.7 the network is right on 7 of 10 labelled adults, hardly better than a coin, and on
    children's gender it is right on 6 of 10 at any chance, so there it is not asked. An age is unknown
    if its group and the neighbouring ones together have less than half the chances.
    """

    model: str = "faceres"
    min_gender_confidence: Share = 0.7
    min_age_confidence: Share = 0.5


def estimate_perceived(
    views: Sequence[FaceView], weights: FloatArray, estimator: AttributeEstimator, config: PerceivedConfig
) -> tuple[Attribute, Attribute]:
    """Return the age group and the gender presentation of one face, unknown without views.

    Args:
        weights: (n,) how much each view counts.
    """
    if not views:
        nothing = Attribute(
            name="age_group",
            value=UNKNOWN,
            source="estimated",
            confidence=None,
            model=estimator.name,
            score=None,
        )
        return nothing, replace(nothing, name="gender")
    return judge(average(estimator.estimate(views), weights), estimator.name, config)


def average(estimates: Sequence[FaceEstimate], weights: FloatArray) -> FaceEstimate:
    """Return the weighted mean of estimates of one face."""
    return FaceEstimate(
        float(np.average([e.masculine for e in estimates], weights=weights)),
        np.average([e.age_groups for e in estimates], axis=0, weights=weights).astype(np.float32),
        float(np.average([e.age_years for e in estimates], weights=weights)),
    )


def judge(estimate: FaceEstimate, model: str, config: PerceivedConfig) -> tuple[Attribute, Attribute]:
    """Return an estimate as the attributes age_group and gender.

    The age's group is that of the expected age: its error is smaller than that of the likeliest group.
    """
    group = int(np.searchsorted(AGE_STARTS, estimate.age_years, side="right"))
    around = float(estimate.age_groups[max(group - 1, 0) : group + 2].sum())
    chance = max(estimate.masculine, 1.0 - estimate.masculine)
    asked = group > 0 and chance >= config.min_gender_confidence
    age = Attribute(
        name="age_group",
        value=AGE_GROUPS[group] if around >= config.min_age_confidence else UNKNOWN,
        source="estimated",
        confidence=float(estimate.age_groups[group]),
        model=model,
        score=estimate.age_years,
    )
    gender = Attribute(
        name="gender",
        value=GENDERS[int(estimate.masculine > 0.5)] if asked else UNKNOWN,
        source="estimated",
        confidence=chance,
        model=model,
        score=estimate.masculine,
    )
    return age, gender
