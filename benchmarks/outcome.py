"""What became of every source of a run, whether it is what was expected, and whether counts add up."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.material import Expectation, expectation_of, expectations, source_of
from benchmarks.page import Part, Table
from benchmarks.runs import count_samples, read_rows, read_run

# The share of plain talkers that must give a clip (acceptance of the curation chain).
MIN_SHARE_WITH_CLIPS = 0.9
# Spans are rounded to frames, so a shot's clips and lost spans may leave this much uncovered per clip.
_SLACK_SECONDS = 0.1


@dataclass(slots=True)
class Fate:
    """What became of one source."""

    source: str
    expectation: Expectation
    accepted: int = 0
    accepted_seconds: float = 0.0
    # Seconds lost by reason, and clips or whole videos rejected by reason; failures by stage.
    lost_seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    rejected: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    details: list[str] = field(default_factory=list)

    @property
    def main_reason(self) -> str | None:
        """Return why a source gave nothing, or what it lost most to."""
        if self.failed:
            return f"failed in {next(iter(self.failed))}"
        return max(self.lost_seconds, key=lambda r: (self.lost_seconds[r], r), default=None)

    @property
    def is_copy(self) -> bool:
        """Return whether a source gave nothing because all its clips are copies of another's."""
        return not self.accepted and set(self.rejected) == {"near_duplicate"}

    @property
    def as_expected(self) -> bool | None:
        """Return whether the source gave what it should; None if nothing is expected."""
        if self.expectation.expect == "any":
            return None
        if self.expectation.expect == "clips":
            return self.accepted > 0 or (None if self.is_copy else False)
        reasons = self.expectation.reasons
        return self.accepted == 0 and (not reasons or self.main_reason in reasons)


def fates(folder: Path, sources: list[str]) -> list[Fate]:
    """Return what a run's tables say about each source, in the given order."""
    expected = expectations()
    found = {s: Fate(s, expectation_of(s, expected)) for s in sources}
    for clip in read_rows(folder, "clips"):
        fate = found.get(source_of(clip["source_name"]))
        if fate is not None and clip["status"] == "accepted":
            fate.accepted += 1
            fate.accepted_seconds += clip["num_frames"] / clip["fps"]
    for row in read_rows(folder, "rejections"):
        fate = found.get(source_of(row["source_name"]))
        if fate is None:
            continue
        fate.lost_seconds[row["reason"]] += row["seconds"] or 0.0
        if row["level"] != "span":
            fate.rejected[row["reason"]] += 1
            fate.details.append(_detail(row))
    for row in read_rows(folder, "failures"):
        fate = found.get(source_of(row["source_name"]))
        if fate is not None:
            fate.failed[row["stage"]] += 1
            fate.details.append(f"{row['error_type']}: {row['error']}")
    return [found[s] for s in sources]


def _detail(row: dict[str, Any]) -> str:
    bound = "" if row["score"] is None else f" {row['score']:.3g} (bound {row['threshold']:.3g})"
    where = "" if row["start_seconds"] is None else f" {row['start_seconds']:.2f}-{row['end_seconds']:.2f} s"
    return f"{row['reason']}{bound}{where}" + (f", also {', '.join(row['also'])}" if row["also"] else "")


