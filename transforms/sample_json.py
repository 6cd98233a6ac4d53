"""What a sample's .json says: words, scores, labels, provenance, in types that never change.

Whether a text or a number is known differs from clip to clip; what type a field has must not, or readers that
infer types from the first samples fail on a later one (`schemas/stable.py`).
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.attributes import declared_attributes
from schemas.records.clip import Clip
from schemas.records.person import Attribute
from schemas.records.sound import Transcript, Word
from schemas.sample import CLIP_RECORDS, LANDMARK_UNITS_PER_PX, SAMPLING_RATE_HZ
from schemas.stable import to_stable

# Speech whose phones the aligner does not know, as the Montreal Forced Aligner and Kaldi write it.
UNKNOWN_PHONE = "spn"
_NOT_FOR_READERS = ("artefacts", "piece_of", "status", "source", "attributes", "person_attributes")


def sample_json(clip: Clip, config_hash: str) -> dict[str, Any]:
    """Return what a sample's .json says; docs/samples.md describes it.

    Records that no step computed are null, which is the same for all clips of a run, and named in
    `not_computed`.
    """
    bare = clip.transcript and dataclasses.replace(clip.transcript, words=(), phones=())
    stable = to_stable(dataclasses.replace(clip, transcript=bare, attributes=None, person_attributes=None))
    fields, source = stable.fields, stable.fields["source"]
    later = [name for name in CLIP_RECORDS if fields[name] is None]
    if clip.transcript is not None:
        fields["transcript"] |= {"words": _words(clip.transcript), "phones": _phones(clip.transcript)}
    attributes = declared_attributes(clip.source) if clip.attributes is None else clip.attributes
    labels: dict[str, Sequence[Attribute]] = {
        "attributes": attributes,
        "person_attributes": clip.person_attributes or (),
    }
    return {
        "key": clip.clip_id,
        **{name: value for name, value in fields.items() if name not in _NOT_FOR_READERS},
        "sampling_rate_hz": SAMPLING_RATE_HZ,
        "landmark_units_per_px": LANDMARK_UNITS_PER_PX,
        "speaker": source["speaker_id"],
        "sampling_weight": clip.sampling_weight or 0.0,
        **{name: [to_stable(a).fields for a in found] for name, found in labels.items()},
        "measures": [
            {"name": name, "value": value}
            for name, value in (*stable.measures, *_label_measures(labels))
            if name != "sampling_weight"
        ],
        "not_computed": later,
        "provenance": {
            "source": {name: value for name, value in source.items() if name != "attributes"},
            "config_hash": config_hash,
        },
    }


def _timed(words: Sequence[Word]) -> Iterator[tuple[Word, float, float]]:
    """Yield the words whose place is known; the others are in the text alone."""
    for word in words:
        if word.start_seconds is not None and word.end_seconds is not None:
            yield word, word.start_seconds, word.end_seconds


def _words(transcript: Transcript) -> list[dict[str, Any]]:
    # A word that was not found in the sound has no score; 0 is that of no agreement.
    return [
        {**to_stable(word).fields, "start_seconds": start, "end_seconds": end, "score": word.score or 0.0}
        for word, start, end in _timed(transcript.words)
    ]


def _phones(transcript: Transcript) -> list[dict[str, Any]]:
    """Return the phones; of a language whose phones the aligner does not give, one unknown phone a word."""
    if transcript.phones:
        return [to_stable(phone).fields for phone in transcript.phones]
    return [
        {"label": UNKNOWN_PHONE, "start_seconds": start, "end_seconds": end, "score": 0.0}
        for _, start, end in _timed(transcript.words)
    ]


def _label_measures(labels: Mapping[str, Sequence[Attribute]]) -> Iterator[tuple[str, float]]:
    for kind, attributes in labels.items():
        for attribute in attributes:
            for name, value in to_stable(attribute).measures:
                yield f"{kind}.{attribute.name}.{name}", value
