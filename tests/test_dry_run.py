"""A dry run says what would be done, where and at what price, and leaves no trace."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from rich.console import Console

from commands import dry_run
from pipelines import budget
from pipelines.config import CurateConfig, config_from
from pipelines.discover import discover
from pipelines.job_options import with_defaults
from pipelines.run_folder import RunFolder
from pipelines.runner import runner_options
from pipelines.to_do import ToDo, to_do
from schemas.outcomes import BadInputError
from tests.resume_runs import SETTINGS, TALKERS, Place
from tests.test_job_options import NEEDED

IMAGE = "--sdk_container_image=registry.example/mentor:1"


def said(videos: Path, options: PipelineOptions, **more: str) -> str:
    screen = io.StringIO()
    config = CurateConfig()
    inputs = discover(str(videos), config)
    out = videos.parent.parent / "out"
    dry_run.dry_run(inputs, str(out), config, options, Console(file=screen, width=250), **more)
    assert not out.exists()
    return screen.getvalue()


def dataflow(*flags: str) -> PipelineOptions:
    given = with_defaults("DataflowRunner", [*NEEDED, IMAGE, *flags], "curate")
    return PipelineOptions([*given, "--runner=DataflowRunner"])


@pytest.fixture
def videos(demo: Path, tmp_path: Path) -> Path:
    """A manifest of a talker, of somebody who did not agree, and of what is no video."""
    folder = tmp_path / "videos"
    folder.mkdir()
    shutil.copy(demo / "s31_lbig7s.mp4", folder / "talk.mp4")
    shutil.copy(demo / "s2_swwp2s.mp4", folder / "refused.mp4")
    (folder / "broken.mp4").write_bytes(b"no video")
    manifest = folder / "all.csv"
    manifest.write_text("uri,consent\ntalk.mp4,yes\nrefused.mp4,no\nbroken.mp4,yes\n")
    return manifest


def test_a_dry_run_here_says_what_there_is_to_do(videos: Path) -> None:
    told = said(videos, runner_options([]))
    assert "Inputs: 2 sources, " in told and "1 cannot be read; 1 more may not be opened (consent)" in told
    assert "finds cuts and speech, follows faces" in told and " cores of this machine" in told
    assert "Options as sent" not in told


def test_a_dry_run_on_dataflow_says_what_is_sent_and_what_it_costs(
    videos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    amount = dry_run.Amount(
        num_sources=1000,
        num_refused=0,
        num_looked_at=24,
        num_unreadable=0,
        mean_seconds=360.0,
        mean_bytes=1e7,
        to_do=ToDo(num_sources=1000, num_new=1000, redone=(), is_known=False),
    )
    monkeypatch.setattr(dry_run, "measure", lambda *_: amount)
    told = said(videos, dataflow("--max_num_workers=5"))
    hours = 100 * budget.cpu_seconds_per_second(budget.stage_costs())
    machine = next(m for m in budget.machines() if m.provider == "dataflow")
    assert "1000 sources, 100 h, 10 GB, reckoned from the headers of 24" in told
    assert "min_ram 20GB, cpu_count 8" in told
    assert "--experiments" in told and "no_use_multiple_sdk_containers" in told
    assert f"About {hours:.3g} core hours" in told and "on 5 machines of 8 vCPU" in told
    assert f"About {hours * (machine.usd_per_core_hour() or 0):.2f} US dollars" in told
    assert "the bill has a bound" not in told, "the user set it"


def test_what_the_last_result_has_is_not_done_again(whole: Path, place: Place, tmp_path: Path) -> None:
    last, config = RunFolder(str(whole)).current(), config_from(SETTINGS, "settings")
    inputs = discover(place.manifest([*TALKERS, "signer.mp4"]), config)
    left = to_do(last, inputs.sources, config)
    assert left == ToDo(num_sources=3, num_new=1, redone=())
    assert left.share("look") == 1 / 3 and left.share("check") == 1.0
    changed = replace(config, landmarks=replace(config.landmarks, min_score=0.9))
    redone = to_do(last, inputs.sources, changed).redone
    assert redone[0] == "look" and {"survey", "audio"}.isdisjoint(redone) and "body" in redone
    screen = io.StringIO()
    dry_run.dry_run(inputs, str(whole), config, runner_options([]), Console(file=screen, width=250))
    assert "New since the last result: 1 of 3; of the others nothing is done again" in screen.getvalue()
    nothing = to_do(RunFolder(str(tmp_path)).current(), inputs.sources, config)
    assert (nothing.num_new, nothing.is_known) == (3, False)


def test_what_cannot_be_told_is_not_made_up(videos: Path) -> None:
    assert dry_run.cost_lines(0.0, dataflow(), ()) == ["No estimate: no source says how long it is."]
    with pytest.raises(BadInputError, match="nowhere"):
        said(videos, runner_options([]), prices="nowhere.csv")
