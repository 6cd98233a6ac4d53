"""Groups of people and pictures: which categories there are, what a clip belongs to, and whom it shows.

Everything that balances or reports asks here, so that all of it counts the same groups.
"""

from collections.abc import Mapping

from schemas.records import Attribute, Clip, Source

UNKNOWN = "unknown"  # asked, but nobody could tell
NOT_MEASURED = "not_measured"  # nobody asked
AGE_GROUPS = ("0-12", "13-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70+")
GENDERS = ("feminine", "masculine")
CATEGORIES: dict[str, tuple[str, ...]] = {
    "age_group": AGE_GROUPS,
    "gender": GENDERS,
    "skin_tone": tuple(f"monk_{tone}" for tone in range(1, 11)),
}

# First year of each age group but the first.
AGE_STARTS = (13, 20, 30, 40, 50, 60, 70)
# Names and values under which manifests declare what is also estimated.
_NAMES = {"sex": "gender", "skin": "skin_tone", "lang": "language"}
_AGES = ("age", "age_years")
_GENDER_WORDS = {
    **dict.fromkeys(("f", "female", "feminine", "woman", "girl"), "feminine"),
    **dict.fromkeys(("m", "male", "masculine", "man", "boy"), "masculine"),
}


def age_group(years: float) -> str:
    """Return the age group of an age in years."""
    return AGE_GROUPS[sum(years >= bound for bound in AGE_STARTS)]


def declared_attributes(source: Source) -> tuple[Attribute, ...]:
    """Return what a manifest declares, in our words where we have one.

    A declared language is an attribute too. Other names and values stay as they are written.
    """
    found = [_declared(name, value.strip()) for name, value in source.attributes if value.strip()]
    if source.language and all(a.name != "language" for a in found):
        found.append(_declared("language", source.language))
    return tuple(found)


def _declared(name: str, value: str) -> Attribute:
    name = name.strip().lower().replace(" ", "_")
    name = _NAMES.get(name, name)
    score: float | None = None
    if name == "gender":
        value = _GENDER_WORDS.get(value.lower(), value)
    elif name in _AGES or (name == "age_group" and value.isdigit()):
        name, score = "age_group", _number(value)
        if value not in AGE_GROUPS:
            value = age_group(score) if score is not None and 0 <= score < 130 else UNKNOWN
    return Attribute(name=name, value=value, source="declared", confidence=None, model=None, score=score)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def attributes_of(clip: Clip) -> Mapping[str, Attribute]:
    """Return a clip's attributes by name, a declared one before an estimated one.

    A clip whose attributes were never estimated has the declared ones alone; an attribute that is
    not in the result was not measured, which is something else than 'unknown'.
    """
    found = {a.name: a for a in clip.attributes or ()}
    return found | {a.name: a for a in declared_attributes(clip.source) if a.value != UNKNOWN}


def person_of(clip: Clip) -> str:
    """Return whom a clip shows: its identity, else the declared speaker, else its video stands in."""
    if clip.identity is not None:
        return f"identity:{clip.identity.identity_id}"
    if clip.source.speaker_id:
        return f"speaker:{clip.source.speaker_id}"
    return f"video:{clip.video_id}"
