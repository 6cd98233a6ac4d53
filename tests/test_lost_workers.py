"""Workers in processes elsewhere, one of which is lost in the middle of a job."""

import io
import json
import shutil
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from rich.console import Console

from benchmarks.killed_runs import digests
from benchmarks.worker_pools import job_flags
from commands.lost_workers import MOST_LOSSES, again_if_lost
from pipelines import worker_pools
from pipelines.embedded_server import GONE, WorkerLostError, embedded_server
from schemas.outcomes import BadInputError
from tests.resume_runs import TALKERS, Place
from tests.wheel_makers import Installed
from tests.worker_pools import PoolPlace, pools

ROOT = Path(__file__).parent.parent


def _work(number: int, folder: str) -> tuple[int, str]:
    """Say where it works; the first to come to 3 dies with its process."""
    import os as system
    import pathlib

    if number == 3:
        mark = pathlib.Path(folder) / "died"
        if not mark.exists():
            mark.write_text("")
            system.kill(system.getpid(), 9)
    return number, str(pathlib.Path.cwd())


def _keep(rows: list[tuple[int, str]], folder: str) -> None:
    import json
    import pathlib

    (pathlib.Path(folder) / "kept.json").write_text(json.dumps(sorted(rows)))


def job(address: str, folder: Path) -> None:
    """Run a job of six elements on three workers behind an address."""
    options = PipelineOptions([*job_flags(address, 3)])
    with embedded_server(patience_seconds=60.0), beam.Pipeline(options=options) as pipeline:
        worked = pipeline | beam.Create(range(6)) | beam.Map(_work, str(folder))
        _ = worked | beam.combiners.ToList() | beam.Map(_keep, str(folder))


@pytest.mark.filterwarnings("ignore")
def test_a_job_that_loses_a_worker_is_sent_again_and_ends(tmp_path: Path) -> None:
    said = io.StringIO()
    with pools(tmp_path / "pools", [PoolPlace("localhost")] * 3, {"PYTHONPATH": str(ROOT)}) as (address, _):
        again_if_lost(lambda: job(address, tmp_path), Console(file=said))
    kept = json.loads((tmp_path / "kept.json").read_text())
    assert [number for number, _ in kept] == list(range(6))
    places = {Path(place).name for _, place in kept}
    assert places <= {"pool0", "pool1", "pool2"} and len(places) > 1
    assert (tmp_path / "died").exists() and f"{GONE}; going on" in said.getvalue()


def test_what_cannot_be_in_front_of_pools_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    first, port = worker_pools.serve(["host:1"], 0)
    for arguments, said in (([str(port), "host:1"], "is taken"), (["0", "host"], "should be HOST:PORT")):
        with pytest.raises(SystemExit) as ended:
            worker_pools.main(["--service_port", *arguments])
        assert ended.value.code == 2 and said in capsys.readouterr().err
    first.stop(None)


def test_losses_without_end_are_one_line() -> None:
    def lost() -> None:
        raise WorkerLostError(GONE)

    said = io.StringIO()
    with pytest.raises(BadInputError, match="run the same command again"):
        again_if_lost(lost, Console(file=said))
    assert said.getvalue().count("going on") == MOST_LOSSES - 1


def test_what_else_fails_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), embedded_server():
        raise ZeroDivisionError


def test_pools_elsewhere_make_what_a_local_run_makes(
    place: Place, whole: Path, installed: Installed, tmp_path: Path
) -> None:
    """The pools have the wheel alone and other folders; what visits made is there, the rest they do anew."""
    out = tmp_path / "pooled"
    shutil.copytree(whole, out, symlinks=True)
    (out / "current").unlink()
    with pools(tmp_path / "pools", [PoolPlace("localhost")] * 2, installed.environment) as (address, _):
        place.curate(out, place.manifest(TALKERS), *job_flags(address, 2)).run()
    assert digests(out) == digests(whole)
