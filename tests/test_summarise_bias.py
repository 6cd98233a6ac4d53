"""The bias report's numbers: against known answers, simulations, and a bias that was planted."""

import itertools
import json
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

from schemas.bias import BiasCell, FunnelRow
from tests.bias_makers import GROUPS, PLANTED, STAGES, measured_gender, people_records, planted_rows
from tests.bias_records import make_cell, make_funnel_row
from transforms.summarise_bias import BiasConfig, SummariseBias, metrics, summarise
from transforms.summarise_bias.associations import associated_pairs, column_of, people_of, people_table
from transforms.summarise_bias.cells import ScopedRows, joint_cells, marginal_cells
from transforms.summarise_bias.funnel import arrivals_of, compare_groups, judge
from transforms.summarise_bias.rows import Label, Row
from transforms.summarise_bias.suppress import suppress_cells, suppress_funnel


def row(number: int, person: str, labels: dict[str, Label], stage: str = "", *reasons: str) -> Row:
    return Row("clip", f"c{number:04d}", person, 4.0, labels, stage, reasons)


# A bias that was planted


def flagged(rows: list[Row]) -> set[tuple[str, str, str]]:
    judged = judge(compare_groups("clip", rows, STAGES, list(GROUPS)), 0.05, 5)
    return {(r.filter, r.attribute, r.value) for r in judged if r.flagged}


def test_a_planted_bias_is_found_and_nothing_else_is() -> None:
    assert [flagged(planted_rows(seed)) for seed in range(20)] == [{PLANTED}] * 20


def test_without_a_bias_hardly_anything_is_flagged() -> None:
    assert sum(bool(flagged(planted_rows(1000 + seed, shift=0.0))) for seed in range(20)) <= 1


# The funnel


def funnel(rows: list[Row]) -> list[FunnelRow]:
    return judge(compare_groups("clip", rows, STAGES, ["gender"]), 0.05, 0)


def test_a_group_that_only_overlaps_with_a_flagged_one_is_explained_by_it() -> None:
    """All of those who are dropped are dark; most of them happen to be from one place."""
    rng = np.random.default_rng(2)
    rows = []
    for person in range(120):
        dark = person < 30
        place = "here" if (person < 25 or 30 <= person < 55) else "there"
        labels = {"skin_tone": Label("monk_8" if dark else "monk_2", True), "place": Label(place, True)}
        for clip in range(5):
            end = ("look", "dark_face") if rng.random() < (0.8 if dark else 0.02) else ("",)
            rows.append(row(10 * person + clip, f"p{person}", labels, *end))
    found = judge(compare_groups("clip", rows, STAGES, ["place", "skin_tone"]), 0.05, 0)
    assert [(r.attribute, r.value) for r in found if r.flagged] == [("skin_tone", "monk_8")]
    assert {r.value: r.explained_by for r in found if r.attribute == "place"} == {
        "here": "skin_tone=monk_8",
        "there": None,
    }


def test_filters_of_a_stage_see_the_same_clips_and_first_reasons_add_up() -> None:
    labels = {"gender": Label("feminine", True)}
    rows = [row(0, "a", labels), row(1, "b", labels, "look", "dark_face", "jump_cut")]
    rows += [row(2, "c", labels, "look", "jump_cut"), row(3, "d", labels, "audio", "no_speech")]
    found = {(a.stage, a.filter): a for a in arrivals_of(rows, STAGES)}
    assert [len(a.rows) for a in found.values()] == [4, 3, 3]
    assert found["look", "jump_cut"].dropped.sum() == 2 and found["look", "jump_cut"].first.sum() == 1


def test_estimated_labels_are_not_used_where_the_dropped_were_never_estimated() -> None:
    """Only survivors have been estimated: their labels must not make the filter look kind."""
    known, none = {"gender": Label("feminine", False)}, {}
    rows = [row(i, f"p{i}", known) for i in range(8)]
    rows += [row(10 + i, f"q{i}", none, "audio", "no_speech") for i in range(8)]
    (only,) = funnel(rows)
    assert (only.basis, only.value, only.num_in, only.test) == ("declared", "not_measured", 16, None)
    told = [row(20 + i, f"r{i}", {"gender": Label("feminine", True)}) for i in range(3)]
    by_value = {r.value: r for r in funnel(rows + told)}
    assert by_value["feminine"].num_in == 3 and by_value["not_measured"].num_in == 16


