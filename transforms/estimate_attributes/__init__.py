"""Estimate attributes: how a person is perceived, with 'unknown' where that cannot be told.

What a manifest declares comes first. Perceived age and gender presentation come from a network, skin
tone from the skin's pixels, head pose and hands from the landmarks, language from the transcript.
Ethnicity is never guessed: it is there where it is declared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from backends.protocols.arrays import FloatArray
from backends.protocols.pictures import AttributeEstimator, FaceView
from schemas.records.person import Attribute
from transforms.estimate_attributes.complete import complete_attributes
from transforms.estimate_attributes.perceived import PerceivedConfig, estimate_perceived
from transforms.estimate_attributes.skin_tone import SkinConfig, estimate_skin_tone

__all__ = [
    "AttributeConfig",
    "PerceivedConfig",
    "SkinConfig",
    "complete_attributes",
    "estimate_from_views",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeConfig:
    """What is estimated from faces. With `enabled` off, only declared attributes and scores are used."""

    enabled: bool = True
    perceived: PerceivedConfig = field(default_factory=PerceivedConfig)
    skin: SkinConfig = field(default_factory=SkinConfig)


def estimate_from_views(
    views: Sequence[FaceView], weights: FloatArray, estimator: AttributeEstimator, config: AttributeConfig
) -> tuple[Attribute, ...]:
    """Return age_group, gender and skin_tone of the face that the views show."""
    return (
        *estimate_perceived(views, weights, estimator, config.perceived),
        estimate_skin_tone(views, config.skin),
    )
