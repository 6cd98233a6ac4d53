"""Wall time of the same run with one and with two worker processes, each in a fresh process.

The whole command is timed: imports and the report happen once, and every worker process loads its
models, so little work scales badly. A busy machine makes the ratio meaningless.
"""

from pathlib import Path
from typing import Any

from benchmarks.page import Part, Table
from benchmarks.runs import read_run, run_curate

MIN_SPEED_UP = 1.7
# Below this much work start-up, loading and the last video's tail say more than the chain.
MIN_WORK_SECONDS = 60.0


def evaluate(data: Path, sources: list[str], folder: Path) -> Part:
    """Curate sources with 1 and with 2 processes below `folder` and compare."""
    rows: list[tuple[Any, ...]] = []
    walls: dict[int, float] = {}
    work = 0.0
    for count in (1, 2):
        done = run_curate(data, sources, folder / f"processes-{count}", count)
        run = read_run(done.folder)
        walls[count] = done.wall_seconds
        work = max(work, run["totals"]["cpu_seconds"])
        loads = sum(s["cpu_by_step"].get("load_models", 0.0) for s in run["stages"])
        rows.append(
            (
                count,
                done.wall_seconds,
                run["wall_seconds"],
                done.cpu_seconds,
                run["totals"]["cpu_seconds"],
                loads,
                run["totals"]["accepted_clips"],
            )
        )
    speed_up = walls[1] / walls[2]
    columns = ("processes", "wall s", "of it pipeline", "CPU s", "of it visits", "loading", "clips accepted")
    remark = f"{len(sources)} videos; CPU of all processes, start-up and Beam included"
    if work < MIN_WORK_SECONDS:
        remark += f"; too little work to judge (visits under {MIN_WORK_SECONDS:.0f} s)"
    return Part(
        name="scaling",
        tables=[Table(title="One and two processes", columns=columns, rows=rows, remark=remark)],
        values={"speed_up": speed_up, "rows": [dict(zip(columns, r, strict=True)) for r in rows]},
        targets=[
            (
                f"two processes against one, at least {MIN_SPEED_UP} times as fast",
                f"{speed_up:.2f}",
                speed_up >= MIN_SPEED_UP and work >= MIN_WORK_SECONDS,
            )
        ],
    )
