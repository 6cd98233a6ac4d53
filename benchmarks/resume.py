"""Kill one run many times and see what that costs, and whether the result is the same to the byte.

    python benchmarks/resume.py --data DIR [--only SUBSTRING] [--videos 24] [--kills 20] [--seed 0]
                                [--modes embed,loopback,processes] [--output FOLDER]

DIR holds manifest.csv and video/. An uninterrupted run comes first; then the same run into another folder is
killed at random moments, from its first visit to its publication. Afterwards: a rerun with nothing to do, one
setting changed, two videos added, and the same run under Beam's other modes, once killed. Tables go to the
terminal; results.json and results.md to the output folder. Exit code 1: a target was missed.
"""

import argparse
import json
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The first entry is this folder, whose files would hide others of the same names.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from rich.console import Console  # noqa: E402

from benchmarks.curate import one_of_each  # noqa: E402
from benchmarks.killed_runs import Account, Command, digests, finished, leftovers, visits  # noqa: E402
from benchmarks.material import video_files  # noqa: E402
from benchmarks.page import Part, Table, markdown, print_part  # noqa: E402
from benchmarks.runs import read_run, write_inputs  # noqa: E402

MOST_REPEATED = 0.05
# A rerun with nothing to do: so long, and so much longer for each video.
IDLE_SECONDS, IDLE_SECONDS_PER_VIDEO = 10.0, 0.01
MODES = {
    "embed": (
        "--runner=PortableRunner",
        "--job_endpoint=embed",
        "--environment_type=beam:env:embedded_python:v1",
    ),
    "loopback": ("--runner=PortableRunner", "--job_endpoint=embed", "--environment_type=LOOPBACK"),
    "processes": (
        *("--runner=FnApiRunner", "--direct_running_mode=multi_processing", "--direct_num_workers=2"),
    ),
}
# The share of a run's visits, and beyond 1 the time after the last of them, at which kills are drawn.
_LATEST_MOMENT = 1.2


@dataclass(frozen=True, slots=True)
class Bench:
    """The videos, the folder below which runs go, and the moments' seed."""

    data: Path
    sources: list[str]
    folder: Path
    seed: int

    def curate(self, name: str, sources: list[str], settings: dict[str, Any], *flags: str) -> Command:
        """Return the command that curates sources into the run folder `name`."""
        manifest, config = write_inputs(self.data, sources, self.folder / name, settings)
        named = ("--input", str(manifest), "--output", str(self.folder / name), "--config", str(config))
        return Command(arguments=("curate", *named, *flags), log=self.folder / f"{name}.log")


def killed(bench: Bench, kills: int, idle_seconds: float, say: Any) -> Part:
    """Kill a run at random moments and let it end; compare it with the uninterrupted one."""
    draw = random.Random(bench.seed)
    whole, out = bench.folder / "whole", bench.folder / "killed"
    total = len(finished(whole))
    command, account = bench.curate("killed", bench.sources, {}), Account(out)
    rows: list[tuple[Any, ...]] = []
    num_repeated = num_lost = 0
    for number, moment in enumerate(sorted(draw.uniform(0.0, _LATEST_MOMENT) for _ in range(kills)), start=1):
        wanted = min(round(moment * total), total)
        # What follows the last visit, and start-up, take about as long as a rerun of everything.
        delay = draw.uniform(0.0, 2.0 if wanted < total else idle_seconds)
        ran = command.kill_when(lambda wanted=wanted: len(finished(out)) >= wanted, delay)
        repeated, lost = account.attempt()
        num_repeated, num_lost = num_repeated + len(repeated), num_lost + len(lost)
        rows.append((number, f"{wanted} of {total}", ran, len(account.done), len(repeated), len(lost)))
        say(f"kill {number}: {len(account.done)} of {total} visits finished")
    command.run()
    num_repeated += len(account.attempt()[0])
    same, left, share = digests(out) == digests(whole), leftovers(out), num_repeated / total
    columns = ("kill", "moment (visits)", "after s", "finished", "repeated", "lost in flight")
    remark = (
        f"{num_lost} visits were under way when a kill came; nothing is kept of those (after –: it ended)"
    )
    targets = [
        ("shards, tables and pages are the same bytes", "yes" if same else "no", same),
        ("finished work repeated, at most 5 %", f"{100 * share:.1f} %", share <= MOST_REPEATED),
        ("left over", ", ".join(left) or "nothing", not left),
    ]
    values = {
        "identical": same,
        "repeated": num_repeated,
        "lost": num_lost,
        "total": total,
        "leftovers": left,
    }
    table = Table(title="Kills of one run", columns=columns, rows=rows, remark=remark)
    return Part(name="killed", tables=[table], values=values, targets=targets)


