"""Whether erasing takes everything, whatever it is called, and whenever it is killed.

    python -m benchmarks.erase --people FOLDER... [--run OUT --videos DIR] [--output out/erase]

Each folder has short videos of one person (`grid/s1`, `crema_d/1001`: the GRID corpus and CREMA-D). 24 files
of 12 people are made of them, three in files of two, and curated (`--run` takes such a run and its videos as
they are). Of copies of that run a source, a speaker, an identity and a clip are erased, and what is left is
searched by means that are none of Mentor's: tarfile, hashes, bytes, an ffmpeg program, dlib's networks. The
erasure of the identity is killed in all of its phases (`benchmarks/erase_kills.py`). A loader that was
started before must give no erased sample afterwards.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from rich.console import Console  # noqa: E402

from benchmarks.erase_kills import kills, prepared  # noqa: E402
from benchmarks.erase_material import MadeVideo, make_videos, planned_videos  # noqa: E402
from benchmarks.erase_search import nearest_face, traces_of  # noqa: E402
from benchmarks.killed_runs import Command  # noqa: E402
from benchmarks.page import Part, Table, markdown, print_part  # noqa: E402
from benchmarks.runs import read_rows  # noqa: E402
from models.data.config import WindowConfig  # noqa: E402
from models.data.loader import WindowLoader  # noqa: E402
from models.data.windows import ShardWindows  # noqa: E402
from schemas.outcomes import BadInputError  # noqa: E402

_FIT = ", ".join(f"{name}_iterations: 1" for name in ("rigid", "wide", "coarse", "catch", "fine"))
SETTINGS = f"""transcribe: {{model: tiny.en, beam_size: 1}}
quality: {{text_frames: 1}}
shards: {{clips_per_shard: 4}}
split: {{val_share: 0.15}}
fit_body: {{{_FIT}}}
isolation: {{num_processes: 2, pin_to_cores: false}}
"""


@dataclass(frozen=True, slots=True)
class Bench:
    """A finished run, its videos and what is in them, and the folder below which copies of it go."""

    run: Path
    videos: Path
    made: list[MadeVideo]
    folder: Path

    def command(self, name: str, *arguments: str) -> Command:
        """Return a command of Mentor's whose log is called after a copy."""
        return Command(arguments=arguments, log=self.folder / f"{name}.log")

    def copy(self, name: str) -> Path:
        """Return a new copy of the run."""
        target = self.folder / name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.run, target, symlinks=True)
        return target


def requests(bench: Bench) -> dict[str, str]:
    """Return who is erased, one a way: two people in files of their own, one in a file of two, a clip."""
    clips = [c for c in read_rows(bench.run, "clips") if c["status"] == "accepted"]
    together = {v.name for v in bench.made if len(v.people) > 1}
    alone = [v for v in bench.made if len(v.people) == 1]
    shared = [c for c in clips if c["source_name"] in together]
    people = {c["identity_identity_id"] for c in clips if c["source_name"] not in together}
    host = next(c for c in shared if c["identity_identity_id"] in people)
    guest = next(c for c in shared if c["identity_identity_id"] not in people)
    taken = {host["source_name"], guest["source_name"]}
    speaker = alone[-1].people[0]
    source = next(v.name for v in alone if v.people[0] != speaker and v.name not in taken)
    return {
        "source": source,
        "speaker": speaker,
        "identity": host["identity_identity_id"],
        "clip": guest["clip_id"],
    }


def meant(bench: Bench, way: str, name: str) -> tuple[set[str], set[str]]:
    """Return the keys of the clips, and the names of the files, that must be gone as one reads it."""
    clips = read_rows(bench.run, "clips")
    if way == "clip":
        return {name}, set()
    if way == "identity":
        return {c["clip_id"] for c in clips if c["identity_identity_id"] == name}, set()
    files = {name} if way == "source" else {v.name for v in bench.made if v.people == (name,)}
    return {c["clip_id"] for c in clips if c["source_name"] in files}, files


def ways(bench: Bench) -> Iterator[tuple[str, list[str], tuple[Any, ...]]]:
    """Erase in each way; yields the way, what is left, and a row of the table."""
    for way, name in requests(bench).items():
        out = bench.copy(way)
        clips, files = meant(bench, way, name)
        goes = traces_of(out, clips, files, bench.videos)
        there = len(goes.found(out))
        began = time.monotonic()
        code = bench.command(way, "erase", str(out), f"--{way}", name, "--yes").start().wait()
        if code:
            raise RuntimeError(f"erase --{way} ended with exit code {code}; see {bench.folder / way}.log")
        seconds = time.monotonic() - began
        left = goes.found(out)
        lint = bench.command(way, "lint", str(out)).start().wait()
        receipt = next((out / "erasures").glob("*.json"))
        verified = bench.command(way, "erase", str(out), "--verify", str(receipt)).start().wait()
        stays = {c["clip_id"] for c in read_rows(out, "clips")}
        others = {c["clip_id"] for c in read_rows(bench.run, "clips")} - clips
        nearest, own = nearest_face(bench.run, out, clips)
        row = (
            *(way, len(clips), there, len(left), len(others - stays), nearest, own),
            *(code, lint, verified, seconds),
        )
        yield way, left, row


