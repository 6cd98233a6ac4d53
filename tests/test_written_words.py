"""Words and syllables in many scripts: the first article of human rights, in pieces as recognisers give."""

import dataclasses
import itertools
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.protocols.sound import RecognisedWord, Recognition
from schemas.records.sound import Transcript
from tests.makers import make_clip
from transforms.filter_clips import DEFAULT_RULES, judge_clip
from transforms.transcribe import find_declared, transcribe
from transforms.written_words import count_syllables, graphemes, join_words, split_words, whole_words

# A sentence, its first words, and how many syllables it has as it is spoken.
SENTENCES = {
    "th": ("มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ", ["มนุษย์", "ทั้ง", "หลาย", "เกิด"], 22),
    "lo": ("ມະນຸດທຸກຄົນເກີດມາມີສິດເສລີພາບ ແລະສະເໝີພາບ", ["ມະນຸດ", "ທຸກຄົນ", "ເກີດ", "ມາ"], 17),
    "km": ("មនុស្សទាំងអស់ កើតមកមានសេរីភាព និងសមភាព", ["មនុស្ស", "ទាំងអស់", "កើតមក", "មាន"], 14),
    "my": ("လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့် လည်းကောင်း", ["လူ", "တိုင်း", "သည်", "တူညီ"], 16),
    "hi": ("सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता", ["सभी", "मनुष्यों", "को"], 26),
    "ta": ("மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்", ["மனிதப்", "பிறவியினர்"], 23),
    "ar": ("يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق", ["يولد", "جميع", "الناس"], 23),
    "he": ("כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם", ["כל", "בני", "האדם"], 24),
    "ko": ("모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어", ["모든", "인간은", "태어날"], 23),
    "ja": ("すべての人間は、生まれながらにして自由であり、かつ、", ["すべて", "の", "人間", "は、"], 27),
    "zh": ("人人生而自由，在尊严和权利上一律平等。", ["人", "人生", "而", "自由，", "在", "尊严"], 17),
    "ru": ("Все люди рождаются свободными и равными", ["Все", "люди", "рождаются"], 14),
    "en": ("All human beings are born free and equal", ["All", "human", "beings"], 11),
}  # fmt: skip
EVERY = sorted(SENTENCES)


def pieces(texts: list[str], seconds: float) -> list[RecognisedWord]:
    """Return texts as pieces of equal length."""
    step = seconds / len(texts)
    return [RecognisedWord(text, i * step, (i + 1) * step, 0.9) for i, text in enumerate(texts)]


class HearsLetters:
    """Hears a text letter by letter, as Whisper does where there are no spaces."""

    name, aligner = "ears", "attention"

    def __init__(self, text: str, language: str, seconds: float) -> None:
        self.heard = Recognition(text, language, 0.9, tuple(pieces(list(text), seconds)), -0.3)

    def recognise(self, samples: np.ndarray, language: str | None) -> Recognition:
        return self.heard


def transcript_of(text: str, language: str, seconds: float) -> Transcript:
    clip = make_clip(num_frames=round(seconds * 25))
    return transcribe(np.zeros(16000, np.float32), clip, 60.0, HearsLetters(text, language, seconds))


def is_babbled(transcript: Transcript) -> bool:
    clip = dataclasses.replace(make_clip(), transcript=transcript)
    rejection = judge_clip(clip, DEFAULT_RULES, "words")
    return rejection is not None and rejection.reason == "babbled_words"


@pytest.mark.parametrize("language", EVERY)
def test_letters_become_the_words_that_are_written(language: str) -> None:
    text, first, _ = SENTENCES[language]
    words = transcript_of(text, language, 6.0).words
    assert [w.text for w in words][: len(first)] == first
    assert "".join(w.text for w in words) == "".join(text.split())
    clusters = set(graphemes(text))
    assert all(cluster in clusters for word in words for cluster in graphemes(word.text))
    assert not any(unicodedata.category(word.text[0]).startswith("M") for word in words)
    edges = [t for w in words for t in (w.start_seconds or 0.0, w.end_seconds or 0.0)]
    assert edges == sorted(edges) and edges[0] == 0.0 and edges[-1] == pytest.approx(6.0)


@pytest.mark.parametrize("language", EVERY)
def test_syllables_are_about_those_that_are_spoken(language: str) -> None:
    text, _, spoken = SENTENCES[language]
    assert count_syllables(text) == pytest.approx(spoken, rel=0.45 if language == "km" else 0.15)


@pytest.mark.parametrize("language", EVERY)
def test_speech_is_no_babble_in_any_script_and_loops_are(language: str) -> None:
    text, _, spoken = SENTENCES[language]
    assert not is_babbled(transcript_of(text, language, spoken / 8.0))  # as fast as anybody reads
    assert is_babbled(transcript_of(f"{text} " * 20, language, spoken / 8.0 * 5))


def test_pieces_of_numerals_and_compounds_are_one_word_with_its_time() -> None:
    found = whole_words(pieces([" 1", ",000", " well", "-known", " men", "."], 6.0))
    assert [(w.text, w.start_seconds, w.end_seconds) for w in found] == [
        ("1,000", 0.0, 2.0), ("well-known", 2.0, 4.0), ("men.", 4.0, 6.0),
    ]  # fmt: skip


def test_a_piece_of_two_words_is_shared_by_letters_and_unaligned_pieces_have_no_time() -> None:
    found = whole_words([RecognisedWord(" 今天去", 1.0, 1.6, 0.5), RecognisedWord(" ok", None, None, None)])
    assert [w.text for w in found] == ["今天", "去", "ok"]
    assert found[1].start_seconds == pytest.approx(1.4) and found[1].probability == 0.5
    assert (found[2].start_seconds, found[2].probability) == (None, None)


def test_scripts_may_be_mixed_and_brackets_stay_with_their_words() -> None:
    assert split_words("iPhoneを「買った」 — 1,000 men") == [
        "iPhone",
        "を",
        "「買",
        "っ",
        "た」",
        "—",
        "1,000",
        "men",
    ]
    assert join_words(["今天", "去", "New", "York", "看", "书"]) == "今天去 New York 看书"


def test_a_declared_text_without_spaces_is_found_word_by_word() -> None:
    text, first, _ = SENTENCES["th"]
    declared, match = find_declared(split_words(text), first[1:3], "th", whole=False)
    assert declared == first[1:3] and match == 1.0


@given(st.text(max_size=30), st.lists(st.integers(0, 30), max_size=6))
def test_words_do_not_depend_on_how_the_text_comes_in_pieces(text: str, cuts: list[int]) -> None:
    at = [0, *sorted(cuts), len(text)]
    parts = [RecognisedWord(text[a:b], 0.0, 1.0, 0.5) for a, b in itertools.pairwise(at) if a < b]
    words = [w.text for w in whole_words(parts)]
    assert words == split_words(text) and "".join(words) == "".join(text.split())
