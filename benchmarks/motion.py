"""Score a motion model on held-out people, beside what is simpler.

    python benchmarks/motion.py --shards OUT --split test [--model FILE] [--train-split train]
                                [--guidance 1,1.15,1.5] [--output FOLDER]

Rows: the model at each guidance, the real motion, an envelope of the sound, the nearest neighbour by sound
among the clips of --train-split, the mean pose of what was trained on, and the reference held still.
"Shuffled" is the same with another clip's sound. Figures are medians over clips (of blinks, which are
rare, means), with 95 % intervals by drawing people again; results.json has them all. A second table has
the model's mouths, at the first guidance, by group of people, as far as groups are large enough.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)


_SPREAD = {
    "frechet": "Fréchet distance of head and arms to real motion, on principal components of it",
    "diversity": "samples of one sound are apart by",
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--shards", required=True, nargs="+", help="run folders, folders of shards, or patterns"
    )
    parser.add_argument("--split", default="test", help="the people to judge on (default: test)")
    parser.add_argument("--train-split", default="train", help="where neighbours come from (default: train)")
    parser.add_argument("--model", type=Path, help="a motion model; default: the one that ships")
    parser.add_argument("--guidance", default="1,1.15,1.5,2.5", help="of the face, comma-separated")
    parser.add_argument("--long-seconds", type=float, default=60.0, help="of the motion looked at for seams")
    parser.add_argument("--min-people", type=int, default=5, help="no figure of fewer people of a group (5)")
    parser.add_argument("--output", type=Path, default=Path("out/motion"), help="default: out/motion")
    return parser.parse_args()


def main() -> int:
    """Score and print; returns the exit code."""
    options = _options()
    import torch
    from rich.console import Console

    from benchmarks.motion_groups import by_group, print_groups
    from benchmarks.motion_long import long_scores
    from benchmarks.motion_rows import MODEL, judged_clips, scored_rows
    from benchmarks.motion_spread import distances, diversity
    from benchmarks.motion_table import print_rows, summary

    torch.set_num_threads(1)  # windows are small: threads would wait for each other
    guidance = [float(part) for part in options.guidance.split(",")]
    judged = judged_clips(options.shards, options.split)
    neighbours = (
        judged_clips(options.shards, options.train_split) if options.train_split != options.split else []
    )
    rows = scored_rows(judged, neighbours, options.model, guidance)
    console = Console()
    print_rows(rows, console)
    model = next(row for row in rows if row.name.startswith(MODEL))
    groups = by_group(model, judged, options.min_people)
    print_groups(groups, console)
    options.output.mkdir(parents=True, exist_ok=True)
    target = options.output / "results.json"
    long = long_scores(judged, options.model, options.long_seconds)
    for name, scores in long.items():
        told = ", ".join(f"{key} {value:.2f}" for key, value in scores.items())
        console.print(f"{options.long_seconds:g} s, {name}: {told}", markup=False)
    spread = {"frechet": distances(rows), "diversity": diversity(judged, options.model)}
    for name, values in spread.items():
        told = ", ".join(f"{key} {value:.3g}" for key, value in values.items())
        console.print(f"{_SPREAD[name]}: {told}", markup=False)
    results = {"rows": summary(rows), "groups": groups, "long": long, **spread}
    target.write_text(json.dumps(results, indent=1), encoding="utf-8")
    console.print(f"written: {target}", markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
