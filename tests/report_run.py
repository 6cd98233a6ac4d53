"""A made-up curation run: its summary, tables and thumbnails, in memory or on disk."""

import dataclasses
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
from PIL import Image

from reports.run_data import RunData, run_data
from schemas.run import BackendInfo, IgnoredInput, RunSummary, StageSummary
from schemas.tables import SCHEMA_VERSION, TABLES, to_table
from tests.report_makers import RULES, Records


def make_summary(records: Records, **changes: Any) -> RunSummary:
    rejected = Counter((r.stage, r.level) for r in records.rejections)
    failed = Counter(f.stage for f in records.failures)
    num_sources = len(records.videos) + rejected["probe", "video"] + failed["probe"]
    seconds = sum(v.duration_seconds for v in records.videos)
    stages: list[StageSummary] = []

    def add(name: str, level: str, num_in: int, cpu: float) -> int:
        lost_here = rejected[name, level], failed[name]
        frames = round(25 * seconds) if cpu > 0.2 else 0
        stages.append(
            StageSummary(
                stage=name,
                level=level,
                num_in=num_in,
                num_out=num_in - sum(lost_here),
                num_rejected=lost_here[0],
                num_failed=lost_here[1],
                cpu_seconds=cpu * seconds,
                media_seconds=seconds,
                frames_decoded=frames,
            )
        )
        return stages[-1].num_out

    num_videos = add("probe", "video", num_sources, 0.004)
    num_videos = add("detect_shots", "video", num_videos, 0.31)
    add("propose_clips", "video", num_videos, 0.002)
    left = len(records.clips)
    for name, cpu in (
        ("cut_clip", 0.26),
        ("filter_audio", 0.0),
        ("extract_landmarks", 0.93),
        ("filter_look", 0.0),
        ("transcribe", 0.61),
    ):
        left = add(name, "clip", left, cpu)
    result = RunSummary(
        schema_version=SCHEMA_VERSION,
        command="run_pipeline.py curate --input videos --output out",
        config={"filter": {"rules": RULES}, "clips": {"min_seconds": 2.0}},
        config_hash="3f1c9a0be77d4d0f8a51",
        versions={"python": "3.11.9", "apache-beam": "2.66.0", "av": "14.4.0", "mentor": "0.1.0"},
        backends=[
            BackendInfo(
                name="mediapipe",
                purpose="faces and landmarks",
                version="0.10.14",
                licence="Apache-2.0",
                weights_sha256="ab" * 32,
                available=True,
                if_missing="no clips can be found",
            ),
            BackendInfo(
                name="whisperx",
                purpose="words and their times",
                version="3.4.5",
                licence="BSD-2-Clause",
                weights_sha256="cd" * 32,
                available=True,
                if_missing="clips have no transcript",
            ),
            BackendInfo(
                name="rapidocr",
                purpose="text in the picture",
                version=None,
                licence="Apache-2.0",
                weights_sha256=None,
                available=False,
                if_missing="captions over faces are not found",
            ),
        ],
        stages=stages,
        totals={"videos": float(len(records.videos)), "hours_in": seconds / 3600},
        rejected_by_reason=dict(Counter(r.reason for r in records.rejections)),
        failed_by_stage=dict(failed),
        ignored_inputs=[IgnoredInput(name="videos/readme.txt", reason="no video suffix")],
        wall_seconds=seconds * 1.3,
    )
    return dataclasses.replace(result, **changes)


def make_run(
    records: Records,
    summary_: RunSummary | None = None,
    parts: int = 1,
    thumbs: dict[str, bytes] | None = None,
) -> RunData:
    """Return a run as its report takes it, each table in so many pieces."""
    tables = {
        name: [to_table(name, getattr(records, name)[part::parts]) for part in range(parts)]
        for name in TABLES
    }
    return run_data(summary_ or make_summary(records), tables, thumbs)


def write_run(folder: Path, records: Records, summary_: RunSummary | None = None, parts: int = 1) -> Path:
    """Write a run's folder as a pipeline does."""
    tables = folder / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        rows = getattr(records, name)
        for part in range(parts):
            pq.write_table(
                to_table(name, rows[part::parts]), tables / f"{name}-{part:05d}-of-{parts:05d}.parquet"
            )
    content = dataclasses.asdict(summary_ or make_summary(records))
    (folder / "run.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def make_thumbs(records: Records, size: tuple[int, int] = (240, 180)) -> dict[str, bytes]:
    """Return a picture of every accepted clip, a JPEG file by clip id."""
    thumbs: dict[str, bytes] = {}
    for number, clip in enumerate(c for c in records.clips if c.status == "accepted"):
        shade = np.linspace(40 + 10 * (number % 12), 200, size[0])[None, :, None] * np.array([0.7, 0.8, 1.0])
        picture = np.broadcast_to(shade, (size[1], size[0], 3)).astype(np.uint8)
        thumbs[clip.clip_id] = jpeg(picture)
    return thumbs


def jpeg(picture: npt.NDArray[np.uint8], quality: int = 80) -> bytes:
    """Return a picture as a JPEG file."""
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "JPEG", quality=quality)
    return data.getvalue()
