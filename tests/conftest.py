"""What is made once for all tests: demo media, a corpus, and runs of the whole chain on it."""

import dataclasses
import hashlib
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pyarrow.dataset as ds
import pytest
from rich.console import Console

from commands.curate_videos import curate
from pipelines.config import CurateConfig, config_from
from pipelines.discover import discover
from reports.run_data import RunData
from schemas.run import RunSummary
from tests import remote_files, wheel_makers
from tests.makers import make_corpus
from tests.report_makers import Records, make_records
from tests.report_run import make_run, make_thumbs
from tests.resume_runs import TALKERS, Place, make_place

pytest_plugins = ("tests.cloud_fixtures",)

# No test is timed: on a machine that does other work an example may take long.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
# The small English recogniser and one look for written text: what is tested is the chain.
SETTINGS: dict[str, Any] = {
    "transcribe": {"model": "tiny.en", "beam_size": 1},
    "quality": {"text_frames": 1},
    "shards": {"clips_per_shard": 2},
    # One of the talkers, a student, looks 23.
    "minors": {"margin_years": 4.0},
}


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run of the chain: its input and output folders and what it says about itself."""

    corpus: Path
    out: Path
    config: CurateConfig
    summary: RunSummary
    text: str

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table."""
        files = sorted(map(str, (self.out / "tables").glob(f"{table}-*.parquet")))
        return ds.dataset(files).to_table().to_pylist()

    def digests(self, *folders: str) -> dict[str, str]:
        """Return the SHA-256 of every file below some folders of the output, by relative path."""
        files = [p for folder in folders for p in (self.out / folder).rglob("*") if p.is_file()]
        return {p.relative_to(self.out).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def run_chain(
    corpus: Path, out: Path, flags: Sequence[str] = (), *, num_processes: int = 2, seed: int | None = None
) -> Run:
    """Curate a folder with the settings of the tests.

    Args:
        flags: for Beam.
        num_processes: of the pool that each of Beam's workers has.
        seed: shuffles the files first.
    """
    isolation = {"num_processes": num_processes, "pin_to_cores": False}
    config = config_from(SETTINGS | {"isolation": isolation}, "the tests")
    inputs = discover(str(corpus), config)
    if seed is not None:
        shuffled = random.Random(seed).sample(inputs.sources, len(inputs.sources))
        inputs = dataclasses.replace(inputs, sources=shuffled)
    screen = io.StringIO()
    summary = curate(inputs, str(out), config, list(flags), Console(file=screen, width=200))
    return Run(corpus, out, config, summary, screen.getvalue())


@pytest.fixture(scope="session")
def demo() -> Path:
    """The folder of demo videos."""
    return Path(__file__).parent.parent / "demo" / "media"


@pytest.fixture(scope="session")
def corpus(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of talkers, unwanted videos and broken files; tests.makers.EXPECTED says what they are."""
    return make_corpus(demo, tmp_path_factory.mktemp("corpus") / "videos")


@pytest.fixture(scope="session")
def curated(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The corpus curated with threads as workers, as on a laptop."""
    return run_chain(corpus, tmp_path_factory.mktemp("curated") / "out")


@pytest.fixture(params=["local", "remote"])
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where a run folder may be."""
    monkeypatch.setenv(remote_files.VARIABLE, str(tmp_path / "store"))
    return "fake://bucket/out" if request.param == "remote" else str(tmp_path / "out")


@pytest.fixture(scope="session")
def place(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Videos of two seconds, for runs of the command line."""
    return make_place(demo, tmp_path_factory.mktemp("resume"))


@pytest.fixture(scope="session")
def whole(place: Place) -> Path:
    """The folder of an uninterrupted run on two of them; copy it to run more into it."""
    out = place.root / "whole"
    place.curate(out, place.manifest(TALKERS)).run()
    return out


@pytest.fixture(scope="session")
def records() -> Records:
    """What a made-up run of sixteen videos found, for pages that tell it."""
    return make_records(16)


@pytest.fixture(scope="session")
def run(records: Records) -> RunData:
    """That run as pages read it, with pictures."""
    return make_run(records, parts=2, thumbs=make_thumbs(records))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mentor's wheel."""
    place = tmp_path_factory.mktemp("wheel")
    return wheel_makers.build_wheel(wheel_makers.copy_tree(place / "tree"), place / "made")


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> wheel_makers.Installed:
    """A folder with nothing but what that wheel installs."""
    return wheel_makers.install(wheel, tmp_path_factory.mktemp("installed") / "lib")
