"""The first page of a curation run, made from its tables, and the rendering of all its pages.

A page is one self-contained HTML file: nothing is fetched from anywhere, and every string from outside is
escaped by the template. The same tables give the same bytes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2

from reports import bias, captions, cost, figures, formats, gallery, metrics, reasons, strips
from reports.metrics import KeyNumbers, ReasonRow
from reports.reasons import Rule
from reports.run_data import RunData
from schemas.run import StageSummary

MAX_PAGE_BYTES = 2_000_000
FIRST_STRIPS = 12
FIRST_CARDS = 12
MAX_REASONS = 60
MAX_FAILURES = 60
MAX_LISTED = 50
_TEMPLATES = Path(__file__).parent / "templates"


def render_report(run: RunData) -> dict[str, bytes]:
    """Return the pages of a run, as bytes by file name; they link each other and belong into one folder.

    The first page and that of who is in the data are the same bytes for the same tables, however long the run
    took, on which machine and in how many attempts; all that differs is on the page of cost.
    """
    return {
        "index.html": render("summary.html.j2", build_context(run)),
        bias.FILE_NAME: render("bias.html.j2", bias.build_context(run)),
        cost.FILE_NAME: render("cost.html.j2", cost.build_context(run)),
    }


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
    names = sorted(metrics.input_lengths(run))
    shown = strips.build_strips(run, strips.evenly_spaced(names, strips.MAX_STRIPS), styles, rules)
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
        "num_inputs": len(names),
        "histograms": histograms[: len(figures.ALWAYS)],
        "more_histograms": histograms[len(figures.ALWAYS) :],
        "first_cards": cards[:FIRST_CARDS],
        "more_cards": cards[FIRST_CARDS:],
        "erasures": run.erasures_href if any(row.reason == "erased" for row in rows) else "",
        "problems": [formats.prose(p) for p in problems[:MAX_LISTED]],
        "num_problems": len(problems),
        "ignored": [
            (formats.printable(u.name), formats.printable(u.reason))
            for u in run.summary.ignored_inputs[:MAX_LISTED]
        ],
        "num_ignored": len(run.summary.ignored_inputs),
        "config_hash": formats.printable(run.summary.config_hash, 80),
        "schema_version": formats.printable(run.summary.schema_version, 40),
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
            "file": formats.file_name(row["source_name"]),
            "subject": f"{formats.printable(row['level'], 40)} {formats.printable(row['subject_id'], 120)}",
            "type": formats.printable(row["error_type"], 80),
            "error": formats.prose(row["error"], 400),
        }
        for row in rows
    ]
