"""What was erased does not come back: the list of it, what surveys keep, shards without some samples."""

import dataclasses
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from media import MediaLimits
from pipelines.artefacts import ArtefactStore
from pipelines.erase.shards import change_shard, planned_changes, read_index, without
from pipelines.erased import (
    Erased,
    begun,
    overlaps,
    read_erased,
    unnamed,
    with_more,
    without_erased,
    write_erased,
)
from pipelines.erased_spans import strip_survey
from pipelines.recipes import source_owner
from pipelines.results import Result
from pipelines.run_folder import RunFolder
from schemas.ids import content_id
from schemas.outcomes import BadInputError
from schemas.records.person import Identity
from schemas.records.source import Source
from schemas.records.video import Artefact
from schemas.sample import SAMPLING_RATE_HZ, pcm_of_wav, wav_of_pcm
from tests.made_clips import filled
from tests.models.made_shards import write_shards


@pytest.fixture
def sources(tmp_path: Path) -> list[Source]:
    """Files of three people; the last two have the same size."""
    found: list[Source] = []
    for name, data, speaker in (("a", b"anna", "anna@x"), ("b", b"ben!!", None), ("c", b"carla", "carla@x")):
        (tmp_path / f"{name}.mp4").write_bytes(data)
        found.append(Source(uri=str(tmp_path / f"{name}.mp4"), name=f"{name}.mp4", speaker_id=speaker))
    return found


def test_places_speakers_and_contents_are_known_again_wherever_they_lie(
    tmp_path: Path, sources: list[Source]
) -> None:
    anna, ben, carla = sources
    folder = RunFolder(str(tmp_path / "out"))
    assert read_erased(folder) is None and without_erased(sources, None, MediaLimits()) == sources
    video_id, size = content_id([b"ben!!"])
    more = with_more(
        begun(folder),
        places=[source_owner(anna)],
        contents={video_id: size},
        speakers=["carla@x"],
        spans={"v" * 20: [(1.0, 2.0)]},
    )
    write_erased(folder, more)
    written = (tmp_path / "out" / "work" / "erased.json").read_text()
    assert not any(word in written for word in ("anna", "carla", video_id, source_owner(anna), "v" * 20))
    erased = read_erased(folder)
    assert erased == more and more.spans_of("v" * 20) == ((1.0, 2.0),) and more.spans_of("w" * 20) == ()
    moved = dataclasses.replace(ben, uri=str(tmp_path / "moved.mp4"), name="moved.mp4")
    Path(ben.uri).rename(moved.uri)
    stranger = Source(uri=str(tmp_path / "d.mp4"), name="d.mp4")
    Path(stranger.uri).write_bytes(b"dora!")  # as long as an erased file
    found = without_erased([anna, moved, stranger, carla], erased, MediaLimits())
    assert found == [unnamed(1), unnamed(2), stranger, unnamed(3)]
    assert without_erased(found, erased, MediaLimits()) == found, "as `retry` finds them"


def test_a_damaged_list_is_never_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "erased.json").write_text('{"key": "k", "places": 3}')
    with pytest.raises(BadInputError, match=r"erased\.json: damaged; restore it"):
        read_erased(RunFolder(str(tmp_path)))


def test_an_erasure_that_has_begun_keeps_other_commands_out(tmp_path: Path) -> None:
    folder = RunFolder(str(tmp_path))
    (tmp_path / "work" / "erasure").mkdir(parents=True)
    (tmp_path / "work" / "erasure" / "journal.json").write_text("{}")
    with pytest.raises(BadInputError, match="an erasure was begun"), folder.writing("curate"):
        pass
    with folder.writing("erase"):
        assert (tmp_path / "work" / "erasure" / "journal.json").is_file()
    # Without its journal it is done, and what a kill left of it goes.
    (tmp_path / "work" / "erasure" / "journal.json").rename(tmp_path / "work" / "erasure" / "traces.npz")
    with folder.writing("curate"):
        assert not (tmp_path / "work" / "erasure").exists()


def test_spans_overlap_by_more_than_a_rounding_error() -> None:
    assert overlaps(0.0, 2.0, [(1.0, 3.0)]) and overlaps(1.5, 1.6, [(1.0, 3.0)])
    assert not overlaps(0.0, 1.0, [(1.0, 3.0)]) and not overlaps(3.0 - 1e-4, 5.0, [(1.0, 3.0)])