def test_balancing_is_no_finding() -> None:
    rows = [row(i, f"p{i}", {"gender": Label("feminine", True)}, "balance", "over_quota") for i in range(30)]
    rows += [row(100 + i, f"q{i}", {"gender": Label("masculine", True)}) for i in range(30)]
    assert {(r.value, r.rate, r.test) for r in funnel(rows)} == {
        ("feminine", 1.0, None),
        ("masculine", 0.0, None),
    }


# Cells


def mixed_rows() -> list[Row]:
    rng = np.random.default_rng(0)
    rows = []
    for i in range(400):
        values = {"gender": "feminine" if i % 4 else "masculine", "age_group": "20-29" if i % 3 else "60-69"}
        declared = i % 10 == 0
        labels = {name: Label(value, declared) for name, value in values.items()}
        if not declared and rng.random() < 0.1:
            labels["gender"] = Label("masculine" if i % 4 else "feminine", False)
        if i % 50 == 1:
            del labels["gender"]
        rows.append(Row("clip", f"c{i:04d}", f"p{i // 2}", 4.0, labels, weight=0.5 if i % 4 else 2.0))
    return rows


def test_cells_add_up_and_unknown_is_counted_apart() -> None:
    scoped = ScopedRows("candidates", mixed_rows(), False)
    cells = {c.value: c for c in marginal_cells(scoped, "gender", {"gender": measured_gender()})}
    assert sum(c.num_clips or 0 for c in cells.values()) == 400
    assert cells["not_measured"].num_clips == 8 and cells["not_measured"].share is None
    assert (cells["feminine"].share or 0) + (cells["masculine"].share or 0) == pytest.approx(1)
    assert (cells["feminine"].adjusted or 0) + (cells["masculine"].adjusted or 0) == pytest.approx(392)
    assert (cells["feminine"].adjusted_low or 0) < 294 < (cells["feminine"].adjusted_high or 0)
    joint = joint_cells(scoped, ("gender", "age_group"), {"gender": measured_gender()})
    assert sum(c.num_clips or 0 for c in joint) == 392 and len(joint) == 4
    assert all(c.adjusted is None for c in joint)  # the confusion of ages was not measured


def test_weights_count_in_the_weighted_scope() -> None:
    scoped = ScopedRows("weighted", mixed_rows(), True)
    cells = {c.value: c for c in marginal_cells(scoped, "age_group", {})}
    expected = sum(r.weight for r in scoped.rows if r.labels["age_group"].value == "60-69")
    assert cells["60-69"].raw == pytest.approx(expected) and cells["60-69"].num_declared == 14
    (size, effect) = metrics.size_metrics(scoped)
    weights = np.array([r.weight for r in scoped.rows])
    assert size.result == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert effect.result == pytest.approx(400 / (size.result or 1))


# Suppression


def table_of(people: list[list[int]]) -> list[BiasCell]:
    return [
        make_cell(value=f"r{i}", attribute_2="age_group", value_2=f"c{j}", num_people=n, num_clips=3 * n)
        for i, line in enumerate(people)
        for j, n in enumerate(line)
    ]


def test_a_small_cell_takes_others_with_it_so_that_it_does_not_follow_from_a_total() -> None:
    hidden = suppress_cells(table_of([[2, 20, 30], [40, 50, 7], [9, 60, 70]]), 5)
    blank = {(c.value, c.value_2) for c in hidden if c.suppressed}
    assert ("r0", "c0") in blank
    lines: dict[str, int] = defaultdict(int)
    for value, value_2 in blank:
        lines[value] += 1
        lines[str(value_2)] += 1
    assert all(n != 1 for n in lines.values())
    assert all(c.num_clips is None and c.raw is None and c.adjusted is None for c in hidden if c.suppressed)
    assert not any(c.suppressed for c in suppress_cells(table_of([[2, 0]]), 0))


