"""Clips whose parts are made in memory, for tests of samples and shards."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from media import to_pcm
from schemas.plain import hints_of, strip_none
from schemas.records.clip import Clip
from schemas.records.picture import VisualQuality
from schemas.records.sound import AudioQuality, Phone, Transcript, Word
from tests.makers import make_arrays, make_clip, make_source, noise
from tests.media_makers import RATES, constant_times, write_video
from tests.memory_parts import MemoryParts
from tests.stored_run import parts_of

NUM_FRAMES = 50


class Made:
    """What the stages made of some clips, in memory."""

    def __init__(self, pictures: Mapping[int, bytes]) -> None:
        self.by_clip: dict[str, MemoryParts] = {}
        self._pictures = pictures

    def clip(self, number: int, num_frames: int = NUM_FRAMES, **changes: Any) -> Clip:
        """Return a clip whose parts are made."""
        return self.with_parts(make_clip(number, num_frames, split="train", **changes), number)

    def with_parts(self, clip: Clip, number: int) -> Clip:
        """Return a clip after its parts were made."""
        num_frames = clip.num_frames
        sound = to_pcm(noise(num_frames / 25, 0.1, number))
        parts = MemoryParts()
        for stage, files in parts_of(
            clip, self._pictures[num_frames], sound, make_arrays(num_frames, number)
        ).items():
            parts.keep(stage, files)
        self.by_clip[clip.clip_id] = parts
        return clip

    def parts(self, clip: Clip) -> MemoryParts:
        return self.by_clip[clip.clip_id]


def make_pictures(folder: Path) -> dict[int, bytes]:
    """Return videos by their number of pictures."""
    counts = range(NUM_FRAMES, NUM_FRAMES + 5)
    size = (320, 240)  # as `make_clip` says
    times = {n: constant_times(RATES["25"], n) for n in counts}
    return {n: write_video(folder / f"{n}.mp4", times[n], display_size=size).read_bytes() for n in counts}


def filled(record_type: Any) -> Any:
    """Return a record with a value in every field that holds one."""
    values = {str: "x", int: 1, float: 0.5, bool: True}
    kinds = {name: strip_none(hint)[0] for name, hint in hints_of(record_type).items()}
    return record_type(**{name: values.get(kind, ()) for name, kind in kinds.items()})


def known_clip(**changes: Any) -> Clip:
    """Return a clip of which everything is known."""
    source = make_source(
        speaker_id="p1", licence="CC0", consent="granted", language="en", attributes=(("age", "40"),)
    )
    words = (dataclasses.replace(filled(Word), start_seconds=0.1, end_seconds=0.4, interpolated=False),)
    transcript = dataclasses.replace(filled(Transcript), words=words, phones=(filled(Phone),))
    fields = {
        "source": source,
        "audio": filled(AudioQuality),
        "quality": filled(VisualQuality),
        "transcript": transcript,
    }
    return make_clip(**(fields | {"sampling_weight": 0.5, "split": "train"} | changes))


def without_what_may_be_unknown(record: Any) -> Any:
    """Return a record with None wherever its type allows None for a text or a number."""
    plain = {}
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if isinstance(value, str | int | float) and strip_none(hints_of(type(record))[field.name])[1]:
            plain[field.name] = None
    return dataclasses.replace(record, **plain)


def unknown_clip(**changes: Any) -> Clip:
    """Return a clip of which nothing is known that may be unknown."""
    clip = known_clip(**changes)
    assert clip.audio and clip.quality and clip.transcript
    word = without_what_may_be_unknown(clip.transcript.words[0])
    placed = dataclasses.replace(word, start_seconds=0.1, end_seconds=0.4, interpolated=True)
    transcript = without_what_may_be_unknown(clip.transcript)
    return dataclasses.replace(
        clip,
        source=dataclasses.replace(without_what_may_be_unknown(clip.source)),
        audio=without_what_may_be_unknown(clip.audio),
        quality=without_what_may_be_unknown(clip.quality),
        transcript=dataclasses.replace(transcript, words=(placed, word), phones=()),
    )
