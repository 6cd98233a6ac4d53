"""Short runs of the command line on videos of two seconds, with the body fit nearly skipped."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import yaml

from benchmarks.killed_runs import Command
from schemas.stages import stage_names
from tests.makers import cut_demo, signer, speech
from tests.media_makers import talking_like_clip

VISITS = stage_names(kind="visit")
TALKERS = ("talk.mp4", "late.mp4")  # one person, both accepted
SETTINGS: dict[str, Any] = {
    "transcribe": {"model": "tiny.en", "beam_size": 1},
    "quality": {"text_frames": 1},
    "shards": {"clips_per_shard": 1},
    "fit_body": {f"{name}_iterations": 1 for name in ("rigid", "wide", "coarse", "catch", "fine")},
    "isolation": {"num_processes": 2, "pin_to_cores": False},
}


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with videos, and the commands that are run on them."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def videos(self) -> Path:
        """Where the videos are."""
        return self.root / "videos"

    def manifest(self, names: Sequence[str], refused: Sequence[str] = ()) -> str:
        """Write a manifest of some videos, of whom some did not agree; returns its path."""
        path = self.videos / f"{len(names)}-{len(refused)}.csv"
        rows = [f"{name},{'no' if name in refused else 'yes'}" for name in names]
        path.write_text("\n".join(["uri,consent", *rows]) + "\n", encoding="utf-8")
        return str(path)

    def curate(self, out: str | Path, inputs: str, *flags: str, **changes: Any) -> Command:
        """Return the command that curates inputs with the settings above, and changes of them."""
        config = self.root / f"{Path(out).name}.yaml"
        config.write_text(yaml.safe_dump(SETTINGS | changes), encoding="utf-8")
        named = ("--input", inputs, "--output", str(out), "--config", str(config))
        return self.command(out, "curate", *named, *flags)

    def command(self, out: str | Path, *arguments: str) -> Command:
        """Return a command that logs beside this place's run folders."""
        log = self.root / f"{Path(out).name}.log"
        return Command(arguments=arguments, log=log, environment=self.environment)


def make_place(demo: Path, root: Path) -> Place:
    """Fill a place with two clips of one talker, another talker, somebody unwanted, and what is no talker."""
    place = Place(root)
    place.videos.mkdir()
    for name, sentence in zip(TALKERS, ("s31_lbig7s.mp4", "s31_lgbj5a.mp4"), strict=True):
        cut_demo(demo / sentence, place.videos / name, 0.4, 2.2)
    cut_demo(demo / "s2_swwp2s.mp4", place.videos / "man.mp4", 0.4, 2.2)
    signer(demo, place.videos / "signer.mp4", speech(2.2))
    talking_like_clip(place.videos / "faceless.mp4", seconds=2.2)
    (place.videos / "broken.mp4").write_bytes(b"not a video")
    return place


def rows(out: Path, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table."""
    return ds.dataset(sorted(map(str, (out / "tables").glob(f"{table}-*.parquet")))).to_table().to_pylist()


def counts(run_json: bytes) -> dict[str, tuple[int, int]]:
    """Return of each visit how many elements it saw, and how many of them it took from earlier runs."""
    stages = json.loads(run_json)["stages"]
    return {s["stage"]: (s["num_in"], s["num_reused"]) for s in stages if s["stage"] in VISITS}
