"""Splits: one person in one split, shares as asked, nobody moves when data is added."""

from collections import Counter

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that
from hypothesis import given
from hypothesis import strategies as st

from pipelines.splits import AssignSplits
from schemas.records.clip import Clip
from schemas.records.person import Identity
from tests.makers import make_clip, make_source
from transforms.assign_split import SplitConfig, assign_split, split_group

CONFIG = SplitConfig(val_share=0.2, test_share=0.1)


def clip_of(number: int, speaker: str | None = None, video: str = "v" * 20) -> Clip:
    return make_clip(number, video_id=video, source=make_source(speaker_id=speaker))


def test_all_is_training_data_by_default() -> None:
    assert {assign_split(clip_of(i, f"p{i}"), SplitConfig()).split for i in range(200)} == {"train"}


@given(st.lists(st.integers(0, 20), min_size=1), st.text())
def test_a_speaker_is_in_one_split_only(speakers: list[int], salt: str) -> None:
    config = SplitConfig(val_share=0.3, test_share=0.3, salt=salt)
    found: dict[int, set[str | None]] = {}
    for number, speaker in enumerate(speakers):
        split = assign_split(clip_of(number, f"p{speaker}", f"video{number}"), config).split
        found.setdefault(speaker, set()).add(split)
    assert all(len(splits) == 1 for splits in found.values())


def test_shares_are_kept_over_many_speakers() -> None:
    counts = Counter(assign_split(clip_of(0, f"p{i}"), CONFIG).split for i in range(5000))
    assert counts["val"] / 5000 == pytest.approx(0.2, abs=0.02)
    assert counts["test"] / 5000 == pytest.approx(0.1, abs=0.02)


def test_identity_goes_before_declared_speaker_goes_before_video() -> None:
    declared = clip_of(0, "p1")
    identity = Identity(identity_id="i7", confidence=1, embedder="e", split_group="i2")
    known = make_clip(0, source=declared.source, identity=identity)
    assert split_group(clip_of(0)) == f"video:{'v' * 20}"
    assert split_group(declared) == "speaker:p1"
    assert split_group(known) == "identity:i2"


def test_a_salt_makes_another_division() -> None:
    splits = [
        [assign_split(clip_of(0, f"p{i}"), SplitConfig(val_share=0.5, salt=salt)).split for i in range(100)]
        for salt in ("", "again")
    ]
    assert splits[0] != splits[1]


def test_named_groups_are_kept_in_training_person_by_person() -> None:
    """Whoever else is there: who is trained on today is not tested on tomorrow."""
    config = SplitConfig(val_share=0.4, test_share=0.4, keep_in_train=({"age_group": "60-69"},))
    ages = ("65", "46-60", "30", "30")
    clips = [
        make_clip(
            number,
            video_id=f"video{number}",
            source=make_source(speaker_id=f"p{number % 40}", attributes=(("age", ages[number % 4]),)),
        )
        for number in range(80)
    ]
    # Of one young person one clip is declared to be of an old one: she goes as one.
    clips.append(make_clip(99, source=make_source(speaker_id="p2", attributes=(("age", "64"),))))
    alone = [clip for clip in clips if clip.source.speaker_id in ("p0", "p1", "p2", "p3")]

    def check(placed: list[Clip]) -> None:
        of: dict[str, set[str]] = {}
        for clip in placed:
            of.setdefault(str(clip.source.speaker_id), set()).add(str(clip.split))
        assert all(len(found) == 1 for found in of.values())
        assert all(of[f"p{n}"] == {"train"} for n in range(40) if n % 4 < 2 and f"p{n}" in of)
        assert of["p2"] == {"train"}
        assert len(of) < 40 or {"val", "test"} <= {split for found in of.values() for split in found}

    for given_clips in (clips, alone):
        with beam.Pipeline(
            options=PipelineOptions(["--runner=FnApiRunner", "--direct_running_mode=in_memory"])
        ) as pipeline:
            placed = pipeline | beam.Create(given_clips) | AssignSplits(config)
            assert_that(placed, check)