def test_a_survey_loses_a_span_and_keeps_the_rest_under_its_name(tmp_path: Path) -> None:
    store, artefact, owner = ArtefactStore(str(tmp_path)), Artefact(stage="survey", artefact_id="5"), "v" * 20
    clips = [
        {"clip_id": name, "shot_id": "s" * 20, "video_id": owner, "track_id": f"track {name}",
         "start_seconds": start, "end_seconds": start + 3.0}
        for name, start in (("one", 0.0), ("two", 3.0), ("far", 20.0))
    ]  # fmt: skip
    loud = wav_of_pcm(np.full(7 * SAMPLING_RATE_HZ, 900, np.int16), SAMPLING_RATE_HZ)
    parts = {f"sound-{clip['clip_id']}.wav": loud for clip in clips}
    tracks = [{"track_id": clip["track_id"]} for clip in clips]
    store.write(
        owner, artefact, {"clips": clips, "tracks": tracks, "rejections": [], "frames_decoded": 3}, parts
    )
    for _ in range(2):  # the second time there is nothing left to do
        assert strip_survey(store, owner, artefact, [(0.0, 3.0)])
        record = store.find(owner, artefact)
        assert record is not None
        assert [clip["clip_id"] for clip in record["clips"]] == ["two", "far"]
        assert [track["track_id"] for track in record["tracks"]] == ["track two", "track far"]
        (told,) = record["rejections"]
        assert (told["reason"], told["start_seconds"], told["end_seconds"]) == ("erased", 0.0, 3.0)
        assert set(record["parts"]) == {"sound-two.wav", "sound-far.wav"}
    # The margin of the second clip is what the first one says, but for what may belong to its own pictures.
    heard = pcm_of_wav(store.read(owner, artefact, "sound-two.wav"), SAMPLING_RATE_HZ)
    silent = round(1.6 * SAMPLING_RATE_HZ)
    assert not heard[:silent].any() and (heard[silent:] == 900).all()
    assert store.read(owner, artefact, "sound-far.wav") == loud
    assert not strip_survey(store, owner, Artefact(stage="survey", artefact_id="other"), [(0.0, 3.0)])


def test_shards_keep_the_bytes_of_samples_that_stay_and_their_numbers_have_no_gap(tmp_path: Path) -> None:
    before, after = Result(str(tmp_path / "before")), Result(str(tmp_path / "after"))
    clips = write_shards(Path(before.folder), [50] * 7)
    whole = Path(before.shards, "train-000000.tar").read_bytes()
    index = read_index(before, "train-000000")
    same = without(whole, index, "train-000000.tar", frozenset(), {})
    assert same.tar == whole and same.index.equals(index)
    assert same.sample_offsets == Path(before.shards, "train-000000.tar.idx").read_bytes()
    # Two clips of the first shard, all of the second; the last shard has one.
    gone = {clips[0].clip_id, clips[1].clip_id, clips[5].clip_id}
    changes, sizes = planned_changes(before, gone, ())
    assert sizes == {"train": [1, 1, 2]}
    assert [(c.name, c.becomes, c.rewrite) for c in changes] == [
        ("train-000000", "train-000000", True),
        ("train-000002", "train-000002", False),
        ("train-000003", "train-000001", False),
    ]
    for change in changes:
        change_shard(change, before, after, gone, {})
    assert Path(after.shards, "train-000001.tar").samefile(Path(before.shards, "train-000003.tar"))
    listed = after.shard_index()
    assert listed is not None
    for row in listed.to_pylist():
        with tarfile.open(Path(after.shards, row["shard"])) as tar:
            assert {name.split(".")[0] for name in tar.getnames()} & gone == set()
        data = Path(after.shards, row["shard"]).read_bytes()
        sound = data[row["wav_offset"] :][: row["wav_bytes"]]
        assert pcm_of_wav(sound, SAMPLING_RATE_HZ).shape == (50 * 640,)
    assert set(listed["key"].to_pylist()) == {clip.clip_id for clip in clips} - gone


def test_what_a_sample_says_of_its_group_can_get_another_name(tmp_path: Path) -> None:
    before = Result(str(tmp_path))
    write_shards(tmp_path, [50], identity=filled(Identity))
    groups = {filled(Identity).split_group: "another"}
    whole = Path(before.shards, "train-000000.tar").read_bytes()
    shard = without(whole, read_index(before, "train-000000"), "train-000000.tar", (), groups)
    (row,) = shard.index.to_pylist()
    assert b'"split_group": "another"' in shard.tar[row["json_offset"] :][: row["json_bytes"]]
    with tarfile.open(fileobj=io.BytesIO(shard.tar)) as tar:
        assert len(tar.getnames()) == 4


def test_the_key_of_the_list_is_made_once(tmp_path: Path) -> None:
    folder = RunFolder(str(tmp_path))
    first = begun(folder)
    assert len(first.key) == 64 and first.key != begun(folder).key
    write_erased(folder, first)
    assert begun(folder) == first == Erased(key=first.key)
