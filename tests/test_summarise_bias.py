"""The bias report's numbers: against known answers, simulations, and a bias that was planted."""

import itertools
import json
import random
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

from schemas.bias import FunnelRow
from schemas.outcomes import clip_rejection
from tests.bias_makers import GROUPS, PLANTED, STAGES, measured_gender, people_records, planted_rows
from tests.makers import make_clip
from transforms.summarise_bias import BiasConfig, SummariseBias, metrics, summarise
from transforms.summarise_bias.associations import associated_pairs, people_table
from transforms.summarise_bias.cells import Attribute, Scoped, joint_cells, marginal_cells
from transforms.summarise_bias.columns import Clips, clips_of, column_of
from transforms.summarise_bias.corrected import corrected_counts
from transforms.summarise_bias.disclosure import plan
from transforms.summarise_bias.flags import judge
from transforms.summarise_bias.funnel import arrivals_of, compare_groups
from transforms.summarise_bias.rows import Label, Row, ended, linked


def row(number: int, person: str, labels: dict[str, Label], stage: str = "", *reasons: str) -> Row:
    return Row("clip", f"c{number:04d}", person, 4.0, labels, stage, reasons)


# A bias that was planted


def flagged(rows: list[Row]) -> set[tuple[str, str, str]]:
    judged = judge(compare_groups("clip", rows, STAGES, list(GROUPS), 5), 0.05, 5)
    return {(r.filter, r.attribute, r.value) for r in judged if r.flagged}


def test_a_planted_bias_is_found_and_nothing_else_is() -> None:
    assert [flagged(planted_rows(seed)) for seed in range(20)] == [{PLANTED}] * 20


def test_without_a_bias_hardly_anything_is_flagged() -> None:
    assert sum(bool(flagged(planted_rows(1000 + seed, shift=0.0))) for seed in range(20)) <= 1


def test_a_group_of_which_hardly_anybody_is_left_is_named_without_numbers() -> None:
    """At 160 people two of ten are left of the darkest group; with whom they are hidden nothing shows."""
    records = people_records(160, seed=3)
    (flag,) = [r for r in records.funnel if r.flagged]
    assert (flag.filter, flag.attribute, flag.value) == PLANTED and flag.test == "people_left"
    assert flag.suppressed and flag.num_dropped is flag.rate is flag.ratio is None and flag.num_people == 10
    same = [r for r in records.funnel if (r.filter, r.attribute) == PLANTED[:2] and r.level == "clip"]
    assert [r.value for r in same if r.suppressed] == ["monk_6", "monk_8"]
    assert "small_groups" in [r.value for r in same if not r.suppressed]


# The funnel


def funnel(rows: list[Row]) -> list[FunnelRow]:
    return judge(compare_groups("clip", rows, STAGES, ["gender"], 0), 0.05, 0)


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
    found = judge(compare_groups("clip", rows, STAGES, ["place", "skin_tone"], 0), 0.05, 0)
    assert [(r.attribute, r.value) for r in found if r.flagged] == [("skin_tone", "monk_8")]
    assert {r.value: r.explained_by for r in found if r.attribute == "place"} == {
        "here": "skin_tone=monk_8",
        "there": None,
    }


def test_filters_of_a_stage_see_the_same_clips() -> None:
    labels = {"gender": Label("feminine", True)}
    rows = [row(0, "a", labels), row(1, "b", labels, "look", "dark_face", "jump_cut")]
    rows += [row(2, "c", labels, "look", "jump_cut"), row(3, "d", labels, "audio", "no_speech")]
    found = {(a.stage, a.filter): a for a in arrivals_of(clips_of(rows, STAGES))}
    assert [len(a.index) for a in found.values()] == [4, 3, 3]
    assert found["look", "jump_cut"].dropped.sum() == 2 and found["look", "dark_face"].dropped.sum() == 1


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


def scope_of(rows: list[Row], weighted: bool = False) -> tuple[Clips, Scoped]:
    clips = clips_of(rows, STAGES)
    return clips, Scoped("weighted" if weighted else "candidates", 0, np.arange(len(rows)), weighted)


def attribute_of(clips: Clips, name: str) -> Attribute:
    column = column_of(clips.rows, name)
    return Attribute(column, plan(clips.people, column, clips.steps, 0))


