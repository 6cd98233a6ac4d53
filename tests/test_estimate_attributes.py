"""Attributes: unknown where it cannot be told, declared ones first, skin tone whatever the exposure."""

import dataclasses
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.faceres import age_group_chances
from backends.protocols.pictures import FaceEstimate, FaceView
from schemas.attributes import AGE_GROUPS
from schemas.plain import to_plain
from schemas.records.person import Attribute
from schemas.records.picture import LandmarkCoverage
from tests.makers import make_clip, make_source, make_transcript
from transforms.estimate_attributes import (
    AttributeConfig,
    PerceivedConfig,
    SkinConfig,
    complete_attributes,
    estimate_from_views,
)
from transforms.estimate_attributes.perceived import average, judge
from transforms.estimate_attributes.skin_tone import (
    estimate_skin_tone,
    monk_category,
)


def estimate(masculine: float, years: float, sure: bool = True) -> FaceEstimate:
    """Return an estimate whose chances lie on its age group, or evenly on all."""
    groups = np.full(8, 1 / 8, np.float32)
    if sure:
        groups = np.eye(8, dtype=np.float32)[sum(years >= s for s in (13, 20, 30, 40, 50, 60, 70))]
    return FaceEstimate(masculine, groups, years)


class Fixed:
    """An estimator with one answer."""

    name = "fixed"

    def estimate(self, views: Sequence[FaceView]) -> list[FaceEstimate]:
        return [estimate(0.9, 35.0) for _ in views]


@pytest.mark.parametrize(
    ("masculine", "years", "gender"),
    [
        (0.95, 35.0, "masculine"),
        (0.05, 35.0, "feminine"),
        (0.65, 35.0, "unknown"),
        (0.95, 8.0, "unknown"),
    ],
)
def test_gender_is_told_where_the_network_is_sure_and_not_of_children(
    masculine: float, years: float, gender: str
) -> None:
    assert judge(estimate(masculine, years), "m", PerceivedConfig())[1].value == gender


@pytest.mark.parametrize(
    "years, group", [(3, "0-12"), (13, "13-19"), (29.9, "20-29"), (70, "70+"), (99, "70+")]
)
def test_ages_fall_into_their_groups(years: float, group: str) -> None:
    age, _ = judge(estimate(0.9, years), "m", PerceivedConfig())
    assert (age.value, age.score, age.source, age.model) == (group, years, "estimated", "m")


def test_an_age_that_could_be_any_is_unknown() -> None:
    age, _ = judge(estimate(0.9, 35.0, sure=False), "m", PerceivedConfig())
    assert age.value == "unknown" and age.confidence == pytest.approx(1 / 8)


def test_better_views_count_more() -> None:
    both = average([estimate(1.0, 20.0), estimate(0.0, 60.0)], np.array([0.75, 0.25], np.float32))
    assert (both.masculine, both.age_years) == (0.75, 30.0)


@given(st.integers(1, 100))
def test_years_add_up_to_age_groups(year: int) -> None:
    groups = age_group_chances(np.eye(100, dtype=np.float32)[year - 1])
    assert groups.sum() == 1
    age, _ = judge(FaceEstimate(1.0, groups, float(year)), "m", PerceivedConfig())
    assert AGE_GROUPS[int(groups.argmax())] == age.value


def test_without_a_view_all_is_unknown() -> None:
    found = estimate_from_views([], np.zeros(0, np.float32), Fixed(), AttributeConfig())
    assert [(a.name, a.value, a.confidence) for a in found] == [
        ("age_group", "unknown", None),
        ("gender", "unknown", None),
        ("skin_tone", "unknown", None),
    ]


