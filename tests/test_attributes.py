"""Groups: declared words become categories, declared goes before estimated, who is shown."""

import pytest

from schemas.attributes import age_group, attributes_of, declared_attributes
from schemas.records import Attribute
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
    attributes = (("age", "34"), ("sex", "Female"), ("ethnicity", "Han"), ("age_years", "old"))
    found = declared_attributes(make_source(attributes=attributes, language="de"))
    assert [(a.name, a.value) for a in found] == [
        ("age_group", "30-39"), ("gender", "feminine"), ("ethnicity", "Han"), ("age_group", "unknown"),
        ("language", "de"),
    ]  # fmt: skip
    assert found[0].score == 34 and all(a.source == "declared" and a.model is None for a in found)


def test_declared_goes_before_estimated_unless_it_is_unknown() -> None:
    source = make_source(attributes=(("gender", "m"), ("age", "no idea")))
    clip = make_clip(
        source=source, attributes=(estimated("gender", "feminine"), estimated("age_group", "20-29"))
    )
    found = attributes_of(clip)
    assert (found["gender"].value, found["gender"].source) == ("masculine", "declared")
    assert (found["age_group"].value, found["age_group"].source) == ("20-29", "estimated")
    assert "skin_tone" not in found
    assert attributes_of(make_clip()) == {}
