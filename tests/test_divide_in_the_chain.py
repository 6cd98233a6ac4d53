"""A clip that its look shows to jump is divided in the chain: pieces, what is lost, and counts."""

from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.testing.util import assert_that, equal_to

from pipelines.config import config_from
from pipelines.curate import Curate
from pipelines.elements import ClipTask
from pipelines.ledger import Ledger
from pipelines.run_folder import RunFolder
from schemas.records.picture import FaceJump
from schemas.run import StageSummary
from tests.makers import make_clip, make_shot, make_track, make_video

TRACK = make_track(make_shot(0, 20), 0, 20, centre=(160, 100))


def tasks() -> list[ClipTask]:
    """Return one clip that jumps at 5 and 8.4 s of the video, and one that does not."""
    jumps = tuple(FaceJump(before_seconds=at - 0.04, after_seconds=at, score=9.0) for at in (5.0, 8.4))
    clips = [make_clip(1, 200, face_jumps=jumps), make_clip(2, 100)]
    return [ClipTask(clip=clip, video=make_video(), track=TRACK) for clip in clips]


def divide(pipeline: Any, out: Path, mode: str) -> tuple[Any, Any, dict[str, Any]]:
    """Divide the clips by the chain's own transform; returns whole clips, pieces, and what was noted."""
    folder, ledger = RunFolder(str(out)), Ledger()
    config = config_from({"filter": {"rules": {"jump_cut": {"mode": mode}}}}, "a test")
    chain = Curate(config, folder.places(folder.new_result()))
    whole, pieces = chain._divide(pipeline | beam.Create(tasks()), ["audio", "look"], ledger)
    return whole, pieces, ledger.merged()


def counted(keyed: tuple[tuple[str, str], StageSummary]) -> tuple[str, int, int, float]:
    (stage, _), summary = keyed
    return stage, summary.num_in, summary.num_out, summary.media_seconds


def test_pieces_take_the_place_of_a_clip_that_jumps_in_all_counts(tmp_path: Path) -> None:
    with beam.Pipeline() as pipeline:
        whole, pieces, noted = divide(pipeline, tmp_path, "on")
        assert_that(
            whole | beam.Map(lambda t: t.clip.clip_id), equal_to([make_clip(2, 100).clip_id]), "whole"
        )
        assert_that(
            pieces | beam.Map(lambda t: (round(t.clip.start_seconds, 3), round(t.clip.end_seconds, 3))),
            equal_to([(2.0, 5.0), (5.0, 8.4)]),
            "pieces",
        )
        assert_that(
            noted["rejections"]
            | beam.Map(lambda r: (r.level, r.reason, round(r.start_seconds, 3), r.end_seconds)),
            equal_to([("span", "jump_cut", 8.4, 10.0)]),
            "lost",
        )
        assert_that(
            noted["summaries"] | beam.Map(counted),
            equal_to([("propose", -1, -1, -8.0), ("audio", -1, -1, -8.0)]),
            "counts",
        )


def test_a_rule_that_is_off_leaves_clips_whole(tmp_path: Path) -> None:
    with beam.Pipeline() as pipeline:
        whole, pieces, noted = divide(pipeline, tmp_path, "off")
        assert_that(whole | beam.combiners.Count.Globally(), equal_to([2]), "whole")
        assert_that(pieces, equal_to([]), "pieces")
        assert_that(noted["rejections"], equal_to([]), "lost")
