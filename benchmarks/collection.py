"""Run the half of the chain that sees the whole collection on made-up clips, and say what it takes.

    python -m benchmarks.collection --data DIR [--sizes 20000,100000,1000000] [--folder FOLDER]

The chain's own transforms run from `People` to the end (who is who, copies, splits, balance, bias tables,
which shard a clip is in, tables), on benchmarks/disk_runner.py. Left out is what is done to one clip at a
time: its sample is not put together and no shard is written. Each size has a process of its own; FOLDER needs
about 60 kB a clip while it runs. DIR holds pictures that made-up faces are drawn like
(benchmarks/people_scale.py).
"""

import argparse
import dataclasses
import json
import multiprocessing
import os
import resource
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
from rich.console import Console

from benchmarks.disk_groups import StepCost
from benchmarks.disk_runner import DiskRunner
from benchmarks.made_collection import MAKING, Collection, MadeParts, lost, number_of, videos
from benchmarks.page import Part, Table, print_part
from benchmarks.people_scale import Factors, measured_factors
from pipelines.artefacts import ArtefactStore
from pipelines.config import CurateConfig
from pipelines.finish import Finish
from pipelines.ledger import Ledger
from pipelines.people import People
from pipelines.places import Places
from pipelines.run_folder import RunFolder
from schemas.parts import PartReader
from schemas.records.clip import Clip
from transforms.assign_split import SplitConfig
from transforms.balance import BalanceConfig, Target

SIZES = (20_000, 100_000, 200_000)
# The first that a transform's full label contains is its step.
_STEPS = (
    ("MadeUp", MAKING),
    ("People/ReadFace", "read faces"),
    ("People/ReadRegistry", "registry"),
    ("People/RegistryShard", "registry"),
    ("People/GroupMembers", "registry"),
    ("People/Register", "registry"),
    ("People/MergeShard", "why people are one"),
    ("People/GroupMerges", "why people are one"),
    ("People/WriteMerges", "why people are one"),
    ("TellFaces", "components of faces"),
    ("SettleFaces", "components of faces"),
    ("People/Certain", "components of faces"),
    ("People/Groups", "components of faces"),
    ("People/JoinPairs", "linkage into people"),
    ("People/Place", "linkage into people"),
    ("People/ByComponent", "linkage into people"),
    ("People/GroupComponents", "linkage into people"),
    ("People/Link", "linkage into people"),
    ("People/Members", "linkage into people"),
    ("Alike", "look-alikes"),
    ("SplitGroup", "look-alikes"),
    ("AcrossSplits", "faces across splits"),
    ("People/KnownFaces", "faces in blocks"),
    ("People/CountFaces", "faces in blocks"),
    ("People/Blocks", "faces in blocks"),
    ("People/Sample", "faces in blocks"),
    ("People/Pairs", "near pairs of faces"),
    ("People/Ends", "near pairs of faces"),
    ("People", "people judged"),
    ("Balance", "balance"),
    ("AssignSplits", "splits"),
    ("SummariseBias", "bias tables"),
    ("WriteTable", "tables"),
    ("Bucket", "shard planning"),
    ("Shard", "shard planning"),
)
_REST = "counts"
# What balancing is asked in the simulation: all it can do.
_BALANCE = BalanceConfig(
    targets=(Target(attributes=("gender",)), Target(attributes=("age_group",))), max_clips_per_person=20
)


def step_of(label: str) -> str:
    """Return the step that a transform belongs to."""
    return next((step for part, step in _STEPS if part in label), _REST)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class MadePlaces(Places):
    """Places where made-up clips have their faces and voices."""

    collection: Collection

    def parts_of(self, clip: Clip) -> PartReader:
        """Return a reader of what visits would have made of a clip."""
        return MadeParts(self.collection, number_of(clip.clip_id))


class Planned(Finish):
    """The end of the chain without the work on single clips: no sample is put together, no shard written."""

    def _check(self, clips: Any, ledger: Ledger) -> Any:
        return clips

    def _pack(self, shards: Any) -> Any:
        return shards | "ShardPlan" >> beam.MapTuple(
            lambda shard, clips: (f"{shard}: {len(list(clips))}", [])
        )


def collection_half(pipeline: Any, collection: Collection, config: CurateConfig, places: Places) -> Any:
    """Apply the half of the chain that sees the whole collection."""
    spans = pipeline | "MadeUp" >> beam.Create(collection.ranges())
    clips = spans | "MadeUpClips" >> beam.FlatMap(collection.clips)
    gone = clips | "MadeUpLost" >> beam.Map(lost) | "MadeUpGone" >> beam.Filter(lambda pair: pair is not None)
    ledger = Ledger()
    ledger.add("clips", gone | "MadeUpLostClips" >> beam.Map(lambda pair: pair[0]))
    ledger.add("rejections", gone | "MadeUpWhy" >> beam.Map(lambda pair: pair[1]))
    ledger.add("videos", spans | "MadeUpVideos" >> beam.FlatMap(videos, collection.num_clips))
    found = clips | People(config, places)
    ledger.add("rejections", found.rejections)
    ledger.add("failures", found.failures)
    ledger.add("clips", found.lost)
    for counted in found.summaries:
        ledger.count(counted)
    return {"passed": found.kept, **ledger.merged()} | Planned(config, places)


def config_of() -> CurateConfig:
    """Return the settings of the simulation: three splits, caps and targets; the rest as it comes."""
    return CurateConfig(split=SplitConfig(val_share=0.02, test_share=0.02), balance=_BALANCE)


@dataclasses.dataclass(frozen=True, slots=True)
class Simulated:
    """What a collection of one size took."""

    num_clips: int
    cpu_seconds: float
    wall_seconds: float
    peak_mb: float
    steps: dict[str, StepCost]


