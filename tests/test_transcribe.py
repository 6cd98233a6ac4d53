"""Declared transcripts: found in what is heard, and checked against it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.protocols.sound import RecognisedWord, Recognition
from backends.whisperx import likeliest_language
from tests.makers import make_clip, make_source
from transforms.declared_times import times_as_heard
from transforms.transcribe import find_declared, heard_twice, locate, transcribe

BIN = ["bin", "blue", "at", "f", "two", "now"]
TALK = ["we", "begin", "here", "and", "then", "say", *BIN, "before", "we", "come", "to", "the", "end"]


class Hears:
    """Hears a given text, a word every half second."""

    name, aligner = "ears", "attention"

    def __init__(self, text: str) -> None:
        self.text = text

    def recognise(self, samples: np.ndarray, language: str | None) -> Recognition:
        words = [RecognisedWord(f" {w}", i / 2, i / 2 + 0.4, 0.9) for i, w in enumerate(self.text.split())]
        return Recognition(self.text, language or "en", 0.8, tuple(words), -0.3)


def test_the_part_of_a_declared_text_that_is_heard_is_found() -> None:
    declared, match = find_declared(TALK, ["Bin", "blue,", "at", "F2", "now."], "en", whole=False)
    assert declared == ["bin", "blue", "at", "f", "two", "now"] and match == 1.0


def test_misheard_words_become_the_declared_ones() -> None:
    declared, match = find_declared(TALK, ["been", "blew", "at", "f", "to", "now"], "en", whole=False)
    assert declared == ["bin", "blue", "at", "f", "two", "now"] and 0.6 < match < 0.95


def test_other_words_do_not_match() -> None:
    _, match = find_declared(TALK, ["unrelated", "judgements", "of", "quartz"], "en", whole=False)
    assert match < 0.5


def test_a_clip_of_the_whole_video_keeps_all_declared_words() -> None:
    declared, match = find_declared(["lay", "blue", "now"], ["blue", "now"], "en", whole=True)
    assert declared == ["lay", "blue", "now"] and 0.6 < match < 0.8
    assert find_declared(["lay"], [], "en", whole=True) == (["lay"], 0.0)
    assert find_declared(["lay"], [], "en", whole=False) == ([], 0.0)


@given(st.text("abc", max_size=12), st.text("abc", min_size=1, max_size=8), st.text("abc", max_size=12))
def test_a_pattern_is_found_where_it_stands(before: str, pattern: str, after: str) -> None:
    distance, start, end = locate(pattern, before + pattern + after, whole=False)
    assert distance == 0 and (before + pattern + after)[start:end] == pattern


@pytest.mark.parametrize(
    ("a", "b", "distance"), [("kitten", "sitting", 3), ("abc", "abc", 0), ("a", "xyz", 3)]
)
def test_whole_texts_are_compared_by_edit_distance(a: str, b: str, distance: int) -> None:
    assert locate(a, b, whole=True) == (distance, 0, len(b))


def test_declared_words_replace_heard_ones_and_wait_for_their_times() -> None:
    clip = make_clip(num_frames=75, start_seconds=10.0, source=make_source(transcript=" ".join(TALK)))
    done = transcribe(np.zeros(48000, np.float32), clip, 60.0, Hears("bin blue at f two now"))
    assert done.text == "bin blue at f two now" and done.declared_match == 1.0
    assert all(w.start_seconds is None for w in done.words)


def test_declared_words_that_no_aligner_knows_take_the_times_of_the_heard() -> None:
    source = make_source(transcript="सभी मनुष्यों को गौरव ॐ", language="hi")
    clip = make_clip(num_frames=50, source=source)
    done = transcribe(np.zeros(32000, np.float32), clip, 2.0, Hears("सबी मनुष्य को गौरव"))
    times = [(w.start_seconds, w.end_seconds, w.interpolated) for w in done.words]
    assert times[2:] == [(1.0, 1.4, False), (1.5, 1.9, False), (None, None, True)]
    assert times[0] == (0.0, 0.4, False) and times[1][0] == 0.5


def test_words_are_found_by_the_letters_they_share() -> None:
    heard = [("abc", (0.0, 3.0)), ("def", (4.0, 7.0))]
    assert times_as_heard(["abc", "def"], heard) == [(0.0, 3.0), (4.0, 7.0)]
    assert times_as_heard(["ab", "cdef"], heard) == [(0.0, 2.0), (2.0, 7.0)]
    assert times_as_heard(["abxc", "xyz", "def"], heard) == [(0.0, 3.0), None, (4.0, 7.0)]
    # The letters between "a" and "f" were heard otherwise: the words share their time, and none overlaps.
    spans = times_as_heard(["axxx", "yyf"], [("abcdef", (0.0, 6.0))])
    assert spans[0] is not None and spans[1] is not None and spans[0][1] <= spans[1][0]
    assert times_as_heard(["uvw"], heard) == [None] and times_as_heard(["uvw", ""], []) == [None, None]


def test_heard_words_keep_their_times_within_the_clip() -> None:
    done = transcribe(np.zeros(16000, np.float32), make_clip(num_frames=25), 60.0, Hears("one two three"))
    assert done.declared_match is None and [w.end_seconds for w in done.words] == [0.4, 0.9, 1.0]


def test_a_word_is_a_guess_where_two_hearings_differ_and_the_recogniser_is_unsure() -> None:
    assert heard_twice(["Just", "give", "you", "some."], "just give me some") == [True, True, False, True]
    assert heard_twice(["a", "b"], None) == [True, True] and heard_twice([], "a") == []
    words = (RecognisedWord(" see", 0.0, 0.4, 0.3), RecognisedWord(" you", 0.4, 0.8, 0.9))
    ears = Hears("")
    ears.recognise = lambda samples, language: Recognition("see you", "en", 0.9, words, -0.5, "some")
    done = transcribe(np.zeros(16000, np.float32), make_clip(num_frames=25), 60.0, ears)
    assert [w.doubt for w in done.words] == ["guessed", None]


def test_seldom_languages_need_more_than_a_guess() -> None:
    assert likeliest_language({"cy": 0.63, "en": 0.35}) == ("en", 0.35)
    assert likeliest_language({"cy": 0.95, "en": 0.01}) == ("cy", 0.95)
    assert likeliest_language({"pt": 0.6, "es": 0.4}) == ("pt", 0.6)
