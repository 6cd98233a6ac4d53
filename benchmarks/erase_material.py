"""The videos that benchmarks/erase.py erases from: 24 files of 12 people, three of them in files of two."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from tests.media_makers import run_ffmpeg

_SUFFIXES = {".mp4", ".mpg", ".flv"}
_ENCODED = {"c:v": "libx264", "crf": 20, "pix_fmt": "yuv420p", "c:a": "aac", "b:a": "96k", "ar": 44100}
NUM_ALONE, NUM_TOGETHER = 9, 3
NUM_FILES = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeVideo:
    """A made file and the people in it, in order of time."""

    name: str
    people: tuple[str, ...]


def planned_videos(folders: Sequence[Path]) -> list[MadeVideo]:
    """Return what is made of the recordings of some people.

    Args:
        folders: one a person, with recordings of that person alone.

    Raises:
        FileNotFoundError: if there are too few people or recordings.
    """
    return [video for video, _ in _planned(folders)]


def make_videos(folders: Sequence[Path], target: Path) -> list[MadeVideo]:
    """Write the videos and `manifest.csv`, which declares who speaks in those of one person.

    Raises:
        FileNotFoundError: as `planned_videos`.
    """
    plans = _planned(folders)
    target.mkdir(parents=True, exist_ok=True)
    for video, files in plans:
        _write(files, target / video.name)
    rows = [f"{v.name},yes,{v.people[0] if len(v.people) == 1 else ''}" for v, _ in plans]
    text = "\n".join(["uri,consent,speaker_id", *rows])
    (target / "manifest.csv").write_text(f"{text}\n", encoding="utf-8")
    return [video for video, _ in plans]


def _planned(folders: Sequence[Path]) -> list[tuple[MadeVideo, list[Path]]]:
    recordings = {
        f.name: sorted(p for p in f.iterdir() if p.suffix in _SUFFIXES and not p.name.startswith("ex"))
        for f in sorted(folders)
        if f.is_dir()
    }
    alone = sorted((n for n in recordings if len(recordings[n]) > 1), key=lambda n: -len(recordings[n]))
    guests = sorted(n for n in recordings if len(recordings[n]) == 1)[:NUM_TOGETHER]
    alone = alone[:NUM_ALONE]
    if len(alone) < NUM_ALONE or len(guests) < NUM_TOGETHER:
        raise FileNotFoundError(f"{NUM_ALONE} people with several recordings and {NUM_TOGETHER} with one")
    return sorted(_plans(alone, guests, recordings), key=lambda plan: plan[0].name)


def _plans(
    alone: Sequence[str], guests: Sequence[str], recordings: dict[str, list[Path]]
) -> Iterator[tuple[MadeVideo, list[Path]]]:
    """Yield what is made of which recordings; the people with most of them share a file with a guest."""
    left = {name: list(recordings[name]) for name in alone}
    for host, guest in zip(alone, guests, strict=False):
        files = [left[host].pop(), recordings[guest][0]]
        yield MadeVideo(name=f"{host}_{guest}.mp4", people=(host, guest)), files
    taken = NUM_TOGETHER
    for number in range(max(map(len, left.values()))):
        for name in alone:
            if number < len(left[name]) and taken < NUM_FILES:
                taken += 1
                yield MadeVideo(name=f"{name}_{number}.mp4", people=(name,)), [left[name][number]]


def _write(files: Sequence[Path], path: Path) -> None:
    inputs = [ffmpeg.input(str(file)) for file in files]
    pictures = [_even(i.video) for i in inputs]
    streams = [s for pair in zip(pictures, (i.audio for i in inputs), strict=True) for s in pair]
    joined = ffmpeg.concat(*streams, v=1, a=1).node
    run_ffmpeg(ffmpeg.output(joined[0], joined[1], str(path), **_ENCODED))


def _even(picture: Any) -> Any:
    return (
        picture.filter("scale", 360, 288, force_original_aspect_ratio="decrease")
        .filter("pad", 360, 288, -1, -1)
        .filter("fps", 25)
        .filter("setsar", 1)
    )
