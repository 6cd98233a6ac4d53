"""How well shots start where people saw cuts: recall, precision, and what lies inside clips."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.material import NamedCut, manifest_cuts, source_of, verified_cuts
from benchmarks.page import Part, Table
from benchmarks.runs import read_rows

TOLERANCE_FRAMES = 2
# Times are written with two decimals.
_ROUNDING_SECONDS = 0.005
MIN_RECALL, MIN_PRECISION = 0.95, 0.9


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Cuts of one video: (named, detected) pairs, what was missed, what nobody named."""

    matched: list[tuple[NamedCut, float]]
    missed: list[NamedCut]
    extra: list[float]


def compare(named: list[NamedCut], detected: list[float], fps: float) -> Comparison:
    """Pair named cuts with detected ones, nearest first, one to one, within the tolerance.

    A detected cut at a doubtful place (`required` false) is neither a match nor an extra.
    """
    tolerance = TOLERANCE_FRAMES / fps + _ROUNDING_SECONDS
    required = [c for c in named if c.required]
    near = sorted(
        (_distance(c, d), i, j)
        for i, c in enumerate(required)
        for j, d in enumerate(detected)
        if _distance(c, d) <= tolerance
    )
    pairs: dict[int, int] = {}
    for _, i, j in near:
        if i not in pairs and j not in pairs.values():
            pairs[i] = j
    doubtful = [c for c in named if not c.required]
    extra = [
        d
        for j, d in enumerate(detected)
        if j not in pairs.values() and not any(_distance(c, d) <= tolerance for c in doubtful)
    ]
    return Comparison(
        matched=[(required[i], detected[j]) for i, j in sorted(pairs.items())],
        missed=[c for i, c in enumerate(required) if i not in pairs],
        extra=extra,
    )


def _distance(cut: NamedCut, seconds: float) -> float:
    return max(cut.seconds - seconds, seconds - cut.until_seconds, 0.0)


def detected_cuts(folder: Path) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Return by source the starts of all shots but the first, and the frame rates."""
    videos = {v["video_id"]: v for v in read_rows(folder, "videos")}
    starts: dict[str, list[float]] = {source_of(v["source_name"]): [] for v in videos.values()}
    for shot in read_rows(folder, "shots"):
        if shot["start_frame"] > 0:
            starts[source_of(videos[shot["video_id"]]["source_name"])].append(shot["start_seconds"])
    rates = {source_of(v["source_name"]): v["fps"] for v in videos.values()}
    return {s: sorted(times) for s, times in starts.items()}, rates


def cuts_inside_clips(folder: Path, named: list[NamedCut], rates: dict[str, float]) -> list[tuple[Any, ...]]:
    """Return (source, cut, clip span, clip) of every named cut that an accepted clip contains.

    A cut at a clip's very start or end lies between two clips, not inside; half a frame of doubt
    about the named time is allowed for.
    """
    clips: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for clip in read_rows(folder, "clips"):
        if clip["status"] == "accepted":
            clips[source_of(clip["source_name"])].append(clip)
    inside: list[tuple[Any, ...]] = []
    for cut in named:
        doubt = 0.5 / rates.get(cut.file, 25.0) + _ROUNDING_SECONDS
        for clip in clips[cut.file]:
            begins_before = clip["start_seconds"] + doubt < cut.until_seconds
            if begins_before and cut.seconds < clip["end_seconds"] - doubt:
                span = f"{clip['start_seconds']:.2f}-{clip['end_seconds']:.2f}"
                inside.append((cut.file, f"{cut.seconds:.3f}", span, clip["clip_id"]))
    return inside


def evaluate(folder: Path, data: Path, sources: list[str]) -> Part:
    """Return the tables that compare a finished run's shots with the cuts people saw."""
    detected, rates = detected_cuts(folder)
    from_manifest = [c for c in manifest_cuts(data) if c.file in sources]
    by_eye = [c for c in verified_cuts() if c.file in sources]
    # A cut seen by eye in a video of the manifest's list is not false there, nor required of it.
    named = _score(from_manifest, by_eye, detected, rates)
    everything = _score(from_manifest + by_eye, [], detected, rates)
    inside = {
        origin: cuts_inside_clips(folder, [c for c in cuts if c.required], rates)
        for origin, cuts in (("manifest", from_manifest), ("verified by eye", by_eye))
    }
    listed = {c.file for c in from_manifest + by_eye}
    to_look_at = [(s, f"{t:.3f}") for s in sorted(detected) if s not in listed for t in detected[s]]
    tables = [
        Table(
            title="Cuts against people's eyes",
            columns=("cuts", "required", "found", "extra", "recall", "precision"),
            rows=[_score_row("manifest", named), _score_row("manifest and verified by eye", everything)],
            remark=f"within {TOLERANCE_FRAMES} frames",
        ),
        _cut_table(everything),
        Table(
            title="Cuts inside accepted clips",
            columns=("cut", "source", "seconds", "span", "clip"),
            rows=[(origin, *row) for origin, rows in inside.items() for row in rows],
        ),
        Table(title="Unlisted cuts: look at them", columns=("source", "seconds"), rows=to_look_at),
    ]
    values = {
        "manifest": _plain(named),
        "all": _plain(everything),
        "inside": inside,
        "to_look_at": to_look_at,
    }
    shown = [t for t in tables if t.rows]
    return Part(name="cuts", tables=shown, values=values, targets=_targets(named, inside))


