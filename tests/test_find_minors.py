"""Who may be under age: what is declared first, then how old the person looks in all clips, less a margin."""

from typing import Any

import pytest

from pipelines.age_notes import age_notes, blind_note
from pipelines.config import CurateConfig, config_from
from pipelines.package import judge_again
from schemas.outcomes import clip_rejection
from schemas.records.clip import Clip
from schemas.records.person import Attribute
from tests.makers import make_clip, make_source
from transforms.estimate_attributes import complete_attributes
from transforms.filter_clips import DEFAULT_RULES, judge_clip
from transforms.find_minors import MinorConfig, bound_ages, declared_years, may_be_minor

CONFIG = MinorConfig(margin_years=7.0)


def looking(
    number: int, years: float | None, age: str | None = None, guardian: str | None = None, **more: Any
) -> Clip:
    """Return a clip of a video of its own whose person looks so old and is declared so."""
    attributes = tuple(more.pop("attributes", ())) + ((("age", age),) if age else ())
    source = make_source(f"{number}.mp4", attributes=attributes, guardian_consent=guardian)
    told = Attribute(
        name="age_group", value="20-29", source="estimated", confidence=0.6, model="m", score=years
    )
    clip = make_clip(number, source=source, attributes=() if years is None else (told,), **more)
    return complete_attributes(clip)


def bounds(*clips: Clip) -> list[tuple[float, str]]:
    found = [clip.age_bound for clip in bound_ages(clips, CONFIG)]
    return [(round(b.years_at_least, 3), b.basis) for b in found if b is not None]


def reasons(*clips: Clip) -> list[str | None]:
    judged = [judge_clip(clip, DEFAULT_RULES, "people") for clip in bound_ages(clips, CONFIG)]
    return [None if why is None else why.reason for why in judged]


@pytest.mark.parametrize(
    ("age", "least"),
    [
        ("17", 17), ("18", 18), ("17.9", 17.9), ("18-25", 18), ("20s", 20), ("adult", 18), ("60+", 60),
        ("13-19", 13), ("teen", 13), ("0-19", 0), ("16-25", 16), ("under 18", 0), ("child", 0), ("minor", 0),
        ("prefer not to say", None), ("old", None), (None, None),
    ],
)  # fmt: skip
def test_of_what_is_declared_the_first_year_counts(age: str | None, least: float | None) -> None:
    assert declared_years(looking(0, 40.0, age).source) == least
    if least is not None:
        assert bounds(looking(0, 40.0, age)) == [(least, "declared")]
        assert reasons(looking(0, 9.0, age)) == [None if least >= 18 else "may_be_minor"]


def test_looks_count_less_a_margin_where_nothing_is_declared() -> None:
    assert bounds(looking(0, 25.0)) == [(18.0, "perceived")] and reasons(looking(0, 25.0)) == [None]
    assert bounds(looking(0, 24.9)) == [(17.9, "perceived")] and reasons(looking(0, 24.9)) == ["may_be_minor"]
    assert bounds(looking(0, 3.0)) == [(0.0, "perceived")]
    # What cannot be understood is no declaration: the estimate in whose place it stands counts.
    assert bounds(looking(0, 30.0, "???")) == [(23.0, "perceived")]
    assert [may_be_minor(years, CONFIG) for years in (24.9, 25.0)] == [True, False]


def test_nobody_is_an_adult_of_whom_nothing_is_known() -> None:
    assert bounds(looking(0, None)) == [(0.0, "unknown")] and reasons(looking(0, None)) == ["may_be_minor"]


def test_all_clips_of_a_person_have_one_answer() -> None:
    younger, older = looking(0, 20.0), looking(1, 28.0)
    assert bounds(younger, older) == [(17.0, "perceived")] * 2
    assert reasons(younger, older) == ["may_be_minor"] * 2 and reasons(older) == [None]
    # Clips of one video are one recording.
    same = [looking(number, years, video_id="a" * 20) for number, years in ((0, 40.0), (1, 40.0))]
    assert bounds(*same, looking(2, 20.0, video_id="b" * 20)) == [(23.0, "perceived")] * 3


def test_what_is_declared_of_one_clip_holds_for_the_others_of_the_person() -> None:
    child, adult, silent = looking(0, 30.0, "15"), looking(1, 30.0, "19"), looking(2, 40.0)
    assert bounds(child, silent) == [(15.0, "declared")] * 2
    assert bounds(looking(0, 12.0), adult) == [(19.0, "declared")] * 2
    # Where declarations differ each holds for its own file, and the least for the others.
    assert bounds(child, adult, silent) == [(15.0, "declared"), (19.0, "declared"), (15.0, "declared")]


def test_ages_are_those_at_the_recordings_dates() -> None:
    then, now = (("recording_date", year) for year in ("2010", "2020"))
    clips = looking(0, 19.0, attributes=[then]), looking(1, 31.0, attributes=[now])
    assert bounds(*clips) == [(13.0, "perceived"), (23.0, "perceived")]
    clips = looking(0, 40.0, attributes=[then]), looking(1, 40.0, "26", attributes=[now])
    assert bounds(*clips) == [(16.0, "declared"), (26.0, "declared")]


def test_a_guardians_consent_lets_a_childs_own_files_through() -> None:
    guarded, bare = looking(0, 10.0, guardian="granted"), looking(1, 10.0)
    assert reasons(guarded, bare) == [None, "may_be_minor"]
    (clip,) = bound_ages([looking(0, 30.0, "12", "granted")], CONFIG)
    assert clip.age_bound is not None
    assert (clip.age_bound.years_at_least, clip.age_bound.unguarded_years) == (12.0, None)
    for word in ("refused", "unclear", None):
        assert reasons(looking(0, 30.0, "12", word)) == ["may_be_minor"]


def test_package_judges_by_the_scores_again_and_keeps_copies_out() -> None:
    (clip,) = bound_ages([looking(0, 21.0)], CONFIG)
    why = judge_clip(clip, DEFAULT_RULES, "people")
    assert why is not None and (why.stage, why.score, why.threshold) == ("filter_people", 14.0, 18.0)
    assert judge_again(clip, [why], [], DEFAULT_RULES).rejection == why
    rules = config_from({"filter": {"rules": {"may_be_minor": {"minimum": 14}}}}, "x").filter.rules
    assert judge_again(clip, [why], [], rules).stage is None
    copy = clip_rejection(clip, "people", "near_duplicate", 0.9, 0.65)
    for judged in (judge_again(clip, [copy], [], r) for r in (rules, DEFAULT_RULES)):
        assert judged.stage == "people" and judged.rejection == copy


def test_a_run_that_estimates_no_ages_says_so() -> None:
    blind = {"attributes": {"enabled": False}}
    said = blind_note(config_from(blind, "x")) or ""
    assert "attributes.enabled" in said and "attribute_age" in said and "may_be_minor" in said
    off = {"filter": {"rules": {"may_be_minor": {"mode": "off"}}}}
    assert blind_note(CurateConfig()) is None and blind_note(config_from(blind | off, "x")) is None
    (note,) = age_notes(CurateConfig(), {"declared": 1, "perceived": 2})
    assert "3 clips" in note and "1 declared" in note and "2 by their looks" in note
    assert age_notes(CurateConfig(), {}) == []
