"""The numbers of the page, computed from the tables alone (run.json only confirms them)."""

# pyright: reportAttributeAccessIssue=false
# (pyarrow.compute makes its functions when it is imported; a type checker sees none of them)

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reports import reasons
from reports.run_data import RunData
from schemas.run import StageSummary

# Names a stage may use for the level of whole input files.
SOURCE_LEVELS = ("video", "source", "file")


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyNumbers:
    """Totals of a run. `num_unknown_length` inputs have no known duration: not in `seconds_in`."""

    num_inputs: int
    num_videos: int
    num_shots: int
    num_tracks: int
    num_clips: int
    num_accepted: int
    num_rejections: int
    num_failures: int
    seconds_in: float
    seconds_tracked: float
    seconds_clips: float
    seconds_accepted: float
    num_unknown_length: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasonRow:
    """What one reason turned down. `also` counts where it failed behind another reason."""

    reason: str
    levels: tuple[tuple[str, int], ...]
    num: int
    seconds: float
    num_unknown_length: int
    thresholds: tuple[float, float] | None
    also: int


def clip_seconds(clips: pa.Table) -> pa.ChunkedArray:
    """Return the length in seconds of each written clip (frames over rate)."""
    return pc.divide(pc.cast(clips["num_frames"], pa.float64()), clips["fps"])


def _total(values: Any) -> float:
    return float(pc.sum(values).as_py() or 0.0)


def accepted(clips: pa.Table) -> pa.Table:
    """Return the accepted clips."""
    return clips.filter(pc.equal(clips["status"], "accepted"))


def _at_source_level(table: pa.Table) -> pa.Table:
    return table.filter(pc.is_in(table["level"], value_set=pa.array(SOURCE_LEVELS)))


def input_lengths(run: RunData) -> dict[str, float | None]:
    """Return every input by its name with its seconds, `None` where nobody could tell.

    An input is a probed video, or a file that ended before it became one. A duplicate has the
    id of the video it repeats, so inputs are told apart by name.
    """
    lengths: dict[str, float | None] = {}
    for table in ("failures", "rejections"):
        ended = _at_source_level(run.tables[table])
        for name, seconds in zip(ended["source_name"].to_pylist(), ended["seconds"].to_pylist(), strict=True):
            lengths[name] = lengths.get(name) or seconds or None  # a file nobody could open has 0 s
    videos = run.tables["videos"]
    lengths.update(
        zip(videos["source_name"].to_pylist(), videos["duration_seconds"].to_pylist(), strict=True)
    )
    return lengths


def key_numbers(run: RunData) -> KeyNumbers:
    """Count and sum the tables."""
    tables = run.tables
    clips, tracks = tables["clips"], tables["face_tracks"]
    kept = accepted(clips)
    lengths = input_lengths(run)
    return KeyNumbers(
        num_inputs=len(lengths),
        num_videos=tables["videos"].num_rows,
        num_shots=tables["shots"].num_rows,
        num_tracks=tracks.num_rows,
        num_clips=clips.num_rows,
        num_accepted=kept.num_rows,
        num_rejections=tables["rejections"].num_rows,
        num_failures=tables["failures"].num_rows,
        seconds_in=sum(s for s in lengths.values() if s is not None),
        seconds_tracked=_total(pc.subtract(tracks["end_seconds"], tracks["start_seconds"])),
        seconds_clips=_total(clip_seconds(clips)),
        seconds_accepted=_total(clip_seconds(kept)),
        num_unknown_length=sum(s is None for s in lengths.values()),
    )


def rejection_seconds(run: RunData) -> pa.ChunkedArray:
    """Return the seconds lost by each rejection: as recorded, or its span, or its clip's length."""
    rejections, clips = run.tables["rejections"], run.tables["clips"]
    span = pc.subtract(rejections["end_seconds"], rejections["start_seconds"])
    row = pc.index_in(rejections["subject_id"], value_set=clips["clip_id"].combine_chunks())
    return pc.coalesce(rejections["seconds"], span, clip_seconds(clips).take(row))


def reason_rows(run: RunData) -> list[ReasonRow]:
    """Group the rejections by reason, most seconds first, then most rows, then by name."""
    table = run.tables["rejections"]
    if not table.num_rows:
        return []
    table = table.append_column("lost", rejection_seconds(run))
    totals = table.group_by("reason").aggregate(
        [("lost", "sum"), ("lost", "count"), ("reason", "count"), ("threshold", "min"), ("threshold", "max")]
    )
    by_level = table.group_by(["reason", "level"]).aggregate([("subject_id", "count")]).to_pylist()
    also = pc.value_counts(pc.list_flatten(table["also"])).to_pylist()
    also_counts = {row["values"]: row["counts"] for row in also}
    rows = [_reason_row(row, by_level, also_counts) for row in totals.to_pylist()]
    return sorted(rows, key=lambda r: (-r.seconds, -r.num, r.reason))


def _reason_row(row: dict[str, Any], by_level: list[dict[str, Any]], also: dict[str, int]) -> ReasonRow:
    low, high = row["threshold_min"], row["threshold_max"]
    levels = sorted((r["level"], r["subject_id_count"]) for r in by_level if r["reason"] == row["reason"])
    return ReasonRow(
        reason=row["reason"],
        levels=tuple(levels),
        num=row["reason_count"],
        seconds=row["lost_sum"] or 0.0,
        num_unknown_length=row["reason_count"] - row["lost_count"],
        thresholds=None if low is None else (low, high),
        also=also.get(row["reason"], 0),
    )


def failures_by_stage(run: RunData) -> list[tuple[str, int]]:
    """Return (stage, number of failures), most first."""
    counted = pc.value_counts(run.tables["failures"]["stage"]).to_pylist()
    return sorted(((r["values"], r["counts"]) for r in counted), key=lambda p: (-p[1], p[0]))


def adds_up(stage: StageSummary) -> bool:
    """Return whether everything that went into a stage came out of it in one place."""
    return stage.num_in == stage.num_out + stage.num_rejected + stage.num_failed


def disagreements(run: RunData, rows: list[ReasonRow], failures: list[tuple[str, int]]) -> list[str]:
    """Say where a stage does not add up, or where run.json and the tables differ."""
    found = [
        f"Stage {reasons.title(s.stage)} does not add up: {s.num_in} in, but {s.num_out} out, "
        f"{s.num_rejected} rejected and {s.num_failed} failed."
        for s in run.summary.stages
        if not adds_up(s)
    ]
    pairs = [
        ("rejections for", run.summary.rejected_by_reason, {r.reason: r.num for r in rows}),
        ("failures in", run.summary.failed_by_stage, dict(failures)),
    ]
    for what, recorded, counted in pairs:
        for name in sorted(recorded.keys() | counted.keys()):
            if (a := recorded.get(name, 0)) != (b := counted.get(name, 0)):
                found.append(f"run.json counts {a} {what} {reasons.title(name)}, the tables hold {b}.")
    return found
