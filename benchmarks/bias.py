"""How well the bias report finds what was planted, repairs what was unbalanced, and covers the truth.

    python benchmarks/bias.py [--seeds 200] [--runs 500] [--confusion FILE] [--clips 100000]

Everything is simulated, so no data are needed; `--confusion` is an estimator's measured confusion, by
default the embedded one's (transforms/data/attribute_confusion.json).
"""

import argparse
import sys
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from pipelines.worker import limit_threads  # noqa: E402

limit_threads()

import numpy as np  # noqa: E402
from rich.console import Console  # noqa: E402

from benchmarks.page import Part, Table, print_part  # noqa: E402
from tests.bias_makers import (  # noqa: E402
    AGE,
    GENDER,
    GROUPS,
    PLANTED,
    STAGES,
    planted_imbalance,
    planted_rows,
)
from transforms.balance import BalanceConfig, make_plan  # noqa: E402
from transforms.summarise_bias import EMBEDDED_CONFUSION, BiasConfig, summarise  # noqa: E402
from transforms.summarise_bias.confusion import Confusion, adjust, read_confusions  # noqa: E402
from transforms.summarise_bias.flags import judge  # noqa: E402
from transforms.summarise_bias.funnel import compare_groups  # noqa: E402

ALPHA = 0.05


def flags(seed: int, shift: float) -> set[tuple[str, str, str]]:
    """Return what is flagged in a collection whose one group is darker by `shift`."""
    compared = compare_groups("clip", planted_rows(seed, shift=shift), STAGES, list(GROUPS), 5)
    return {(r.filter, r.attribute, r.value) for r in judge(compared, ALPHA, 5) if r.flagged}


def planted_bias(num_seeds: int) -> Part:
    """Count how often the planted bias is found, and anything else is flagged, with it and without."""
    rows, targets = [], []
    for name, shift, first in (("planted", 70.0, 0), ("weaker", 40.0, 0), ("none", 0.0, 1000)):
        found = [flags(first + seed, shift) for seed in range(num_seeds)]
        hit = sum(PLANTED in f for f in found)
        false = sum(bool(f - {PLANTED}) if shift else bool(f) for f in found)
        rows.append((name, num_seeds, hit if shift else None, false, false / num_seeds))
        if name == "planted":
            exact = all(f == {PLANTED} for f in found[:20])
            targets.append(
                ("the planted filter and group, and no other, in 20 of 20 seeds", f"{exact}", exact)
            )
        targets.append(
            (f"other flags at most 5 % ({name})", f"{false / num_seeds:.3f}", false <= ALPHA * num_seeds)
        )
    remark = "300 people, 7 clips each; one group in ten is darker by 70 or 40 of 255, or not at all."
    columns = ("bias", "collections", "found", "with another flag", "share")
    table = Table(title="Planted bias", columns=columns, rows=rows, remark=remark)
    return Part(name="planted_bias", tables=[table], values={"rows": rows}, targets=targets)


def repair(num_seeds: int) -> Part:
    """Measure how far balanced collections are from their targets; count what is declared out of reach."""
    rows = []
    worst, silent = 0.0, 0
    for feminine in (0.3, 0.15, 0.05, 0.01):
        misses, infeasible = [], 0
        for seed in range(num_seeds):
            plan = make_plan(planted_imbalance(1000, seed, feminine), BalanceConfig(targets=(GENDER, AGE)))
            reached = [abs((r.achieved or 0.0) - r.wanted) for r in plan.targets if r.feasible]
            misses.append(max(reached, default=0.0))
            named = [r for r in plan.targets if not r.feasible]
            infeasible += bool(named)
            silent += sum(not r.binding for r in named)
        worst = max(worst, *misses)
        rows.append((feminine, num_seeds - infeasible, infeasible, max(misses)))
    columns = ("share of the rare group", "repaired", "declared out of reach", "largest miss")
    table = Table(title="Planted imbalance, max_weight 5", columns=columns, rows=rows)
    targets = [
        ("targets met within 1 %", f"{worst:.5f}", worst <= 0.01),
        ("what is out of reach names its constraint", f"{silent} without", silent == 0),
    ]
    return Part(name="repair", tables=[table], values={"rows": rows}, targets=targets)


