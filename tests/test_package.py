"""Package: the same bytes if nothing changed; other rules and targets without a video."""

import dataclasses
import datetime
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from rich.console import Console

from commands.package_run import package
from pipelines.config import config_from
from pipelines.package import judge_again
from schemas.outcomes import BadInputError, Rejection
from schemas.run import RunSummary
from tests.conftest import SETTINGS, Run
from tests.makers import load_shards, make_audio, make_clip
from transforms.filter_clips import DEFAULT_RULES


def run_package(
    out: Path, changes: dict[str, Any] | None = None, today: datetime.date | None = None
) -> RunSummary:
    """Package with the settings of the tests and changes, or with those of the run."""
    path: str | None = None
    if changes is not None:
        path = str(out.parent / "package.yaml")
        Path(path).write_text(yaml.safe_dump(SETTINGS | changes))
    return package(str(out), path, [], Console(file=io.StringIO(), width=200), today=today)


@pytest.fixture
def copied(curated: Run, tmp_path: Path) -> Run:
    """The curated run, moved elsewhere, and its videos out of reach."""
    shutil.copytree(curated.out, tmp_path / "elsewhere", symlinks=True)
    return dataclasses.replace(curated, out=tmp_path / "elsewhere", corpus=tmp_path / "gone")


def test_nothing_changes_when_the_configuration_has_not(curated: Run, copied: Run) -> None:
    summary = run_package(copied.out)
    assert summary.problems == []
    assert copied.digests("shards") == curated.digests("shards")
    assert copied.digests("tables") == curated.digests("tables")
    counts = ("stage", "level", "num_in", "num_out", "num_rejected", "num_failed", "media_seconds")
    for old, new in zip(curated.summary.stages, summary.stages, strict=True):
        assert [getattr(old, c) for c in counts] == pytest.approx([getattr(new, c) for c in counts])
        assert old.cpu_by_step == new.cpu_by_step
    assert summary.totals == curated.summary.totals
    # The earlier result gave way to this one, and nothing is left of the way.
    (result,) = (copied.out / "results").iterdir()
    assert result.name != (curated.out / "current").readlink().name
    assert sorted(p.name for p in (copied.out / "work").iterdir()) == ["last_run.json", "lease.json"]


def test_a_package_leaves_every_byte_of_what_the_stages_made(curated: Run, copied: Run) -> None:
    run_package(copied.out)
    rooms = ("artefacts", "biometric")
    assert copied.digests(*rooms) == curated.digests(*rooms)


def test_a_package_of_a_package_leaves_every_byte(curated: Run, copied: Run) -> None:
    run_package(copied.out)
    run_package(copied.out)
    assert copied.digests("shards", "tables") == curated.digests("shards", "tables")


def test_a_stricter_rule_and_a_cap_take_clips_away(curated: Run, copied: Run) -> None:
    seconds = sorted(c["num_frames"] / 25 for c in curated.rows("clips") if c["status"] == "accepted")
    rules = {"short": {"stage": "propose", "field": "duration_seconds", "minimum": seconds[0] + 0.01}}
    changes = {"filter": {"rules": rules}, "balance": {"max_seconds_per_source": seconds[1] + 0.01}}
    summary = run_package(copied.out, changes)
    reasons = {r["reason"] for r in copied.rows("rejections") if r["level"] == "clip"}
    assert {"short", "source_cap"} <= reasons
    assert summary.totals["accepted_clips"] == 1 and summary.problems == []
    samples = load_shards(*map(str, sorted((copied.out / "shards").glob("*.tar"))))
    assert [json.loads(s["json"])["sampling_weight"] for s in samples] == [1.0]
    assert json.loads((copied.out / "run.json").read_text())["command"] == "package"


def test_a_looser_rule_cannot_bring_back_what_was_never_decoded(copied: Run) -> None:
    audio_rules = {rule.name: {"mode": "off"} for rule in DEFAULT_RULES if rule.stage == "audio"}
    summary = run_package(copied.out, {"filter": {"rules": audio_rules}})
    assert "never_decoded" in summary.rejected_by_reason
    assert "silent_audio" not in summary.rejected_by_reason
    assert any("curate into another folder" in note for note in summary.notes)


def test_a_consent_that_has_ended_since_takes_its_clips_away(curated: Run, copied: Run) -> None:
    (path,) = (copied.out / "tables").glob("clips-*.parquet")
    table = pq.read_table(path)
    accepted = [row for row in table.to_pylist() if row["status"] == "accepted"]
    source = accepted[0]["source_name"]
    days = ["2027-01-31" if name == source else None for name in table["source_name"].to_pylist()]
    place = table.schema.get_field_index("source_terms_expires_on")
    pq.write_table(table.set_column(place, table.schema.field(place), [days]), path)
    gone = {row["clip_id"] for row in accepted if row["source_name"] == source}
    before = run_package(copied.out, today=datetime.date(2027, 1, 31))
    assert before.consent_day == "2027-01-31"
    assert before.totals["accepted_clips"] == len(accepted)
    after = run_package(copied.out, today=datetime.date(2027, 2, 1))
    assert after.totals["accepted_clips"] == len(accepted) - len(gone) and after.problems == []
    refused = {r["subject_id"] for r in copied.rows("rejections") if r["reason"] == "consent_expired"}
    assert gone <= refused and after.rejected_by_reason["consent_expired"] == len(refused)
    shards = map(str, sorted((copied.out / "shards").glob("*.tar")))
    assert not gone & {json.loads(sample["json"])["key"] for sample in load_shards(*shards)}


def test_what_needs_the_videos_is_refused_and_nothing_is_touched(curated: Run, copied: Run) -> None:
    with pytest.raises(BadInputError, match="differs from the run in clips"):
        run_package(copied.out, {"clips": {"fps": 24}})
    assert copied.digests("shards", "tables") == curated.digests("shards", "tables")


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no finished run"):
        package(str(tmp_path), None, [], Console(file=io.StringIO()))


def test_tables_of_another_version_are_refused(copied: Run) -> None:
    (path,) = (copied.out / "tables").glob("clips-*.parquet")
    pq.write_table(pq.read_table(path).drop_columns(["sampling_weight"]), path)
    with pytest.raises(BadInputError, match="has no sampling_weight"):
        run_package(copied.out)


def rejected(stage: str, reason: str) -> Rejection:
    return Rejection(
        stage=stage, level="clip", subject_id="c", video_id="v", source_name="u", reason=reason, score=1.0,
        threshold=2.0,
    )  # fmt: skip


def test_the_earliest_stage_that_turns_a_clip_down_counts() -> None:
    loud = make_clip(audio=make_audio(speech_ratio=0.4), status="rejected")
    late = rejected("filter_words", "babbled_words")
    strict = config_from({"filter": {"rules": {"no_speech": {"minimum": 0.5}}}}, "x").filter.rules
    found = judge_again(loud, [late], [], strict)
    assert found.stage == "audio" and found.rejection and found.rejection.reason == "no_speech"
    kept = judge_again(loud, [late], [], DEFAULT_RULES)
    assert kept.stage == "words" and kept.rejection and kept.rejection.reason == "never_decoded"
    other = judge_again(loud, [rejected("deduplicate_clips", "near_duplicate")], [], DEFAULT_RULES)
    assert other.stage == "deduplicate_clips" and other.rejection
    assert other.rejection.reason == "near_duplicate"
    assert judge_again(loud, [rejected("balance", "person_cap")], [], DEFAULT_RULES).stage is None
