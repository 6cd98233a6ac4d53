"""What manifests write about people: usual spellings are understood, ranges keep what they declare."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.declared import understand
from schemas.groups import AGE_GROUPS, age_group, age_value, groups_of, share_in, years_of

AGES = {
    "30-39": (
        "34 | 34.5 | 34,5 | 34 years | 35 ans | 35 Jahre alt | 36 лет | 37岁 | age: 38 | 30s "
        "| 30's | mid-30s | thirties | in her late 30s | 31-35 | 30 to 39 | 30代 | ３４"
    ),
    "46-60": (
        "46-60 | 46 – 60 | 46—60 | 46 to 60 | 46 bis 60 Jahre | between 46 and 60 | 46〜60 "
        "| 46..60 | 46 à 60 ans"
    ),
    "19-30": "19-30 | 19 a 30 años | от 19 до 30",
    "60+": ("60+ | 60 + | >=60 | ≥ 60 | 60 and over | 60 or older | 60 years and older | ab 60 | 60以上"),
    "61+": ">60 | over 60 | mayor de 60",
    "70+": "70+ | 75+ | more than 70 | 80 | 72-85 | seventies | nineties",
    "0-17": "under 18 | <18 | < 18 | up to 17 | 18未満 | minor",
    "0-12": "7 | 0-12 | 3-9 | child | toddler",
    "13-19": "teens | 13-19 | teenager",
    "18+": "adult | 18+ | 18 and above",
    "50-59": "fifties | 50-59 | in his 50s",
    "unknown": "old | 12-Oct | 60-46 | 1985 | 999 | -5 | 20-30-40 | 46-600 | young | " + "9" * 500,
}
GENDERS = {
    "feminine": (
        "F | f. | Female | FEMALE | woman | w | weiblich | Frau | femme | mujer | femenino "
        "| donna | mulher | kvinna | женщина | Ж | жінка | 女 | 女性 | 여성 | أنثى | נקבה | महिला "
        "| หญิง | nữ | perempuan | Kadın | female_feminine | γυναίκα"
    ),
    "masculine": (
        "M | Male | man | männlich | Mann | homme | hombre | varón | uomo | homem | мужчина "
        "| М | 男 | 男性 | 남자 | ذكر | זכר | पुरुष | ชาย | nam | laki-laki | erkek "
        "| male_masculine"
    ),
    "nonbinary": "non-binary | Nonbinary | X | divers | other | 非二元",
    # Codes of two meanings, and words that are none.
    "unknown": "H | v | 1 | 2 | 0 | tall | m/f",
}
TONES = {
    "monk_3": "monk_3 | Monk 3 | MST-03 | monk skin tone 3 | scale 3",
    "monk_3-4": "monk 3-4 | MST 3 to 4",
    "fitzpatrick_3": "Fitzpatrick III | fitzpatrick_3 | type iii | III | Fitz 3 | FST-3",
    "fitzpatrick_2-3": "II-III | fitzpatrick 2–3",
    "unknown": "5 | light | monk 11 | VII | 4.0",
}


@pytest.mark.parametrize(
    ("attribute", "table"), [("age_group", AGES), ("gender", GENDERS), ("skin_tone", TONES)]
)
def test_usual_spellings_are_understood(attribute: str, table: dict[str, str]) -> None:
    for value, spellings in table.items():
        for text in spellings.split(" | "):
            found = understand(attribute, text)
            assert found.value == value, text
            assert (found.unused is None) == (value != "unknown"), text


def test_the_column_may_say_which_scale() -> None:
    assert understand("skin_tone", "5", "monk").value == "monk_5"
    assert understand("skin_tone", "5", "fitzpatrick").value == "fitzpatrick_5"
    assert understand("skin_tone", "Type 2", "fitzpatrick").value == "fitzpatrick_2"


def test_a_range_is_in_its_groups_by_years() -> None:
    assert groups_of("age_group", "46-60") == pytest.approx(
        {"40-49": 4 / 15, "50-59": 10 / 15, "60-69": 1 / 15}
    )
    assert groups_of("age_group", "60+") == pytest.approx({"60-69": 0.5, "70+": 0.5})
    assert groups_of("age_group", "30-39") == {"30-39": 1.0}
    assert groups_of("skin_tone", "monk_3-4") == {"monk_3": 0.5, "monk_4": 0.5}
    # No measurement says which Monk tones a Fitzpatrick type has; words of other attributes are themselves.
    assert groups_of("skin_tone", "fitzpatrick_3") == {"fitzpatrick_3": 1.0}
    assert groups_of("ethnicity", "46-60") == {"46-60": 1.0}
    # Groups of a target may be ranges too.
    assert share_in("age_group", "40-49", "46-60") == pytest.approx(0.4)
    assert share_in("age_group", "70+", "60+") == 1.0


@given(st.integers(0, 129), st.integers(0, 60))
def test_a_range_of_ages_is_all_there_in_the_groups_it_touches(start: int, length: int) -> None:
    end = min(start + length, 130)
    value = understand("age_group", f"{start}-{end}").value
    shares = groups_of("age_group", value)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert set(shares) <= set(AGE_GROUPS)
    assert {age_group(start), age_group(end)} <= set(shares)
    assert value in AGE_GROUPS or years_of(value) == (start, end + 1)
    assert age_value((start, end + 1)) == value


@given(st.text(max_size=40))
def test_any_text_is_understood_or_unknown(text: str) -> None:
    for attribute in ("age_group", "gender", "skin_tone"):
        assert understand(attribute, text).value
