"""Shards: plain webdataset loads them, their bytes depend on the clips alone, faulty samples stop them."""

import dataclasses
import hashlib
import io
import json
import random
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import wav_bytes
from schemas.records import Clip
from schemas.sample import SampleError, arrays_to_npz, npz_to_arrays
from tests.makers import load_shards, make_arrays, make_audio, make_clip, make_source, make_transcript, noise
from transforms.write_shards import (
    ShardConfig,
    build_shard,
    num_shards,
    read_sample,
    sample_json,
    shard_number,
    write_shard,
)


def with_parts(folder: Path, number: int, num_frames: int = 50, **changes) -> Clip:
    """Return a clip whose parts lie in the folder."""
    clip = make_clip(number, num_frames, split="train", **changes)
    prefix = folder / clip.clip_id
    prefix.with_suffix(".mp4").write_bytes(b"pictures %d" % number)
    prefix.with_suffix(".wav").write_bytes(wav_bytes(noise(num_frames / 25, 0.1, number), 16000))
    prefix.with_suffix(".npz").write_bytes(arrays_to_npz(make_arrays(num_frames, number)))
    return dataclasses.replace(clip, parts_uri=str(prefix))


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    return [with_parts(tmp_path, n, 50 + n) for n in range(5)]


def test_plain_webdataset_loads_what_was_written(tmp_path: Path, clips: list[Clip]) -> None:
    path = write_shard(str(tmp_path / "shards"), "train", 7, clips, "c0ffee")
    assert Path(path).name == "train-000007.tar"
    samples = load_shards(path)
    assert [s["__key__"] for s in samples] == sorted(c.clip_id for c in clips)
    by_id = {c.clip_id: c for c in clips}
    for sample in samples:
        clip = by_id[sample["__key__"]]
        about = json.loads(sample["json"])
        assert (about["key"], about["num_frames"]) == (clip.clip_id, clip.num_frames)
        assert {len(a) for a in npz_to_arrays(sample["npz"]).values()} == {clip.num_frames}
        assert sample["mp4"].startswith(b"pictures")


def test_parts_of_a_sample_lie_side_by_side_and_nothing_local_is_in_the_archive(clips: list[Clip]) -> None:
    with tarfile.open(fileobj=io.BytesIO(build_shard("s.tar", clips, "c")[0])) as archive:
        members = archive.getmembers()
    keys = [m.name.split(".")[0] for m in members]
    assert keys == sorted(keys) and set(Counter(keys).values()) == {4}
    assert {m.name.split(".")[1] for m in members} == {"mp4", "wav", "json", "npz"}
    assert {(m.mtime, m.uname, m.gname, m.uid, m.gid) for m in members} == {
        (0, "mentor", "mentor", 0, 0)
    } or ({(m.mtime, m.uname, m.gname) for m in members} == {(0, "mentor", "mentor")})


def test_shuffled_clips_give_the_same_bytes(clips: list[Clip]) -> None:
    data, index = build_shard("s.tar", clips, "c")
    shuffled = random.Random(1).sample(clips, len(clips))
    again, same_index = build_shard("s.tar", iter(shuffled), "c")
    assert data == again and index.equals(same_index)


def test_the_index_has_sizes_and_hashes(tmp_path: Path, clips: list[Clip]) -> None:
    path = write_shard(str(tmp_path / "shards"), "train", 0, clips, "c")
    rows = pq.read_table(Path(path).with_suffix(".parquet")).to_pylist()
    sample = load_shards(path)[0]
    for part in ("mp4", "wav", "json", "npz"):
        assert rows[0][f"{part}_bytes"] == len(sample[part])
        assert rows[0][f"{part}_sha256"] == hashlib.sha256(sample[part]).hexdigest()
    assert {r["shard"] for r in rows} == {"train-000000.tar"} and {r["split"] for r in rows} == {"train"}


def break_part(clip: Clip, part: str, data: bytes | None) -> None:
    path = Path(f"{clip.parts_uri}.{part}")
    path.unlink() if data is None else path.write_bytes(data)


def test_arrays_of_another_length_stop_the_sample(clips: list[Clip]) -> None:
    break_part(clips[0], "npz", arrays_to_npz(make_arrays(49)))
    with pytest.raises(SampleError, match="face:landmarks"):
        read_sample(clips[0], "c")


def test_a_missing_array_stops_the_sample(clips: list[Clip]) -> None:
    arrays = make_arrays(50)
    del arrays["valid:face"]
    break_part(clips[0], "npz", arrays_to_npz(arrays))
    with pytest.raises(SampleError, match="valid:face is missing"):
        read_sample(clips[0], "c")


@pytest.mark.parametrize("missing", [1, -1, 640])
def test_sound_of_another_length_stops_the_sample(clips: list[Clip], missing: int) -> None:
    break_part(clips[0], "wav", wav_bytes(np.zeros(32000 - missing, np.float32), 16000))
    with pytest.raises(SampleError, match="audio samples"):
        read_sample(clips[0], "c")


@pytest.mark.parametrize("part", ["mp4", "wav", "npz"])
def test_a_missing_part_stops_the_sample(clips: list[Clip], part: str) -> None:
    break_part(clips[0], part, None)
    with pytest.raises((SampleError, OSError)):
        read_sample(clips[0], "c")


def test_a_clip_without_parts_or_with_a_bad_key_is_refused(clips: list[Clip]) -> None:
    with pytest.raises(SampleError, match="no parts"):
        read_sample(dataclasses.replace(clips[0], parts_uri=None), "c")
    with pytest.raises(SampleError, match="not a sample key"):
        read_sample(dataclasses.replace(clips[0], clip_id="a.b"), "c")


def test_a_faulty_sample_leaves_no_half_written_shard(tmp_path: Path, clips: list[Clip]) -> None:
    break_part(clips[3], "npz", None)
    with pytest.raises(OSError):
        write_shard(str(tmp_path / "shards"), "train", 0, clips, "c")
    assert not (tmp_path / "shards").exists() or not list((tmp_path / "shards").iterdir())


def test_json_says_what_was_declared_and_what_was_not_computed() -> None:
    source = make_source(speaker_id="p1", licence="CC0", attributes=(("age", "40"),), transcript="Hé")
    clip = make_clip(source=source, audio=make_audio(), transcript=make_transcript("Hé"), parts_uri="/here/x")
    about = sample_json(clip, "c0ffee")
    assert about["speaker"] == "p1"
    (attribute,) = about["attributes"]
    assert (attribute["name"], attribute["value"], attribute["score"]) == ("age_group", "40-49", 40.0)
    assert attribute["source"] == "declared" and attribute["model"] is None
    assert about["not_computed"] == ["landmarks", "quality", "voice", "sync", "body_fit", "identity"]
    assert about["provenance"]["config_hash"] == "c0ffee"
    assert about["provenance"]["source"]["licence"] == "CC0"
    # Nothing of the machine it was made on.
    assert "/videos/" not in json.dumps(about) and "/here" not in json.dumps(about)


@given(st.integers(0, 10**7), st.integers(1, 10**5))
def test_shards_hold_as_many_clips_as_wanted_on_average(num_clips: int, per_shard: int) -> None:
    count = num_shards(num_clips, ShardConfig(clips_per_shard=per_shard))
    assert count >= 1 and count * per_shard >= num_clips and (count - 1) * per_shard < max(num_clips, 1)


def test_keys_spread_evenly() -> None:
    counts = Counter(shard_number(f"key{i}", 10) for i in range(10_000))
    assert set(counts) == set(range(10)) and max(counts.values()) < 1200