def coverage(path: Path, num_runs: int) -> Part:
    """Simulate labels with the measured confusion; count how often the corrected intervals hold the truth."""
    rows, targets = [], []
    for name, confusion in read_confusions(path).items():
        shares = []
        for label, people, clips, slope in (
            ("even", 2000, 1, 1),
            ("skewed", 2000, 1, 6),
            ("people", 400, 5, 3),
        ):
            mix = np.linspace(1, slope, len(confusion.categories))
            true = np.round(people * mix / mix.sum()).astype(int)
            inside, width = covered(confusion, true, clips, num_runs)
            rows += [
                (name, label, value, int(n * clips), share, half)
                for value, n, share, half in zip(confusion.categories, true, inside, width, strict=True)
            ]
            shares.append(float(inside.mean()))
        shown = ", ".join(f"{share:.3f}" for share in shares)
        met = all(0.93 <= share <= 0.97 for share in shares)
        targets.append((f"{name}: 93 to 97 % of intervals cover the truth", shown, met))
    columns = ("attribute", "mixture", "group", "true clips", "covered", "mean half width")
    remark = (
        f"{num_runs} runs; labels and the measured confusion are drawn anew in each. 'people': 5 clips each."
    )
    table = Table(title="Corrected counts", columns=columns, rows=rows, remark=remark)
    return Part(name="coverage", tables=[table], values={"rows": rows}, targets=targets)


def covered(
    confusion: Confusion, true: np.ndarray, clips: int, num_runs: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of runs whose interval holds the truth, and the mean half width, by group."""
    rng = np.random.default_rng(20)
    one = Confusion.certain(("",))
    faces = confusion.counts.sum(axis=1).astype(int)
    inside, width = np.zeros(len(true)), np.zeros(len(true))
    for _ in range(num_runs):
        measured = drawn(rng, faces, confusion)
        labels = drawn(rng, true, confusion).sum(axis=0)[:, None]
        again = Confusion(confusion.categories, confusion.columns, np.maximum(measured, 1e-9))
        found = adjust(labels * clips, labels * clips**2, again, one)
        inside += (found.low[:, 0] <= true * clips) & (true * clips <= found.high[:, 0])
        width += (found.high - found.low)[:, 0] / 2
    return inside / num_runs, width / num_runs


def drawn(rng: np.random.Generator, numbers: np.ndarray, confusion: Confusion) -> np.ndarray:
    """Return drawn labels of each true group (c x e)."""
    return np.array(
        [rng.multinomial(n, p) for n, p in zip(numbers, confusion.probabilities, strict=True)], float
    )


def cost(num_clips: int) -> Part:
    """Measure what the tables of a large collection cost."""
    rows = [row for seed in range(num_clips // 2100 + 1) for row in planted_rows(seed)][:num_clips]
    started = time.process_time()
    summarise(rows, STAGES, BiasConfig(scores=()), {}, {})
    seconds = time.process_time() - started
    line = (len(rows), seconds, 1e6 * seconds / len(rows))
    table = Table(title="Cost", columns=("clips", "processor s", "microseconds a clip"), rows=[line])
    return Part(name="cost", tables=[table], values={"clips": len(rows), "seconds": seconds})


def main() -> int:
    """Run all parts and print their tables; returns 1 if a target was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--confusion", type=Path, default=EMBEDDED_CONFUSION)
    parser.add_argument("--clips", type=int, default=100_000)
    options = parser.parse_args()
    parts = [planted_bias(options.seeds), repair(options.seeds)]
    if options.confusion.is_file():
        parts.append(coverage(options.confusion, options.runs))
    parts.append(cost(options.clips))
    for part in parts:
        print_part(part, Console(width=120))
    return 0 if all(met for part in parts for _, _, met in part.targets) else 1


if __name__ == "__main__":
    sys.exit(main())