def reruns(bench: Bench, last: list[str]) -> Part:
    """Run again with nothing to do, with one setting changed, and with two videos added.

    Args:
        last: the sources that are added.
    """
    out, few = bench.folder / "whole", len(bench.sources)
    idle = bench.curate("whole", bench.sources, {}).run()
    limit = IDLE_SECONDS + IDLE_SECONDS_PER_VIDEO * few
    rows: list[tuple[Any, ...]] = [("nothing to do", idle, "", "")]
    changed, seconds = _begun(bench, out, bench.sources, {"fit_body": {"fine_iterations": 9}})
    rows.append(("fit_body.fine_iterations 8 -> 9", seconds, _text(changed), _reused(out)))
    added, seconds = _begun(bench, out, [*bench.sources, *last], {"fit_body": {"fine_iterations": 9}})
    rows.append(("two videos added", seconds, _text(added), _reused(out)))
    targets = [
        (f"nothing to do, at most {limit:.1f} s", f"{idle:.1f} s", idle <= limit),
        ("a setting of the body fit runs body alone", _text(changed), set(changed) == {"body"}),
        ("two added videos are probed alone", _text(added), added["probe"] == added["survey"] == len(last)),
    ]
    columns = ("rerun", "wall s", "visits begun", "reused of seen")
    values = {"idle_seconds": idle, "changed": dict(changed), "added": dict(added)}
    table = Table(title="Reruns", columns=columns, rows=rows, remark=f"{few} videos")
    return Part(name="reruns", tables=[table], values=values, targets=targets)


def _begun(
    bench: Bench, out: Path, sources: list[str], settings: dict[str, Any]
) -> tuple[Counter[str], float]:
    """Run into a folder again; returns the visits begun by stage, and the seconds."""
    before = Counter(v.stage for v in visits(out))
    seconds = bench.curate(out.name, sources, settings).run()
    return Counter(v.stage for v in visits(out)) - before, seconds


def _text(begun: Counter[str]) -> str:
    return ", ".join(f"{stage} {count}" for stage, count in begun.items()) or "none"


def _reused(out: Path) -> str:
    stages = [s for s in read_run(out)["stages"] if s["num_reused"]]
    return ", ".join(f"{s['stage']} {s['num_reused']}/{s['num_in']}" for s in stages)


def modes(bench: Bench, names: list[str], reference: dict[str, str]) -> Part:
    """Run under Beam's other modes, killed once on the way; compare with the uninterrupted run."""
    rows: list[tuple[Any, ...]] = []
    for name in names:
        out = bench.folder / name
        command, account = bench.curate(name, bench.sources, {}, *MODES[name]), Account(out)
        killed_after = command.kill_when(lambda out=out: len(finished(out)) >= 3 * len(bench.sources))
        account.attempt()
        began = time.monotonic()
        try:
            command.run()
            same, why = digests(out) == reference, ""
        except RuntimeError as error:
            same, why = False, str(error)
        repeated = len(account.attempt()[0])
        rows.append(
            (name, " ".join(MODES[name]), killed_after, time.monotonic() - began, repeated, same, why)
        )
    columns = ("mode", "flags", "killed after s", "then s", "repeated", "same bytes", "error")
    targets = [(f"{row[0]}: the same bytes, resumed", "yes" if row[5] else "no", row[5]) for row in rows]
    table = Table(title="Other modes of Beam, each killed once", columns=columns, rows=rows)
    return Part(name="modes", tables=[table], values={row[0]: row[5] for row in rows}, targets=targets)


def measured(bench: Bench, options: argparse.Namespace, last: list[str], console: Console) -> Iterator[Part]:
    """Yield the parts as they are done."""

    def say(line: str) -> None:
        console.print(line, markup=False)

    say(f"curating {len(bench.sources)} videos")
    seconds = bench.curate("whole", bench.sources, {}).run()
    reference = digests(bench.folder / "whole")
    say(f"uninterrupted: {seconds:.0f} s, {len(finished(bench.folder / 'whole'))} visits")
    yield killed(bench, options.kills, IDLE_SECONDS, say)
    yield modes(bench, options.modes, reference)
    yield reruns(bench, last)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", required=True, type=Path, help="folder with manifest.csv and video/")
    parser.add_argument("--only", help="only videos whose path contains this")
    parser.add_argument("--videos", type=int, default=24, help="default: 24; two more are added at the end")
    parser.add_argument("--kills", type=int, default=20, help="default: 20")
    parser.add_argument("--seed", type=int, default=0, help="of the moments; default: 0")
    parser.add_argument("--modes", default=",".join(MODES), help="of Beam, comma-separated; default: all")
    parser.add_argument("--output", type=Path, default=Path("out/resume"), help="default: out/resume")
    options = parser.parse_args()
    options.modes = list(filter(None, options.modes.split(",")))
    if unknown := set(options.modes) - set(MODES):
        parser.error(f"--modes: unknown {', '.join(sorted(unknown))}; there are {', '.join(MODES)}")
    return options


def main() -> int:
    """Run the benchmark; returns the exit code."""
    options, console = _options(), Console()
    try:
        found = one_of_each(video_files(options.data, options.only), options.videos + 2)
    except FileNotFoundError as error:
        Console(stderr=True).print(f"error: {error}", markup=False, soft_wrap=True)
        return 2
    runs = options.output / "runs"
    shutil.rmtree(runs, ignore_errors=True)
    runs.mkdir(parents=True)
    bench = Bench(options.data, found[:-2], runs.absolute(), options.seed)
    parts: list[Part] = []
    for part in measured(bench, options, found[-2:], console):
        print_part(part, console)
        parts.append(part)
        values = {p.name: p.values for p in parts}
        (options.output / "results.json").write_text(json.dumps(values, indent=1), encoding="utf-8")
        page = markdown(parts, f"{options.kills} kills of a run over {len(bench.sources)} videos")
        (options.output / "results.md").write_text(page, encoding="utf-8")
    return 0 if all(met for part in parts for _, _, met in part.targets) else 1


if __name__ == "__main__":
    sys.exit(main())