def test_nobody_is_no_small_cell_and_gives_no_cover() -> None:
    hidden = suppress_cells([make_cell(value=str(n), num_people=n) for n in (0, 3, 8, 20)], 5)
    assert [c.suppressed for c in hidden] == [False, True, True, False]


def test_the_funnel_hides_small_groups_but_keeps_the_flag() -> None:
    rows = [make_funnel_row(value=str(n), num_people=n, flagged=n == 3) for n in (3, 8, 20)]
    hidden = suppress_funnel(rows, 5)
    assert [r.suppressed for r in hidden] == [True, True, False]
    assert hidden[0].flagged and hidden[0].num_in is None and hidden[0].ratio_low is None


# Together


def test_a_person_counts_once_however_many_clips_there_are() -> None:
    labels = [{"gender": Label("feminine", True)}, {"gender": Label("masculine", True)}]
    rows = [row(i, "a", labels[0]) for i in range(30)] + [row(99, "b", labels[1])]
    gender = column_of(rows, "gender")
    table = people_table(people_of(rows), gender.codes, np.zeros(len(rows), np.int64))
    assert table.sum() == pytest.approx(2) and table[0, 0] == pytest.approx(1)


def test_declared_columns_are_compared_with_a_bounded_number_of_others() -> None:
    """Perceived attributes and configured pairs stay, and of the others the best known."""
    names = [f"a{k:02d}" for k in range(40)]
    labels = [
        {"gender": Label("feminine", False)}
        | {name: Label("x", True) for k, name in enumerate(names) if k <= number}
        for number in range(40)
    ]
    rows = [row(i, f"p{i}", known) for i, known in enumerate(labels)]
    attributes = sorted(["gender", *names])
    columns = {name: column_of(rows, name) for name in attributes}
    config = BiasConfig(associated=4, pairs=(("a38", "gender"), ("gender", "skin_tone")))
    found = associated_pairs(attributes, columns, config)
    assert len(found) == len(set(found)) == 4 * 37 + 6
    assert {("a38", "gender"), ("a00", "a01"), ("a00", "a39"), ("a01", "gender")} <= set(found)
    assert ("a02", "a03") not in found
    everything = associated_pairs(attributes, columns, BiasConfig(associated=41))
    assert everything == list(itertools.combinations(attributes, 2))


def test_summarise_says_the_same_for_any_order_of_rows() -> None:
    rows = planted_rows(1, num_people=60)
    config = BiasConfig(min_people=3, scores=())
    first = summarise(rows, STAGES, config, {"gender": {"feminine": 1.0, "masculine": 1.0}}, {})
    again = summarise(rows[::-1], STAGES, config, {"gender": {"feminine": 1.0, "masculine": 1.0}}, {})
    assert first == again
    by_scope = {
        c.scope: c for c in first.cells if c.attribute == "gender" and c.value == "feminine" and not c.value_2
    }
    assert (by_scope["candidates"].num_clips or 0) > (by_scope["accepted"].num_clips or 0) > 0
    assert by_scope["accepted"].num_clips == by_scope["selected"].num_clips
    others = {m.other for m in first.metrics if m.metric == "kl_divergence" and m.attribute == "gender"}
    assert others == {"target"}


def test_the_step_gives_what_its_core_gives(tmp_path: Path) -> None:
    path = tmp_path / "confusion.json"
    measured = measured_gender()
    part = {"categories": measured.categories, "counts": measured.counts.tolist()}
    path.write_text(json.dumps({"model": "m", "measured_on": "x", "attributes": {"gender": part}}))
    config = BiasConfig(confusion=str(path))
    records = people_records(40, seed=4, bias=config)
    options = PipelineOptions(["--runner=FnApiRunner", "--direct_running_mode=in_memory"])
    with beam.Pipeline(options=options) as pipeline:
        inputs = {
            name: pipeline | name >> beam.Create(random.Random(1).sample(rows, len(rows)), reshuffle=False)
            for name in ("clips", "rejections", "failures", "videos")
            for rows in [getattr(records, name)]
        }
        found: Any = inputs | SummariseBias(config, STAGES, {})
        for name in SummariseBias.TABLES:
            assert_that(found[name], equal_to(getattr(records, name)), label=name)
