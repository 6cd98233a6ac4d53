"""Measure speech: words, language, lip sync, voices, noise and cost, against hand-set truth.

    python benchmarks/speech.py --data DIR [--parts alignment,recognition,...] [--run FOLDER]
                                [--output FOLDER]

DIR holds manifest.csv, speech/ and video/. Sync, voices and cost look at the clips of a run of `curate`
over video/, which is made in the output folder unless --run names one. Tables go to the terminal,
speech.json and speech.md to the output folder. Exit code 1: a target was missed.
"""

import argparse
import json
import logging
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

# The first entry is this folder, whose files would hide others of the same names.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

PARTS = (
    "alignment",
    "recognition",
    "language",
    "numerals",
    "scripts",
    "noise",
    "voices",
    "sync",
    "faces",
    "rules",
    "cost",
)


def main() -> int:
    """Run the chosen parts; returns the exit code."""
    warnings.filterwarnings("ignore")
    logging.getLogger().setLevel(logging.ERROR)
    from pipelines.worker import limit_threads

    limit_threads()
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--data", required=True, type=Path, help="folder with manifest.csv, speech/ and video/"
    )
    parser.add_argument("--parts", default=",".join(PARTS), help="comma-separated; default: all")
    parser.add_argument("--run", type=Path, help="a finished run of this benchmark, for sync and voices")
    parser.add_argument("--output", type=Path, default=Path("out/speech"), help="default: out/speech")
    options = parser.parse_args()
    chosen = options.parts.split(",")
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"--parts: unknown {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    from rich.console import Console

    from benchmarks import (
        speech_faces,
        speech_numerals,
        speech_rules,
        speech_scripts,
        speech_sync,
        speech_voices,
        speech_words,
    )
    from benchmarks.page import Part, markdown, print_part

    data, console = options.data, Console()
    options.output.mkdir(parents=True, exist_ok=True)

    def run() -> Path:
        return options.run or speech_sync.make_run(data, options.output / "run")

    def clips() -> list[speech_sync.LipClip]:
        return speech_sync.load_clips(data, run())

    def faces() -> Path:
        names = ["video/multi/two_women_table_portrait.mp4"]
        return speech_sync.make_run(data, options.output / "faces", names, rules_off=True)

    measures: dict[str, Callable[[], Part]] = {
        "alignment": lambda: speech_words.alignment_part(data),
        "recognition": lambda: speech_words.recognition_part(data),
        "language": lambda: speech_words.language_part(data),
        "numerals": lambda: speech_numerals.numerals_part(),
        "scripts": speech_scripts.scripts_part,
        "noise": lambda: speech_words.noise_part(data),
        "voices": lambda: speech_voices.voices_part(clips()),
        "sync": lambda: speech_sync.sync_part(data, run()),
        "faces": lambda: speech_faces.faces_part(data, run(), faces()),
        "rules": lambda: speech_rules.rules_part(data, run()),
        "cost": lambda: speech_voices.cost_part(clips(), speech_words.cost_of_words(data)),
    }
    done: list[Part] = []
    for name in PARTS:
        if name in chosen:
            done.append(measures[name]())
            print_part(done[-1], console)
    (options.output / "speech.md").write_text(markdown(done, "Speech"), encoding="utf-8")
    values = {part.name: part.values for part in done}
    (options.output / "speech.json").write_text(json.dumps(values, indent=1, default=str), encoding="utf-8")
    return int(any(not met for part in done for _, _, met in part.targets))


if __name__ == "__main__":
    sys.exit(main())
