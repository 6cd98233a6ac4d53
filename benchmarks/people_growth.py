"""How the steps that see a whole collection grow: seconds and memory at sizes that double.

    python -m benchmarks.people growth --data DIR

Each step and size runs in a process of its own on one core, on made-up clips; identities are measured by
`scale`. Memory is what the process takes at most, over what it takes before the step's input is there.
"""

import dataclasses
import gc
import multiprocessing
import random
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from apache_beam.coders import FastPrimitivesCoder
from rich.console import Console

from benchmarks.page import Part, Table, print_part
from pipelines.check_people import SplitFace, across_splits
from pipelines.components import ROUNDS
from pipelines.identity_registry import read_registry, shard_of, shard_paths, write_registry
from schemas.ids import derived_seed
from tests.bias_makers import AGE, GENDER, STAGES, planted_rows
from transforms import cluster_identities as ci
from transforms.balance import BalanceConfig, make_plan
from transforms.balance.candidates import Candidate
from transforms.clip_print import ClipPrint
from transforms.find_near_duplicates import DuplicateConfig, copies_among
from transforms.summarise_bias import BiasConfig, summarise
from transforms.summarise_bias.rows import Label, Row

_DIMENSIONS = 1152
_FACES_PER_PERSON = 5
_CODER = FastPrimitivesCoder()


def tied_groups(count: int) -> list[tuple[str, ...]]:
    """Return groups of ids as blocks leave them: people of five clips, every tenth in two blocks."""
    names = [f"{derived_seed(str(i), 'growth'):020d}" for i in range(count)]
    groups = [tuple(names[i : i + _FACES_PER_PERSON]) for i in range(0, count, _FACES_PER_PERSON)]
    return groups + [(a[0], b[0]) for a, b in zip(groups[::10], groups[1::10], strict=False)]


def run_components(groups: Sequence[tuple[str, ...]]) -> None:
    """Pass messages as the chain does, all in one process."""
    messages = [message for group in groups for message in ci.tie(group)]
    for _ in range(ROUNDS):
        told: dict[str, list[tuple[str, ...]]] = {}
        for name, names in messages:
            told.setdefault(name, []).append(names)
        messages = [message for name, names in told.items() for message in ci.pass_on(name, names)]


def split_blocks(count: int) -> list[list[SplitFace]]:
    """Return blocks of 8,000 faces in three splits."""
    draw = np.random.default_rng(0)
    faces = [
        SplitFace(f"{i:08d}", ("train", "train", "train", "val", "test")[i % 5], place, 1.0)
        for i, place in enumerate(draw.standard_normal((count, _DIMENSIONS), np.float32))
    ]
    return [faces[start : start + 8_000] for start in range(0, count, 8_000)]


def one_person(count: int) -> tuple[Any, list[ClipPrint]]:
    """Return descriptors and prints of one person's clips of eight seconds; one in ten is a copy."""
    draw = np.random.default_rng(0)
    descriptors = (1 + 0.005 * draw.standard_normal((count, _DIMENSIONS))).astype(np.float32)
    prints = [
        ClipPrint(
            sound=draw.integers(0, 220, (160, 32)).astype(np.uint8),
            face=draw.integers(-300, 300, (100, 63)).astype(np.int16),
            face_hz=12.5,
        )
        for _ in range(count)
    ]
    for i in range(0, count - 1, 10):
        descriptors[i + 1], prints[i + 1] = descriptors[i], prints[i]
    return descriptors, prints


def _sent(record: Any) -> Any:
    """Return a record as a worker has it that another one sent it to: it shares nothing."""
    return _CODER.decode(_CODER.encode(record))


def bias_rows(count: int) -> list[Row]:
    """Return rows of people of seven clips, as a worker has them when they come from others."""
    draw, drawn = random.Random(0), planted_rows(0, num_people=3_000)
    rows: list[Row] = []
    while len(rows) < count:
        part = [
            dataclasses.replace(
                row,
                row_id=f"{len(rows):08d}:{row.row_id}",
                person=f"{len(rows):08d}:{row.person}",
                scores=tuple(draw.random() for _ in range(6)),
            )
            for row in drawn[: count - len(rows)]
        ]
        rows += [_sent(row) for row in part]
    return rows


def attribute_rows(columns: int) -> list[Row]:
    """Return 20 clips with so many declared attributes."""
    return [
        Row(
            "clip", f"c{i}", f"p{i}", 5.0, {f"a{k}": Label(str((i * k) % 2), True) for k in range(columns)},
            scores=(0.0,) * 6,
        )
        for i in range(20)
    ]  # fmt: skip


