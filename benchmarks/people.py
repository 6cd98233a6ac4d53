"""How well people are told apart and perceived.

    python -m benchmarks.people --data DIR [attributes] [minors] [identities] [scale] [growth] [copies]
                               [strangers] [likeness] [--run OUT]

`minors` says how many children are taken for possible ones, and how many adults.

`strangers` counts false merges among very many of them, and with `--strangers FOLDER` compares that folder's
people with DIR's as what distances are relative to.

`likeness` prints how near photos of one person and of two come to each other, for `find-person`.

DIR has manifest.csv, faces/utkface_balanced (labels.csv) and faces/lfw10 (a folder a person); --run names a
finished run over DIR/video, whose clips are compared with the manifest's identities and labels. For `copies`
DIR has folders of short videos, one a person (benchmarks/people_copies.py).
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import (
    people_ages,
    people_attributes,
    people_copies,
    people_false_merges,
    people_growth,
    people_identities,
    people_likeness,
    people_minors,
    people_scale,
    people_strangers,
)


def _measure_attributes(options: argparse.Namespace) -> None:
    faces = people_attributes.read_faces(options.data / "faces" / "utkface_balanced")
    people_attributes.print_perceived(faces)
    people_ages.print_ages(faces)
    people_attributes.print_skin(faces)
    if options.run:
        people_attributes.print_clips(options.data, options.run)
    if options.write_confusion:
        people_attributes.write_confusion(faces, options.write_confusion)


def _measure_single_pictures(options: argparse.Namespace) -> None:
    if "minors" in options.what:
        faces = people_attributes.read_faces(options.data / "faces" / "utkface_balanced")
        people_minors.measure(faces, options.data)
    if "likeness" in options.what:
        people_likeness.print_likeness(options.data)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables that are asked for; returns 0."""
    parser = argparse.ArgumentParser(description="Measure identities and attributes.")
    parser.add_argument("what", nargs="*", default=["attributes", "identities", "scale"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, help="a finished run over DATA/video")
    parser.add_argument("--takes", type=int, default=250, help="most takes of a person, for copies")
    parser.add_argument("--people", type=int, help="most people of whom copies are made; all by default")
    parser.add_argument("--write-confusion", type=Path, help="where to write the counts as JSON")
    parser.add_argument(
        "--strangers", type=Path, help="a folder of pictures, one a person, instead of DATA's"
    )
    parser.add_argument("--write-strangers", type=Path, help="where to write the embedder's strangers (.npz)")
    options = parser.parse_args(arguments)
    if "attributes" in options.what:
        _measure_attributes(options)
    if "identities" in options.what:
        people_identities.measure(options.data, options.run)
    if options.write_strangers:
        folder = options.strangers or options.data / "faces" / "utkface_balanced"
        people_strangers.write_strangers(folder, options.write_strangers)
    if "strangers" in options.what:
        people_false_merges.measure(options.data)
    if options.strangers and not options.write_strangers:
        people_strangers.compare(options.data, options.strangers)
    if "scale" in options.what:
        people_scale.measure(options.data)
    _measure_single_pictures(options)
    if "growth" in options.what:
        people_growth.measure()
    if "copies" in options.what:
        people_copies.measure(options.data, options.takes, options.people)
    return 0


if __name__ == "__main__":
    sys.exit(main())