def painted(skin: float, light: Sequence[float] = (1, 1, 1), clip_at: float = 1.0) -> FaceView:
    """Return a drawn face: skin of a brightness under some light, whites of the eyes, dark irises."""
    rows, columns = np.mgrid[0:200, 0:200].astype(np.float32)
    picture = np.empty((200, 200, 3), np.float32)
    picture[:] = np.array([1.0, 0.72, 0.55]) * skin
    points = np.zeros((478, 3), np.float32)
    points[:468, 0] = 60 + 80 * (np.arange(468) % 22) / 21
    points[:468, 1] = 40 + 120 * (np.arange(468) // 22) / 21
    for lids, centre, middle in ((_LEFT_LIDS, 468, (75, 90)), (_RIGHT_LIDS, 473, (125, 90))):
        turn = np.linspace(0, 2 * np.pi, len(lids), endpoint=False)
        points[lids, 0], points[lids, 1] = middle[0] + 14 * np.cos(turn), middle[1] + 6 * np.sin(turn)
        eye = ((columns - middle[0]) / 14) ** 2 + ((rows - middle[1]) / 6) ** 2 <= 1
        picture[eye] = 0.25
        iris = np.hypot(columns - middle[0], rows - middle[1]) <= 5
        picture[iris] = 0.02
        points[centre, :2] = middle
        for k, (dx, dy) in enumerate(((5, 0), (0, -5), (-5, 0), (0, 5))):
            points[centre + 1 + k, :2] = (middle[0] + dx, middle[1] + dy)
    for corners, (x, y) in zip(_REGIONS, ((70, 125), (130, 125), (100, 60)), strict=True):
        turn = np.linspace(0, 2 * np.pi, len(corners), endpoint=False)
        points[corners, 0], points[corners, 1] = x + 12 * np.cos(turn), y + 12 * np.sin(turn)
    seen = np.clip(picture * np.array(light, np.float32), 0, clip_at)
    encoded = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    return FaceView(np.round(255 * encoded).astype(np.uint8), points)


_LEFT_LIDS = [33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246]
_RIGHT_LIDS = [362, 382, 381, 380, 374, 373, 390, 249, 263, 466, 388, 387, 386, 385, 384, 398]
_REGIONS = [
    [117, 118, 119, 100, 36, 205, 187, 123, 116],
    [346, 347, 348, 329, 266, 425, 411, 352, 345],
    [67, 109, 10, 338, 297, 299, 337, 151, 108, 69],
]


def tone(view: FaceView) -> Attribute:
    return estimate_skin_tone([view], SkinConfig())


def test_darker_skin_is_further_on_the_scale() -> None:
    tones = [tone(painted(skin)).score for skin in (0.5, 0.3, 0.15, 0.07)]
    assert None not in tones and tones == sorted(tones, key=lambda a: a or 0)
    assert len({tone(painted(skin)).value for skin in (0.5, 0.35, 0.2)}) == 3


@pytest.mark.parametrize("light", [(0.71, 0.71, 0.71), (1.41, 1.41, 1.41), (1.0, 0.8, 0.6), (0.7, 0.9, 1.0)])
def test_half_a_stop_or_the_light_s_colour_hardly_changes_the_tone(light: tuple[float, float, float]) -> None:
    plain, lit = tone(painted(0.3)), tone(painted(0.3, light))
    assert lit.score == pytest.approx(plain.score, abs=1.0)


def test_views_that_disagree_leave_the_tone_unknown() -> None:
    views = [painted(skin) for skin in (0.5, 0.5, 0.06, 0.06)]
    assert all(tone(view).value != "unknown" for view in views)
    assert estimate_skin_tone(views, SkinConfig()).value == "unknown"
    assert estimate_skin_tone(views[:2], SkinConfig()).value == tone(views[0]).value


def test_a_tone_that_most_views_cannot_tell_is_unknown() -> None:
    told, not_told = painted(0.3), painted(0.3, (0.02, 0.02, 0.02))
    for views, known in (((told, told, not_told, not_told), True), ((told, not_told, not_told), False)):
        assert (estimate_skin_tone(views, SkinConfig()).score is not None) == known
    for nothing in ((not_told,), ()):
        assert estimate_skin_tone(nothing, SkinConfig(min_told_ratio=0.0)).score is None


@pytest.mark.parametrize(
    "light", [(0.02, 0.02, 0.02), (4.0, 4.0, 4.0), (1.0, 0.3, 0.2)], ids=["dark", "burnt out", "coloured"]
)
def test_bad_light_leaves_the_tone_unknown(light: tuple[float, float, float]) -> None:
    found = tone(painted(0.5, light))
    assert (found.value, found.score) == ("unknown", None)


def test_highlights_and_shadows_on_the_skin_have_no_say() -> None:
    """Two fifths of it brighter and redder, two fifths darker and bluer: the middle by brightness counts."""
    plain, mixed = painted(0.3), painted(0.3)
    random = np.random.default_rng(0).uniform(size=(200, 200, 1))
    image = mixed.image.astype(float)
    image = np.where(random < 0.4, image * [0.5, 0.5, 0.7], image)
    image = np.where(random > 0.6, image * [1.3, 1.2, 1.0], image)
    rows, columns = np.mgrid[0:200, 0:200]
    eyes = np.zeros((200, 200), bool)
    for x in (75, 125):
        eyes |= ((columns - x) / 16) ** 2 + ((rows - 90) / 8) ** 2 <= 1
    image[eyes] = mixed.image[eyes]
    found = tone(FaceView(np.clip(image, 0, 250).astype(np.uint8), mixed.points)).score
    assert found == pytest.approx(tone(plain).score, abs=1e-6)


@pytest.mark.parametrize(
    ("zero_tone", "category", "lower", "upper"),
    [(0.0, "inner", -0.5, 0.5), (1.3, "inner", -0.5, 0.5), (40.0, "monk_10", -0.5, np.inf),
     (-40.0, "monk_1", -np.inf, 0.5)],
)  # fmt: skip
def test_confidence_is_the_chance_that_a_tone_lies_within_its_category(
    zero_tone: float, category: str, lower: float, upper: float
) -> None:
    found = estimate_skin_tone([painted(0.3)], SkinConfig(zero_tone=zero_tone, error_tones=1.5))
    assert found.score is not None and found.value == (f"monk_{round(found.score)}")
    assert found.value == category or (category == "inner" and 1 < round(found.score) < 10)
    error = NormalDist(found.score, 1.5)
    middle = round(found.score)
    chance = [0.0 if b == -np.inf else 1.0 if b == np.inf else error.cdf(middle + b) for b in (lower, upper)]
    assert found.confidence == pytest.approx(chance[1] - chance[0])


def test_the_scale_has_ten_tones() -> None:
    assert [monk_category(tone) for tone in (-3.0, 1.4, 1.6, 7.2, 10.4, 14.0)] == [
        "monk_1", "monk_1", "monk_2", "monk_7", "monk_10", "monk_10",
    ]  # fmt: skip


def test_what_is_declared_goes_before_what_is_estimated() -> None:
    guessed = Attribute(
        name="gender", value="feminine", source="estimated", confidence=0.9, model="m", score=0.1
    )
    source = make_source(attributes=(("sex", "Male"), ("Ethnicity", "Maori"), ("age", "34")), language="mi")
    clip = make_clip(source=source, attributes=(guessed,), transcript=make_transcript("Kia ora"))
    told = {a.name: a for a in complete_attributes(clip).attributes or ()}
    assert {n: (a.value, a.source, a.model) for n, a in told.items()} == {
        "age_group": ("30-39", "declared", None),
        "ethnicity": ("Maori", "declared", None),
        "gender": ("masculine", "declared", None),
        "language": ("mi", "declared", None),
    }
    assert told["age_group"].score == 34


def test_what_an_estimate_said_of_something_declared_is_kept_apart() -> None:
    guessed = Attribute(
        name="gender", value="feminine", source="estimated", confidence=0.9, model="m", score=0.1
    )
    source = make_source(attributes=(("sex", "Male"),), language="mi")
    clip = make_clip(source=source, attributes=(guessed,), transcript=make_transcript("Kia ora"))
    told = complete_attributes(clip)
    assert [(a.name, a.value) for a in told.overruled] == [("gender", "feminine"), ("language", "en")]
    assert complete_attributes(told) == told
    assert "feminine" not in str(to_plain(told, published_only=True))


@pytest.mark.parametrize("ratio, value", [(0.0, "none"), (0.3, "some"), (0.9, "most")])
def test_hands_and_language_come_from_the_scores(ratio: float, value: str) -> None:
    coverage = LandmarkCoverage(
        face_ratio=1.0, iris_ratio=1.0, pose_ratio=1.0, left_hand_ratio=ratio, right_hand_ratio=0.0,
        any_hand_ratio=ratio, longest_face_gap_seconds=0.0, face_jump=0.0, extractor="e",
    )  # fmt: skip
    clip = complete_attributes(make_clip(landmarks=coverage, transcript=make_transcript("Hello")))
    told = {a.name: a.value for a in clip.attributes or ()}
    assert told == {"hands": value, "language": "en"}
    assert complete_attributes(clip) == clip


def test_nothing_to_tell_is_an_empty_tuple_not_none() -> None:
    assert complete_attributes(make_clip()).attributes == ()
    assert dataclasses.replace(make_clip()).attributes is None
