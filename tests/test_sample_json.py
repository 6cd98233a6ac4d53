"""A sample's .json: what it says, and that its types are the same whatever is known of a clip."""

import dataclasses
import itertools
import json
from typing import Any

import pyarrow as pa
import pytest

from schemas.records.video import Artefact
from schemas.stable import to_stable
from tests.made_clips import known_clip, unknown_clip
from tests.makers import make_audio, make_clip, make_source, make_transcript
from transforms.sample_json import sample_json


def arrow_type(about: dict[str, Any]) -> pa.DataType:
    """Return the type that a reader infers from one sample, as Hugging Face datasets does."""
    return pa.array([json.loads(json.dumps(about))]).type


def test_types_are_the_same_whatever_is_known() -> None:
    first, second = sample_json(known_clip(), "c"), sample_json(unknown_clip(), "c")
    assert arrow_type(first) == arrow_type(second)
    # Both orders, since a reader casts the later samples to the first one's type.
    for one, other in itertools.permutations((first, second)):
        pa.array([other], type=arrow_type(one))


def test_what_is_not_known_is_empty_or_absent_and_never_null() -> None:
    about = sample_json(unknown_clip(), "c")
    nulls = {path for path, value in walk(about) if value is None}
    assert nulls == set(about["not_computed"])
    assert about["provenance"]["source"]["licence"] == "" and about["speaker"] == ""
    measured = {m["name"] for m in about["measures"]}
    assert "audio.snr_db" not in measured and "attributes.age_group.score" in measured
    # A word whose place is not known is in the text alone; speech without phones is one unknown phone a word.
    assert [w["score"] for w in about["transcript"]["words"]] == [0.0]
    assert [(p["label"], p["start_seconds"]) for p in about["transcript"]["phones"]] == [("spn", 0.1)]


def test_numbers_that_may_be_unknown_are_measures_where_they_are_known() -> None:
    clip = known_clip()
    assert clip.audio and clip.quality
    measures = {m["name"]: m["value"] for m in sample_json(clip, "c")["measures"]}
    assert measures["audio.loudness_lufs"] == clip.audio.loudness_lufs
    assert measures["attributes.age_group.score"] == 40.0
    assert "sampling_weight" not in measures and sample_json(clip, "c")["sampling_weight"] == 0.5


def walk(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [pair for k, v in value.items() for pair in walk(v, f"{path}.{k}".lstrip("."))]
    if isinstance(value, list):
        return [pair for item in value for pair in walk(item, path)]
    return [(path, value)]


def test_json_says_what_was_declared_and_what_was_not_computed() -> None:
    source = make_source(speaker_id="p1", licence="CC0", attributes=(("age", "40"),), transcript="Hé")
    clip = make_clip(source=source, audio=make_audio(), transcript=make_transcript("Hé"))
    clip = dataclasses.replace(clip, artefacts=(Artefact(stage="look", artefact_id="0123abc"),))
    about = sample_json(clip, "c0ffee")
    assert about["speaker"] == "p1"
    (attribute,) = about["attributes"]
    assert (attribute["name"], attribute["value"]) == ("age_group", "40-49")
    assert attribute["source"] == "declared" and attribute["model"] == ""
    assert about["not_computed"] == [
        "landmarks",
        "quality",
        "voice",
        "sync",
        "body_fit",
        "identity",
        "age_bound",
    ]
    assert about["provenance"]["config_hash"] == "c0ffee"
    assert about["provenance"]["source"]["licence"] == "CC0"
    # Nothing of the machine it was made on, nor of the folder.
    assert "/videos/" not in json.dumps(about) and "0123abc" not in json.dumps(about)


def test_an_unknown_number_in_a_list_is_refused() -> None:
    clip = known_clip()
    with pytest.raises(TypeError, match="start_seconds: a number that may be unknown, in a list"):
        to_stable(dataclasses.replace(clip, attributes=None))
