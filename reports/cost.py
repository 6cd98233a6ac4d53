"""The third page of a run: what it cost, stage by stage, and what ran on which machine.

These are the numbers that differ between two runs of the same data, so the other pages hold none of them.
"""

import json
from typing import Any

from reports import formats, metrics, reasons
from reports.run_data import RunData
from schemas.run import RunSummary, StageSummary

FILE_NAME = "cost.html"
MAX_STEPS = 60
MAX_CONFIG_CHARACTERS = 30_000


def build_context(run: RunData) -> dict[str, Any]:
    """Return everything the template shows, as text and geometry."""
    seconds_in = metrics.key_numbers(run).seconds_in
    stages = run.summary.stages
    total = sum(s.cpu_seconds for s in stages)
    return {
        "config_hash": formats.printable(run.summary.config_hash, 80),
        "cpu": formats.duration(total),
        "wall": formats.duration(run.summary.wall_seconds),
        "seconds_in": formats.duration(seconds_in),
        "tiles": tiles(run.summary, seconds_in, total),
        "stages": stage_views(stages, seconds_in, total),
        "steps": step_views(stages, total)[:MAX_STEPS],
        "ran": ran_view(run.summary),
        "f": formats,
    }


def tiles(summary: RunSummary, seconds_in: float, total: float) -> list[tuple[str, str, str]]:
    """Return (label, number, remark) of the key numbers."""
    wall = summary.wall_seconds
    frames = sum(s.frames_decoded for s in summary.stages)
    return [
        ("Processor time", formats.duration(total), "of all stages, on all cores"),
        ("Wall time", formats.duration(wall or None), "from the command to its end"),
        (
            "For a second of input",
            f"{formats.number(total / seconds_in if seconds_in else None)} s",
            "of processor time",
        ),
        ("On one core", formats.factor(seconds_in / total if total else None), "as fast as real time"),
        ("This run", formats.factor(seconds_in / wall if wall else None), "as fast as real time"),
        ("Frames decoded", formats.count(frames), "by all stages together"),
    ]


def stage_views(stages: list[StageSummary], seconds_in: float, total: float) -> list[dict[str, Any]]:
    """Return the cost of every stage.

    A stage's own speed is per second of the material it saw; the share of the run is per
    second of input, so that the stages' costs add up to the run's.
    """
    slowest = max((s.cpu_seconds for s in stages), default=0.0) or 1.0
    return [
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
        for s in stages
    ]


def step_views(stages: list[StageSummary], total: float) -> list[dict[str, Any]]:
    """Return the steps within the stages, the dearest first."""
    steps = [(cpu, s.stage, step) for s in stages for step, cpu in s.cpu_by_step.items() if cpu]
    dearest = max((cpu for cpu, _, _ in steps), default=1.0)
    return [
        {
            "name": reasons.title(step),
            "stage": reasons.title(stage),
            "cpu": formats.duration(cpu),
            "share": formats.percent(cpu, total),
            "width": round(100 * cpu / dearest, 2),
        }
        for cpu, stage, step in sorted(steps, key=lambda s: (-s[0], s[1], s[2]))
    ]


def ran_view(summary: RunSummary) -> dict[str, Any]:
    """Return what ran: command, configuration, versions, outside models."""
    config = json.dumps(summary.config, indent=2, sort_keys=True, ensure_ascii=False, default=str)
    return {
        "command": formats.prose(summary.command, 2000),
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
