"""Shards: plain webdataset loads them, their bytes depend on the clips alone, faulty samples stop them."""

import dataclasses
import hashlib
import io
import json
import random
import struct
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from media import MediaError, count_frames, to_pcm
from schemas.parts import LANDMARKS_PART, VIDEO_PART
from schemas.records.clip import Clip
from schemas.records.sound import Sync
from schemas.sample import SampleError, arrays_to_npz, check_sample, npz_to_arrays, pcm_of_wav
from tests.made_clips import NUM_FRAMES, Made, make_pictures
from tests.makers import load_shards, make_arrays, noise
from tests.media_makers import RATES, constant_times, write_video
from tests.memory_parts import MemoryParts
from transforms.clip_sound import sound_part
from transforms.write_shards import PartsOf, assemble, build_shard


def made_late(frames: int) -> Sync:
    """Return the record of sound that was found late and moved."""
    return Sync(
        av_offset_frames=frames, repaired_frames=frames, sync_confidence=0.5, lip_activity=None,
        weakest_agreement=None, unrepaired_frames=0, rival_margin=None, lag_scores=(), scorer="a scorer",
    )  # fmt: skip


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[int, bytes]:
    return make_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture
def made(pictures: dict[int, bytes]) -> Made:
    return Made(pictures)


@pytest.fixture
def clips(made: Made) -> list[Clip]:
    return [made.clip(n, NUM_FRAMES + n) for n in range(5)]


@pytest.fixture
def parts(made: Made) -> PartsOf:
    return made.parts


def test_plain_webdataset_loads_what_was_written(
    tmp_path: Path, clips: list[Clip], parts: PartsOf, pictures: dict[int, bytes]
) -> None:
    path = tmp_path / "train-000007.tar"
    path.write_bytes(build_shard(path.name, clips, parts, "c0ffee").tar)
    samples = load_shards(str(path))
    assert [s["__key__"] for s in samples] == sorted(c.clip_id for c in clips)
    by_id = {c.clip_id: c for c in clips}
    for sample in samples:
        clip = by_id[sample["__key__"]]
        about = json.loads(sample["json"])
        assert (about["key"], about["num_frames"]) == (clip.clip_id, clip.num_frames)
        assert {len(a) for a in npz_to_arrays(sample["npz"]).values()} == {clip.num_frames}
        assert sample["mp4"] == pictures[clip.num_frames]
        # Without the margin that the part has on both sides.
        assert np.array_equal(
            pcm_of_wav(sample["wav"], 16000), to_pcm(noise(clip.num_frames / 25, 0.1, clips.index(clip)))
        )


def test_parts_of_a_sample_lie_side_by_side_and_nothing_local_is_in_the_archive(
    clips: list[Clip], parts: PartsOf
) -> None:
    with tarfile.open(fileobj=io.BytesIO(build_shard("s.tar", clips, parts, "c").tar)) as archive:
        members = archive.getmembers()
    keys = [m.name.split(".")[0] for m in members]
    assert keys == sorted(keys) and set(Counter(keys).values()) == {4}
    assert {m.name.split(".")[1] for m in members} == {"mp4", "wav", "json", "npz"}
    assert {(m.mtime, m.uname, m.gname, m.uid, m.gid) for m in members} == {
        (0, "mentor", "mentor", 0, 0)
    } or ({(m.mtime, m.uname, m.gname) for m in members} == {(0, "mentor", "mentor")})


def test_shuffled_clips_give_the_same_bytes(clips: list[Clip], parts: PartsOf) -> None:
    shard = build_shard("s.tar", clips, parts, "c")
    shuffled = random.Random(1).sample(clips, len(clips))
    assert build_shard("s.tar", iter(shuffled), parts, "c") == shard


def test_the_index_says_what_each_sample_is_and_where(
    tmp_path: Path, clips: list[Clip], parts: PartsOf
) -> None:
    shard = build_shard("s.tar", clips, parts, "c")
    (tmp_path / "s.tar").write_bytes(shard.tar)
    rows, samples = shard.index.to_pylist(), load_shards(str(tmp_path / "s.tar"))
    for row, sample in zip(rows, samples, strict=True):
        assert row["key"] == sample["__key__"]
        for part in ("mp4", "wav", "json", "npz"):
            start, size = row[f"{part}_offset"], row[f"{part}_bytes"]
            assert shard.tar[start : start + size] == sample[part]
            assert row[f"{part}_sha256"] == hashlib.sha256(sample[part]).hexdigest()
    assert {r["shard"] for r in rows} == {"s.tar"} and {r["split"] for r in rows} == {"train"}
    # Where samples begin, and where the last one ends, as Megatron-Energon reads it.
    starts = struct.unpack(f"<{len(rows) + 1}Q", shard.sample_offsets)
    assert list(starts[:-1]) == [r["sample_offset"] for r in rows]
    for start, row in zip(starts, rows, strict=False):
        with tarfile.open(fileobj=io.BytesIO(shard.tar[start:])) as archive:
            names = archive.getnames()
        assert names[0].startswith(row["key"])
    assert not shard.tar[starts[-1] :].strip(b"\0")


