"""Rules on a sample: its parts by their hashes, decoded, beside each other and its row of the table."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from lint.decoded import Decoded
from lint.differences import OTHER_FIELDS, differences
from lint.rules import Found, Rule
from lint.tables import is_biometric
from schemas.sample import ARRAYS, BODY_ARRAYS, SAMPLING_RATE_HZ, VALIDITY
from schemas.visible import is_unseen

_EPSILON_SECONDS = 1e-3
# A word may end with the clip; aligners work in steps of 10 to 20 ms, and round up.
_WORD_SLACK_SECONDS = 0.04
_LABELS = ("attributes", "person_attributes", "identity", "speaker", "measures")


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleFacts:
    """A sample's parts, what its index says of it, and what its JSON must say by the table of clips.

    `row` is None where the index does not list it, `wanted` where no accepted clip has this key.
    """

    shard: str
    key: str
    parts: Mapping[str, bytes]
    decoded: Decoded
    row: Mapping[str, Any] | None
    wanted: Mapping[str, Any] | None

    def at(self, part: str, says: str) -> Found:
        """Return what is found in one of the parts."""
        return f"shards/{self.shard}.tar", f"{self.key}.{part}", says


def _part_hash(facts: SampleFacts) -> Iterator[Found]:
    for part, data in facts.parts.items():
        if facts.row is not None and hashlib.sha256(data).hexdigest() != facts.row[f"{part}_sha256"]:
            yield facts.at(part, "has another SHA-256 than its index says")


def _damaged(part: str, facts: SampleFacts) -> Iterator[Found]:
    if part in facts.decoded.faults:
        yield facts.at(part, facts.decoded.faults[part])


def _json_unseen(facts: SampleFacts) -> Iterator[Found]:
    text = facts.parts.get("json", b"").decode("utf-8", "surrogateescape")
    if found := sorted({hex(ord(c)) for c in set(text) - {"\n"} if is_unseen(c)}):
        yield facts.at("json", f"holds raw {', '.join(found[:5])}")


def _place_of(path: str) -> str:
    """Return which rule a differing place of the JSON belongs to."""
    if path in ("sampling_weight", "provenance.config_hash"):
        return path
    room = path.split(".")[0].split("[")[0]
    return "labels" if room in _LABELS else "transcript" if room == "transcript" else "records"


def _differing(facts: SampleFacts) -> Iterator[tuple[str, str, str]]:
    """Yield where the JSON differs from the table, how, and whose matter that is."""
    if facts.decoded.about and facts.wanted is not None:
        for path, how in differences(facts.wanted, facts.decoded.about):
            yield path, how, "fields" if how in OTHER_FIELDS else _place_of(path)


def _of(place: str, facts: SampleFacts) -> Iterator[Found]:
    for path, how, whose in _differing(facts):
        if whose == place:
            yield facts.at("json", f"{path} {how}")


def _word_span(facts: SampleFacts) -> Iterator[Found]:
    about = facts.decoded.about
    transcript = about.get("transcript")
    if not isinstance(transcript, Mapping):
        return
    seconds = about["num_frames"] / about["fps"]
    for kind in ("words", "phones"):
        for number, item in enumerate(transcript.get(kind) or ()):
            try:
                start, end = float(item["start_seconds"]), float(item["end_seconds"])
            except (KeyError, TypeError, ValueError):
                yield facts.at("json", f"{kind}[{number}] has no times")
                continue
            if not -_EPSILON_SECONDS <= start <= end <= seconds + _WORD_SLACK_SECONDS:
                yield facts.at("json", f"{kind}[{number}] is at [{start:g}, {end:g}) of {seconds:g} s")


def _sound_length(facts: SampleFacts) -> Iterator[Found]:
    there, about = facts.decoded.num_samples, facts.decoded.about
    if there is not None and about:
        wanted = round(about["num_frames"] / about["fps"] * SAMPLING_RATE_HZ)
        if there != wanted:
            yield facts.at("wav", f"has {there} samples, and its frames take {wanted}")


def _wanted_arrays(facts: SampleFacts) -> dict[str, tuple[tuple[int, ...], str, str]]:
    return ARRAYS | BODY_ARRAYS if facts.decoded.about.get("body_fit") is not None else ARRAYS


def _other_array(biometric: bool, facts: SampleFacts) -> Iterator[Found]:
    for name in facts.decoded.other_arrays:
        if is_biometric(name) == biometric:
            yield facts.at("npz", f"holds an array {name[:100]!r}")


def _array_shape(facts: SampleFacts) -> Iterator[Found]:
    about, arrays = facts.decoded.about, facts.decoded.arrays
    if not about or not arrays or "npz" in facts.decoded.faults:
        return
    wanted = _wanted_arrays(facts)
    for name in sorted(arrays.keys() - wanted.keys()):
        yield facts.at("npz", f"has {name}, and no body was fitted")
    for name, (shape, dtype, _) in wanted.items():
        full = (about["num_frames"], *shape)
        if name not in arrays:
            yield facts.at("npz", f"has no {name}")
        elif arrays[name].shape != full or arrays[name].dtype != np.dtype(dtype):
            yield facts.at("npz", f"{name} is {arrays[name].dtype}{arrays[name].shape}, not {dtype}{full}")


def _array_values(facts: SampleFacts) -> Iterator[Found]:
    """Look for numbers that are none, and for landmarks where nothing was observed."""
    arrays = facts.decoded.arrays
    for name, array in arrays.items():
        may_be_unknown = name.endswith("_error_px")
        if array.dtype.kind == "f" and not may_be_unknown and not np.isfinite(array).all():
            yield facts.at("npz", f"{name} holds numbers that are none")
        mask = arrays.get(VALIDITY.get(name, ""))
        if mask is not None and mask.shape == array.shape[:1] and array[~mask.astype(bool)].any():
            yield facts.at("npz", f"{name} has values where {VALIDITY[name]} is false")


def _frame_count(facts: SampleFacts) -> Iterator[Found]:
    there, about = facts.decoded.num_pictures, facts.decoded.about
    if there is not None and about and there != about["num_frames"]:
        yield facts.at("mp4", f"has {there} pictures, and its JSON says {about['num_frames']}")


def _picture_size(facts: SampleFacts) -> Iterator[Found]:
    size, about = facts.decoded.picture_size, facts.decoded.about
    if size is not None and size != (about["height"], about["width"]):
        yield facts.at("mp4", f"has {size[1]}x{size[0]} px, its JSON says {about['width']}x{about['height']}")


_AGAIN = "package again: the stages' parts are whole, whatever became of the shard"
_HOSTILE = "do not load the shard; package again, and find out who changed it"
_TABLE = "trust neither: package again, which writes both from the same records"
RULES: tuple[Rule, ...] = (
    Rule(code="part-hash", means="a part's bytes are not those that were written", advice=_HOSTILE,
         check=_part_hash),
    Rule(code="json-damaged", means="a sample's JSON cannot be read, or says something absurd",
         advice=_AGAIN, check=partial(_damaged, "json")),
    Rule(code="json-unseen", means="a sample's JSON holds raw characters that act on terminals",
         advice=_HOSTILE, check=_json_unseen),
    Rule(code="json-fields", means="a sample's JSON has other fields or types than this version's",
         advice=_AGAIN, check=partial(_of, "fields")),
    Rule(code="json-words", means="a sample's words are not those of the table", advice=_TABLE,
         check=partial(_of, "transcript")),
    Rule(code="json-labels", means="a sample's labels or measures are not those of the table",
         advice=_TABLE, check=partial(_of, "labels")),
    Rule(code="json-weight", means="a sample's weight is not that of the table", advice=_TABLE,
         check=partial(_of, "sampling_weight")),
    Rule(code="json-config", means="a sample names other settings than run.json", advice=_TABLE,
         check=partial(_of, "provenance.config_hash")),
    Rule(code="json-records", means="a sample's other records are not those of the table", advice=_TABLE,
         check=partial(_of, "records")),
    Rule(code="word-span", means="a word or a phone is not inside its clip", advice=_AGAIN, check=_word_span),
    Rule(code="wav-damaged", means="a sample's sound is damaged, or of another kind", advice=_AGAIN,
         check=partial(_damaged, "wav")),
    Rule(code="sound-length", means="a sample's sound is not as long as its pictures", advice=_AGAIN,
         check=_sound_length),
    Rule(code="npz-damaged", means="a sample's arrays are damaged, or would run code if they were unpickled",
         advice=_HOSTILE, check=partial(_damaged, "npz")),
    Rule(code="array-name", means="a sample has an array that this version does not know", advice=_AGAIN,
         check=partial(_other_array, False)),
    Rule(code="biometric-array", means="a sample holds descriptors of a person",
         advice="do not pass the result on; package again, recall copies", check=partial(_other_array, True)),
    Rule(code="array-shape", means="a sample's arrays are missing, or of another type or number of frames",
         advice=_AGAIN, check=_array_shape),
    Rule(code="array-values", means="arrays hold no numbers, or landmarks where nothing was observed",
         advice=_AGAIN, check=_array_values),
    Rule(code="mp4-damaged", means="a sample's pictures cannot be decoded", advice=_AGAIN,
         check=partial(_damaged, "mp4")),
    Rule(code="frame-count", means="a sample has more or fewer pictures than it says", advice=_AGAIN,
         check=_frame_count),
    Rule(code="picture-size", means="a sample's pictures have another size than it says", advice=_AGAIN,
         check=_picture_size),
)  # fmt: skip
