"""The list of clips that loaders leave out: who gets onto it, who leaves it, and that it names nobody."""

from pathlib import Path
from typing import Any

import pytest

from pipelines.forget import forget_sources
from pipelines.run_folder import RunFolder
from schemas.exclusions import exclusions_of_json, exclusions_to_json, veiled_key
from schemas.outcomes import BadInputError
from schemas.records.clip import Clip
from tests.makers import make_clip, make_source
from tests.models.made_shards import write_shards
from tests.stored_run import make_summary, publish_run


def clip_of(name: str, number: int, **changes: Any) -> Clip:
    return make_clip(number, source=make_source(name), **changes)


def test_clips_of_a_withdrawn_source_are_listed_though_no_artefacts_are_left(tmp_path: Path) -> None:
    goes, copied, stays = clip_of("a.mp4", 1), clip_of("b.mp4", 2, video_id="w" * 20), clip_of("c.mp4", 3)
    publish_run(tmp_path, [goes, copied, stays])
    folder = RunFolder(str(tmp_path))
    forget_sources(folder, [make_source("a.mp4")], ["w" * 20])
    assert folder.exclusions.read() == {veiled_key(goes.clip_id), veiled_key(copied.clip_id)}
    written = (tmp_path / "exclusions.json").read_text()
    assert not any(clip.clip_id in written for clip in (goes, copied, stays))
    forget_sources(folder, [make_source("c.mp4")])
    assert len(folder.exclusions.read()) == 3


def test_a_folder_of_which_nothing_was_withdrawn_has_no_list(tmp_path: Path) -> None:
    publish_run(tmp_path, [clip_of("a.mp4", 1)])
    forget_sources(RunFolder(str(tmp_path)), [])
    forget_sources(RunFolder(str(tmp_path)), [make_source("b.mp4")])
    assert not (tmp_path / "exclusions.json").exists()


def test_a_result_that_has_clips_again_admits_them(tmp_path: Path) -> None:
    folder = RunFolder(str(tmp_path))
    result = folder.new_result()
    clips = write_shards(Path(result.folder), [50, 51])
    folder.exclusions.add([clips[0].clip_id, "another"])
    result.write_summary(make_summary())
    folder.publish(result)
    assert folder.exclusions.read() == {veiled_key("another")}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b'{"excluded_clips": 3}',
        b'{"excluded_clips": ["a key"]}',
        b'{"excluded_clips": [3]}',
        b"[" * 10**5,
    ],
)
def test_a_damaged_list_is_never_an_empty_one(data: bytes) -> None:
    with pytest.raises(BadInputError, match=r"a\.json: not a list of excluded clips; restore it"):
        exclusions_of_json(data, "a.json")


def test_the_list_is_the_same_bytes_for_the_same_clips() -> None:
    veiled = list(map(veiled_key, "abc"))
    assert exclusions_to_json(veiled) == exclusions_to_json(veiled[::-1] * 2)
    assert exclusions_of_json(exclusions_to_json(veiled), "") == set(veiled)
