"""The arithmetic of docs/scale.md: what a collection takes, from measured figures. Prints Markdown tables.

    python -m benchmarks.budget [--hours-in 12000] [--hours-kept 2200] [--identities 800000]
                                [--clip-seconds 5] [--machines FILE] [--run OUT] [--write]

Figures of stages are those of pipelines/data, or of a run of yours (`--run`); prices those of
pipelines/data/machines.csv, or of a file with its columns (`--machines`). Figures of the steps that see the
whole collection are those of benchmarks/collection_costs.csv, made by `python -m benchmarks.collection
--figures`. `--write` puts the tables of the defaults into docs/scale.md.
"""

import argparse
import csv
import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines import budget
from schemas.run import StageSummary

ROOT = Path(__file__).resolve().parent.parent
PAGE, FIGURES = ROOT / "docs" / "scale.md", ROOT / "benchmarks" / "collection_costs.csv"
BEGIN, END = "<!-- python -m benchmarks.budget --write -->", "<!-- end -->"
# A clip's face and voice in biometric/.
BIOMETRIC_BYTES = 16_800
# What one worker holds of a clip (`python -m benchmarks.people growth`, a million clips).
HELD = {"balance": 760, "bias tables": 1_560}
# Steps of which one key gets all clips, or a sixteenth. The largest of the others is a block of faces, the
# sample of 16,384 of them, a file of a table or a shard, or a person: 200 clips of one, where measured.
GROWING = frozenset({"balance", "bias tables", "registry", "why people are one"})
# Steps that see every clip that was proposed, also those turned down; of each kept one there were so many.
SEE_ALL, RECORDS_A_CLIP = frozenset({"tables", "bias tables"}), 1.2
CORES = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Collection:
    """What is asked about."""

    hours_in: float = 12_000.0
    hours_kept: float = 2_200.0
    identities: int = 800_000
    clip_seconds: float = 5.0

    @property
    def clips_kept(self) -> float:
        """The number of clips in the shards."""
        return self.hours_kept * 3600 / self.clip_seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class StepFigures:
    """What a step took on `clips` clips, and how its time grew when the size doubled."""

    step: str
    clips: int
    cpu_seconds: float
    times_a_doubling: float
    shuffle_mb: float
    largest_mb: float

    def cpu_hours_at(self, clips: float) -> float:
        """Return processor hours for so many clips; never taken to grow less than in proportion."""
        power = max(math.log2(self.times_a_doubling), 1.0)
        return self.cpu_seconds * (clips / self.clips) ** power / 3600

    def largest_mb_at(self, clips: float) -> float:
        """Return the size of the largest group."""
        return self.largest_mb * (clips / self.clips if self.step in GROWING else 1.0)


