"""One person, one answer: estimates of all clips together, at their dates, below what is declared."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from schemas.attributes import attributes_of, recorded_year
from schemas.records.clip import Clip
from schemas.records.person import Attribute
from tests.makers import make_clip, make_source
from transforms.estimate_attributes import complete_attributes
from transforms.pool_attributes import PoolConfig, pool_attributes

CONFIG = PoolConfig()


def estimated(name: str, value: str, confidence: float | None, score: float | None = None) -> Attribute:
    return Attribute(
        name=name, value=value, source="estimated", confidence=confidence, model="m", score=score
    )


def age(years: float, value: str | None = None) -> Attribute:
    return estimated("age_group", value or ("30-39" if years < 40 else "40-49"), 0.4, years)


def clip(number: int, *attributes: Attribute, video: int | None = None, **declared: str) -> Clip:
    """Return a clip of a video of its own with what is estimated and declared of it."""
    source = make_source(attributes=tuple(declared.items()))
    name = f"video{number if video is None else video}"
    return complete_attributes(make_clip(number, video_id=name, source=source, attributes=attributes))


def answers(clips: list[Clip], name: str, config: PoolConfig = CONFIG) -> list[Any]:
    return [attributes_of(c)[name] for c in pool_attributes(clips, config) if name in attributes_of(c)]


def test_a_man_of_forty_or_so_is_in_one_group() -> None:
    years = [38.0] * 147 + [41.0] * 103
    found = answers([clip(i, age(y)) for i, y in enumerate(years)], "age_group")
    assert {a.value for a in found} == {"30-39"} and found[0].score == pytest.approx(np.mean(years))


def test_what_a_clip_itself_tells_stays_in_its_record() -> None:
    first, second = pool_attributes([clip(0, age(38.0)), clip(1, age(44.0))], CONFIG)
    assert [a.value for a in (first.attributes or ())] == ["30-39"]
    assert [a.value for a in (second.attributes or ())] == ["40-49"]
    assert attributes_of(first)["age_group"].value == attributes_of(second)["age_group"].value == "40-49"
    # Whatever completes the record later changes neither.
    assert complete_attributes(first) == first


def test_tones_are_multiplied_and_those_not_told_say_nothing() -> None:
    tones = [("monk_5", 0.5)] * 179 + [("monk_6", 0.5)] * 51 + [("unknown", None)] * 20
    clips = [clip(i, estimated("skin_tone", *tone)) for i, tone in enumerate(tones)]
    (found,) = set(answers(clips, "skin_tone"))
    assert found.value == "monk_5" and found.confidence > 0.4
    unsure = [clip(0, estimated("skin_tone", "monk_5", 0.3)), clip(1, estimated("skin_tone", "monk_6", 0.9))]
    assert {a.value for a in answers(unsure, "skin_tone")} == {"monk_6"}
    nothing = [clip(i, estimated("skin_tone", "unknown", None)) for i in range(3)]
    assert {a.value for a in answers(nothing, "skin_tone")} == {"unknown"}


@pytest.mark.parametrize("correlation", [0.0, 0.75, 1.0])
def test_chances_grow_with_recordings_as_their_correlation_allows(correlation: float) -> None:
    """Of n independent recordings the odds are multiplied; of wholly dependent ones they stay."""
    config = dataclasses.replace(CONFIG, correlation=correlation)
    for count in (1, 2, 5):
        clips = [clip(i, estimated("gender", "feminine", 0.8, 0.2)) for i in range(count)]
        found = answers(clips, "gender", config)[0]
        odds = 4.0 ** (count / (1 + (count - 1) * correlation))
        assert found.value == "feminine" and found.confidence == pytest.approx(odds / (1 + odds))


def test_clips_of_one_video_are_one_recording() -> None:
    feminine = estimated("gender", "feminine", 0.8, 0.2)
    masculine = estimated("gender", "masculine", 0.85, 0.85)
    clips = [clip(0, masculine), *(clip(1 + i, feminine, video=9) for i in range(30))]
    few = answers(clips[:2], "gender")[0].confidence
    assert answers(clips, "gender")[0].confidence == pytest.approx(few)
    years = [clip(0, age(30.0)), *(clip(1 + i, age(36.0), video=9) for i in range(30))]
    assert answers(years, "age_group")[0].score == pytest.approx(33.0)


def test_an_age_is_as_sure_as_a_normal_error_of_several_recordings_makes_it() -> None:
    config = PoolConfig(correlation=0.0, age_error_years=10.0, age_error_share=0.0)
    one, four = ([clip(i, age(35.0)) for i in range(count)] for count in (1, 4))
    assert answers(one, "age_group", config)[0].confidence == pytest.approx(0.3829, abs=1e-3)  # half a sigma
    assert answers(four, "age_group", config)[0].confidence == pytest.approx(0.6827, abs=1e-3)  # one sigma


def test_several_unsure_clips_can_be_sure_together_and_children_have_no_gender() -> None:
    unsure = [clip(i, estimated("gender", "unknown", 0.65, 0.35)) for i in range(3)]
    independent = PoolConfig(correlation=0.0)
    assert {a.value for a in answers(unsure, "gender")} == {"unknown"}
    assert {a.value for a in answers(unsure, "gender", independent)} == {"feminine"}
    child = [clip(i, age(9.0, "0-12"), estimated("gender", "unknown", 0.9, 0.1)) for i in range(2)]
    assert {a.value for a in answers(child, "gender")} == {"unknown"}


def test_ages_are_those_at_the_date_of_each_recording() -> None:
    clips = [
        clip(0, age(36.0), recording_date="2010"),
        clip(1, age(48.0), recording_date="2020-07-01"),
        clip(2, age(42.0)),
    ]
    found = answers(clips, "age_group")
    assert [a.score for a in found] == pytest.approx([37.0, 47.0, 42.0])
    assert [a.value for a in found] == ["30-39", "40-49", "40-49"]


def test_ages_move_with_the_dates_where_some_recordings_tell_none() -> None:
    clips = [
        clip(0, age(40.0), recording_date="2010"),
        clip(1, age(50.0), recording_date="2020"),
        clip(2, estimated("age_group", "unknown", 0.2), recording_date="2030"),
    ]
    assert [a.score for a in answers(clips, "age_group")] == pytest.approx([40.0, 50.0, 60.0])


def test_the_error_of_an_age_grows_with_the_age() -> None:
    config = PoolConfig(correlation=0.0, age_error_years=5.0, age_error_share=0.12)
    (young,), (old,) = (answers([clip(0, age(y, "x"))], "age_group", config) for y in (25.0, 65.0))
    # Half a group is 0.625 standard deviations of 8 years, and 0.39 of 12.8.
    assert young.confidence == pytest.approx(0.468, abs=0.001)
    assert old.confidence == pytest.approx(0.304, abs=0.001)


def test_what_is_declared_goes_before_and_is_taken_by_the_persons_other_clips() -> None:
    clips = [clip(0, estimated("gender", "masculine", 0.9, 0.9), gender="f")]
    clips += [clip(1 + i, estimated("gender", "masculine", 0.9, 0.9)) for i in range(3)]
    assert {(a.value, a.source) for a in answers(clips, "gender")} == {("feminine", "declared")}


def test_declarations_that_differ_stay_with_their_clips() -> None:
    clips = [clip(0, gender="f"), clip(1, gender="m"), clip(2, estimated("gender", "masculine", 0.9, 0.9))]
    assert [a.value for a in answers(clips, "gender")] == ["feminine", "masculine", "masculine"]


def test_declared_ages_move_with_the_dates() -> None:
    clips = [
        clip(0, age="38", recording_date="2010"),
        clip(1, age="48", recording_date="2020"),
        clip(2, age(20.0), recording_date="2012"),
    ]
    found = answers(clips, "age_group")
    assert [a.value for a in found] == ["30-39", "40-49", "40-49"] and found[2].score == pytest.approx(40.0)
    assert found[2].source == "declared"


def test_declared_ages_that_cannot_be_one_persons_are_not_put_together() -> None:
    clips = [clip(0, age="38", recording_date="2010"), clip(1, age="38", recording_date="2020")]
    clips.append(clip(2, age(20.0, "20-29"), recording_date="2012"))
    assert [a.source for a in answers(clips, "age_group")] == ["declared", "declared", "estimated"]


DATES = [
    ("2014", 2014.5),
    ("2014-01-31", 2014.082),
    ("2014-01-01", 2014.0),
    ("2014-12", 2014.917),
    ("14", None),
    ("2014-13", None),
]


@pytest.mark.parametrize(("date", "year"), DATES)
def test_dates_of_recordings(date: str, year: float | None) -> None:
    found = recorded_year(make_source(attributes=(("Recording_Date ", date),)))
    assert found == (None if year is None else pytest.approx(year, abs=1e-3))
