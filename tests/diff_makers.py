"""Results that tests make to compare: a few clips, what ended others, and what a manifest declares."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from commands.diff_runs import compared_runs
from reports.change_records import Change
from schemas.outcomes import Failure, Rejection, clip_rejection
from schemas.records.clip import Clip
from schemas.records.person import Attribute, Identity
from schemas.records.source import Terms
from schemas.records.video import Artefact
from schemas.tables import to_table
from tests.makers import make_clip, make_source, make_video
from tests.stored_run import make_summary, publish_run
from transforms.storage import parquet_bytes, write_bytes


def diff_runs(first: str, second: str) -> list[Change]:
    return compared_runs(first, second).changes()


def person(name: str) -> Identity:
    return Identity(identity_id=name, confidence=1.0, embedder="e", split_group=name)


def clip(number: int, source: str, who: str, **changes: Any) -> Clip:
    fields = {
        "status": "accepted",
        "split": "train",
        "video_id": source.ljust(20, "0"),
        "identity": person(who),
    }
    return make_clip(number, source=make_source(source), **(fields | changes))


def attribute(value: str, source: Any = "estimated") -> tuple[Attribute, ...]:
    return (Attribute(name="age_group", value=value, source=source, confidence=None, model=None, score=None),)


YOUNG, OLDER = attribute("20-29", "declared"), attribute("30-39", "declared")


def turned_down(of: Clip, reason: str, score: float, threshold: float) -> tuple[Clip, Rejection]:
    ended = dataclasses.replace(of, status="rejected", split=None)
    return ended, clip_rejection(ended, "filter_audio", reason, score, threshold)


def publish(
    out: Path,
    clips: Sequence[Clip],
    ends: Sequence[Rejection] = (),
    failures: Sequence[Failure] = (),
    config: Any = None,
    day: str | None = None,
) -> str:
    summary = make_summary(config=config or {}, consent_day=day)
    result = publish_run(out, clips, ends, failures, summary)
    videos = {c.video_id: make_video(video_id=c.video_id, source=c.source) for c in clips}
    path = f"{result.tables}/videos-00000-of-00001.parquet"
    write_bytes(path, parquet_bytes(to_table("videos", list(videos.values()))))
    return str(out)


def lost_source(name: str, reason: str) -> Rejection:
    return Rejection(
        stage="probe", level="video", subject_id=name, video_id=None, source_name=name, reason=reason,
        score=None, threshold=None,
    )  # fmt: skip


def declared(number: int, source: str, terms: Terms | None = None, **changes: Any) -> Clip:
    """Return a clip of a file of which a manifest declares something."""
    declares = make_source(source, terms=terms or Terms(), **changes)
    return dataclasses.replace(clip(number, source, f"p{number}"), source=declares)


def differing_runs(folder: Path) -> tuple[str, str]:
    """Two results, of which the second differs in every way; ids of people are others throughout."""
    rule = {"name": "noisy_audio", "minimum": 10.0}
    noisy, why = turned_down(clip(4, "d", "p4"), "noisy_audio", 8.0, 10.0)
    first = [
        clip(1, "a", "p1", person_attributes=attribute("30-39")),
        clip(2, "b", "p2", person_attributes=YOUNG, attributes=YOUNG),
        clip(3, "c", "p1"),
        clip(6, "gone", "p6"),
        clip(7, "withdrawn", "p7"),
        clip(8, "h", "p8", artefacts=(Artefact(stage="look", artefact_id="1"),)),
        noisy,
    ]
    failed = dataclasses.replace(clip(8, "h", "p8"), status="failed", split=None)
    failure = Failure(
        stage="look", level="clip", subject_id=failed.clip_id, video_id=failed.video_id, source_name="h",
        error_type="E", error="boom", traceback="",
    )  # fmt: skip
    second = [
        clip(1, "a", "q1", person_attributes=attribute("40-49")),
        clip(2, "b", "q2", split="test", person_attributes=OLDER, attributes=OLDER),
        clip(3, "c", "q9"),
        clip(4, "d", "q4"),
        clip(5, "new", "q5"),
        failed,
    ]
    old = publish(folder / "1", first, [why], config={"filter": {"rules": [rule]}})
    ends = [lost_source("withdrawn", "consent_refused")]
    new = publish(folder / "2", second, ends, [failure], {"filter": {"rules": [rule | {"minimum": 5.0}]}})
    return old, new
