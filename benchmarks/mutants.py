"""Damaged copies of talkers, looked through: is every second of each somewhere?

    .venv/bin/python -m benchmarks.mutants --data FOLDER --number 90

Takes talkers from a folder, writes each into several containers, damages copies, and runs probe and survey.
A copy is accounted for if it failed or was rejected whole, or if its clips and rejected spans cover the span
that FFmpeg gives for it.
"""

import argparse
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import ffmpeg
import imageio_ffmpeg
from av.error import FFmpegError
from rich.console import Console

from benchmarks.mutate import mutants
from benchmarks.outcome import uncovered_seconds
from benchmarks.page import Part, Table, print_part
from media import MediaError
from pipelines.elements import VisitResult
from pipelines.stages import VISITS, VisitSections
from schemas.records.source import Source
from schemas.records.video import Video

TOLERANCE_SECONDS = 0.2
# FFmpeg makes these up from the last times it sees, damaged or not.
_NO_HEADER_DURATION = ("mpeg", "mpegts")
# A span beyond this says that times are damaged, and not how long the file is.
_ABSURD_SECONDS = 600.0
CONTAINERS = {
    ".mp4": {"c:v": "libx264", "c:a": "aac", "movflags": "+faststart"},
    ".mkv": {"c:v": "libx264", "c:a": "flac"},
    ".webm": {"c:v": "libvpx", "c:a": "libopus", "deadline": "realtime", "cpu-used": "8"},
    ".avi": {"c:v": "mpeg4", "c:a": "libmp3lame"},
    ".mpg": {"c:v": "mpeg2video", "c:a": "mp2"},
    ".ts": {"c:v": "libx264", "c:a": "aac"},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Where a file went, its span by FFmpeg and by the record, and what of it is nowhere, in seconds."""

    outcome: str
    ffmpeg_seconds: float | None
    video_seconds: float | None
    nowhere_seconds: float


def account(path: Path, config: VisitSections) -> Account:
    """Run probe and survey on a file and say where its seconds went."""
    span = ffmpeg_seconds(path)
    source = Source(uri=str(path), name=path.name)
    try:
        probed = _visit("probe", source, config)
        if not probed.outputs:
            return Account(
                outcome=f"rejected: {probed.rejections[0].reason}",
                ffmpeg_seconds=span,
                video_seconds=None,
                nowhere_seconds=0.0,
            )
        video: Video = probed.outputs[0]
        surveyed = _visit("survey", video, config)
    except MediaError as error:
        return Account(
            outcome=f"failed: {str(error).removeprefix(str(path))[:60]}",
            ffmpeg_seconds=span,
            video_seconds=None,
            nowhere_seconds=0.0,
        )
    spans = [(t.clip.start_seconds, t.clip.end_seconds) for t in surveyed.outputs]
    spans += [(r.start_seconds or 0.0, r.end_seconds or 0.0) for r in surveyed.rejections]
    return Account(
        outcome="clips" if surveyed.outputs else "spans rejected",
        ffmpeg_seconds=span,
        video_seconds=video.duration_seconds,
        nowhere_seconds=uncovered_seconds(spans, max(video.duration_seconds, span or 0.0)),
    )


def _visit(stage: str, element: Source | Video, config: VisitSections) -> VisitResult:
    visit = VISITS[stage]
    no_parts: Any = None  # probe and survey read none
    return visit.visit(element, no_parts, **visit.settings(config))


def ffmpeg_seconds(path: Path) -> float | None:
    """Return how long a file is by FFmpeg: its header, or else what packets of pictures and sound span."""
    try:
        with av.open(str(path)) as container:
            if container.duration and container.format.name not in _NO_HEADER_DURATION:
                return container.duration / av.time_base
            streams = (*container.streams.video, *container.streams.audio)
            ends = [_end_seconds(p) for p in (container.demux(*streams) if streams else ()) if p.size]
            length = max(ends) - (container.start_time or 0) / av.time_base
    except (FFmpegError, OSError, ValueError, IndexError):
        return None
    return length if length < _ABSURD_SECONDS else None


def _end_seconds(packet: Any) -> float:
    stamp = packet.pts if packet.pts is not None else packet.dts
    return -1e9 if stamp is None else float((stamp + (packet.duration or 0)) * packet.time_base)


def write_sources(data: Path, count: int, folder: Path) -> list[Path]:
    """Write talkers of a folder (its first files) into several containers, in turn; return the files."""
    found = sorted(p for p in data.rglob("*") if p.suffix in (".mp4", ".mpg", ".mov") and p.is_file())
    written: list[Path] = []
    for i, (suffix, settings) in enumerate(CONTAINERS.items()):
        for talker in found[i :: len(CONTAINERS)][:count]:
            path = folder / f"{talker.stem}{suffix}"
            made = ffmpeg.output(
                ffmpeg.input(str(talker)), str(path), vf="scale=256:-2", g=25, **settings
            ).global_args("-loglevel", "error", "-nostdin")
            made.run(cmd=imageio_ffmpeg.get_ffmpeg_exe(), overwrite_output=True)
            written.append(path)
    return written


def evaluate(sources: list[Path], number: int, seed: int, folder: Path) -> Part:
    """Damage copies of the sources, look through each and say what is nowhere."""
    config = VisitSections()
    rows: list[tuple[str, str, float | None, float | None, float]] = []
    for path, _ in mutants(sources, number, seed, folder):
        found = account(path, config)
        rows.append(
            (path.name, found.outcome, found.ffmpeg_seconds, found.video_seconds, found.nowhere_seconds)
        )
        path.unlink()
    lost = [row for row in rows if row[4] > TOLERANCE_SECONDS]
    counts = Counter(row[1].split(":")[0] for row in rows)
    columns = ("file", "outcome", "by FFmpeg, s", "by the record, s", "nowhere, s")
    return Part(
        name="mutants",
        tables=[Table(title="Damaged copies", columns=columns, rows=list(rows))],
        values={"number": len(rows), "lost": len(lost), **counts},
        targets=[
            (
                f"accounted for within {TOLERANCE_SECONDS} s",
                f"{len(rows) - len(lost)} of {len(rows)}",
                not lost,
            )
        ],
    )


def main() -> int:
    """Run the benchmark; exit code 1 if some seconds are nowhere."""
    parser = argparse.ArgumentParser(description="Damaged copies: is every second somewhere?")
    parser.add_argument("--data", type=Path, required=True, help="folder with talkers (.mp4, .mov, .mpg)")
    parser.add_argument("--number", type=int, default=90, help="how many damaged copies")
    parser.add_argument("--talkers", type=int, default=1, help="talkers for each container")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = write_sources(arguments.data, arguments.talkers, folder)
        part = evaluate(sources, arguments.number, arguments.seed, folder)
    print_part(part, Console())
    return 0 if all(met for _, _, met in part.targets) else 1


if __name__ == "__main__":
    raise SystemExit(main())