def count_faults(folder: Path, sources: list[str]) -> list[str]:
    """Return every way in which a run's numbers do not add up; empty is right."""
    run = read_run(folder)
    faults = [f"problem named by the run: {p}" for p in run["problems"]]
    stages = {s["stage"]: s for s in run["stages"]}
    for s in run["stages"]:
        if s["num_in"] != s["num_out"] + s["num_rejected"] + s["num_failed"]:
            faults.append(f"{s['stage']}: {s['num_in']} in, but out, rejected and failed make another number")
    for before, after in zip(run["stages"][:-1], run["stages"][1:], strict=True):
        if before["level"] == after["level"] and before["num_out"] != after["num_in"]:
            faults.append(
                f"{before['stage']} gave {before['num_out']}, {after['stage']} saw {after['num_in']}"
            )
    clips = Counter(c["status"] for c in read_rows(folder, "clips"))
    rejections, failures = read_rows(folder, "rejections"), read_rows(folder, "failures")
    # A video that gives no clip counts as rejected by the survey, but its rejections are spans.
    ended = Counter(r["level"] for r in rejections)
    pairs = {
        "sources and probed": (len(sources), stages["probe"]["num_in"]),
        "clips proposed and in the table": (stages.get("propose", _NONE)["num_in"], clips.total()),
        "clips rejected by filters and in the table": (ended["clip"], clips["rejected"]),
        "clips failed and in the table": (sum(f["level"] == "clip" for f in failures), clips["failed"]),
        "clips checked and accepted": (stages.get("check", _NONE)["num_out"], clips["accepted"]),
        "clips accepted and in shards": (clips["accepted"], count_samples(folder)),
        "videos rejected by probe and in the table": (
            stages["probe"]["num_rejected"] + stages.get("deduplicate", _NONE)["num_rejected"],
            ended["video"],
        ),
        "reasons in run.json and in the table": (sum(run["rejected_by_reason"].values()), len(rejections)),
        "failures in run.json and in the table": (sum(run["failed_by_stage"].values()), len(failures)),
    }
    faults += [f"{what}: {a} and {b}" for what, (a, b) in pairs.items() if a != b]
    return faults + lost_time(folder)


_NONE = {"num_in": 0, "num_out": 0, "num_rejected": 0, "num_failed": 0}


def lost_time(folder: Path) -> list[str]:
    """Return the videos of which some time is neither in a clip nor in a rejected span."""
    covered: dict[str, list[tuple[float, float]]] = defaultdict(list)
    spans = [r for r in read_rows(folder, "rejections") if r["level"] == "span"]
    for row in [*read_rows(folder, "clips"), *spans]:
        covered[row["video_id"]].append((row["start_seconds"], row["end_seconds"]))
    ended = [f for f in read_rows(folder, "rejections") if f["level"] == "video"]
    dead = {f["subject_id"] for f in [*ended, *read_rows(folder, "failures")]}
    faults: list[str] = []
    for video in read_rows(folder, "videos"):
        gap = uncovered_seconds(covered[video["video_id"]], video["duration_seconds"])
        if gap > _SLACK_SECONDS and video["video_id"] not in dead:
            faults.append(f"{gap:.2f} s of {video['source_name']} are nowhere")
    return faults


def uncovered_seconds(spans: list[tuple[float, float]], duration_seconds: float) -> float:
    """Return how much of [0, duration) lies in no span."""
    at, gap = 0.0, 0.0
    for start, end in sorted(spans):
        gap += max(min(start, duration_seconds) - at, 0.0)
        at = max(at, end)
    return gap + max(duration_seconds - at, 0.0)


def evaluate(folder: Path, sources: list[str], exit_code: int | None) -> Part:
    """Return the tables of what became of the sources of a finished run."""
    found = fates(folder, sources)
    faults = count_faults(folder, sources)
    nowhere = [f.source for f in found if not (f.accepted or f.lost_seconds or f.failed)]
    faults += [f"{s} ended nowhere" for s in nowhere]
    plain = [f for f in found if f.expectation.expect == "clips"]
    barren = [f for f in found if f.expectation.expect == "none"]
    tables = [
        _stage_table(folder),
        _step_table(folder),
        _source_table(found),
        _group_table(plain),
        _barren_table(barren),
        _missed_table([f for f in plain if not f.accepted]),
        Table(title="Counts that do not add up", columns=("fault",), rows=[(f,) for f in faults]),
    ]
    return Part(
        name="outcome",
        tables=[t for t in tables if t.rows],
        values={"faults": faults, "sources": [_plain(f) for f in found]},
        targets=_targets(plain, barren, faults, exit_code),
    )


