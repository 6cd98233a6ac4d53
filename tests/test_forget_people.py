"""Real runs that must forget people, try again what failed, or begin anew."""

import base64
import json
import shutil
import tarfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.killed_runs import leftovers, visits
from commands.thumbnails import thumbnails
from pipelines.config import config_from
from pipelines.identity_registry import read_registry, shard_paths
from pipelines.recipes import source_owner
from pipelines.run_folder import RunFolder
from schemas.layout import BIOMETRIC, REGISTRY
from schemas.records.source import Source
from tests.resume_runs import SETTINGS, TALKERS, Place, counts, rows

WINDOW = 48
GOES, STAYS = TALKERS


@dataclass(slots=True)
class Traces:
    """What would betray a person: names of their video and clips, and pieces of what was made of them."""

    names: list[str]
    pieces: list[bytes]

    def found(self, out: Path) -> list[str]:
        """Return the files below a folder whose names or bytes hold one of them."""
        files = [p for p in out.rglob("*") if p.is_file() and not p.is_symlink()]
        words = [name.encode() for name in self.names] + self.pieces
        held = [p for p in files if any(word in p.read_bytes() for word in words)]
        held += [p for p in out.rglob("*") if any(name in p.name for name in self.names)]
        return sorted({p.relative_to(out).as_posix() for p in held})


def traces_of(out: Path, place: Place, name: str) -> Traces:
    """Collect what a finished run holds of a video."""
    folder = RunFolder(str(out))
    (clip,) = [row for row in rows(out, "clips") if row["source_name"] == name]
    key, video_id = clip["clip_id"], clip["video_id"]
    owner = source_owner(Source(uri=str(place.videos / name), name=name))
    made = [p.read_bytes() for p in out.glob(f"*/??/{video_id}/*/*") if p.name != "record.json"]
    others: list[bytes] = []
    for tar_path in (out / "shards").glob("*.tar"):
        with tarfile.open(tar_path) as tar:
            for member in tar:
                handle = tar.extractfile(member)
                mine = made if member.name.startswith(key) else others
                mine += [] if handle is None else [handle.read()]
    picture = thumbnails(folder.places(folder.finished()), config_from(SETTINGS, "the tests"))[key]
    made += [picture, base64.b64encode(picture)]
    pieces = [data[len(data) * n // 3 :][:WINDOW] for data in made for n in (1, 2)]
    telling = [p for p in pieces if len(set(p)) > WINDOW // 4 and not any(p in data for data in others)]
    return Traces([key, video_id, owner], telling)


@dataclass(slots=True)
class Withdrawn:
    """A folder from which a person went, with what would betray them, before and after."""

    out: Path
    goes: Traces
    before: list[str]
    after_kills: list[str]


@pytest.fixture(scope="module")
def withdrawn(place: Place, whole: Path) -> Withdrawn:
    """A finished run, drawn and exported; then the consent goes, and two runs are killed before one ends."""
    out = place.root / "withdrawn"
    shutil.copytree(whole, out, symlinks=True)
    goes = traces_of(out, place, GOES)
    place.command(out, "inspect", str(out), goes.names[0]).run()
    place.command(out, "export", str(out), goes.names[0], "--format", "bvh").run()
    before = goes.found(out)
    # An unfinished result with everybody in it.
    sooner = place.curate(out, place.manifest(TALKERS), shards={"clips_per_shard": 3})
    assert sooner.kill_when(lambda: len(list(out.glob("results/*/shards/*.tar"))) >= 3) is not None
    later = place.curate(out, place.manifest(TALKERS, refused=(GOES,)))
    dead = set(out.glob("work/*/registry/*"))
    assert later.kill_when(lambda: bool(set(out.glob("work/*/registry/*")) - dead)) is not None
    after_kills = goes.found(out)
    later.run()
    return Withdrawn(out, goes, before, after_kills)


def test_nothing_of_a_person_who_withdrew_is_left_when_the_next_run_ends(withdrawn: Withdrawn) -> None:
    places = {name.split("/")[0] for name in withdrawn.before}
    assert {"artefacts", "biometric", "results", "inspect", "export", "logs"} <= places
    assert withdrawn.goes.pieces and withdrawn.goes.found(withdrawn.out) == []
    assert {name.split("/")[0] for name in withdrawn.after_kills} == {"results"}, "the last result alone"
    assert leftovers(withdrawn.out) == []


def test_the_others_stay_and_the_run_says_who_went(withdrawn: Withdrawn, place: Place) -> None:
    accepted = [r["source_name"] for r in rows(withdrawn.out, "clips") if r["status"] == "accepted"]
    assert accepted == [STAYS]
    (refused,) = [r for r in rows(withdrawn.out, "rejections") if r["reason"] == "consent_refused"]
    assert refused["source_name"] == GOES
    (clip,) = rows(withdrawn.out, "clips")
    registers = shard_paths(str(withdrawn.out / BIOMETRIC / REGISTRY))
    assert [row[0] for path in registers for row in read_registry(path)] == [clip["clip_id"]]
    found = counts((withdrawn.out / "run.json").read_bytes())
    assert all(seen == (1, 1) for stage, seen in found.items() if stage != "probe")
    last = json.loads((withdrawn.out / "work" / "last_run.json").read_text())
    assert {s["name"]: s["consent"] for s in last["sources"]} == {GOES: "refused", STAYS: "granted"}


def test_failures_alone_are_tried_again_and_fresh_runs_begin_anew(place: Place) -> None:
    out = place.root / "few"
    first = place.curate(out, place.manifest(("faceless.mp4", "broken.mp4")))
    done: list[Counter[str]] = []
    for command in (first, place.command(out, "retry", str(out))):
        command.run()
        done.append(Counter(f"{v.stage} {v.subject}" for v in visits(out)))
    (video,) = rows(out, "videos")
    begun = {"probe faceless.mp4": 1, "probe broken.mp4": 1, f"survey {video['video_id']}": 1}
    assert done[0] == begun and done[1] - done[0] == {"probe broken.mp4": 1}
    place.curate(out, place.manifest(("faceless.mp4", "broken.mp4")), "--fresh").run()
    again = Counter(f"{v.stage} {v.subject}" for v in visits(out)) - done[1]
    assert again == begun and leftovers(out) == []
