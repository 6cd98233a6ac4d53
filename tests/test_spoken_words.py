"""Written English as it is spoken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.spoken_words import spoken_words


def read(text: str) -> list[set[str]]:
    return [{" ".join(r) for r in readings} for readings in spoken_words(text.split())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Smith", "doctor smith"),
        ("the U.S. today", "the u s today"),
        ("$5.20 each", "five dollars twenty each"),
        ("$5.20 each", "five dollars and twenty cents each"),
        ("$5 million more", "five million dollars more"),
        ("$1", "one dollar"),
        ("in 2026", "in twenty twenty six"),
        ("in 2026", "in two thousand and twenty six"),
        ("in 1905", "in nineteen oh five"),
        ("May 3 came", "may third came"),
        ("the 21st", "the twenty first"),
        ("the 1990s", "the nineteen nineties"),
        ("about 50%", "about fifty percent"),
        ("at 10:45", "at ten forty five"),
        ("1,250 men", "one thousand two hundred fifty men"),
        ("100 men", "a hundred men"),
        ("pi is 3.14", "pi is three point one four"),
        ("1/2 cup", "half cup"),
        ("007 again", "oh oh seven again"),
        ("bin at F2", "bin at f two"),
        ("AT&T sells TVs", "at and t sells t v s"),
        ("ill-disposed café", "ill disposed cafe"),
        ("5 km", "five kilometers"),
        ("don't", "don't"),
    ],
)
def test_common_forms_have_the_reading_that_people_say(text: str, expected: str) -> None:
    rest = expected
    for readings in read(text):
        fits = [r for r in readings if rest == r or rest.startswith(r + " ")]
        assert fits, (rest, readings)
        rest = rest[len(max(fits, key=len)) :].lstrip()
    assert rest == ""


def test_what_is_not_spoken_has_no_reading() -> None:
    assert spoken_words(["[music]", "—", "...", "yes"]) == [(), (), (), (("yes",),)]


def test_capitals_are_letters_only_where_not_everything_is_in_capitals() -> None:
    assert spoken_words(["the", "US", "is"])[1] == (("u", "s"), ("us",))
    assert spoken_words(["TELL", "US"])[1] == (("us",),)


@given(st.lists(st.text(max_size=12), max_size=6))
def test_any_text_has_readings_of_plain_letters(texts: list[str]) -> None:
    for readings in spoken_words(texts):
        for reading in readings:
            assert reading and all(set(token) <= set("abcdefghijklmnopqrstuvwxyz'") for token in reading)
