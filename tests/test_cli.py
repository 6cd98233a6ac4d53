"""The command line: exit codes and messages as run_pipeline.py documents them."""

import datetime
import json
import subprocess
import sys
from pathlib import Path

import pytest

from backends.catalogue import describe_backends
from commands import command_line
from pipelines.config import CurateConfig, config_hash
from pipelines.run_folder import RunFolder
from schemas.run import PeopleSummary, StageSummary
from schemas.tables import TABLES, to_table
from tests.makers import make_clip
from tests.stored_run import publish_run
from transforms.storage import parquet_bytes, write_bytes

ROOT = Path(__file__).parent.parent


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run a command; return its exit code and what it wrote to standard error."""
    try:
        code = command_line.main(list(arguments))
    except SystemExit as stop:  # argparse
        code = int(stop.code or 0)
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["curate"],
        ["curate", "--input", "x"],
        ["train"],
        ["package"],
        ["inspect", "out"],
        ["doctor", "--verbose"],
        ["inspect", "out", "key", "--big"],
    ],
)
def test_a_command_that_cannot_be_understood_is_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    code, said = call(capsys, *arguments)
    assert code == 2 and "usage:" in said


def test_help_is_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "--help")[0] == call(capsys, "curate", "--help")[0] == 0


def test_inputs_that_cannot_be_used_are_2_and_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.yaml").write_text("clipz: {}\n")
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a.mp4").write_bytes(b"x")
    out = str(tmp_path / "out")
    videos = ["--input", str(tmp_path / "videos")]
    for arguments, named in [
        (["--input", str(tmp_path / "empty")], "no videos in this folder"),
        (["--input", str(tmp_path / "missing")], "no such file or folder"),
        (["--input", str(tmp_path / "missing.csv")], "no such manifest"),
        ([*videos, "--config", str(tmp_path / "bad.yaml")], "clipz"),
        ([*videos, "--config", str(tmp_path / "missing.yaml")], "no such file"),
    ]:
        code, said = call(capsys, "curate", "--output", out, *arguments)
        assert code == 2, arguments
        assert said.startswith("error: ") and named in said and "Traceback" not in said
    assert not Path(out).exists()


def test_a_name_with_markup_is_printed_as_it_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, said = call(capsys, "curate", "--input", str(tmp_path / "[red]x[/nope]"), "--output", "out")
    assert code == 2 and "[red]x[/nope]" in said


def test_an_output_folder_of_an_earlier_version_is_left_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a.mp4").write_bytes(b"x")
    out = tmp_path / "out"
    (out / "shards").mkdir(parents=True)
    (out / "shards" / "train-000000.tar").write_bytes(b"precious")
    (out / "run.json").write_text(json.dumps({"config_hash": "another"}))
    code, said = call(capsys, "curate", "--input", str(tmp_path / "videos"), "--output", str(out))
    assert code == 2 and "of an earlier version of Mentor" in said
    assert (out / "shards" / "train-000000.tar").read_bytes() == b"precious"
    assert sorted(p.name for p in out.iterdir()) == ["run.json", "shards"]


@pytest.mark.parametrize("command", ["curate", "retry", "package"])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--confg", "run.yaml"], "did you mean --config?"),
        (["--runer=FlinkRunner"], "did you mean --runner?"),
        (["stray"], "unknown argument 'stray'"),
        (["--runner=PortableRunner"], "--environment_type: LOOPBACK"),
    ],
)
def test_flags_that_nobody_knows_are_2_before_any_work(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str, wrong: list[str], said: str
) -> None:
    place = tmp_path / "out"
    given = ["--input", str(tmp_path), "--output", str(place)] if command == "curate" else [str(place)]
    code, error = call(capsys, command, *given, *wrong)
    assert code == 2 and said in error and error.startswith("error: ") and error.count("\n") == 1
    assert not place.exists()


NO_SUMMARIES = {
    "cut short": lambda data: data[: len(data) // 2],
    "not JSON": lambda _: b"\xff\xfe\x00",
    "empty": lambda _: b"",
    "a list": lambda _: b"[1, 2]",
    "without end": lambda _: b"[" * 100_000,
    "of another version": lambda data: data.replace(b'"schema_version": "', b'"schema_version": "0.'),
    "with words for numbers": lambda data: data.replace(b'"wall_seconds": 0.0', b'"wall_seconds": "soon"'),
    "with settings of no section": lambda data: data.replace(b'"config": {}', b'"config": {"filter": 5}'),
}  # fmt: skip


@pytest.mark.parametrize("damage", NO_SUMMARIES)
def test_a_run_json_that_is_none_is_2_for_every_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, damage: str
) -> None:
    clip = make_clip(status="accepted")
    result = publish_run(tmp_path / "out", [clip])
    place = Path(result.folder) / "run.json"
    whole = place.read_bytes()
    place.write_bytes(NO_SUMMARIES[damage](whole))
    assert place.read_bytes() != whole
    out = str(tmp_path / "out")
    for arguments in (
        ["package", out],
        ["explain", out, clip.clip_id],
        ["inspect", out, clip.clip_id],
        ["export", out, clip.clip_id, "--format", "glb"],
        ["retry", out],
        ["clean", out, "--yes"],
    ):
        code, said = call(capsys, *arguments)
        assert code == 2, (arguments, said)
        assert said.startswith("error: ") and "run.json" in said and said.count("\n") == 1


def test_failures_and_nothing_accepted_is_a_problem_at_any_number() -> None:
    from pipelines.summarise import nothing_accepted

    assert nothing_accepted(0, {}) == nothing_accepted(1, {"probe": 3}) == []
    assert "1 in probe" in nothing_accepted(0, {"probe": 1})[0]


def test_a_system_that_is_not_tested_is_a_note_and_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.summarise import Ended, summarise

    result = RunFolder(str(tmp_path)).new_result()
    for name in TABLES:
        write_bytes(f"{result.tables}/{name}-00000-of-00001.parquet", parquet_bytes(to_table(name, [])))
    monkeypatch.setattr(sys, "platform", "darwin")
    run = Ended(
        command="curate", config=CurateConfig(), ignored=[], wall_seconds=0.0, inputs_hash=None,
        today=datetime.date(2026, 11, 27),
    )  # fmt: skip
    summary = summarise(run, result, [], PeopleSummary())
    assert summary.problems == [] and "not tested on darwin" in summary.notes


def test_package_of_nothing_is_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, said = call(capsys, "package", str(tmp_path))
    assert code == 2 and said.startswith("error: ") and "no finished run" in said


def test_inspect_of_nothing_is_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, said = call(capsys, "inspect", str(tmp_path), "abc")
    assert code == 2 and said.startswith("error: ")


def test_doctor_is_0_when_all_is_there_and_names_every_backend_uncut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert command_line.main(["doctor"]) == 0
    listed = capsys.readouterr().out
    for b in describe_backends():
        assert f"\n{b.name}\n" in f"\n{listed}" and (b.weights_sha256 or "") in listed
        assert b.expected_sha256 is None or b.expected_sha256 == b.weights_sha256
    assert max(map(len, listed.splitlines())) <= 80


def test_a_run_of_broken_files_alone_is_complete_and_not_to_be_trusted(tmp_path: Path) -> None:
    """As a user starts it: in a process of its own, from another folder, on one file that fails."""
    videos = tmp_path / "videos"
    videos.mkdir()
    for number in range(1):
        (videos / f"{number}.mp4").write_bytes(b"not a video")
    (tmp_path / "run.yaml").write_text("isolation: {num_processes: 1}\n")
    command = [sys.executable, str(ROOT / "run_pipeline.py"), "curate"]
    command += ["--input", str(videos), "--output", "out", "--config", "run.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "no clip was accepted and something failed (1 in probe)" in " ".join(done.stdout.split())
    assert "Traceback" not in done.stderr
    about = json.loads((tmp_path / "out" / "run.json").read_text())
    assert about["failed_by_stage"] == {"probe": 1} and about["totals"]["sources"] == 1
    assert about["config_hash"] == config_hash(CurateConfig())


def test_lost_elements_are_a_problem() -> None:
    from pipelines.summarise import find_problems

    def stage(name: str, num_in: int, num_out: int, num_failed: int = 0) -> StageSummary:
        return StageSummary(
            stage=name, level="clip", num_in=num_in, num_out=num_out,
            num_rejected=num_in - num_out - num_failed, num_failed=num_failed,
            cpu_seconds=0.0, media_seconds=0.0, frames_decoded=0,
        )  # fmt: skip

    config, people = CurateConfig(), PeopleSummary()
    assert find_problems([stage("audio", 20, 15), stage("look", 15, 10)], people, config) == []
    assert (
        "lost or doubled" in find_problems([stage("audio", 20, 15), stage("look", 14, 10)], people, config)[0]
    )
    # A share of few elements says nothing.
    assert find_problems([stage("audio", 4, 0, num_failed=4)], people, config) == []
    assert "more than" in find_problems([stage("audio", 20, 5, num_failed=15)], people, config)[0]
    near = PeopleSummary(too_near=["a and b (0.300)"])
    assert "a and b" in find_problems([], near, config)[0]


def test_help_and_the_parser_import_nothing_heavy() -> None:
    script = "import sys; from commands import command_line; command_line._parser(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {
        "apache_beam",
        "torch",
        "mediapipe",
        "numpy",
        "pyarrow",
        "cv2",
        "av",
        "pandas",
        "scipy",
        "pebble",
    }
    assert not heavy & set(done.stdout.split())
