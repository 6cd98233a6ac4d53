"""Damaged copies of a file: every second of each is in a clip, a rejection or a failure."""

from pathlib import Path

from benchmarks.mutants import TOLERANCE_SECONDS, account
from benchmarks.mutate import MUTATIONS, mutants
from pipelines.stages import VisitSections
from tests import media_makers as make


def test_every_second_of_a_damaged_copy_is_somewhere(tmp_path: Path) -> None:
    source = make.talking_like_clip(tmp_path / "v.mp4")
    sources = [source, make.remux(source, tmp_path / "v.ts")]
    (tmp_path / "damaged").mkdir()
    config = VisitSections()
    for path, made_of in mutants(sources, 2 * len(MUTATIONS), 11, tmp_path / "damaged"):
        assert path.read_bytes() != made_of.read_bytes()
        found = account(path, config)
        assert found.nowhere_seconds <= TOLERANCE_SECONDS, (path.name, found)
    whole = account(source, config)
    assert whole.nowhere_seconds <= 0.02 and whole.video_seconds == 4.0 == whole.ffmpeg_seconds
