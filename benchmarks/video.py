"""Measure the parts of a talking video on the clips of a run.

    python benchmarks/video.py --data OUT [--parts warp,network] [--split test] [--output FOLDER]
                               [--max-clips N] [--pictures N] [--model FILE]

Parts: `warp`, the photo carried along by the mesh, beside the photo itself and the real frames; `network`,
what the video model makes of it. Tables go to the terminal, results.json and pictures to the output folder.
"""

import argparse
import json
import sys
from pathlib import Path

# The first entry is this folder, whose files would hide others of the same names.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

PARTS = ("warp", "network")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", required=True, nargs="+", help="run folders or folders of shards")
    parser.add_argument("--parts", default=",".join(PARTS), help="comma-separated; default: all")
    parser.add_argument("--split", help="the people to judge on; default: all splits")
    parser.add_argument("--output", type=Path, default=Path("out/video"), help="default: out/video")
    parser.add_argument("--max-clips", type=int, default=100, help="default: 100")
    parser.add_argument("--pictures", type=int, default=12, help="people in the pictures; default: 12")
    parser.add_argument("--model", type=Path, help="a video model; default: the one that ships")
    options = parser.parse_args()
    options.parts = options.parts.split(",")
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"--parts: unknown {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return options


def main() -> int:
    """Run the chosen parts; returns the exit code."""
    from pipelines.worker import limit_threads

    limit_threads()
    options = _options()
    from rich.console import Console

    from benchmarks.video_network import measure_network
    from benchmarks.video_warp import measure_warp

    console = Console()
    options.output.mkdir(parents=True, exist_ok=True)
    results: dict[str, object] = {}
    data, split, most, output = options.data, options.split, options.max_clips, options.output
    if "warp" in options.parts:
        results["warp"] = measure_warp(data, split, most, options.pictures, output, console)
    if "network" in options.parts:
        results["network"] = measure_network(data, split, most, options.model, output, console)
    target = options.output / "results.json"
    target.write_text(json.dumps(results, indent=1), encoding="utf-8")
    console.print(f"written: {target}", markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
