"""Explain: what became of a video or a clip, in lines that a person reads."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from commands import command_line
from commands.explain_fate import explain_fate
from pipelines.config import CurateConfig
from pipelines.identity_merges import shard_of_merge, write_merges
from pipelines.run_folder import RunFolder
from reports.fates import WIDTH
from reports.reasons import REASONS, rules_of
from reports.remedies import SETTINGS, WITHOUT_SETTING, setting_of
from schemas.layout import MERGES
from schemas.outcomes import BadInputError, Failure, Rejection
from schemas.records.clip import Clip
from schemas.records.video import Artefact, Video
from tests.conftest import Run
from tests.makers import make_audio, make_clip, make_merge, make_shot, make_source, make_track, make_video
from tests.report_makers import RULES, Records, make_records
from tests.report_run import make_summary, write_run
from transforms.filter_clips import DEFAULT_RULES
from transforms.storage import join

GOOD = make_clip(
    0, 150, start_seconds=2.0, end_seconds=8.0, audio=make_audio(snr_db=11.0), status="accepted",
    split="train", sampling_weight=1.5,
)  # fmt: skip
NOISY = make_clip(
    1, 100, start_seconds=8.0, end_seconds=12.0, audio=make_audio(snr_db=4.0), status="rejected"
)
DEAD = make_clip(2, 75, start_seconds=12.0, end_seconds=15.0, audio=make_audio(), status="failed")


def lost(start: float, end: float, reason: str, **changes: Any) -> Rejection:
    fields: dict[str, Any] = {
        "stage": "propose_clips",
        "level": "span",
        "subject_id": f"{reason} {start}",
        "video_id": "v" * 20,
        "source_name": "talk.mp4",
        "reason": reason,
        "score": None,
        "threshold": None,
        "start_seconds": start,
        "end_seconds": end,
        "seconds": end - start,
    }
    return Rejection(**(fields | changes))


def records_of(video: Video, *clips: Clip) -> Records:
    """Return a run with one video of 20 s in which every second ends in one place."""
    shot = make_shot(0, 20)
    noisy = lost(
        8, 12, "noisy_audio", stage="filter_audio", level="clip", subject_id=NOISY.clip_id, score=4.0,
        threshold=10.0, also=("blurred_face",),
    )  # fmt: skip
    small = lost(0, 2, "face_too_small", score=22.0, threshold=40.0)
    dead = Failure(
        stage="words", level="clip", subject_id=DEAD.clip_id, video_id=video.video_id, source_name="talk.mp4",
        error_type="WorkerTimeoutError", error="no result after 300 s; the work was stopped", traceback="",
    )  # fmt: skip
    return Records(
        videos=[video],
        shots=[shot],
        face_tracks=[make_track(shot, 2, 15)],
        clips=list(clips),
        rejections=[noisy, small, lost(15, 20, "no_face", score=0.0, threshold=1.0)],
        failures=[dead],
    )


def finished(out: Path, records: Records) -> str:
    """Write a run's result and make it the current one."""
    folder = RunFolder(str(out))
    result = folder.new_result()
    write_run(Path(result.folder), records, make_summary(records))
    folder.publish(result)
    return str(out)


def explained(out: Path, records: Records, name: str) -> str:
    lines = explain_fate(finished(out, records), name)
    assert max(map(len, lines)) <= WIDTH
    return "\n".join(lines)


def test_a_video_is_told_stage_by_stage_and_span_by_span(tmp_path: Path) -> None:
    said = explained(tmp_path, records_of(make_video(duration_seconds=20.0), GOOD, NOISY, DEAD), "talk.mp4")
    stages, spans = said.split("Spans, in order of time")
    assert "1 shot, 1 followed face, 3 clips" in stages
    assert "2 clips passed, lost 1 noisy audio" in stages and "1 clip passed, lost 1 failed" in stages
    starts = [line.split()[0] for line in spans.splitlines() if line[:2] == "  " and line[2] != " "]
    assert starts == ["0:00.0", "0:02.0", "0:08.0", "0:12.0", "0:15.0"]
    assert f"clip {GOOD.clip_id}, accepted, split train, weight 1.5" in said
    assert "Measured 22 px; threshold 40 px." in said and "Setting: clips.min_face_height_px" in said
    assert "Measured 4 dB; threshold 10 dB; also: blurred face." in said
    assert "Setting: filter.rules.noisy_audio.minimum" in said
    assert "failed in words: WorkerTimeoutError: no result after 300 s" in said
    assert "To do: Raise timeout_base_seconds" in said
    assert "The spans add up to all 20.0 s of the video." in said


def test_seconds_that_end_nowhere_are_named(tmp_path: Path) -> None:
    said = explained(tmp_path, records_of(make_video(duration_seconds=20.0), GOOD, DEAD), "TALK")
    assert "do not add up: 4.0 s of 20.0 s are in none (0:08.0 to 0:12.0)" in said


