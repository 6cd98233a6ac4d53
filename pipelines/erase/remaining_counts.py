"""What the stages' counts are once some clips and videos are gone: those of a run without them.

Costs are what was spent, of what goes too.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.erase.plan import ErasePlan
from pipelines.results import Result
from pipelines.steps import summary
from schemas.run import StageSummary
from schemas.stages import CLIP_STAGES, stage_names


def clip_counts(grouped: tuple[str, Mapping[str, Any]]) -> Iterator[Any]:
    """Yield a clip's part in the summary of every stage that it went through."""
    found = grouped[1]
    rejected, failed = next(iter(found["rejections"]), None), next(iter(found["failures"]), None)
    for clip in found["clips"]:
        seconds = clip.duration_seconds
        end = rejected or failed
        last = None if end is None else end.stage.removeprefix("filter_")
        for stage in CLIP_STAGES:
            if stage != last:
                yield summary(stage, "clip", num_out=1, media_seconds=seconds)
            elif rejected is not None:
                yield summary(stage, "clip", num_rejected=1, media_seconds=seconds)
                return
            else:
                yield summary(stage, "clip", num_failed=1)
                return


def costs_before(before: Result, plan: ErasePlan) -> list[tuple[tuple[str, str], StageSummary]]:
    """Return the stages of the earlier result: of videos without those that go, of clips what they cost."""
    nothing = dict.fromkeys(("num_in", "num_out", "num_rejected", "num_failed", "num_reused"), 0)
    changes = _video_changes(before, plan)
    told: list[tuple[tuple[str, str], StageSummary]] = []
    for stage in before.read_summary().stages:
        if stage.level == "clip":
            kept = dataclasses.replace(stage, **nothing, media_seconds=0.0)
        else:
            kept = _less(stage, changes.get(stage.stage, Counter()))
        told.append(((stage.stage, stage.level), kept))
    return told


def _less(stage: StageSummary, change: Mapping[str, float]) -> StageSummary:
    counts = ("num_in", "num_out", "num_rejected", "num_failed")
    found = {name: getattr(stage, name) + int(change.get(name, 0)) for name in counts}
    seconds = stage.media_seconds + change.get("media_seconds", 0.0)
    reused = min(stage.num_reused, found["num_in"])
    return dataclasses.replace(stage, **found, media_seconds=seconds, num_reused=reused)


def _video_changes(before: Result, plan: ErasePlan) -> dict[str, Counter[str]]:
    """Return by how much the counts of the stages of videos change, by stage.

    A file that goes is turned down by the probe; what later stages saw of it they have not seen.
    """
    names, videos = set(plan.source_names), set(plan.video_ids)
    rows = before.read_table("videos", ["video_id", "source_name", "duration_seconds"]).to_pylist()
    clips = before.read_table("clips", ["clip_id", "video_id"]).to_pylist()
    ends = before.read_table("rejections", ["stage", "level", "source_name"]).to_pylist()
    failures = before.read_table("failures", ["stage", "level", "subject_id", "source_name"]).to_pylist()
    shots = before.read_table("shots", ["video_id", "start_seconds", "end_seconds"]).to_pylist()
    with_clips = {c["video_id"] for c in clips}
    still = {c["video_id"] for c in clips if c["clip_id"] not in set(plan.clip_ids)}
    broken = {f["subject_id"] for f in failures if f["stage"] == "survey"}
    changes = {stage: Counter[str]() for stage in stage_names(level="video")}
    probe, unique, survey = changes["probe"], changes["deduplicate"], changes["survey"]
    for row in rows:
        video = row["video_id"]
        if video in videos:
            probe.update(num_out=-1, num_rejected=1)
            unique.update(num_in=-1, num_out=-1)
            end = "num_failed" if video in broken else "num_out" if video in with_clips else "num_rejected"
            survey.update({"num_in": -1, end: -1})
            probe["media_seconds"] -= row["duration_seconds"]
        elif video in with_clips and video not in still:
            survey.update(num_out=-1, num_rejected=1)
    for row in ends:
        if row["source_name"] in names and (row["stage"], row["level"]) == ("deduplicate", "video"):
            probe.update(num_out=-1, num_rejected=1)
            unique.update(num_in=-1, num_rejected=-1)
    for row in failures:
        if row["source_name"] in names and (row["stage"], row["level"]) == ("probe", "video"):
            probe.update(num_failed=-1, num_rejected=1)
    for shot in shots:
        if shot["video_id"] in videos:
            survey["media_seconds"] -= shot["end_seconds"] - shot["start_seconds"]
    return changes
