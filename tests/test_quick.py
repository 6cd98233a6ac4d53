"""Records are the same after they were packed and unpacked, also inside others."""

import copy
import dataclasses
import importlib
import pickle
import pkgutil
from typing import Any

import pytest

from schemas import records
from schemas.records.clip import Clip
from schemas.records.sound import Transcript, Word
from schemas.records.video import Artefact, ClockPart, Reading, Recording
from tests.makers import make_clip


def word(text: str) -> Word:
    return Word(
        text=text, start_seconds=0.0, end_seconds=None, score=0.5, interpolated=False, aligner="x", doubt=None
    )


def transcript(*words: Word) -> Transcript:
    return Transcript(
        text="a b", language=None, language_score=None, words=words, phones=(), declared_match=None,
        mean_log_probability=None, syllables_per_second=1.0, doubtful_ratio=0.0, recogniser="r", aligner="a",
    )  # fmt: skip


def recording() -> Recording:
    part = ClockPart(picture_byte=1, sound_byte=None, low_seconds=0, high_seconds=1, shift_seconds=2)
    return Recording(
        first_byte=0, end_byte=9, start_seconds=0, end_seconds=1, goes_on=True, picture_stream=0,
        sound_stream=None, clock=(part, part),
    )  # fmt: skip


RECORDS = (
    make_clip(1),
    word("a"),
    dataclasses.replace(make_clip(1), artefacts=(Artefact(stage="a", artefact_id="b"),)),
    dataclasses.replace(make_clip(1), transcript=transcript(word("a"), word("b"))),
    Reading(recordings=(recording(), recording())),  # tuples of records within one another
)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
@pytest.mark.parametrize("sends", [1, 3])
def test_a_record_comes_back_as_it_was(record: Any, sends: int) -> None:
    again = record
    for _ in range(sends):
        again = pickle.loads(pickle.dumps(again))
    assert again == record and type(again) is type(record)
    assert repr(again) == repr(record) and hash(again) == hash(record)
    assert copy.deepcopy(record) == copy.copy(record) == record


def test_words_are_unpacked_only_when_they_are_read() -> None:
    sent = pickle.dumps(transcript(word("a"), word("b")))
    again = pickle.loads(sent)
    replaced = dataclasses.replace(make_clip(1), transcript=again)  # the clip, not its words, is read
    assert pickle.dumps(again) == sent
    assert [w.text for w in pickle.loads(pickle.dumps(replaced)).transcript.words] == ["a", "b"]


def test_a_record_is_frozen_still() -> None:
    again = pickle.loads(pickle.dumps(transcript(word("a"))))
    with pytest.raises(dataclasses.FrozenInstanceError):
        again.words = ()


def test_what_was_packed_of_other_fields_is_refused() -> None:
    state = word("a").__getstate__()
    with pytest.raises(ValueError, match="argument"):
        object.__new__(Word).__setstate__(state[:-1])  # pyright: ignore


def test_all_records_are_quick() -> None:
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.iter_modules(records.__path__, "schemas.records.")
    ]
    kinds = [kind for module in modules for kind in vars(module).values() if dataclasses.is_dataclass(kind)]
    assert Clip in kinds and len(set(kinds)) > 20
    assert {kind.__getstate__.__module__ for kind in kinds} == {"schemas.quick"}
