"""Records are the same after they were packed and unpacked, also inside others."""

import dataclasses
import pickle

from schemas import records
from schemas.records import Artefact, Clip, Word
from tests.makers import make_clip


def test_a_clip_comes_back_as_it_was() -> None:
    word = Word(text="a", start_seconds=0.0, end_seconds=None, score=0.5, interpolated=False, aligner="x")
    clip = make_clip(1)
    assert clip.transcript is None or clip.transcript.words is not None
    for record in (clip, word, dataclasses.replace(clip, artefacts=(Artefact(stage="a", artefact_id="b"),))):
        again = pickle.loads(pickle.dumps(record))
        assert again == record and type(again) is type(record)


def test_all_records_are_quick() -> None:
    kinds = [kind for kind in vars(records).values() if dataclasses.is_dataclass(kind)]
    assert Clip in kinds
    assert {kind.__getstate__.__module__ for kind in kinds} == {"schemas.quick"}
