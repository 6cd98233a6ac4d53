"""The table a run ends with."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from schemas.run import RunSummary, StageSummary

_HEADINGS = (
    *("stage", "level", "in", "out", "reused", "rejected", "failed"),
    *("CPU s", "speed", "frames"),
)
_MOST_NAMES = 5


def _stage_row(stage: StageSummary) -> list[str]:
    speed = stage.media_seconds / stage.cpu_seconds if stage.cpu_seconds else None
    return [
        stage.stage,
        stage.level,
        str(stage.num_in),
        str(stage.num_out),
        str(stage.num_reused or ""),
        str(stage.num_rejected or ""),
        str(stage.num_failed or ""),
        f"{stage.cpu_seconds:.1f}" if stage.cpu_seconds else "",
        f"{speed:.1f}x" if speed else "",
        str(stage.frames_decoded or ""),
    ]


def print_summary(summary: RunSummary, report: str, console: Console) -> None:
    """Print counts, costs, reasons and where the results are."""
    totals = summary.totals
    table = Table(title="Stages", title_justify="left")
    for heading in _HEADINGS:
        table.add_column(heading, justify="left" if heading in ("stage", "level") else "right")
    for stage in summary.stages:
        table.add_row(*_stage_row(stage))
    console.print(table)
    lost = summary.rejected_seconds_by_reason
    if lost:
        reasons = Table(title="Rejected", title_justify="left")
        for heading in ("reason", "times", "minutes"):
            reasons.add_column(heading, justify="left" if heading == "reason" else "right")
        for reason, seconds in sorted(lost.items(), key=lambda item: -item[1]):
            count = summary.rejected_by_reason.get(reason, 0)
            reasons.add_row(escape(reason), str(count), f"{seconds / 60:.2f}")
        console.print(reasons)
    for stage, count in summary.failed_by_stage.items():
        console.print(f"Failed in {escape(stage)}: {count} (tables/failures says why)")
    console.print(
        f"{totals['sources']:.0f} sources, {totals['videos']:.0f} videos, {totals['shots']:.0f} shots, "
        f"{totals['clips']:.0f} clips: {totals['accepted_clips']:.0f} accepted, "
        f"{totals['rejected_clips']:.0f} rejected, {totals['failed_clips']:.0f} failed"
    )
    minutes_in, minutes_out = totals["hours_in"] * 60, totals["hours_out"] * 60
    console.print(
        f"{minutes_in:.1f} min in, {minutes_out:.1f} min out "
        f"({100 * minutes_out / max(minutes_in, 1e-9):.0f} %), "
        f"{summary.wall_seconds:.0f} s of wall time, {totals['cpu_seconds']:.0f} s of processor time"
    )
    if summary.ignored_inputs:
        _print_ignored(summary, console)
    _print_remarks(summary, console)
    if report:
        console.print(f"Report: {report}", soft_wrap=True, markup=False)


def _print_ignored(summary: RunSummary, console: Console) -> None:
    by_reason: dict[str, list[str]] = {}
    for ignored in summary.ignored_inputs:
        by_reason.setdefault(ignored.reason, []).append(ignored.name)
    for reason, names in sorted(by_reason.items()):
        shown = ", ".join(names[:_MOST_NAMES]) + (", ..." if len(names) > _MOST_NAMES else "")
        console.print(escape(f"Not looked at: {len(names)} ({reason}): {shown}"))


def _print_remarks(summary: RunSummary, console: Console) -> None:
    for note in summary.notes:
        console.print(f"Note: {escape(note)}")
    for problem in summary.problems:
        console.print(f"[bold red]Problem:[/] {escape(problem)}")