def test_arrays_of_another_length_stop_the_sample(clips: list[Clip], made: Made) -> None:
    parts = made.parts(clips[0])
    parts.keep("look", {LANDMARKS_PART: arrays_to_npz(make_arrays(NUM_FRAMES - 1))})
    with pytest.raises(SampleError, match="face:landmarks"):
        assemble(clips[0], parts, "c")


def test_a_missing_array_stops_the_sample(clips: list[Clip], made: Made) -> None:
    arrays = make_arrays(NUM_FRAMES)
    del arrays["valid:face"]
    parts = made.parts(clips[0])
    parts.keep("look", {LANDMARKS_PART: arrays_to_npz(arrays)})
    with pytest.raises(SampleError, match="valid:face is missing"):
        assemble(clips[0], parts, "c")


@pytest.mark.parametrize("wrong", [-1, 1])
def test_a_picture_too_few_or_too_many_stops_the_sample(
    clips: list[Clip], made: Made, tmp_path: Path, wrong: int
) -> None:
    video = write_video(tmp_path / "v.mp4", constant_times(RATES["25"], NUM_FRAMES + wrong))
    parts = made.parts(clips[0])
    parts.keep("look", {VIDEO_PART: video.read_bytes()})
    with pytest.raises(SampleError, match=f"{NUM_FRAMES + wrong} pictures in the video, wanted {NUM_FRAMES}"):
        assemble(clips[0], parts, "c")


def test_pictures_that_are_cut_short_stop_the_sample(clips: list[Clip], made: Made) -> None:
    parts = made.parts(clips[0])
    whole = parts.read("look", VIDEO_PART)
    parts.keep("look", {VIDEO_PART: whole[: len(whole) // 2]})
    with pytest.raises(MediaError, match="MP4"):
        assemble(clips[0], parts, "c")


@pytest.mark.parametrize("missing", [1, -1, 640])
def test_sound_of_another_length_stops_the_sample(clips: list[Clip], made: Made, missing: int) -> None:
    sample = assemble(clips[0], made.parts(clips[0]), "c")
    sound = np.zeros(len(sample.sound) - missing, np.int16)
    with pytest.raises(SampleError, match="samples of sound"):
        check_sample(dataclasses.replace(sample, sound=sound), count_frames)


def test_sound_is_moved_as_the_sync_record_says_and_stays_as_long(clips: list[Clip], made: Made) -> None:
    parts = made.parts(clips[0])
    still = assemble(clips[0], parts, "c").sound
    for frames in (3, -3):
        late = dataclasses.replace(clips[0], sync=made_late(frames))
        moved = assemble(late, parts, "c").sound
        assert len(moved) == len(still)
        shift = abs(frames) * 640
        if frames > 0:
            assert np.array_equal(moved[:-shift], still[shift:]) and not moved[-shift:].any()
        else:
            assert np.array_equal(moved[shift:], still[:-shift]) and not moved[:shift].any()


@pytest.mark.parametrize(
    ("stage", "part"), [("look", VIDEO_PART), ("survey", "sound"), ("look", LANDMARKS_PART)]
)
def test_a_missing_part_stops_the_sample(clips: list[Clip], made: Made, stage: str, part: str) -> None:
    parts = made.parts(clips[0])
    del parts.made[stage, sound_part(clips[0]) if part == "sound" else part]
    with pytest.raises(OSError):
        assemble(clips[0], parts, "c")


def test_a_clip_without_parts_or_with_a_bad_key_is_refused(clips: list[Clip], made: Made) -> None:
    with pytest.raises(OSError, match="made no"):
        assemble(clips[0], MemoryParts(), "c")
    sample = assemble(clips[0], made.parts(clips[0]), "c")
    with pytest.raises(SampleError, match="not a sample key"):
        check_sample(dataclasses.replace(sample, key="a.b"), count_frames)


def test_a_faulty_sample_stops_the_shard(clips: list[Clip], made: Made) -> None:
    del made.parts(clips[3]).made["look", LANDMARKS_PART]
    with pytest.raises(OSError):
        build_shard("s.tar", clips, made.parts, "c")