def _targets(
    plain: list[Fate], barren: list[Fate], faults: list[str], exit_code: int | None
) -> list[tuple[str, str, bool]]:
    targets = [("counts add up", f"{len(faults)} faults", not faults)]
    if exit_code is not None:
        targets.append(("exit code 0", str(exit_code), exit_code == 0))
    if plain:
        giving, copies = sum(f.accepted > 0 for f in plain), sum(f.is_copy for f in plain)
        share = giving / max(len(plain) - copies, 1)
        what = f"plain talkers with a clip, copies of others' aside, at least {MIN_SHARE_WITH_CLIPS}"
        shown = f"{share:.3f} ({giving} of {len(plain)}, {copies} copies)"
        targets.append((what, shown, share >= MIN_SHARE_WITH_CLIPS))
    if barren:
        right = sum(bool(f.as_expected) for f in barren)
        targets.append(("no clip, for the right reason", f"{right} of {len(barren)}", right == len(barren)))
    return targets


def _plain(fate: Fate) -> dict[str, Any]:
    return {
        "source": fate.source,
        "expected": fate.expectation.expect,
        "as_expected": fate.as_expected,
        "accepted": fate.accepted,
        "accepted_seconds": fate.accepted_seconds,
        "lost_seconds": dict(fate.lost_seconds),
        "rejected": dict(fate.rejected),
        "failed": dict(fate.failed),
        "main_reason": fate.main_reason,
        "details": fate.details,
    }


def _stage_table(folder: Path) -> Table:
    rows = [
        (s["stage"], s["level"], s["num_in"], s["num_out"], s["num_rejected"], s["num_failed"])
        for s in read_run(folder)["stages"]
    ]
    return Table(title="Stages", columns=("stage", "level", "in", "out", "rejected", "failed"), rows=rows)


def _step_table(folder: Path) -> Table:
    run = read_run(folder)
    surveyed = sum(s["media_seconds"] for s in run["stages"] if s["stage"] == "survey")
    seconds = surveyed or 1.0
    rows = [
        (s["stage"], step, cpu, cpu / seconds, s["media_seconds"])
        for s in run["stages"]
        for step, cpu in s["cpu_by_step"].items()
    ]
    total = run["totals"]["cpu_seconds"]
    return Table(
        title="Processor time",
        columns=("stage", "step", "CPU s", "CPU s per s surveyed", "media s seen"),
        rows=[*rows, ("all", "", total, total / seconds, surveyed)],
        remark=f"wall {run['wall_seconds']:.0f} s, frames decoded {run['totals']['frames_decoded']:.0f}; "
        "models are loaded in the step that first uses them, in every worker process",
    )


def _source_table(found: list[Fate]) -> Table:
    rows = [
        (
            f.source,
            f.accepted,
            round(f.accepted_seconds, 2),
            _listed(f.rejected),
            _listed(f.failed),
            ", ".join(f"{r} {s:.1f}" for r, s in sorted(f.lost_seconds.items(), key=lambda p: -p[1])),
            f.as_expected,
        )
        for f in found
    ]
    columns = ("source", "clips", "seconds", "rejected", "failed", "seconds lost to", "as expected")
    return Table(title="Sources", columns=columns, rows=rows)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{reason} {n}" for reason, n in counts.most_common())


def _group_table(plain: list[Fate]) -> Table:
    groups: dict[str, list[Fate]] = defaultdict(list)
    for fate in plain:
        groups[fate.expectation.group].append(fate)
    rows = [
        (name, len(g), sum(f.accepted > 0 for f in g), sum(f.accepted_seconds for f in g))
        for name, g in groups.items()
    ]
    return Table(
        title="Plain single-speaker groups", columns=("group", "sources", "with a clip", "seconds"), rows=rows
    )


def _barren_table(barren: list[Fate]) -> Table:
    rows = [
        (f.source, f.accepted, f.main_reason, "|".join(f.expectation.reasons) or "any", f.as_expected)
        for f in barren
    ]
    columns = ("source", "clips", "main reason", "right reasons", "as expected")
    return Table(title="Sources that must give no clip", columns=columns, rows=rows)


def _missed_table(missed: list[Fate]) -> Table:
    rows = [(f.source, f.main_reason, "; ".join(f.details)) for f in missed]
    return Table(
        title="Plain talkers without a clip", columns=("source", "main reason", "details"), rows=rows
    )
