"""The first page of a curation run: one self-contained HTML file made from its tables.

Nothing on the page is fetched from anywhere; every string from outside is escaped by the
template. The same tables give the same bytes.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from reports import bias, captions, figures, formats, gallery, metrics, reasons, strips
from reports.load import RunData, load_run
from reports.metrics import KeyNumbers, ReasonRow
from reports.reasons import Rule
from schemas.run import RunSummary, StageSummary

MAX_PAGE_BYTES = 2_000_000
FIRST_STRIPS = 12
FIRST_CARDS = 12
MAX_REASONS = 60
MAX_FAILURES = 60
MAX_LISTED = 50
MAX_CONFIG_CHARACTERS = 30_000
_TEMPLATES = Path(__file__).parent / "templates"


def write_report(output_dir: Path) -> Path:
    """Write OUT/report/index.html and bias.html from OUT/run.json and OUT/tables; returns the first's path.

    Raises:
        BadInputError: if run.json or a table cannot be read.
    """
    run = load_run(Path(output_dir))
    folder = Path(output_dir) / "report"
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / bias.FILE_NAME, render("bias.html.j2", bias.build_context(run)))
    return _write(folder / "index.html", render("summary.html.j2", build_context(run)))


def _write(path: Path, page: bytes) -> Path:
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_bytes(page)
    return temporary.replace(path)


def render(template: str, context: dict[str, Any]) -> bytes:
    """Return a page in UTF-8; lone surrogates of odd file names become escapes."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template(template).render(context)
    return text.encode("utf-8", "backslashreplace")


def build_context(run: RunData) -> dict[str, Any]:
    """Return everything the template shows, as text and geometry."""
    rules = reasons.rules_of(run.summary.config)
    numbers = metrics.key_numbers(run)
    rows = metrics.reason_rows(run)
    failed = metrics.failures_by_stage(run)
    styles = captions.reason_styles([r.reason for r in rows])
    uris = sorted(metrics.input_lengths(run))
    shown = strips.build_strips(run, strips.evenly_spaced(uris, strips.MAX_STRIPS), styles, rules)
    problems = [*run.summary.problems, *run.notes, *metrics.disagreements(run, rows, failed)]
    cards = gallery.build_cards(run)
    histograms = figures.histograms(run.tables["clips"], rules)
    return {
        "numbers": numbers,
        "tiles": tiles(numbers),
        "material": material(numbers),
        "stages": stage_views(run.summary.stages),
        "reasons": [reason_view(r, styles, rules, numbers) for r in rows[:MAX_REASONS]],
        "num_more_reasons": max(0, len(rows) - MAX_REASONS),
        "legend": [(styles[r.reason], reasons.title(r.reason)) for r in rows if styles[r.reason][0] != "rx"],
        "num_other_reasons": sum(style == "rx" for style, _ in styles.values()),
        "failed_stages": [(reasons.title(s), formats.count(n)) for s, n in failed],
        "failures": failure_views(run),
        "first_strips": shown[:FIRST_STRIPS],
        "more_strips": shown[FIRST_STRIPS:],
        "num_inputs": len(uris),
        "histograms": histograms[: len(figures.ALWAYS)],
        "more_histograms": histograms[len(figures.ALWAYS) :],
        "first_cards": cards[:FIRST_CARDS],
        "more_cards": cards[FIRST_CARDS:],
        "cost": cost_view(run.summary, numbers),
        "problems": [formats.prose(p) for p in problems[:MAX_LISTED]],
        "num_problems": len(problems),
        "ignored": [formats.printable(u) for u in run.summary.ignored_inputs[:MAX_LISTED]],
        "num_ignored": len(run.summary.ignored_inputs),
        "ran": ran_view(run.summary),
        "f": formats,
    }


def tiles(n: KeyNumbers) -> list[tuple[str, str, str]]:
    """Return (label, number, remark) of the key numbers."""
    unknown = f"; length unknown for {formats.count(n.num_unknown_length)}" if n.num_unknown_length else ""
    unread = n.num_inputs - n.num_videos
    kept = formats.percent(n.num_accepted, n.num_clips)
    return [
        (
            "Inputs",
            formats.count(n.num_inputs),
            "all readable" if not unread else f"{unread:,} ended before the first cut",
        ),
        ("Material in", formats.duration(n.seconds_in), f"of all inputs{unknown}"),
        ("Shots", formats.count(n.num_shots), f"in {formats.plural(n.num_videos, 'video')}"),
        ("Clips cut", formats.count(n.num_clips), f"{formats.duration(n.seconds_clips)} in all"),
        (
            "Clips accepted",
            formats.count(n.num_accepted),
            f"{kept} of the clips" if n.num_clips else "no clips were cut",
        ),
        ("Material out", formats.duration(n.seconds_accepted), "of accepted clips"),
        ("Yield", formats.percent(n.seconds_accepted, n.seconds_in), "material out over material in"),
    ]


def material(n: KeyNumbers) -> list[tuple[str, str, float]]:
    """Return (step, length, width in percent) from input to accepted clips."""
    steps = [
        ("Input", n.seconds_in),
        ("Face followed", n.seconds_tracked),
        ("Cut as clips", n.seconds_clips),
        ("Accepted", n.seconds_accepted),
    ]
    longest = max(s for _, s in steps) or 1.0
    return [(name, formats.duration(s), round(100 * s / longest, 2)) for name, s in steps]


