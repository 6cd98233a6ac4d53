"""Who is taken for somebody who may be under age: how many children are caught, how many adults are lost.

The margin (`transforms/find_minors.py`) was set on the labelled faces of even number; the tables show the
others. Of children there are single pictures alone. What several frames of a clip change is seen on adults:
the talkers of the demo, whose corpus says that all are 18 and older, and videos with a declared age.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from rich.console import Console

from backends import faceres
from backends.protocols.arrays import RgbImage
from backends.protocols.pictures import FrameLandmarks
from benchmarks.material import manifest_identities, manifest_labels
from benchmarks.page import Part, Table, print_part
from benchmarks.people_attributes import Labelled, wilson
from benchmarks.people_faces import mesh_of
from media import DecodeTally, MediaLimits, Picture, PictureView, decode_video
from schemas.adults import ADULT_YEARS
from schemas.declared import understand
from schemas.groups import years_of
from transforms.collect_faces import CollectConfig, FaceCollector
from transforms.estimate_attributes.perceived import average
from transforms.find_minors import MinorConfig, may_be_minor

DEMO = Path(__file__).resolve().parent.parent / "demo" / "media"
_MARGINS = (0.0, 3.0, 5.0, 7.0, 9.0, 12.0)
_AGED: tuple[tuple[str, int, int], ...] = (
    ("under 18", 0, 18),
    ("13-17", 13, 18),
    ("18-22", 18, 23),
    ("23-29", 23, 30),
    ("18-29", 18, 30),
    ("30+", 30, 200),
)
# Of a video about ten seconds are looked at, every so many frames.
_MOST_FRAMES, _EVERY_FRAMES = 250, 4


@dataclass(frozen=True, slots=True)
class Seen:
    """An adult's clip: whom it shows, how old each view of the face looks, and all of them together."""

    person: str
    views: tuple[float, ...]
    pooled: float


def measure(faces: Sequence[Labelled], data: Path) -> None:
    """Print all tables."""
    config, held_out = MinorConfig(), list(faces[1::2])
    tables = [
        _faces_table(f"By group, margin {config.margin_years:g}", _grouped(held_out), config),
        *(
            _faces_table(f"By margin, faces {name}", [(f"{m:g} years", half, m) for m in _MARGINS], None)
            for name, half in (
                ("that the margin was set on", list(faces[::2])),
                ("of the other half", held_out),
            )
        ),
        _adults_table([*_demo(), *_declared(data)], config),
    ]
    print_part(Part(name="minors", tables=tables, values={}), Console(width=170))


def _grouped(faces: Sequence[Labelled]) -> list[tuple[str, list[Labelled], float | None]]:
    groups: list[tuple[str, Callable[[Labelled], bool]]] = [("all", lambda _: True)]
    groups += [(name, lambda f, name=name: f.gender == name) for name in ("feminine", "masculine")]
    groups += [
        (name, lambda f, name=name: f.group == name)
        for name in ("White", "Black", "Asian", "Indian", "Other")
    ]
    return [(name, [f for f in faces if member(f)], None) for name, member in groups]


def _faces_table(
    title: str, rows: Sequence[tuple[str, list[Labelled], float | None]], config: MinorConfig | None
) -> Table:
    """Return shares that are taken for possible minors, by age: caught below 18, lost above."""
    return Table(
        title=f"May be under age. {title}: share of people aged ..., % [95 %]",
        columns=("", *(f"{name} (n)" for name, _, _ in _AGED)),
        rows=[
            (
                label,
                *(
                    _share(faces, low, high, config or MinorConfig(margin_years=margin or 0.0))
                    for _, low, high in _AGED
                ),
            )
            for label, faces, margin in rows
        ],
    )


def _share(faces: Sequence[Labelled], low: int, high: int, config: MinorConfig) -> str:
    aged = [f for f in faces if low <= f.age < high]
    taken = sum(may_be_minor(f.estimate.age_years, config) for f in aged)
    return f"{wilson(taken, len(aged))} ({len(aged)})"


def _adults_table(seen: Sequence[Seen], config: MinorConfig) -> Table:
    """Return how often adults are taken for possible minors: by one frame, a clip's, all clips of theirs."""
    people: dict[str, list[float]] = defaultdict(list)
    for clip in seen:
        people[clip.person].append(clip.pooled)
    kinds = (
        ("single frames", [years for clip in seen for years in clip.views]),
        ("clips, frames pooled", [clip.pooled for clip in seen]),
        ("people, clips pooled", [float(np.mean(years)) for years in people.values()]),
    )
    within = np.mean([np.std(clip.views) for clip in seen if len(clip.views) > 1])
    between = np.mean([np.std(years) for years in people.values() if len(years) > 1])
    return Table(
        title=f"Adults in videos. Estimates of one clip's frames scatter by {within:.1f} years, "
        f"those of one person's clips by {between:.1f}",
        columns=("", "n", "lost, % [95 %]", "median age told", "youngest told"),
        rows=[
            (
                name,
                str(len(years)),
                wilson(sum(may_be_minor(y, config) for y in years), len(years)),
                f"{np.median(years):.1f}",
                f"{min(years):.1f}",
            )
            for name, years in kinds
        ],
    )


def _demo() -> Iterator[Seen]:
    """Yield the clips of the demo whose people are declared adults; copies and blurred ones are left out."""
    with (DEMO / "manifest.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            if "/" not in row["uri"] and row["speaker_id"] and _is_adult(row["attribute_age"]):
                yield from _seen(DEMO / row["uri"], row["speaker_id"])


def _declared(data: Path) -> Iterator[Seen]:
    """Yield the videos of a folder whose manifest declares an age: `Age:19-30`."""
    people = manifest_identities(data)
    for name, labels in sorted(manifest_labels(data).items()):
        kind, _, said = labels.partition(":")
        if kind == "Age" and _is_adult(said.rpartition("_")[0].replace("_plus", "+")):
            yield from _seen(data / name, people.get(name, name))


def _is_adult(said: str) -> bool:
    span = years_of(understand("age_group", said).value)
    return span is not None and span[0] >= ADULT_YEARS


def _seen(path: Path, person: str) -> Iterator[Seen]:
    """Yield what the views of a video say that the chain would take of its first seconds."""
    pictures = islice(decode_video(str(path), MediaLimits(), DecodeTally()), 0, _MOST_FRAMES, _EVERY_FRAMES)
    images = [_pixels(picture) for picture in pictures]
    collector = FaceCollector(CollectConfig(every_frames=1), len(images))
    for image in images:
        collector.update(image, FrameLandmarks(mesh_of(image), None, None, None, None, None))
    views, weights = collector.finish()
    if views:
        estimates = faceres.load().estimate(views)
        years = tuple(e.age_years for e in estimates)
        yield Seen(person, years, average(estimates, weights).age_years)


def _pixels(picture: Picture) -> RgbImage:
    return PictureView(picture.frame.width, picture.frame.height, 0, "rgb24").pixels(picture.frame)