def test_cells_add_up_and_unknown_is_counted_apart() -> None:
    clips, scoped = scope_of(mixed_rows())
    gender, age = (attribute_of(clips, name) for name in ("gender", "age_group"))
    confusions = {"gender": measured_gender()}
    cells = {c.value: c for c in marginal_cells(clips, scoped, gender, confusions)}
    assert sum(c.num_clips or 0 for c in cells.values()) == 400
    assert cells["not_measured"].num_clips == 8 and cells["not_measured"].share is None
    assert (cells["feminine"].share or 0) + (cells["masculine"].share or 0) == pytest.approx(1)
    assert (cells["feminine"].adjusted or 0) + (cells["masculine"].adjusted or 0) == pytest.approx(392)
    assert (cells["feminine"].adjusted_low or 0) < 294 < (cells["feminine"].adjusted_high or 0)
    joint = joint_cells(clips, scoped, (gender, age), confusions, 0)
    assert sum(c.num_clips or 0 for c in joint) == 392 and len(joint) == 4
    assert all(c.adjusted is None for c in joint)  # the confusion of ages was not measured


def test_a_clip_of_which_one_of_two_labels_is_unknown_is_in_no_corrected_pair() -> None:
    labels = {"gender": Label("feminine", False), "age_group": Label("20-29", True)}
    unknown = labels | {"age_group": Label("unknown", True)}
    rows = [row(i, f"p{i}", labels if i < 10 else unknown) for i in range(14)]
    confusions = {"gender": measured_gender()}
    found = corrected_counts([(r, 1.0) for r in rows], "gender", "age_group", confusions)
    assert {values[1] for values in found} == {"20-29"}
    assert sum(count for count, _, _ in found.values()) == pytest.approx(10, abs=0.01)


def test_weights_count_in_the_weighted_scope() -> None:
    clips, scoped = scope_of(mixed_rows(), weighted=True)
    cells = {c.value: c for c in marginal_cells(clips, scoped, attribute_of(clips, "age_group"), {})}
    expected = sum(r.weight for r in clips.rows if r.labels["age_group"].value == "60-69")
    assert cells["60-69"].raw == pytest.approx(expected) and cells["60-69"].num_declared == 14
    size, people, effect = metrics.size_metrics(clips, scoped, None, True)
    weights = np.array([r.weight for r in clips.rows])
    by_person = weights.reshape(-1, 2).sum(axis=1)
    assert people.result == pytest.approx(by_person.sum() ** 2 / (by_person**2).sum())
    assert size.result == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert effect.result == pytest.approx(400 / (size.result or 1))


# Together


def test_a_person_counts_once_however_many_clips_there_are() -> None:
    labels = [{"gender": Label("feminine", True)}, {"gender": Label("masculine", True)}]
    rows = [row(i, "a", labels[0]) for i in range(30)] + [row(99, "b", labels[1])]
    gender = column_of(rows, "gender")
    table = people_table(clips_of(rows, STAGES).people, gender.codes, np.zeros(len(rows), np.int64))
    assert table.sum() == pytest.approx(2) and table[0, 0] == pytest.approx(1)


def test_what_a_stage_says_beside_its_reason_is_no_filter() -> None:
    def reasons(stage: str, also: tuple[str, ...]) -> tuple[str, ...]:
        found = clip_rejection(make_clip(), stage, "first", 1.0, 0.5, also)
        return ended(row(0, "p", {}), [found], []).reasons

    assert reasons("filter_look", ("dark_face",)) == ("first", "dark_face")
    assert reasons("people", ("copy of 123", "mirrored")) == ("first",)


def test_what_a_filter_took_of_a_known_person_is_no_second_person() -> None:
    """Nobody is recognised in a clip that was turned down; who speaks may be declared."""

    def of(person: str, speaker: str) -> Row:
        return Row("clip", person + speaker, person, 4.0, {}, speaker=speaker)

    rows = [of("identity:1", "anna"), of("speaker:anna", "anna"), of("identity:2", "ben")]
    assert [r.person for r in linked(rows)] == ["identity:1", "identity:1", "identity:2"]
    # Two people were recognised under one name, or nobody: then the name stands for itself.
    rows = [of("identity:1", "anna"), of("identity:2", "anna"), of("speaker:anna", "anna")]
    assert linked(rows) == rows and linked(rows[2:]) == rows[2:]


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
            for name in ("clips", "rejections", "failures", "videos", "balance_targets", "balance_splits")
            for rows in [getattr(records, name)]
        }
        found: Any = inputs | SummariseBias(config, STAGES, {})
        for name in SummariseBias.TABLES:
            assert_that(found[name], equal_to(getattr(records, name)), label=name)
