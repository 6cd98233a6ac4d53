"""A sample whose consent has ended is read no more, also by a training that began before."""

import datetime
import functools
import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from models.data.clips import clips
from models.data.config import WindowConfig
from models.data.loader import WindowLoader
from models.data.windows import ShardWindows
from schemas.outcomes import BadInputError
from schemas.records.source import Source, Terms
from tests.made_clips import known_clip
from tests.models.made_shards import write_shards

CONFIG = WindowConfig(num_frames=40, arrays=("smplx:jaw",), weighted=False)
LAST = datetime.date(2027, 1, 31)  # of two, by expiry and by withdrawal
AFTER = LAST + datetime.timedelta(1)
TERMS = (
    Terms(expires_on="2027-01-31"),
    Terms(withdrawn_on="2027-02-01"),
    Terms(expires_on="2029-01-01", withdrawn_on="2029-01-01"),
    Terms(),
)


class Clock:
    """Tells a day that a test sets."""

    def __init__(self, day: datetime.date) -> None:
        self.day = day

    def __call__(self) -> datetime.date:
        return self.day


def on(day: datetime.date) -> Callable[[], datetime.date]:
    """Return a clock that stands still, and that processes can be given."""
    return functools.partial(datetime.date, day.year, day.month, day.day)


def source(terms: Terms) -> Source:
    return replace(known_clip().source, terms=terms)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    out = tmp_path_factory.mktemp("ended") / "OUT"
    written = write_shards(out, (50, 60, 70, 80), num_shards=2, source=[source(terms) for terms in TERMS])
    return out, [clip.clip_id for clip in written]


@pytest.fixture
def out(made: tuple[Path, list[str]], tmp_path: Path) -> Path:
    return Path(shutil.copytree(made[0], tmp_path / "OUT"))


@pytest.mark.parametrize("indexed", [True, False])
def test_from_the_day_after_nobody_reads_it(
    out: Path, made: tuple[Path, list[str]], indexed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    keys = made[1]
    if not indexed:
        shutil.rmtree(out / "index")
    before = ShardWindows(out, CONFIG, seed=1, clock=on(LAST))
    assert {window.key for window in before} == set(keys) and not before.ended
    with caplog.at_level(logging.WARNING):
        after = ShardWindows(out, CONFIG, seed=1, clock=on(AFTER))
    assert {window.key for window in after} == set(keys[2:])
    assert {found.key for found in after.ended.values()} == set(keys[:2]) and not after.skipped
    assert all(found.ended and "held until 2027-01-31" in found.reason for found in after.ended.values())
    assert "2 samples are left out" in caplog.text
    assert {window.key for window in clips(out, CONFIG, split="train", clock=on(AFTER))} == set(keys[2:])
    after.load_state_dict(ShardWindows(out, CONFIG, seed=1, clock=on(LAST)).state_dict())
    assert len(list(after)) == 4, "a training that was stopped goes on, with others in their place"


def test_a_training_that_runs_on_notices_the_day(out: Path, made: tuple[Path, list[str]]) -> None:
    clock, keys = Clock(LAST), made[1]
    loader = WindowLoader(ShardWindows(out, CONFIG, seed=1, epochs=4, clock=clock))
    reading = iter(loader)
    first = [key for _ in range(4) for key in next(reading).keys]
    assert set(first) == set(keys) and not loader.ended
    clock.day = AFTER
    rest = [key for batch in reading for key in batch.keys]
    assert len(rest) == 12 and set(rest) == set(keys[2:])
    assert {found.key for found in loader.ended.values()} == set(keys[:2]) and not loader.skipped


def test_workers_name_what_they_leave_out(out: Path, made: tuple[Path, list[str]]) -> None:
    windows = ShardWindows(out, CONFIG, seed=1, clock=on(LAST))
    windows._reader._clock = on(AFTER)  # the day comes once the processes have begun
    loader = WindowLoader(windows, num_workers=1)
    assert {key for batch in loader for key in batch.keys} == set(made[1][2:])
    assert {found.key for found in loader.ended.values()} == set(made[1][:2]) and not loader.skipped


def test_the_sample_counts_where_its_index_says_nothing(out: Path, made: tuple[Path, list[str]]) -> None:
    for path in (out / "index").glob("*.parquet"):
        pq.write_table(pq.read_table(path).drop_columns(["consent_expires_on", "consent_withdrawn_on"]), path)
    windows = ShardWindows(out, CONFIG, seed=1, clock=on(AFTER))
    assert windows.num_samples == 4
    assert {window.key for window in windows} == set(made[1][2:])
    assert {found.key for found in windows.ended.values()} == set(made[1][:2])


def test_an_end_that_is_no_day_has_passed(tmp_path: Path) -> None:
    terms = [Terms(expires_on="some day"), Terms(withdrawn_on="0")]
    write_shards(tmp_path / "OUT", (50, 60), num_shards=1, source=list(map(source, terms)))
    with pytest.raises(BadInputError, match="all consents have ended"):
        ShardWindows(tmp_path / "OUT", CONFIG, seed=1, clock=on(LAST))
    assert list(clips(tmp_path / "OUT", CONFIG, split="train", clock=on(LAST))) == []


def test_samples_and_index_carry_the_end(made: tuple[Path, list[str]]) -> None:
    rows = {row["key"]: row for row in pq.read_table(made[0] / "index").to_pylist()}
    window = next(w for w in ShardWindows(made[0], CONFIG, seed=1, clock=on(LAST)) if w.key == made[1][0])
    assert rows[made[1][0]]["consent_expires_on"] == "2027-01-31"
    assert rows[made[1][1]]["consent_withdrawn_on"] == "2027-02-01"
    told = window.about["provenance"]["source"]["terms"]
    assert (told["expires_on"], told["withdrawn_on"]) == ("2027-01-31", "") and json.dumps(told)
