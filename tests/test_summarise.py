"""What a run says about itself adds up to what its tables hold, however many files they have."""

import dataclasses
import datetime
import math
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.config import CurateConfig
from pipelines.results import Result
from pipelines.summarise import Ended, summarise
from schemas.outcomes import clip_rejection
from schemas.records.person import AgeBasis, AgeBound
from schemas.run import PeopleSummary, RunSummary
from tests.report_makers import make_records
from tests.report_run import write_run

BASES: tuple[AgeBasis, ...] = ("declared", "perceived", "unknown")


def summed(folder: Path, parts: int) -> tuple[RunSummary, Result]:
    """Return the summary of made-up tables in so many files each; every fifth clip may show a minor."""
    records = make_records(12)
    clips = [
        dataclasses.replace(
            c, age_bound=AgeBound(years_at_least=9.0, basis=BASES[i % 3], unguarded_years=9.0)
        )
        for i, c in enumerate(records.clips)
    ]
    young = [clip_rejection(c, "filter_people", "may_be_minor", 9.0, 18.0) for c in clips[::5]]
    changed = dataclasses.replace(records, clips=clips, rejections=[*records.rejections, *young])
    result = Result(str(write_run(folder, changed, parts=parts)))
    run = Ended(
        command="curate", config=CurateConfig(), ignored=[], wall_seconds=0.0, inputs_hash=None,
        today=datetime.date(2026, 11, 27),
    )  # fmt: skip
    summary = summarise(run, result, [], PeopleSummary())
    return summary, result


def test_totals_are_those_of_all_rows(tmp_path: Path) -> None:
    summary, result = summed(tmp_path, parts=3)
    clips, rejections = (result.read_table(name).to_pylist() for name in ("clips", "rejections"))
    accepted = [c for c in clips if c["status"] == "accepted"]
    assert summary.totals["clips"] == len(clips) and summary.totals["accepted_clips"] == len(accepted) > 0
    assert summary.totals["videos"] == len(result.read_table("videos")) > 0
    seconds = sum(c["num_frames"] / c["fps"] for c in accepted)
    assert math.isclose(summary.totals["hours_out"] * 3600, seconds)
    assert summary.rejected_by_reason == Counter(r["reason"] for r in rejections)
    gone = sum(r["seconds"] or 0.0 for r in rejections)
    assert math.isclose(sum(summary.rejected_seconds_by_reason.values()), gone)
    unread = sum(r["seconds"] or 0.0 for r in rejections if r["level"] == "video")
    seen = sum(result.read_table("videos")["duration_seconds"].to_pylist())
    assert math.isclose(summary.totals["hours_in"] * 3600, seen + unread)


def test_who_may_be_a_minor_is_counted_by_how_that_is_known(tmp_path: Path) -> None:
    summary, result = summed(tmp_path, parts=2)
    young = len(result.read_table("clips").to_pylist()[::5])
    (note,) = [note for note in summary.notes if "may be under age" in note]
    assert note.startswith(f"{young} clips") and all(word in note for word in ("declared", "by their looks"))


def test_a_table_is_read_a_file_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole: list[str] = []
    read = Result.read_table

    def watched(self: Result, table: str, *args: object) -> pa.Table:
        whole.append(table)
        return read(self, table, *args)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Result, "read_table", watched)
    summed(tmp_path, parts=2)
    # Of rejections the ids of clips that may show a minor; the others are a few rows.
    assert set(whole) == {"balance_targets", "balance_splits", "balance_warnings", "rejections"}
