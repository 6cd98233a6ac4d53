"""What is declared and estimated of a clip as attributes, and whom it shows.

Everything that balances or reports asks here, so that all of it counts the same groups.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.bias import UnusedDeclaration
from schemas.declared import Understood, is_empty, understand
from schemas.groups import (
    AGE_GROUPS,
    AGE_STARTS,
    CATEGORIES,
    GENDERS,
    NOT_MEASURED,
    UNKNOWN,
    age_group,
)
from schemas.records.clip import Clip
from schemas.records.person import Attribute
from schemas.records.source import Source

__all__ = [
    "AGE_GROUPS",
    "AGE_STARTS",
    "CATEGORIES",
    "GENDERS",
    "NOT_MEASURED",
    "UNKNOWN",
    "age_group",
    "attributes_of",
    "declared_attributes",
    "person_of",
    "recorded_year",
    "unused_declarations",
]

# Names under which manifests declare what is also estimated.
_AGE_NAMES = """
    age age_years age_range age_band age_bracket age_class agegroup alter âge edad idade età leeftijd wiek
    возраст 年龄 年齡 年齢 나이 연령
"""
_GENDER_NAMES = """
    sex gender_identity gender_presentation perceived_gender geschlecht sexe genre sexo género genero gênero
    sesso genere geslacht płeć пол стать cinsiyet الجنس מין लिंग 性别 性別 성별
"""
_NAMES = {
    **dict.fromkeys(_AGE_NAMES.split(), "age_group"),
    **dict.fromkeys(_GENDER_NAMES.split(), "gender"),
    **dict.fromkeys(("skin", "skin_colour", "skin_color", "skintone", "complexion"), "skin_tone"),
    "lang": "language",
}
_SKIN = "(?:skin_(?:tone_)?)?"
_SCALES = {
    "monk": re.compile(_SKIN + "(?:monk|mst)(?:_skin)?(?:_tone)?(?:_scale)?"),
    "fitzpatrick": re.compile(
        _SKIN + "(?:fitzpatrick|fst)(?:_skin)?(?:_(?:photo)?type)?(?:_scale)?|skin_type"
    ),
}
_MOST_SHOWN = 200
_DATE = re.compile(r"([12]\d{3})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?")


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell of a manifest: its column and text as written, whose attribute it is, and what it says."""

    column: str
    text: str
    name: str
    says: Understood


def _cells(source: Source) -> Iterator[_Cell]:
    """Yield what a manifest says of attributes, in the order of its columns; empty cells say nothing."""
    for column, text in source.attributes:
        name = re.sub(r"[\s-]+", "_", column.strip().casefold())
        scale = next((scale for scale, names in _SCALES.items() if names.fullmatch(name)), None)
        name = "skin_tone" if scale else _NAMES.get(name, name)
        if not is_empty(name, text):
            yield _Cell(column, text, name, understand(name, text, scale))


def declared_attributes(source: Source) -> tuple[Attribute, ...]:
    """Return what a manifest declares, one a name, in our words where we have one.

    A declared language is an attribute too. Of several columns about one attribute the first that can be used
    counts. What cannot be used is unknown: a declaration all the same, in whose place no estimate is put.
    """
    found: dict[str, Attribute] = {}
    for cell in _cells(source):
        if cell.name not in found or (found[cell.name].value == UNKNOWN and cell.says.value != UNKNOWN):
            found[cell.name] = _declared(cell.name, cell.says)
    if source.language and "language" not in found:
        found["language"] = _declared("language", Understood(source.language))
    return tuple(found.values())


def _declared(name: str, says: Understood) -> Attribute:
    return Attribute(
        name=name, value=says.value, source="declared", confidence=None, model=None, score=says.years
    )


def unused_declarations(source: Source) -> tuple[UnusedDeclaration, ...]:
    """Return what a manifest declares and cannot be used, with why."""
    used = {attribute.name: attribute.value for attribute in declared_attributes(source)}
    found: list[UnusedDeclaration] = []
    for cell in _cells(source):
        reason = cell.says.unused
        if reason is None and cell.says.value not in (UNKNOWN, used[cell.name]):
            reason = f"another column says {used[cell.name]}"
        if reason is not None:
            found.append(
                UnusedDeclaration(
                    source_name=source.name, row=source.row, attribute=cell.column,
                    declared=cell.text.strip()[:_MOST_SHOWN], reason=reason,
                )
            )  # fmt: skip
    return tuple(found)


def attributes_of(clip: Clip) -> Mapping[str, Attribute]:
    """Return a clip's attributes by name: what is declared before what all clips of the person say, that
    before what the clip itself does.

    A clip whose attributes were never estimated has the declared ones alone; an attribute that is
    not in the result was not measured, which is something else than 'unknown'.
    """
    told = (*(clip.attributes or ()), *(clip.person_attributes or ()), *declared_attributes(clip.source))
    return {a.name: a for a in told}


def recorded_year(source: Source) -> float | None:
    """Return when a source was recorded, as a year with its fraction, where a manifest declares the date.

    The date is an attribute `recording_date`: 2014, 2014-05 or 2014-05-31.
    """
    declared = {name.strip().lower(): value.strip() for name, value in source.attributes}
    date = _DATE.fullmatch(declared.get("recording_date", ""))
    if date is None:
        return None
    year, month, day = (int(part) if part else None for part in date.groups())
    return (year or 0) + ((month or 7) - 1) / 12 + ((day or 1) - 1) / 365


def person_of(clip: Clip) -> str:
    """Return whom a clip shows: its identity, else the declared speaker, else its video stands in."""
    if clip.identity is not None:
        return f"identity:{clip.identity.identity_id}"
    if clip.source.speaker_id:
        return f"speaker:{clip.source.speaker_id}"
    return f"video:{clip.video_id}"
