"""The page of cost holds all that differs between two runs of the same data, and adds up."""

import dataclasses
from typing import Any

from reports import formats
from reports.run_data import RunData
from reports.summary import render_report
from tests.page_reader import page_of
from tests.report_makers import Records
from tests.report_run import make_run, make_summary


def test_time_and_machine_are_on_the_page_of_cost_alone(records: Records) -> None:
    """Two runs of the same data: one in one go, one resumed on another machine, slowly."""
    summary = make_summary(records)
    stages = [
        dataclasses.replace(
            s, cpu_seconds=7.7 * s.cpu_seconds + 1, frames_decoded=s.frames_decoded // 3,
            media_seconds=0.5 * s.media_seconds, cpu_by_step={"load_models": 1.0},
        )
        for s in summary.stages
    ]  # fmt: skip
    changes: dict[str, Any] = {
        "command": "run_pipeline.py retry elsewhere",
        "config": summary.config | {"isolation": {"num_processes": 7}},
        "versions": {"python": "3.12.1"},
        "backends": [dataclasses.replace(b, available=not b.available) for b in summary.backends],
        "totals": summary.totals | {"cpu_seconds": 9.0, "frames_decoded": 9.0},
        "notes": ["not tested on plan9"],
    }
    other = dataclasses.replace(summary, stages=stages, wall_seconds=12_345.0, **changes)
    one, two = (render_report(make_run(records, s)) for s in (summary, other))
    assert one["index.html"] == two["index.html"] and one["bias.html"] == two["bias.html"]
    assert one["cost.html"] != two["cost.html"]
    _, page = page_of(make_run(records, other), "cost.html")
    assert page.tile("Wall time").startswith("3 h 26 min") and "run_pipeline.py retry elsewhere" in page.text


def test_costs_add_up_on_their_page(run: RunData, records: Records) -> None:
    _, page = page_of(run, "cost.html")
    total = sum(s.cpu_seconds for s in run.summary.stages)
    assert page.tile("Processor time").startswith(formats.duration(total))
    assert f"Extract landmarks {formats.duration(run.summary.stages[5].cpu_seconds)}" in page.text
    assert "mediapipe" in page.text and "missing: captions over faces are not found" in page.text
