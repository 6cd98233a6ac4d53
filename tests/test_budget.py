"""What a run will take: figures that ship, arithmetic on them, and tables of one's own."""

import math
from pathlib import Path

import pytest

from benchmarks import budget as arithmetic
from pipelines import budget
from schemas.outcomes import BadInputError
from schemas.run import StageSummary
from schemas.stages import stage_names


def summary(stage: str, cpu: float, seconds: float) -> StageSummary:
    return StageSummary(
        stage=stage, level="clip", num_in=1, num_out=1, num_rejected=0, num_failed=0, cpu_seconds=cpu,
        media_seconds=seconds, frames_decoded=0,
    )  # fmt: skip


def test_every_visit_has_its_cost() -> None:
    costs = budget.stage_costs()
    assert [c.stage for c in costs] == [*stage_names(kind="visit"), "check"]
    assert all(0 < c.seen_share <= 1.05 for c in costs)
    assert costs[-1].seen_share < 1 and budget.cpu_seconds_per_second(costs) > 0


def test_costs_of_a_run_add_up_to_what_it_took() -> None:
    stages = [summary("probe", 2.0, 100.0), summary("deduplicate", 0.0, 0.0), summary("look", 30.0, 50.0)]
    costs = budget.stage_costs_of(stages, 100.0)
    assert [c.stage for c in costs] == ["probe", "look"]
    assert budget.core_hours(costs, 1.0) == {"probe": 0.02, "look": 0.3}
    assert math.isclose(budget.cpu_seconds_per_second(costs) * 100, 32.0)
    assert budget.stage_costs_of([summary("body", 0.0, 0.0)], 1.0)[0].cpu_seconds == 0.0


def test_a_stricter_funnel_keeps_its_shape() -> None:
    costs = [
        budget.StageCost(stage=name, seen_share=share, cpu_seconds=1.0)
        for name, share in (("probe", 1.0), ("look", 0.5), ("check", 0.25))
    ]
    shares = [c.seen_share for c in budget.with_kept_share(costs, 0.0625)]
    assert shares == pytest.approx([1.0, 0.25, 0.0625])
    for share in (0.0, 1.5):
        with pytest.raises(ValueError, match="no funnel"):
            budget.with_kept_share(costs, share)


def test_a_core_hour_costs_its_share_of_the_machine_and_of_its_idle_time() -> None:
    machine = next(m for m in budget.machines() if m.spot_usd_per_hour is not None)
    assert machine.usd_per_core_hour() == machine.usd_per_hour / machine.vcpus / budget.BUSY_SHARE
    dearer, cheaper = machine.usd_per_core_hour(), machine.usd_per_core_hour(spot=True)
    assert dearer is not None and cheaper is not None and cheaper < dearer


HEAD = "provider,machine,region,vcpus,memory_gb,usd_per_hour,spot_usd_per_hour,priced,source"


def test_prices_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "prices.csv"
    own.write_text(f"# ours\n{HEAD}\nus,big,here,64,256,2.0,,today,contract\n")
    (machine,) = budget.machines(str(own))
    assert machine.vcpus == 64 and machine.usd_per_core_hour(spot=True) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("machine\nbig\n", "has no column"),
        (f"{HEAD}\nus,big,here,many,256,2.0,,today,x\n", "row 1: vcpus is no number: 'many'"),
        (f"{HEAD}\nus,big,here,1,2,-2.0,,today,x\n", "row 1: usd_per_hour is no number: '-2.0'"),
        (f"{HEAD}\nus,big\n", "row 1 has not as many cells as the head"),
    ],
)
def test_a_broken_table_is_named(tmp_path: Path, text: str, said: str) -> None:
    own = tmp_path / "prices.csv"
    own.write_text(text)
    with pytest.raises(BadInputError, match=said) as error:
        budget.machines(str(own))
    assert str(own) in str(error.value)


def test_a_missing_table_is_named() -> None:
    with pytest.raises(BadInputError, match=r"nowhere\.csv"):
        budget.machines("nowhere.csv")


def test_the_page_shows_what_the_arithmetic_gives() -> None:
    page = arithmetic.PAGE.read_text(encoding="utf-8")
    assert arithmetic.BEGIN in page and arithmetic.END in page
    assert page == arithmetic.with_tables(page), "python -m benchmarks.budget --write"


def test_a_collection_twice_as_large_takes_at_least_twice_as_much() -> None:
    (step, *_) = arithmetic.step_figures()
    assert step.cpu_hours_at(2.0 * step.clips) >= 2 * step.cpu_hours_at(step.clips)
    assert math.isclose(step.cpu_hours_at(step.clips) * 3600, step.cpu_seconds)
    sizes = {
        f.step: f.largest_mb_at(2.0 * f.clips) / f.largest_mb
        for f in arithmetic.step_figures()
        if f.largest_mb
    }
    assert sizes["bias tables"] == 2.0 and sizes["faces across splits"] == 1.0


def test_prices_and_hours_of_ones_own_are_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "prices.csv"
    own.write_text(f"{HEAD}\nus,big,here,64,256,6.4,,today,contract\n")
    arithmetic.main(["--machines", str(own), "--hours-in", "100", "--hours-kept", "50"])
    shown = capsys.readouterr().out
    assert "us big" in shown and "google" not in shown and "100 hours in, 50 kept" in shown
