"""All attributes of a clip: declared ones first, then estimated ones, then those its scores tell."""

from collections.abc import Iterable
from dataclasses import replace

from schemas.attributes import UNKNOWN, attributes_of
from schemas.records.clip import Clip
from schemas.records.person import Attribute
from schemas.records.picture import LandmarkCoverage, VisualQuality
from schemas.records.sound import Transcript

_FRONTAL_DEGREES, _PROFILE_DEGREES, _TILTED_DEGREES = 15.0, 45.0, 20.0
_FEW_HANDS, _MANY_HANDS = 0.1, 0.6


def complete_attributes(clip: Clip) -> Clip:
    """Return the clip with every attribute that can be told, one a name, sorted by name.

    A declared attribute takes the place of an estimated one, which is kept as `overruled`. Calling it again
    changes nothing but what new scores add.
    """
    scored = {attribute.name: attribute for attribute in _from_scores(clip)}
    told = scored | dict(attributes_of(replace(clip, person_attributes=None)))
    declared = {name for name, attribute in told.items() if attribute.source == "declared"}
    seen = (*clip.overruled, *(clip.attributes or ()))
    before = scored | {a.name: a for a in seen if a.source == "estimated"}
    return replace(
        clip,
        attributes=tuple(told[name] for name in sorted(told)),
        overruled=tuple(before[name] for name in sorted(set(before) & declared)),
    )


def _from_scores(clip: Clip) -> Iterable[Attribute]:
    if clip.quality is not None:
        yield _head_pose(clip.quality, clip.landmarks)
    if clip.landmarks is not None:
        yield _hands(clip.landmarks)
    if clip.transcript is not None:
        yield _language(clip.transcript)


def _head_pose(quality: VisualQuality, landmarks: LandmarkCoverage | None) -> Attribute:
    """Frontal within 15 degrees to the sides and 20 up and down; profile past 45; as the median frame."""
    yaw, pitch = quality.yaw_degrees, quality.pitch_degrees
    value = UNKNOWN
    if yaw is not None and pitch is not None:
        if abs(yaw) > _PROFILE_DEGREES:
            value = "profile"
        elif abs(yaw) > _FRONTAL_DEGREES:
            value = "turned"
        elif abs(pitch) > _TILTED_DEGREES:
            value = "down" if pitch > 0 else "up"
        else:
            value = "frontal"
    seen = None if landmarks is None else landmarks.face_ratio
    model = None if landmarks is None else landmarks.extractor
    return _estimated("head_pose", value, seen if value != UNKNOWN else None, model, yaw)


def _hands(landmarks: LandmarkCoverage) -> Attribute:
    ratio = landmarks.any_hand_ratio
    value = "none" if ratio < _FEW_HANDS else "some" if ratio < _MANY_HANDS else "most"
    return _estimated("hands", value, None, landmarks.extractor, ratio)


def _language(transcript: Transcript) -> Attribute:
    known = transcript.language is not None
    return _estimated(
        "language",
        transcript.language or UNKNOWN,
        transcript.language_score if known else None,
        transcript.recogniser,
        None,
    )


def _estimated(
    name: str, value: str, confidence: float | None, model: str | None, score: float | None
) -> Attribute:
    return Attribute(
        name=name, value=value, source="estimated", confidence=confidence, model=model, score=score
    )