def _targets(named: dict[str, Any], inside: dict[str, list[Any]]) -> list[tuple[str, str, bool]]:
    recall, precision = _met(named, "recall", MIN_RECALL), _met(named, "precision", MIN_PRECISION)
    return [
        (f"recall of cuts named in the manifest, at least {MIN_RECALL}", *recall),
        (f"precision in the videos with such cuts, at least {MIN_PRECISION}", *precision),
        *[(f"cuts inside accepted clips ({o}), none", str(len(r)), not r) for o, r in inside.items()],
    ]


def _score(
    named: list[NamedCut],
    also_true: list[NamedCut],
    detected: dict[str, list[float]],
    rates: dict[str, float],
) -> dict[str, Any]:
    """Compare over all videos that have required cuts; a video that was not surveyed misses all."""
    found: dict[str, Comparison] = {}
    for file in sorted({c.file for c in named}):
        known = [c for c in named if c.file == file]
        fps = rates.get(file, 25.0)
        one = compare(known, detected.get(file, []), fps)
        spared = compare([c for c in also_true if c.file == file], one.extra, fps)
        found[file] = Comparison(matched=one.matched, missed=one.missed, extra=spared.extra)
    matched = sum(len(c.matched) for c in found.values())
    required = matched + sum(len(c.missed) for c in found.values())
    extra = sum(len(c.extra) for c in found.values())
    return {
        "videos": found,
        "required": required,
        "matched": matched,
        "extra": extra,
        "recall": matched / required if required else None,
        "precision": matched / (matched + extra) if matched + extra else None,
    }


def _met(score: dict[str, Any], name: str, bound: float) -> tuple[str, bool]:
    value = score[name]
    return ("no such cuts", True) if value is None else (f"{value:.3f}", value >= bound)


def _score_row(name: str, score: dict[str, Any]) -> tuple[Any, ...]:
    return (name, *(score[k] for k in ("required", "matched", "extra", "recall", "precision")))


def _cut_table(score: dict[str, Any]) -> Table:
    rows: list[tuple[Any, ...]] = []
    for file, one in score["videos"].items():
        found = [(d, f"{c.seconds:.3f}", f"{d:.3f}", "found", c.seen) for c, d in one.matched]
        found += [(c.seconds, f"{c.seconds:.3f}", None, "MISSED", c.seen) for c in one.missed]
        found += [(d, None, f"{d:.3f}", "EXTRA", "") for d in one.extra]
        rows += [(file, *row[1:]) for row in sorted(found, key=lambda row: row[0])]
    return Table(title="Each cut", columns=("source", "seen at", "found at", "result", "what"), rows=rows)


def _plain(score: dict[str, Any]) -> dict[str, Any]:
    videos = {
        file: {
            "matched": [(c.seconds, d) for c, d in one.matched],
            "missed": [c.seconds for c in one.missed],
            "extra": one.extra,
        }
        for file, one in score["videos"].items()
    }
    return {**{k: v for k, v in score.items() if k != "videos"}, "videos": videos}
