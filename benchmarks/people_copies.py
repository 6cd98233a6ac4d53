"""Whether copies of a recording are found, and takes of one person that say nearly the same are not.

DATA has folders of short videos of one person each (`grid/s1`, `grid_s1`, `crema_d/1001`: the GRID corpus and
CREMA-D). Takes of one person are all different recordings; copies are made of one take of each person. Bounds
were chosen with these people in view; on others the table says what they are worth.
"""

import functools
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
import numpy.typing as npt
from rich.console import Console

from backends.quiet import import_mediapipe
from benchmarks.page import Part, Table, print_part
from benchmarks.people_attributes import wilson
from media import DecodeTally, MediaLimits, decode_audio, decode_video, probe_media
from schemas.sample import SAMPLING_RATE_HZ
from tests.media_makers import run_ffmpeg
from transforms.clip_print import ClipPrint
from transforms.find_near_duplicates import (
    DuplicateConfig,
    FacePrinter,
    candidate_pairs,
    copies_among,
    prove,
    sound_print,
)

_SUFFIXES = {".mp4", ".mpg", ".flv"}
_NUM_LANDMARKS = 478
# Filters for pictures and sound, and what the encoder is told, of each kind of copy.
Kind = tuple[str | None, str | None, dict[str, Any]]
_EVEN = "trunc({0}/2)*2"


def _tempo(speed: float) -> Kind:
    return f"setpts=PTS/{speed}", f"atempo={speed}", {"r": 25}


def _tape(speed: float) -> Kind:
    return f"setpts=PTS/{speed}", f"aresample=44100,asetrate={44100 * speed},aresample=44100", {"r": 25}


_CROP = f"crop={_EVEN.format('iw*0.9')}:{_EVEN.format('ih*0.9')}"
KINDS: dict[str, Kind] = {
    "encoded again, crf 35": (None, None, {"crf": 35, "b:a": "32k"}),
    "cropped by a tenth": (_CROP, None, {}),
    "mirrored": ("hflip", None, {}),
    "smaller": (f"scale={_EVEN.format('iw*0.6')}:{_EVEN.format('ih*0.6')}", None, {}),
    "without its first second": (None, None, {"ss": 1}),
    **{f"played at {speed}": _tempo(speed) for speed in (0.95, 0.97, 1.03, 1.05)},
    **{f"played at {speed}, pitch too": _tape(speed) for speed in (0.96, 1.04)},
    "cut, mirrored, cropped, brighter, 30 fps": (
        f"hflip,{_CROP},eq=brightness=0.06:contrast=1.15", None, {"ss": 0.5, "r": 30, "crf": 30},
    ),
}  # fmt: skip


def make_copy(source: Path, path: Path, kind: Kind) -> Path:
    """Write a copy of a video."""
    pictures, sound, settings = kind
    filters = {"vf": pictures, "af": sound}
    encoded = {"c:v": "libx264", "preset": "veryfast", "crf": 23, "pix_fmt": "yuv420p", "c:a": "aac"}
    options = encoded | {name: value for name, value in filters.items() if value} | settings
    run_ffmpeg(ffmpeg.output(ffmpeg.input(str(source)), str(path), **options))
    return path


def print_of(path: Path) -> ClipPrint:
    """Return the print of a whole video of one person."""
    pictures = [
        np.asarray(p.frame.to_ndarray(format="rgb24"), np.uint8)
        for p in decode_video(str(path), MediaLimits(), DecodeTally())
    ]
    fps = probe_media(str(path), MediaLimits()).fps
    assert fps is not None
    faces = _meshes(pictures)
    heights = np.nanmax(faces[:, :, 1], axis=1) - np.nanmin(faces[:, :, 1], axis=1)
    printer = FacePrinter(fps, float(np.nanmedian(heights)))
    for picture in pictures:
        printer.update(picture)
    samples = decode_audio(str(path), MediaLimits(), 0.0, len(pictures) / fps, SAMPLING_RATE_HZ)
    return ClipPrint(
        sound=sound_print(samples, SAMPLING_RATE_HZ), face=printer.finish(faces), face_hz=printer.hz
    )


def _meshes(pictures: Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
    """Return landmarks (n, 478, 3) in px, NaN where no face is found."""
    found = np.full((len(pictures), _NUM_LANDMARKS, 3), np.nan, np.float32)
    mesh = import_mediapipe().solutions.face_mesh.FaceMesh(
        static_image_mode=False, max_num_faces=1, refine_landmarks=True, min_detection_confidence=0.3
    )
    for row, picture in zip(found, pictures, strict=True):
        faces = mesh.process(picture).multi_face_landmarks
        height, width = picture.shape[:2]
        if faces:
            row[:] = np.array([(p.x, p.y, p.z) for p in faces[0].landmark]) * (width, height, width)
    mesh.close()
    return found


def takes(data: Path) -> dict[str, list[Path]]:
    """Return the videos of each person, by the name of the folder they are in."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(p for folder in ("grid", "grid_s1", "crema_d") for p in (data / folder).rglob("*")):
        if path.suffix in _SUFFIXES:
            found[path.parent.name].append(path)
    return found


def measure(data: Path, most_takes: int, most_copied: int | None = None) -> None:
    """Print how many takes are taken for copies, and how many copies are found, on both halves of people.

    Args:
        most_takes: of one person.
        most_copied: people of whom copies are made, the first ones by name; all if None.
    """
    people = takes(data)
    keep = functools.lru_cache(maxsize=None)(print_of)
    rows = [_false_row(person, [keep(p) for p in paths[:most_takes]]) for person, paths in people.items()]
    total = sum(row[1] for row in rows), sum(row[3] for row in rows)
    rows.append(("all", total[0], sum(row[2] for row in rows), total[1], wilson(total[1], total[0])))
    columns = ("person", "takes", "candidate pairs", "taken for copies", "% [95 %]")
    false = Table(title="Takes of one person", columns=columns, rows=rows)
    found = _copies(dict(list(people.items())[:most_copied]), keep)
    table = [
        (kind, *(wilson(sum(half), len(half)) for half in (hits[::2], hits[1::2])), len(hits))
        for kind, hits in found.items()
    ]
    columns = ("copies", "found % [95 %], people that bounds were set on", "the others", "people")
    true = Table(title="Copies of one take of each person", columns=columns, rows=table)
    print_part(Part(name="copies", tables=[false, true], values={}), Console(width=120))


def _false_row(person: str, prints: Sequence[ClipPrint]) -> tuple[Any, ...]:
    faces = np.zeros((len(prints), 1), np.float32)
    pairs = candidate_pairs(faces, [p.sound for p in prints], DuplicateConfig()) if len(prints) > 1 else {}
    gone = copies_among(faces, prints, DuplicateConfig())
    return person, len(prints), len(pairs), len(gone), wilson(len(gone), len(prints))


def _copies(people: dict[str, list[Path]], keep: Any) -> dict[str, list[bool]]:
    """Return for each kind of copy whether that of each person is found, in order of people."""
    found: dict[str, list[bool]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for paths in people.values():
            for kind, copy in _made(paths[0], Path(folder)):
                found[kind].append(_is_found(keep(paths[0]), print_of(copy)))
    return found


def _made(source: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    for kind, how in KINDS.items():
        yield kind, make_copy(source, folder / "copy.mp4", how)


def _is_found(first: ClipPrint, second: ClipPrint) -> bool:
    config = DuplicateConfig()
    pairs = candidate_pairs(np.zeros((2, 1), np.float32), [first.sound, second.sound], config)
    return any(prove(first, second, speed, config) is not None for speed in pairs.values())
