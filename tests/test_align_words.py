"""Times of words: the core with a made-up aligner, and PocketSphinx on real speech."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from backends import pocketsphinx
from backends.g2p_en import load as load_g2p
from backends.protocols.sound import AlignedPhone, AlignedWord, Alignment
from schemas.records.sound import Transcript, Word
from tests.makers import make_clip, make_transcript, noise, speech
from transforms.align_words import INTERPOLATION, AlignConfig, align_words, fill_times
from transforms.filter_clips import DEFAULT_RULES, judge_clip
from transforms.hesitations import steadiness
from transforms.spoken_words import spoken_words

SILENCE = np.zeros(32000, np.float32)


def word(text: str, start: float | None = None, end: float | None = None) -> Word:
    return Word(
        text=text, start_seconds=start, end_seconds=end, score=0.5, interpolated=False, aligner="heard"
    )


def transcript(*words: Word, language: str = "en") -> Transcript:
    text = " ".join(w.text for w in words)
    return dataclasses.replace(make_transcript(text), words=words, language=language)


class EveryHalfSecond:
    """Finds word i from i / 2 to i / 2 + 0.4 s, but for the words it is told to miss."""

    name = "half seconds"

    def __init__(
        self,
        missing: Sequence[int] = (),
        um_before: Sequence[int] = (),
        score: float = 0.8,
        scores: Sequence[float] = (),
    ) -> None:
        self.missing, self.um_before, self.score, self.scores = missing, um_before, score, scores

    def aligns(self, language: str) -> bool:
        return language == "en"

    def align(
        self, samples: npt.NDArray[np.float32], words: Sequence[Sequence[tuple[str, ...]]]
    ) -> Alignment:
        found: list[AlignedWord | None] = []
        for i, readings in enumerate(words):
            phone = AlignedPhone("AH", 0.5 * i, 0.5 * i + 0.4, 0.8)
            score = self.scores[i] if self.scores else self.score
            at = AlignedWord(readings[-1], 0.5 * i, 0.5 * i + 0.4, score, (phone,))
            found.append(None if i in self.missing else at)
        ums = [(i, AlignedWord(("um",), 0.5 * i - 0.3, 0.5 * i, 0.7, ())) for i in self.um_before]
        return Alignment(tuple(found), tuple(ums))


def aligned(
    words: Transcript, aligner: EveryHalfSecond, speech: Sequence[tuple[float, float]] = ((0.0, 2.0),)
) -> Transcript:
    return align_words(SILENCE, words, aligner, 2.0, speech, AlignConfig())


def test_a_written_word_spans_all_it_is_spoken_as() -> None:
    done = aligned(transcript(word("it"), word("cost"), word("$1.")), EveryHalfSecond())
    assert [(w.text, w.start_seconds, w.spoken) for w in done.words] == [
        ("it", 0.0, None),
        ("cost", 0.5, None),
        ("$1.", 1.0, "one dollar"),
    ]
    assert {w.aligner for w in done.words} == {"half seconds"} == {done.aligner}
    assert len(done.phones) == 3 and not any(w.interpolated for w in done.words)


def test_a_word_that_is_not_found_lies_between_its_neighbours() -> None:
    done = aligned(transcript(word("a"), word("b"), word("c")), EveryHalfSecond([1]))
    middle = done.words[1]
    assert (middle.start_seconds, middle.end_seconds) == (0.4, 1.0)
    assert middle.interpolated and middle.aligner == INTERPOLATION and middle.score == 0.0


def test_other_languages_keep_the_recognisers_times() -> None:
    words = (word("olá", 0.1, 0.4), word("você", 0.5, 0.9))
    done = aligned(transcript(*words, language="pt"), EveryHalfSecond())
    assert done.words == words and done.phones == () and done.aligner == "an aligner"


def test_what_is_not_spoken_is_not_a_word() -> None:
    done = aligned(transcript(word("yes"), word("—"), word("no")), EveryHalfSecond())
    assert [w.text for w in done.words] == ["yes", "no"]


@pytest.mark.parametrize("language", ["en", "pt"])
def test_no_word_is_left_without_a_time(language: str) -> None:
    words = [word(str(i)) for i in range(4)]
    done = aligned(transcript(*words, language=language), EveryHalfSecond(range(4)))
    times = [t for w in done.words for t in (w.start_seconds, w.end_seconds)]
    assert times == [0.0, 0.5, 0.5, 1.0, 1.0, 1.5, 1.5, 2.0]
    assert all(w.interpolated for w in done.words)


def vowel(seconds: float) -> npt.NDArray[np.float32]:
    """Return a held vowel: the overtones of 120 Hz, louder around 500 and 1500 Hz."""
    at = np.arange(round(seconds * 16000)) / 16000
    tones = [
        (k * 120, 1 / (1 + ((k * 120 - 500) / 150) ** 2) + 0.3 / (1 + ((k * 120 - 1500) / 200) ** 2))
        for k in range(1, 40)
    ]
    return np.sum([0.1 * size * np.sin(2 * np.pi * hertz * at) for hertz, size in tones], axis=0).astype(
        np.float32
    )


def test_hesitations_become_words_where_they_are_held() -> None:
    said = transcript(word("i"), word("say"), word("so."))
    sound = 3 * speech(2.0)
    for start in (3200, 19200):
        sound[start : start + 4800] = vowel(0.3)
    done = align_words(sound, said, EveryHalfSecond(um_before=[1, 3]), 2.0, [(0.0, 2.0)], AlignConfig())
    assert aligned(said, EveryHalfSecond(um_before=[1, 3])).words == tuple(
        w for w in done.words if not w.filler
    )
    assert [(w.text, w.filler) for w in done.words] == [
        ("i", False), ("um", True), ("say", False), ("so.", False), ("um", True),
    ]  # fmt: skip
    assert done.text == "i um say so. um" and done.doubtful_ratio == 0.0
    declared = dataclasses.replace(transcript(word("i"), word("say")), declared_match=0.9)
    kept = align_words(sound, declared, EveryHalfSecond(um_before=[1]), 2.0, [(0.0, 2.0)], AlignConfig())
    assert kept.text == "i say" and len(kept.words) == 3
    heard = aligned(transcript(word("Um,"), word("yes")), EveryHalfSecond())
    assert [w.filler for w in heard.words] == [True, False]


def test_doubtful_words_say_why() -> None:
    """Moved by a cough, spoken in silence, not sounding as written, never found: marked, not removed."""
    guess = dataclasses.replace(word("next", 1.5), doubt="guessed")
    words = transcript(word("give", 0.1, 0.5), word("you", 1.2, 1.6), word("some", 1.0), guess)
    done = aligned(words, EveryHalfSecond([2]), speech=[(0.0, 1.45)])
    assert [w.doubt for w in done.words] == [None, "moved", "not_found", "guessed"]
    assert done.doubtful_ratio == 0.75
    quiet = aligned(transcript(word("thank"), word("you")), EveryHalfSecond(), speech=[(0.0, 0.5)])
    assert [w.doubt for w in quiet.words] == [None, "silent"]
    wrong = aligned(transcript(word("thank")), EveryHalfSecond(score=0.001))
    assert wrong.words[0].doubt == "unfit"
    once = EveryHalfSecond(scores=[0.8, 0.001, 0.8])
    assert aligned(transcript(word("a"), word("b"), word("c")), once).doubtful_ratio == 0.0
    clip = dataclasses.replace(make_clip(), transcript=done)
    rejection = judge_clip(clip, DEFAULT_RULES, "words")
    assert rejection is not None and rejection.reason == "doubtful_words"


def test_filling_needs_both_times() -> None:
    filled = fill_times([word("a", 0.2, None), word("b", 1.0, 1.5)], 2.0)
    assert (filled[0].start_seconds, filled[0].end_seconds) == (0.0, 1.0)


def test_pocketsphinx_gives_ordered_words_and_phones_and_repeats_itself() -> None:
    samples, aligner = speech(4.0), pocketsphinx.load()
    words = spoken_words(["hello", "how", "are", "you", "doing", "zuckerberg", "in", "2026"])
    found = aligner.align(samples, words)
    again = aligner.align(samples, words)
    assert found == again and None not in found.words
    at = [w for w in found.words if w is not None]
    edges = [e for w in at for e in (w.start_seconds, w.end_seconds)]
    assert edges == sorted(edges) and edges[0] >= 0.0 and edges[-1] <= 4.02
    assert all(0.0 <= w.score <= 1.0 and w.phones for w in at)
    for w in at:
        assert w.phones[0].start_seconds == w.start_seconds and w.phones[-1].end_seconds == w.end_seconds


def test_pocketsphinx_forgets_what_it_aligned_before() -> None:
    """A run that is killed and resumed hears the clips in another order, in other processes."""
    words = spoken_words(["bin", "blue", "at", "f", "two", "now"])  # not what is said: easily upset
    samples = speech(2.5)
    fresh = pocketsphinx.PocketSphinxAligner().align(samples, words)
    used = pocketsphinx.PocketSphinxAligner()
    for before in (noise(3.0, 0.1), 0.02 * speech(3.0, 3.0), speech(0.9, 14.0)):
        used.align(before, words)
        assert used.align(samples, words) == fresh


def test_hesitations_count_from_a_sixth_of_a_second_on_and_join() -> None:
    heard = [
        ("++uh++", 36),
        ("++um++", 17),
        ("five", 30),
        ("dollars", 40),
        ("++uh++", 4),
        ("more", 30),
        ("++uh++", 20),
    ]
    found = pocketsphinx.with_hesitations([("five", "dollars"), ("more",)], heard)
    assert found == [(0, ("++um++",)), (0, ("five", "dollars")), (1, ("more",)), (2, ("++uh++",))]


def test_held_vowels_are_steady_and_words_are_not() -> None:
    held = vowel(0.6)
    talk = 3 * speech(4.0)
    mixed = np.concatenate([talk, held, talk])
    assert steadiness(mixed, 4.0, 4.6) > 0.9
    assert max(steadiness(mixed, at, at + 0.6) for at in (0.3, 0.9, 1.5, 2.1)) < 0.6
    assert steadiness(held, 0.0, 0.02) == steadiness(held, 5.0, 6.0) == steadiness(held[:9], 0.0, 1.0) == 0.0


def test_too_little_sound_finds_nothing_and_does_not_fail() -> None:
    words = spoken_words(
        ["far", "too", "many", "words", "for", "a", "tenth", "of", "a", "second", "of", "sound"]
    )
    nothing = Alignment((None,) * len(words))
    assert pocketsphinx.load().align(np.zeros(1600, np.float32), words) == nothing
    assert pocketsphinx.load().align(np.zeros(10, np.float32), words) == nothing
    assert pocketsphinx.load().align(np.zeros(1600, np.float32), []) == Alignment(())


def test_words_outside_the_dictionary_are_pronounced() -> None:
    g2p = load_g2p()
    assert g2p.pronounce("zuckerberg") == ["Z", "AH", "K", "ER", "B", "ER", "G"]
    assert g2p.pronounce("activationist")[:4] == ["AE", "K", "T", "IH"]
    assert g2p.pronounce("'") == [] and g2p.pronounce("日本") == []
