"""Groups: declared words become categories, declared goes before estimated, who is shown."""

import pytest

from schemas.attributes import (
    age_group,
    attributes_of,
    declared_attributes,
    unused_declarations,
)
from schemas.records.person import Attribute
from tests.makers import make_clip, make_source


def estimated(name: str, value: str) -> Attribute:
    return Attribute(name=name, value=value, source="estimated", confidence=0.8, model="m", score=None)


@pytest.mark.parametrize(
    ("years", "group"),
    [(0, "0-12"), (12.9, "0-12"), (13, "13-19"), (29.5, "20-29"), (70, "70+"), (101, "70+")],
)
def test_ages_fall_into_groups(years: float, group: str) -> None:
    assert age_group(years) == group


def test_declared_words_become_categories() -> None:
    attributes = (("age", "34"), ("sex", "Female"), ("ethnicity", "Han"), ("Skin type", "III"))
    found = declared_attributes(make_source(attributes=attributes, language="de"))
    assert [(a.name, a.value) for a in found] == [
        ("age_group", "30-39"), ("gender", "feminine"), ("ethnicity", "Han"), ("skin_tone", "fitzpatrick_3"),
        ("language", "de"),
    ]  # fmt: skip
    assert found[0].score == 34 and all(a.source == "declared" and a.model is None for a in found)


def test_a_declaration_is_never_overridden_by_an_estimate() -> None:
    source = make_source(attributes=(("gender", "m"), ("age", "no idea")))
    pairs = (("gender", "feminine"), ("age_group", "20-29"), ("skin_tone", "monk_4"))
    guessed = tuple(estimated(name, value) for name, value in pairs)
    found = attributes_of(make_clip(source=source, attributes=guessed))
    assert {name: (a.value, a.source) for name, a in found.items()} == {
        "gender": ("masculine", "declared"),
        "age_group": ("unknown", "declared"),
        "skin_tone": ("monk_4", "estimated"),
    }
    assert attributes_of(make_clip()) == {}


def test_an_empty_cell_leaves_room_for_an_estimate_and_silence_does_not() -> None:
    guessed = (estimated("gender", "feminine"),)
    for written, value in (("n/a", "feminine"), ("NaN", "feminine"), ("prefer not to say", "unknown")):
        clip = make_clip(source=make_source(attributes=(("gender", written),)), attributes=guessed)
        assert attributes_of(clip)["gender"].value == value
        assert unused_declarations(clip.source) == ()
    country = declared_attributes(make_source(attributes=(("country", "NA"), ("glasses", "none"))))
    assert [a.value for a in country] == ["NA", "none"]


def test_what_cannot_be_used_is_named_with_its_row() -> None:
    cells = (
        ("age", "12-Oct"),
        ("age_group", "30-39"),
        ("Sex", "H"),
        ("skin_tone", "5"),
        ("age range", "50s"),
    )
    found = unused_declarations(make_source("a.mp4", attributes=cells, row="line 7"))
    assert {(u.source_name, u.row) for u in found} == {("a.mp4", "line 7")}
    assert [(u.attribute, u.declared) for u in found] == [
        ("age", "12-Oct"),
        ("Sex", "H"),
        ("skin_tone", "5"),
        ("age range", "50s"),
    ]
    assert "another column says 30-39" in found[3].reason and "monk_5" in found[2].reason
    ages = [a.value for a in declared_attributes(make_source(attributes=cells)) if a.name == "age_group"]
    assert ages == ["30-39"]