def step_figures(path: Path = FIGURES) -> list[StepFigures]:
    """Return the measured steps."""
    with path.open(encoding="utf-8") as handle:
        rows = csv.DictReader(line for line in handle if not line.startswith("#"))
        return [
            StepFigures(step=r["step"], clips=int(r["clips"]), **{k: float(r[k]) for k in list(r)[2:]})
            for r in rows
        ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _stages(costs: Sequence[budget.StageCost], asked: Collection) -> Iterator[str]:
    stricter = budget.with_kept_share(costs, asked.hours_kept / asked.hours_in)
    hours = budget.core_hours(stricter, asked.hours_in)
    yield f"**By stage.** {asked.hours_in:,.0f} hours in, {asked.hours_kept:,.0f} kept:"
    yield ""
    yield from _table(
        ("stage", "processor s a second it sees", "sees, measured", "sees here", "core hours"),
        [
            (
                *(c.stage, f"{c.cpu_seconds:.3f}", f"{c.seen_share:.2f}"),
                *(f"{s.seen_share:.2f}", f"{hours[c.stage]:,.0f}"),
            )
            for c, s in zip(costs, stricter, strict=True)
        ]
        + [("all", "", "", "", f"{sum(hours.values()):,.0f}")],
    )  # fmt: skip
    most = asked.hours_in * sum(c.cpu_seconds for c in costs)
    days = sum(hours.values()) / CORES / budget.BUSY_SHARE / 24
    yield (
        f"A second of video takes {budget.cpu_seconds_per_second(costs):.2f} processor s as measured and "
        f"{budget.cpu_seconds_per_second(stricter):.2f} here; {CORES} cores take {days:.1f} days. "
        f"If all that is lost were lost at the very end it would be {most:,.0f} core hours, the most."
    )
    yield ""


def _money(
    costs: Sequence[budget.StageCost], asked: Collection, machines: Sequence[budget.Machine]
) -> Iterator[str]:
    measured = budget.cpu_seconds_per_second(costs)
    stricter = budget.with_kept_share(costs, asked.hours_kept / asked.hours_in)
    whole = sum(budget.core_hours(stricter, asked.hours_in).values())
    yield (
        f"**Money.** US dollars an hour of video as measured, and for all of it here; cores are busy "
        f"{budget.BUSY_SHARE:.0%} of the time. Prices change: `--machines FILE` takes yours."
    )
    yield ""
    rows = []
    for m in machines:
        prices = [m.usd_per_core_hour(spot=spot) for spot in (False, True)]
        each = ["–" if p is None else f"{p * measured:.3f}" for p in prices]
        total = ["–" if p is None else f"{p * whole:,.0f}" for p in prices]
        rows.append((f"{m.provider} {m.machine}", m.region, m.priced, f"{m.usd_per_hour:.3f}", *each, *total))
    yield from _table(
        ("machine", "region", "priced", "$ an hour", "an hour of video", "spot", "all", "spot"), rows
    )


def _bytes(costs: Sequence[budget.StageCost], asked: Collection) -> Iterator[str]:
    stricter = budget.with_kept_share(costs, asked.hours_kept / asked.hours_in)
    sizes = budget.stored_bytes(stricter, asked.hours_in)
    seen = {c.stage: c.seen_share for c in stricter}
    faces = asked.hours_in * 3600 * seen["look"] / asked.clip_seconds * BIOMETRIC_BYTES
    rows = [
        (
            "shards" if c.stage == "check" else f"parts of {c.stage}",
            f"{c.stored_bytes / 1e3:,.0f} kB a second {'kept' if c.stage == 'check' else 'it sees'}",
            f"{sizes[c.stage] / 1e12:.2f} TB",
        )
        for c in stricter
        if c.stage in sizes
    ]
    each = f"{BIOMETRIC_BYTES / 1e3:.1f} kB a clip that is looked at"
    yield "**Stored.**"
    yield ""
    yield from _table(
        ("what", "reckoning", "takes"), [*rows, ("`biometric/`", each, f"{faces / 1e9:,.0f} GB")]
    )


def _steps(
    costs: Sequence[budget.StageCost], asked: Collection, figures: Sequence[StepFigures]
) -> Iterator[str]:
    seen = {c.stage: c.seen_share for c in budget.with_kept_share(costs, asked.hours_kept / asked.hours_in)}
    kept, records = asked.clips_kept, asked.hours_in * 3600 * seen["audio"] / asked.clip_seconds
    yield (
        f"**The steps that see the whole collection.** {kept:,.0f} clips kept, {kept / asked.identities:.1f} "
        f"for each of {asked.identities:,} identities, and {records:,.0f} in the tables, also those turned "
        f"down; from {figures[0].clips:,} clips. Processor time is taken to grow as measured, but never less "
        "than in proportion."
    )
    yield ""
    rows, hours, shuffled = [], 0.0, 0.0
    for f in figures:
        clips = records / RECORDS_A_CLIP if f.step in SEE_ALL else kept
        took, moved = f.cpu_hours_at(clips), f.shuffle_mb / f.clips * clips / 1e3
        hours, shuffled = hours + took, shuffled + moved
        each = f"{1000 * f.cpu_seconds / f.clips:.2f}", f"{f.times_a_doubling:.2f}"
        rows.append((f.step, *each, f"{took:.2f}", f"{moved:,.1f}", f"{f.largest_mb_at(clips):,.1f}"))
    heads = ("step", "ms a clip", "times a doubling", "core hours", "shuffles GB", "largest key MB")
    yield from _table(heads, [*rows, ("all", "", "", f"{hours:.2f}", f"{shuffled:,.1f}", "")])
    held = {"balance": kept * HELD["balance"], "bias tables": records * HELD["bias tables"]}
    said = ", ".join(f"{name} {size / 1e9:.1f} GB" for name, size in held.items())
    yield f"Held by one worker: {said}; of everything else a group or a file at a time."


def render(asked: Collection, costs: Sequence[budget.StageCost], machines: Sequence[budget.Machine]) -> str:
    """Return the tables."""
    steps = _steps(costs, asked, step_figures())
    parts = (_stages(costs, asked), _money(costs, asked, machines), _bytes(costs, asked), steps)
    return "\n".join(line for part in parts for line in part).strip() + "\n"


def with_tables(page: str) -> str:
    """Return docs/scale.md with the tables of the defaults between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    made = render(Collection(), budget.stage_costs(), budget.machines())
    return f"{before}{BEGIN}\n\n{made}\n{END}{after}"


def _costs(run: Path | None) -> Sequence[budget.StageCost]:
    if run is None:
        return budget.stage_costs()
    found = json.loads((run / "run.json").read_text(encoding="utf-8"))
    stages = [StageSummary(**stage) for stage in found["stages"]]
    return budget.stage_costs_of(stages, found["totals"]["hours_in"] * 3600)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables, or write them into the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    asked = Collection()
    parser.add_argument("--hours-in", type=float, default=asked.hours_in)
    parser.add_argument("--hours-kept", type=float, default=asked.hours_kept)
    parser.add_argument("--identities", type=int, default=asked.identities)
    parser.add_argument("--clip-seconds", type=float, default=asked.clip_seconds)
    parser.add_argument("--machines", help="a CSV file with the columns of pipelines/data/machines.csv")
    parser.add_argument("--run", type=Path, help="the output folder of a finished run")
    parser.add_argument(
        "--write", action="store_true", help="write the tables of the defaults to docs/scale.md"
    )
    options = parser.parse_args(arguments)
    if options.write:
        PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        return 0
    asked = Collection(
        hours_in=options.hours_in, hours_kept=options.hours_kept, identities=options.identities,
        clip_seconds=options.clip_seconds,
    )  # fmt: skip
    print(render(asked, _costs(options.run), budget.machines(options.machines)), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