def simulate(collection: Collection, folder: Path) -> Simulated:
    """Run the collection's half in this process; what it writes is below `folder`."""
    run = RunFolder(str(folder / "out"))
    result = run.new_result()
    plain = run.places(result)
    places = MadePlaces(
        store=ArtefactStore(str(folder)), result=result, scratch=plain.scratch, biometric=plain.biometric,
        collection=collection,
    )  # fmt: skip
    runner = DiskRunner(step_of, folder / "shuffle")
    cpu, wall = time.process_time(), time.monotonic()
    pipeline = beam.Pipeline(runner=runner)
    _ = collection_half(pipeline, collection, config_of(), places)
    pipeline.run(test_runner_api=False)
    assert runner.costs is not None
    steps = dict(runner.costs.steps)
    return Simulated(
        collection.num_clips,
        time.process_time() - cpu,
        time.monotonic() - wall,
        max(step.peak_mb for step in steps.values()),
        steps,
    )


def _one_size(factors: Factors, size: int, folder: Path, limit_gb: float | None) -> None:
    if limit_gb is not None:
        most = int(limit_gb * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    work = folder / f"{size}"
    shutil.rmtree(work, ignore_errors=True)
    collection = Collection(str(work), size)
    collection.write_faces(factors)
    done = simulate(collection, work)
    (folder / f"{size}.json").write_text(json.dumps(dataclasses.asdict(done), indent=1), encoding="utf-8")
    shutil.rmtree(work, ignore_errors=True)
    print_part(Part(name="collection", tables=[table_of(done, folder)], values={}), Console(width=150))


def earlier(folder: Path, below: int) -> Simulated | None:
    """Return what the largest smaller collection that was measured took."""
    sizes = sorted(int(p.stem) for p in folder.glob("*.json") if p.stem.isdigit() and int(p.stem) < below)
    if not sizes:
        return None
    values = json.loads((folder / f"{sizes[-1]}.json").read_text(encoding="utf-8"))
    steps = {name: StepCost(**cost) for name, cost in values.pop("steps").items()}
    return Simulated(**values, steps=steps)


def table_of(done: Simulated, folder: Path) -> Table:
    """Return a table of the steps; growth is that of the time when the size doubles, from the size before."""
    before = earlier(folder, done.num_clips)
    rows: list[tuple[Any, ...]] = []
    for name, cost in sorted(done.steps.items(), key=lambda item: -item[1].cpu_seconds):
        if not name:
            continue
        growth = None
        if before is not None and before.steps.get(name, StepCost()).cpu_seconds > 0.5:
            ratio = cost.cpu_seconds / before.steps[name].cpu_seconds
            growth = float(ratio ** (1 / np.log2(done.num_clips / before.num_clips)))
        rows.append(
            (
                name, cost.cpu_seconds, growth, cost.peak_mb, cost.shuffle_bytes / 2**20,
                cost.shuffle_records, cost.largest_bytes / 2**20, cost.largest_values,
                cost.waiting_bytes / 2**20,
            )
        )  # fmt: skip
    total = sum(c.shuffle_bytes for c in done.steps.values()) / 2**20
    remark = (
        f"{done.num_clips} clips: {done.cpu_seconds:.0f} s of a processor, {done.wall_seconds:.0f} s in all, "
        f"peak {done.peak_mb:.0f} MB, {total:.0f} MB shuffled"
        + (f"; growth from {before.num_clips} clips" if before else "")
    )
    columns = (
        "step", "CPU s", "times a doubling", "peak MB", "shuffled MB", "records", "largest key MB",
        "values in it", "waited MB",
    )  # fmt: skip
    return Table(title="The collection's half", columns=columns, rows=rows, remark=remark)


def figures_of(folder: Path) -> str:
    """Return the steps of the largest size measured, and how they grew from the one before, as CSV."""
    last = earlier(folder, sys.maxsize)
    before = None if last is None else earlier(folder, last.num_clips)
    if last is None or before is None:
        raise FileNotFoundError(f"{folder}: two sizes must be measured first")
    ratio = last.num_clips / before.num_clips
    lines = ["step,clips,cpu_seconds,times_a_doubling,shuffle_mb,largest_mb"]
    for name, cost in sorted(last.steps.items(), key=lambda item: -item[1].cpu_seconds):
        then = before.steps.get(name)
        if then is None or name.startswith("(") or not name:
            continue
        growth = (cost.cpu_seconds / max(then.cpu_seconds, 1e-3)) ** (1 / np.log2(ratio))
        lines.append(
            f"{name},{last.num_clips},{cost.cpu_seconds:.2f},{growth:.2f},{cost.shuffle_bytes / 1e6:.1f},"
            f"{cost.largest_bytes / 1e6:.3f}"
        )
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Measure the sizes, one after the other, each in a process of its own."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with faces/")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--folder", type=Path, default=Path("out/collection"), help="default: out/collection")
    parser.add_argument("--figures", action="store_true", help="print what was measured as CSV")
    parser.add_argument("--limit-gb", type=float, help="most address space of the process, in GiB")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.figures:
        print(figures_of(options.folder), end="")
        return 0
    factors = _factors(options.data, options.folder / "factors.npz")
    for size in map(int, options.sizes.split(",")):
        process = multiprocessing.get_context("spawn").Process(
            target=_one_size, args=(factors, size, options.folder, options.limit_gb)
        )
        process.start()
        process.join()
        if process.exitcode:
            return 1
    return 0


def _factors(data: Path, kept: Path) -> Factors:
    """Return how faces differ; measured once."""
    if not kept.is_file():
        np.savez(kept, *measured_factors(data))
    with np.load(kept, allow_pickle=False) as archive:
        return archive["arr_0"], archive["arr_1"], archive["arr_2"]


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