def test_a_clip_is_told_with_its_scores_and_what_there_is_of_it(tmp_path: Path) -> None:
    made = Artefact(stage="audio", artefact_id="a" * 20)
    clip = dataclasses.replace(GOOD, artefacts=(made, Artefact(stage="look", artefact_id="b" * 20)))
    RunFolder(str(tmp_path)).store.write(clip.video_id, made, {}, {"x.npz": b"12345678" * 500})
    said = explained(tmp_path, records_of(make_video(), clip), clip.clip_id[:9])
    assert "0:02.0 to 0:08.0 (6.0 s): accepted, split train" in said
    assert "noisy_audio: Signal to noise 11 dB, wanted at least 10 dB: passed by 1 dB" in said
    assert "Passed narrowly: noisy_audio by 1 dB (filter.rules.noisy_audio.minimum)" in said
    assert "no_speech: Speech 90 %, wanted at least 50 %: passed by 40 %" in said
    assert "Rules after look\n  no scores" in said
    assert f"audio-{'a' * 20}: x.npz (4 kB)" in said and f"look-{'b' * 20}: gone" in said


def test_a_clip_is_told_with_what_made_it_one_person_with_others(tmp_path: Path) -> None:
    merges = [
        make_merge("0" * 20, GOOD.clip_id, first_num_clips=3, voice_distance=None, face_distance=0.7),
        make_merge(GOOD.clip_id, "f" * 20, made_by="registered"),
        make_merge("0" * 20, "e" * 20, made_by="one_track"),
    ]
    folder = join(RunFolder(str(tmp_path)).biometric, MERGES)
    for merge in merges:
        write_merges((shard_of_merge(merge), [merge]), folder, folder)
    said = " ".join(explained(tmp_path, records_of(make_video(), GOOD), GOOD.clip_id).split())
    joined = f"{'0' * 20} with 2 more and {GOOD.clip_id}: likeness; faces 0.70 apart, no voices to compare"
    assert joined in said and "score 0.52, threshold 0.96 (identities.merge_distance squared" in said
    assert "took them for one; faces 0.80 apart, voices 0.20 apart, which adds -0.12" in said
    assert "e" * 20 not in said


def test_a_rejected_clip_names_the_stage_and_the_bound(tmp_path: Path) -> None:
    said = explained(tmp_path, records_of(make_video(), NOISY), NOISY.clip_id)
    assert "(4.0 s): rejected" in said and "Noisy audio (after audio)." in said
    assert "wanted at least 10 dB: missed by 6 dB" in said
    assert "package OUT --config FILE" in said


def test_files_that_never_became_a_video_and_copies_say_so(tmp_path: Path) -> None:
    video = make_video(duration_seconds=20.0)
    whole = {"level": "video", "start_seconds": None, "end_seconds": None}
    mute = lost(0, 9, "no_audio_stream", stage="probe", video_id=None, source_name="mute.mp4", **whole)
    double = lost(0, 20, "duplicate", stage="deduplicate", source_name="again.mp4", **whole)
    broken = Failure(
        stage="probe", level="video", subject_id="[red]x.mp4", video_id=None, source_name="[red]x.mp4",
        error_type="MediaError", error="[red]x.mp4: the file is empty (0 bytes)", traceback="",
    )  # fmt: skip
    records = Records(videos=[video], rejections=[mute, double], failures=[broken])
    said = explained(tmp_path, records, "mute")
    assert "no sound track" in said and "look for the file with sound" in said and "survey" not in said
    said = explained(tmp_path, records, "again.mp4")
    assert "the same bytes as talk.mp4" in said or "same bytes are in the input" in said
    said = explained(tmp_path, records, "[red]")
    assert "[red]x.mp4: the file is empty (0 bytes)" in said and "Play the file" in said


def test_what_fits_several_or_nothing_is_refused(tmp_path: Path) -> None:
    out = finished(tmp_path, make_records(6))
    for name, said in (
        ("0000", "names and keys fit"),
        ("nobody", "no video and no clip fits"),
        ("", "no video"),
    ):
        with pytest.raises(BadInputError, match=said):
            explain_fate(out, name)
    with pytest.raises(BadInputError, match="no finished run"):
        explain_fate(str(tmp_path / "elsewhere"), "x")


def test_the_command_prints_names_as_they_are(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    name = "[bold]x[/nope] \u202eevil\n.mp4"
    records = Records(videos=[make_video(source=make_source(name))])
    assert command_line.main(["explain", finished(tmp_path, records), "[bold]"]) == 0
    assert r"[bold]x[/nope] \u202eevil .mp4" in capsys.readouterr().out


def test_every_setting_that_is_named_exists() -> None:
    config: Any = CurateConfig()
    for settings in SETTINGS.values():
        for path in settings.split(", "):
            section, name = path.split(".")
            assert hasattr(getattr(config, section), name), path
    rules = rules_of({"filter": {"rules": [dataclasses.asdict(rule) for rule in DEFAULT_RULES]}})
    for reason in REASONS:
        assert setting_of(reason, None, None, rules) or reason in WITHOUT_SETTING, reason
    yaw = rules_of({"filter": {"rules": RULES}})
    assert setting_of("turned_away", -40.0, -30.0, yaw) == "filter.rules.turned_away.minimum"
    assert setting_of("turned_away", 40.0, 30.0, yaw) == "filter.rules.turned_away.maximum"


def test_a_real_run_adds_up_and_names_a_setting_for_all_that_a_rule_turned_down(curated: Run) -> None:
    for name in {row["source_name"] for table in ("videos", "failures") for row in curated.rows(table)}:
        said = "\n".join(explain_fate(str(curated.out), name))
        assert "do not add up" not in said and "No setting is known" not in said, said
    for clip in curated.rows("clips"):
        said = "\n".join(explain_fate(str(curated.out), clip["clip_id"]))
        assert clip["status"] in said and "gone" not in said
