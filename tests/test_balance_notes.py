"""What a run and its page say of balance and declarations: nobody is lost without a word."""

import dataclasses
from typing import Any

from pipelines.balance_notes import NOTED, balance_notes
from reports import balance
from reports.summary import render_report
from schemas.tables import to_row
from tests.bias_records import (
    make_compared,
    make_split,
    make_target,
    make_unused,
    make_warning,
)
from tests.page_reader import PageReader
from tests.report_makers import Records
from tests.report_run import make_run


def told(**tables: list[Any]) -> list[str]:
    rows = {name: [to_row(r) for r in records] for name, records in tables.items()}
    return balance_notes({name: rows.get(name, []) for name in NOTED}, rows.get("unused_declarations", []))


def test_a_plain_run_has_nothing_to_say() -> None:
    even = make_split(design_effect=1.0, num_at_floor=0)
    assert told(balance_targets=[make_target()], balance_splits=[even]) == []


def test_what_the_floor_costs_is_said() -> None:
    worth, floor = told(balance_splits=[make_split()])
    assert "60.0 of equal weight, of 15.0 people" in worth
    assert "12 clips" in floor and "1.0 %" in floor and "4.0 %" in floor


def test_what_is_hidden_is_said_to_be() -> None:
    """Where weights would tell how large a small group is, none of the numbers made of them is there."""
    of_weights = ("effective_clips", "effective_people", "design_effect", "num_at_floor", "distance")
    hidden = make_split(**dict.fromkeys(of_weights))
    assert told(balance_splits=[hidden]) == []
    notes = told(balance_splits=[hidden, dataclasses.replace(hidden, split="val")])
    assert len(notes) == 2 and all("hidden" in note and "None" not in note for note in notes)


def test_missing_groups_scaled_shares_and_unused_cells_are_said() -> None:
    missed = make_target(feasible=False, binding="no clip has gender = feminine", note="what x should have")
    notes = told(
        balance_targets=[missed, missed],
        balance_warnings=[make_warning(), make_warning(value="70+", problem="near_zero", advice="more")],
        unused_declarations=[
            make_unused(),
            make_unused(row="line 2", source_name="a.mp4", declared="H", attribute="sex"),
        ],
    )
    text = "\n".join(notes)
    assert "has nobody of age_group 60-69" in text and "keep_in_train" in text
    assert "hardly ever draws age_group 70+" in text
    assert "2 declared values" in text and "line 2, a.mp4, sex 'H'" in text
    assert text.count("balance target gender in train: what x should have") == 1


def test_a_thousand_missed_groups_are_a_few_lines() -> None:
    rows = [make_target(value=f"g{i}", feasible=False, binding="b") for i in range(1000)]
    notes = told(balance_targets=rows, balance_warnings=[make_warning(value=f"g{i}") for i in range(1000)])
    assert len(notes) < 10 and "995 more" in "\n".join(notes)


def test_the_page_says_it_too_and_hides_small_groups() -> None:
    records = Records(
        balance_targets=[
            make_target(asked=0.4, before=None, suppressed=True),
            make_target(value="masculine"),
        ],
        balance_splits=[make_split(), make_split(split="val")],
        balance_warnings=[make_warning()],
        unused_declarations=[make_unused(declared="<b>12-Oct")],
        declared_perceived=[
            make_compared(),
            make_compared(perceived="masculine", num_clips=None, num_people=None, suppressed=True),
        ],

    )  # fmt: skip
    html = render_report(make_run(records))["bias.html"].decode()
    text = PageReader(html).text
    for said in (
        "Age group 60-69: nobody in the training data",
        "12 clips at the smallest weight",
        "(asked: 0.4)",
        "not understood as an age",
        "Declared and perceived",
        "Worth as many people",
    ):
        assert said in text, said
    assert "hidden" in text and "<b>12-Oct" not in html
    assert balance.MAX_ROWS < 100