def run_bias(rows: Sequence[Row]) -> None:
    """Make the tables of the bias report."""
    summarise(rows, STAGES, BiasConfig(), {}, {})


def candidates(count: int) -> list[Candidate]:
    """Return clips that came through the filters, as a worker has them when they come from others."""
    draw = random.Random(0)
    found: list[Candidate] = []
    for i in range(count):
        values = draw.choice(("feminine", "masculine")), draw.choice(("20-29", "30-39", "60-69"))
        clip = Candidate(f"{i:020d}", f"identity:{i // 7:020d}", f"video{i // 20:015d}", 5.0, values)
        found.append(_sent(clip))
    return found


def run_balance(clips: Sequence[Candidate]) -> None:
    """Plan with a cap a person and two targets."""
    make_plan(clips, BalanceConfig(targets=(GENDER, AGE), max_clips_per_person=5, method="subsample"))


def members(count: int) -> list[ci.Member]:
    """Return clips of people of five."""
    return [
        ci.Member(clip_id=f"{i:020d}", identity_id=f"{i // _FACES_PER_PERSON:020d}", distance=0.5)
        for i in range(count)
    ]


def run_registry(found: Sequence[ci.Member]) -> None:
    """Register people a shard at a time, and read all shards again."""
    with TemporaryDirectory() as folder:
        shards: dict[int, list[ci.Member]] = {}
        for member in found:
            shards.setdefault(shard_of(member.clip_id), []).append(member)
        for shard in shards.items():
            write_registry(shard, folder, folder)
        for path in shard_paths(folder):
            read_registry(path)


def run_across(blocks: Sequence[Sequence[SplitFace]]) -> None:
    """Compare the faces of each block across splits."""
    for block in blocks:
        across_splits(block)


def run_copies(person: tuple[Any, list[ClipPrint]]) -> None:
    """Look for copies among one person's clips."""
    copies_among(person[0], person[1], DuplicateConfig())


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """A step of the collection: what it is measured on, and at which sizes."""

    name: str
    unit: str
    sizes: tuple[int, ...]
    make: Callable[[int], Any]
    run: Callable[[Any], None]


STEPS = (
    Step("components, all rounds", "clips", (100_000, 200_000, 400_000), tied_groups, run_components),
    Step("faces across splits", "clips", (16_000, 32_000, 64_000), split_blocks, run_across),
    Step("copies among one person's clips", "clips", (2_000, 4_000, 8_000), one_person, run_copies),
    Step("registry", "clips", (100_000, 200_000, 400_000), members, run_registry),
    Step("balance", "clips", (10_000, 100_000, 1_000_000), candidates, run_balance),
    Step("bias tables, clips", "clips", (10_000, 100_000, 1_000_000), bias_rows, run_bias),
    Step("bias tables, columns", "columns", (100, 200, 400), attribute_rows, run_bias),
)


def memory_megabytes(what: str) -> float:
    """Return this process's memory in MB, now (`VmRSS`) or at most (`VmHWM`).

    getrusage's begins with the parent's.
    """
    found = re.search(rf"{what}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def _measure_one(number: int, size: int, answers: Any) -> None:
    step = STEPS[number]
    gc.collect()
    before = memory_megabytes("VmRSS")
    given = step.make(size)
    gc.collect()
    started = time.process_time()
    step.run(given)
    answers.put((time.process_time() - started, memory_megabytes("VmHWM") - before))


def measure() -> None:
    """Print a table of all steps."""
    context = multiprocessing.get_context("spawn")
    rows: list[tuple[Any, ...]] = []
    for number, step in enumerate(STEPS):
        last: tuple[int, float] | None = None
        for size in step.sizes:
            answers = context.Queue()
            process = context.Process(target=_measure_one, args=(number, size, answers))
            process.start()
            seconds, megabytes = answers.get()
            process.join()
            growth = None if last is None else (seconds / last[1]) ** (1 / np.log2(size / last[0]))
            rows.append((step.name, f"{size} {step.unit}", seconds, megabytes, growth))
            last = size, seconds
    columns = ("step", "size", "CPU s", "peak MB", "times a doubling")
    table = Table(title="Growth of the collection's steps", columns=columns, rows=rows)
    print_part(Part(name="growth", tables=[table], values={"rows": rows}), Console(width=110))