def stage_views(stages: Sequence[StageSummary]) -> list[dict[str, Any]]:
    """Return one row of the funnel per stage; bars share a scale within a level."""
    widest: dict[str, int] = {}
    for stage in stages:
        widest[stage.level] = max(widest.get(stage.level, 1), stage.num_in)
    views = []
    level = None
    for stage in stages:
        parts = ("out", stage.num_out), ("rejected", stage.num_rejected), ("failed", stage.num_failed)
        views.append(
            {
                "name": reasons.title(stage.stage),
                "does": reasons.STAGES.get(stage.stage, ""),
                "level": formats.printable(stage.level, 40),
                "new_level": stage.level != level,
                "num_in": formats.count(stage.num_in),
                "parts": [(name, formats.count(n), n) for name, n in parts],
                "bars": [(name, round(100 * n / widest[stage.level], 2)) for name, n in parts if n],
                "adds_up": metrics.adds_up(stage),
            }
        )
        level = stage.level
    return views


def reason_view(
    row: ReasonRow, styles: dict[str, tuple[str, str]], rules: list[Rule], n: KeyNumbers
) -> dict[str, Any]:
    """Return one reason as text: what it is, its threshold, how much it took."""
    levels = [
        formats.plural(num, formats.printable(level.replace("_", " "), 40)) for level, num in row.levels
    ]
    return {
        "style": styles[row.reason],
        "name": reasons.title(row.reason),
        "code": formats.printable(row.reason, 80),
        "why": reasons.explain(row.reason, rules),
        "threshold": reasons.wanted(row.reason, rules, row.thresholds),
        "num": formats.count(row.num),
        "levels": ", ".join(levels),
        "length": formats.duration(row.seconds),
        "unknown": formats.count(row.num_unknown_length) if row.num_unknown_length else "",
        "share": formats.percent(row.seconds, n.seconds_in),
        "also": formats.count(row.also),
    }


def failure_views(run: RunData) -> list[dict[str, str]]:
    """Return the first failures, in order of stage and file."""
    rows = run.tables["failures"].slice(0, MAX_FAILURES).to_pylist()
    return [
        {
            "stage": reasons.title(row["stage"]),
            "file": formats.file_name(row["uri"]),
            "subject": f"{formats.printable(row['level'], 40)} {formats.printable(row['subject_id'], 120)}",
            "type": formats.printable(row["error_type"], 80),
            "error": formats.prose(row["error"], 400),
        }
        for row in rows
    ]


def cost_view(summary: RunSummary, numbers: KeyNumbers) -> dict[str, Any]:
    """Return the cost of every stage and of the run.

    A stage's own speed is per second of the material it saw; the share of the run is per
    second of input, so that the stages' costs add up to the run's.
    """
    total = sum(s.cpu_seconds for s in summary.stages)
    slowest = max((s.cpu_seconds for s in summary.stages), default=0.0) or 1.0
    seconds_in = numbers.seconds_in
    rows = [
        {
            "name": reasons.title(s.stage),
            "cpu": formats.duration(s.cpu_seconds),
            "per_input": formats.number(s.cpu_seconds / seconds_in if seconds_in else None),
            "media": formats.duration(s.media_seconds),
            "speed": formats.factor(
                s.media_seconds / s.cpu_seconds if s.cpu_seconds and s.media_seconds else None
            ),
            "frames": formats.count(s.frames_decoded),
            "share": formats.percent(s.cpu_seconds, total),
            "width": round(100 * s.cpu_seconds / slowest, 2),
        }
        for s in summary.stages
    ]
    return {
        "rows": rows,
        "cpu": formats.duration(total),
        "per_input": formats.number(total / seconds_in if seconds_in else None),
        "speed": formats.factor(seconds_in / total if total else None),
        "frames": formats.count(sum(s.frames_decoded for s in summary.stages)),
        "wall": formats.duration(summary.wall_seconds),
        "wall_speed": formats.factor(seconds_in / summary.wall_seconds if summary.wall_seconds else None),
    }


def ran_view(summary: RunSummary) -> dict[str, Any]:
    """Return what ran: command, configuration, versions, outside models."""
    config = json.dumps(summary.config, indent=2, sort_keys=True, ensure_ascii=False, default=str)
    return {
        "command": formats.prose(summary.command, 2000),
        "config_hash": formats.printable(summary.config_hash, 80),
        "config": "\n".join(
            formats.printable(line, 400) for line in config[:MAX_CONFIG_CHARACTERS].splitlines()
        ),
        "config_cut": len(config) > MAX_CONFIG_CHARACTERS,
        "schema_version": formats.printable(summary.schema_version, 40),
        "versions": [
            (formats.printable(k, 80), formats.printable(str(v), 80))
            for k, v in sorted(summary.versions.items())[:100]
        ],
        "totals": [
            (reasons.title(k), formats.number(v) if isinstance(v, int | float) else formats.prose(str(v), 80))
            for k, v in sorted(summary.totals.items())[:100]
        ],
        "backends": [
            {
                "name": formats.printable(b.name, 80),
                "purpose": formats.prose(b.purpose, 160),
                "version": formats.printable(b.version, 60) or formats.MISSING,
                "licence": formats.printable(b.licence, 80),
                "hash": formats.printable(b.weights_sha256, 64),
                "available": b.available,
                "if_missing": formats.prose(b.if_missing, 200),
            }
            for b in summary.backends[:60]
        ],
    }