def loaders(bench: Bench) -> tuple[int, int, list[str]]:
    """Read with a loader while a person is erased; returns windows before, after, and erased keys after."""
    out = bench.copy("loaders")
    person = requests(bench)["identity"]
    clips, _ = meant(bench, "identity", person)
    config = WindowConfig(num_frames=40, with_sound=False, max_bad_samples=10_000)
    windows = ShardWindows(str(out), config, seed=1, batch_size=2, epochs=None)
    loader = WindowLoader(windows, num_workers=2, prefetch_factor=4)
    before: list[str] = []
    after: list[str] = []
    batches = iter(loader)
    while not set(before) & clips or len(before) < 2 * windows.num_samples:
        before += next(batches).keys
    process = bench.command("loaders", "erase", str(out), "--identity", person, "--yes").start()
    while not (out / "exclusions.json").is_file() and process.poll() is None:
        time.sleep(0.001)
    process_ended = False
    try:
        while not process_ended:
            process_ended = process.poll() is not None
            after += next(batches).keys
        for _ in range(4 * windows.num_samples):
            after += next(batches).keys
    except BadInputError:
        pass  # the result that it read is gone
    process.wait()
    return len(before), len(after), sorted(set(after) & clips)


def measured(bench: Bench) -> Iterator[Part]:
    """Yield the parts as they are done."""
    found = list(ways(bench))
    columns = (
        *("named by", "clips", "places before", "left", "others lost", "nearest face left (dlib)"),
        *("their own at most", "exit code", "lint", "verify", "seconds"),
    )
    table = Table(title="Four ways of naming", columns=columns, rows=[row for *_, row in found], remark="")
    targets = [
        (f"{way}: nothing is left", ", ".join(left[:3]) or "nothing", not left) for way, left, _ in found
    ]
    targets += [
        (f"{row[0]}: lint and verify", f"{row[8]}, {row[9]}", row[7] == row[8] == row[9] == 0)
        for *_, row in found
    ]
    yield Part(name="ways", tables=[table], values={row[0]: row[3] for *_, row in found}, targets=targets)
    before, after, seen = loaders(bench)
    table = Table(
        title="A loader that was started before",
        columns=("windows before", "windows after the exclusion", "erased clips among these"),
        rows=[(before, after, len(seen))],
        remark="two processes read ahead, four batches each",
    )
    targets = [("no erased sample afterwards", str(len(seen)), not seen)]
    yield Part(name="loaders", tables=[table], values={"seen": seen}, targets=targets)
    yield kills(prepared(bench.run, bench.videos, bench.folder / "kills", requests(bench)["identity"]))


def _prepared(options: argparse.Namespace) -> Bench:
    folder = options.output.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    videos = folder / "videos"
    made = planned_videos(options.people) if options.run else make_videos(options.people, videos)
    if options.run:
        return Bench(options.run.absolute(), options.videos.absolute(), made, folder)
    config = folder / "config.yaml"
    config.write_text(SETTINGS, encoding="utf-8")
    named = (
        "--input",
        str(videos / "manifest.csv"),
        "--output",
        str(folder / "whole"),
        "--config",
        str(config),
    )
    Command(arguments=("curate", *named), log=folder / "whole.log").run()
    return Bench(folder / "whole", videos, made, folder)


def main() -> int:
    """Run the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--people", required=True, type=Path, nargs="+", help="folders, one a person")
    parser.add_argument("--run", type=Path, help="a finished run of these videos")
    parser.add_argument("--videos", type=Path, help="with --run: the videos it was made of")
    parser.add_argument("--output", type=Path, default=Path("out/erase"), help="default: out/erase")
    options = parser.parse_args()
    console, parts = Console(), list[Part]()
    for part in measured(_prepared(options)):
        print_part(part, console)
        parts.append(part)
        values = {p.name: p.values for p in parts}
        (options.output / "results.json").write_text(json.dumps(values, indent=1), encoding="utf-8")
        (options.output / "results.md").write_text(markdown(parts, "Erasing"), encoding="utf-8")
    return 0 if all(met for part in parts for _, _, met in part.targets) else 1


if __name__ == "__main__":
    sys.exit(main())
