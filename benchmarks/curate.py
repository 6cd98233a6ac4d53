"""Measure `curate` on a folder of real videos: what comes out, which cuts are found, what it costs.

    python benchmarks/curate.py --data DIR [--only SUBSTRING] [--parts outcome,cuts,cost,scaling]
                                [--output FOLDER] [--reuse FOLDER] [--max-videos N]
                                [--scaling-videos N]

DIR holds manifest.csv and video/. Tables go to the terminal; results.json and results.md to the
output folder. `--reuse` evaluates outcome and cuts on a finished run instead of running again. Cost
and scaling take some of the videos, one of each folder in turn. Exit code 1: a target was missed.
"""

import argparse
import json
import logging
import os
import platform
import sys
import warnings
from pathlib import Path

# The first entry is this folder, whose files would hide others of the same names.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

PARTS = ("outcome", "cuts", "cost", "scaling")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", required=True, type=Path, help="folder with manifest.csv and video/")
    parser.add_argument("--only", help="only videos whose path contains this")
    parser.add_argument("--parts", default=",".join(PARTS), help="comma-separated; default: all")
    parser.add_argument("--output", type=Path, default=Path("out/bench"), help="default: out/bench")
    parser.add_argument("--reuse", type=Path, help="a finished run on the same videos, for outcome and cuts")
    parser.add_argument("--max-videos", type=int, default=8, help="for cost; default: 8")
    parser.add_argument("--scaling-videos", type=int, default=24, help="for scaling; default: 24")
    options = parser.parse_args()
    options.parts = options.parts.split(",")
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"--parts: unknown {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return options


def main() -> int:
    """Run the chosen parts; returns the exit code."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    logging.getLogger().setLevel(logging.ERROR)
    from pipelines.worker import limit_threads

    limit_threads()
    options = _options()
    from rich.console import Console

    from benchmarks.material import video_files
    from benchmarks.page import markdown, print_part

    console = Console()
    try:
        sources = video_files(options.data, options.only)
    except FileNotFoundError as error:
        Console(stderr=True).print(f"error: {error}", markup=False, soft_wrap=True)
        return 2
    options.output.mkdir(parents=True, exist_ok=True)
    parts = []
    for part in _measured(options, sources, console):
        print_part(part, console)
        parts.append(part)
        values = {"machine": _machine(), **{p.name: p.values for p in parts}}
        (options.output / "results.json").write_text(json.dumps(values, indent=1), encoding="utf-8")
        page = markdown(parts, f"curate on {len(sources)} videos")
        (options.output / "results.md").write_text(page, encoding="utf-8")
    console.print(f"written: {options.output / 'results.md'}", markup=False, soft_wrap=True)
    return 0 if all(met for part in parts for _, _, met in part.targets) else 1


def _measured(options: argparse.Namespace, sources: list[str], console):
    """Yield the chosen parts as they are done."""
    from benchmarks import cost, cuts, outcome, scaling
    from benchmarks.runs import run_curate

    folder, exit_code = options.reuse, None
    if folder is None and {"outcome", "cuts"} & set(options.parts):
        console.print(f"curating {len(sources)} videos; log: {options.output / 'run.log'}", markup=False)
        done = run_curate(options.data, sources, options.output / "run", 0)
        folder, exit_code = done.folder, done.exit_code
    if folder is not None and "outcome" in options.parts:
        yield outcome.evaluate(folder, sources, exit_code)
    if folder is not None and "cuts" in options.parts:
        yield cuts.evaluate(folder, options.data, sources)
    few = one_of_each(sources, options.max_videos)
    if "cost" in options.parts:
        yield cost.evaluate(options.data, few, options.output / "logs", lambda s: console.print(f"cost: {s}"))
    if "scaling" in options.parts:
        many = one_of_each(sources, options.scaling_videos)
        yield scaling.evaluate(options.data, many, options.output / "scaling")


def one_of_each(sources: list[str], count: int) -> list[str]:
    """Return `count` sources that can give clips: the first of each folder, then the second, ..."""
    from benchmarks.material import expectation_of, expectations

    expected = expectations()
    folders: dict[str, list[str]] = {}
    for source in sources:
        if expectation_of(source, expected).expect != "none":
            folders.setdefault(source.rsplit("/", 1)[0], []).append(source)
    rounds = max(map(len, folders.values()), default=0)
    ordered = [names[i] for i in range(rounds) for names in folders.values() if i < len(names)]
    return (ordered or sources)[:count]


def _machine() -> dict[str, object]:
    return {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}


if __name__ == "__main__":
    sys.exit(main())
