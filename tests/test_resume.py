"""Runs that are killed and resumed, watched while settings change, and given more videos.

The runs share folders; each test looks at one side of what was done there.
"""

import contextlib
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from benchmarks.killed_runs import Account, Visit, digests, finished, leftovers, visits
from tests.resume_runs import SETTINGS, TALKERS, VISITS, Place, counts, rows
from tests.watch_results import digest_of

SEED = 7


@dataclass(slots=True)
class Attempts:
    """A run that was killed several times and then let be."""

    out: Path
    killed_seconds: list[float | None] = field(default_factory=list)
    repeated: list[Visit] = field(default_factory=list)
    lost: list[Visit] = field(default_factory=list)


@pytest.fixture(scope="module")
def killed(place: Place, whole: Path) -> Attempts:
    """The run of `whole`, killed during visits, while shards are written, and just before it is published."""
    draw = random.Random(SEED)
    out, total = place.root / "killed", len(finished(whole))
    command = place.curate(out, place.manifest(TALKERS))
    account, done = Account(out), Attempts(out)
    some = draw.randint(2, total - 1)
    moments: list[tuple[Callable[[], bool], float]] = [
        (lambda: len(finished(out)) >= some, draw.uniform(0, 2)),
        (lambda: any(out.glob("results/*/shards/*")), 0.0),
        (lambda: any(out.glob("results/*/run.json")), 0.0),
    ]
    for condition, delay in moments:
        done.killed_seconds.append(command.kill_when(condition, delay))
        repeated, lost = account.attempt()
        done.repeated += repeated
        done.lost += lost
    command.run()
    done.repeated += account.attempt()[0]
    return done


def test_a_killed_run_ends_with_the_same_bytes(whole: Path, killed: Attempts) -> None:
    assert all(seconds is not None for seconds in killed.killed_seconds), "it ended before it was killed"
    assert digests(killed.out) == digests(whole)
    assert [row["status"] for row in rows(whole, "clips")] == ["accepted", "accepted"]
    assert len(list((whole / "shards").glob("*.tar"))) == 2 and len(digests(whole)) > 10


def test_no_visit_that_had_finished_is_done_again(whole: Path, killed: Attempts) -> None:
    assert killed.repeated == []
    assert len(killed.lost) <= 2 * len(killed.killed_seconds), "what two workers had in hand"
    assert finished(killed.out) == finished(whole)
    assert Counter(visits(killed.out)) - Counter(killed.lost) == Counter(visits(whole))


def test_nothing_is_left_over(whole: Path, killed: Attempts) -> None:
    assert leftovers(killed.out) == leftovers(whole) == []


def test_nothing_to_do_is_seen_at_once(place: Place, whole: Path) -> None:
    command = place.curate(whole, place.manifest(TALKERS))
    before = (whole / "current").readlink(), visits(whole)
    command.run()
    assert "Nothing to do" in command.log.read_text(encoding="utf-8")
    assert ((whole / "current").readlink(), visits(whole)) == before


def test_a_result_that_was_lost_is_made_again_from_what_there_is(place: Place, whole: Path) -> None:
    """As after a kill between the register of identities and the result that belongs to it."""
    out = place.root / "lost"
    shutil.copytree(whole, out, symlinks=True)
    (out / "current").unlink()
    place.curate(out, place.manifest(TALKERS)).run()
    assert digests(out) == digests(whole) and visits(out) == visits(whole) and leftovers(out) == []


# ---- Watched while settings change ---------------------------------------------------------------------


@dataclass(slots=True)
class Watched:
    """What a reader saw during reruns with other settings, what there was to see, and what was run."""

    out: Path
    looks: list[dict[str, Any]] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    begun: dict[str, Counter[str]] = field(default_factory=dict)
    counts: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)


@contextlib.contextmanager
def reader(out: Path, looks: Path) -> Iterator[None]:
    """A second process that looks at a folder all the time."""
    with looks.open("w") as found:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.watch_results", str(out)],
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.PIPE,
            stdout=found,
        )
        try:
            yield
        finally:
            process.communicate(timeout=30)


CHANGES: dict[str, dict[str, Any]] = {
    "body": {"fit_body": SETTINGS["fit_body"] | {"fine_iterations": 2}},
    "sync": {"sync": {"max_repair_spread_frames": 3}},
}


@pytest.fixture(scope="module")
def watched(place: Place, killed: Attempts) -> Watched:
    """One setting changed, then another; the first rerun is killed shortly before the end."""
    found = Watched(killed.out)
    out, looks = found.out, place.root / "looks.jsonl"
    found.results.append(digest_of(out))
    with reader(out, looks):
        for name, change in CHANGES.items():
            before = Counter(v.stage for v in visits(out))
            command = place.curate(out, place.manifest(TALKERS), **change)
            if name == "body":
                assert command.kill_when(lambda: len(list(out.glob("results/*/run.json"))) == 2) is not None
            command.run()
            found.results.append(digest_of(out))
            found.begun[name] = Counter(v.stage for v in visits(out)) - before
            found.counts[name] = counts((out / "run.json").read_bytes())
    found.looks = [json.loads(line) for line in looks.read_text().splitlines()]
    return found


def test_a_reader_sees_one_whole_result_at_every_moment(watched: Watched) -> None:
    assert len(set(watched.results)) == 3 and len(watched.looks) > 20
    seen = [look["seen"] for look in watched.looks]
    assert set(seen) == set(watched.results)
    assert seen == sorted(seen, key=watched.results.index), "never an older one again"
    assert sum(look["moved"] for look in watched.looks) <= 2, "once a publication, at most"


def test_plain_paths_show_a_mixture_at_most_to_who_reads_while_the_result_changes(watched: Watched) -> None:
    mixed = [look["plain"] for look in watched.looks if look["plain"] not in watched.results]
    assert len(mixed) <= 2, mixed


def test_a_changed_setting_runs_its_stage_and_what_hangs_on_it_alone(watched: Watched) -> None:
    assert watched.begun == {"body": {"body": 2}, "sync": {"sync": 2, "words": 2}}
    # The rerun of the body's setting found what the killed one had made.
    assert watched.counts["body"] == dict.fromkeys(VISITS, (2, 2))
    assert watched.counts["sync"] == dict.fromkeys(VISITS, (2, 2)) | {"sync": (2, 0), "words": (2, 0)}


def test_cleaning_removes_what_other_settings_made(place: Place, watched: Watched) -> None:
    before = digests(watched.out), len(finished(watched.out))
    place.command(watched.out, "clean", str(watched.out), "--yes").run()
    assert (digests(watched.out), len(finished(watched.out))) == (before[0], before[1] - 6)
    last = place.curate(watched.out, place.manifest(TALKERS), **CHANGES["sync"])
    last.run()
    assert "Nothing to do" in last.log.read_text(encoding="utf-8").rpartition("mentor curate")[2]


def test_of_added_videos_alone_there_is_work(place: Place, whole: Path) -> None:
    out = place.root / "added"
    shutil.copytree(whole, out, symlinks=True)
    more = (*TALKERS, "signer.mp4", "faceless.mp4")
    place.curate(out, place.manifest(more)).run()
    begun = Counter(visits(out)) - Counter(visits(whole))
    assert Counter(v.stage for v in begun) == {"probe": 2, "survey": 2, "audio": 1, "look": 1, "sync": 1}
    assert {v.subject for v in begun if v.stage == "probe"} == set(more) - set(TALKERS)
    found = counts((out / "run.json").read_bytes())
    assert {stage: found[stage][1] for stage in VISITS} == dict.fromkeys(VISITS, 2)
