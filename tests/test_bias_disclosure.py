"""Small groups cannot be had from what a run publishes: attacks by integer programmes, and recounts."""

import random
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.bias import TOGETHER
from tests.bias_makers import STAGES, people_records
from tests.bias_records import make_target
from tests.intruder import Intruder, end_of
from transforms.balance import Target
from transforms.summarise_bias import BiasConfig, BiasTables, summarise
from transforms.summarise_bias.collapse import collapse
from transforms.summarise_bias.rows import Label, Row

MIN = 5
DROPPING = ("audio", "look", "balance")


def person(name: str, groups: dict[str, str], num: int, stage: str = "", **changes: str) -> list[Row]:
    labels = {attribute: Label(group, True) for attribute, group in groups.items()}
    row = Row("clip", "", name, 5.0, labels, stage, (f"{stage}_1",) if stage else ())
    return [replace(row, row_id=f"{name}_{i}", **changes) for i in range(num)]


def tables_of(rows: list[Row], **settings: object) -> BiasTables:
    return summarise(rows, STAGES, BiasConfig(**{"scores": ()} | settings), {}, {})  # pyright: ignore[reportArgumentType]


def made(seed: int, sizes: list[int], drop: list[float], num_filters: int, held_out: float) -> list[Row]:
    """Return clips of people in groups of these sizes; the first group is dropped twice as often."""
    rng, rows = random.Random(seed), []
    for group, size in enumerate(sizes):
        for number in range(size):
            split = "test" if rng.random() < held_out else "train"
            for clip in range(rng.choice((1, 1, 2))):
                stage = next(
                    (s for s, d in zip(DROPPING, drop, strict=True) if rng.random() < d * (2 - (group > 0))),
                    "",
                )
                reasons = [f"{stage}_{i}" for i in range(num_filters) if rng.random() < 0.6]
                row = person(f"p{group}_{number}", {"a": f"g{group}"}, 1, stage, split=split)[0]
                reasons = tuple(reasons) or row.reasons if stage else ()
                rows.append(replace(row, row_id=f"{row.row_id}_{clip}", reasons=reasons))
    return rows


SIZES = st.lists(st.sampled_from([1, 2, 3, 4, 5, 6, 9, 15]), min_size=2, max_size=4)
SHARES = st.lists(st.sampled_from([0.0, 0.1, 0.4]), min_size=3, max_size=3)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(0, 99), SIZES, SHARES, st.integers(1, 3), st.sampled_from([0.0, 0.2]))
def test_a_hidden_number_stays_within_an_interval(
    seed: int, sizes: list[int], drop: list[float], num_filters: int, held_out: float
) -> None:
    """Of `MIN` clips, or of all there are at a place or elsewhere; the truth lies in it."""
    rows = made(seed, sizes, drop, num_filters, held_out)
    intruder = Intruder(rows, STAGES, "a", tables_of(rows))
    for group, where, there in intruder.secrets(MIN):
        low, high = intruder.interval(group, there)
        inside = [row for row in rows if there(end_of(row))]
        truth = sum(row.labels["a"].value == group for row in inside)
        assert low <= truth <= high
        if where.startswith("by "):  # all that small groups lose there may be this one's, or another's
            assert low == 0
        else:
            width = min(MIN, len(inside), len(rows) - len(inside) or MIN)
            assert high - low >= width, (group, where)


def test_the_attack_finds_what_is_not_hidden() -> None:
    rows = made(1, [3, 15], [0.1, 0.4, 0.0], 1, 0.0)
    intruder = Intruder(rows, STAGES, "a", tables_of(rows, min_people=0))
    for group, _, there in intruder.secrets(MIN):
        low, high = intruder.interval(group, there)
        assert low == high


@pytest.mark.parametrize("seed", range(4))
def test_nothing_depends_on_who_is_in_which_small_group(seed: int) -> None:
    """Labels of small groups are dealt out anew: every published number stays."""
    rng = random.Random(seed)
    rows = [
        row
        for i in range(40)
        for row in person(f"m{i}", {"a": "m", "b": "xy"[i % 2]}, 2, "look" * (i % 3 == 0))
    ]
    small = [("f1", 3), ("f2", 4), ("f3", 2), ("f4", 1), ("f5", 1), ("f6", 1)]
    dealt = ["u", "u", "v", "v", "w", "w"]

    def published() -> BiasTables:
        rng.shuffle(dealt)
        hers = [
            row
            for (name, num), group in zip(small, dealt, strict=True)
            for row in person(name, {"a": group, "b": "x"}, num, "audio" * (name == "f4"))
        ]
        return tables_of(rows + hers, pairs=(("a", "b"),))

    first = published()
    assert {c.value for c in first.cells if c.suppressed and c.attribute == "a"} == {"u", "v", "w"}
    assert all(published() == first for _ in range(3))


def test_metrics_are_those_of_the_published_counts() -> None:
    """Two women's seven clips among eighty followed from the Hill number of order 2."""
    rows = [row for i in range(40) for row in person(f"m{i}", {"gender": "masculine"}, 2)]
    rows += person("f0", {"gender": "feminine"}, 3) + person("f1", {"gender": "feminine"}, 4)
    found = tables_of(rows)
    cells = {c.value: c for c in found.cells if c.scope == "candidates"}
    assert cells[TOGETHER].num_clips == 87 and cells["masculine"].suppressed and cells["feminine"].suppressed
    hill = next(m for m in found.metrics if m.metric == "hill_2" and m.scope == "candidates")
    assert hill.result == 1.0


def test_one_step_does_not_tell_what_the_next_one_hides() -> None:
    """Six women come and two are left after two filters: hidden, and so is what each filter took."""
    ends = ["audio"] * 3 + ["look"] + [""] * 2
    rows = [
        row for i in range(30) for row in person(f"m{i}", {"a": "m"}, 1, ["audio", "look", "", ""][i % 4])
    ]
    rows += [row for i, end in enumerate(ends) for row in person(f"f{i}", {"a": "f"}, 1, end)]
    intruder = Intruder(rows, STAGES, "a", tables_of(rows))
    assert intruder.interval("f", lambda end: not end[0]) == (0, 6)
    assert intruder.interval("f", lambda end: end[0] == "audio") == (0, 6)


def test_no_association_of_hardly_anybody() -> None:
    rows = person("a", {"x": "1", "y": "1"}, 2) + person("b", {"x": "2", "y": "2"}, 1)
    assert not [m for m in tables_of(rows).metrics if m.metric == "cramers_v" and m.result is not None]
    many = [row for i in range(60) for row in person(f"p{i}", {"x": str(i % 2), "y": str(i % 2)}, 2)]
    (found,) = [m for m in tables_of(many).metrics if m.metric == "cramers_v"]
    assert (found.num_people, found.num_clips) == (60, 120)
    assert (found.low or 0) < (found.result or 0) <= (found.high or 0)


def test_intersections_show_nobody_few() -> None:
    found = people_records(160, seed=5)
    cells = [c for c in found.bias_cells if c.attribute_2 is not None]
    assert any(not c.suppressed for c in cells) and any(c.value == TOGETHER for c in cells)
    assert not [c for c in cells if c.num_people is not None and 0 < c.num_people < MIN]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3), st.integers(0, 4)), max_size=200))
def test_a_collapsed_table_has_no_small_cell(clips: list[tuple[int, int, int]]) -> None:
    people, first, second = np.array(clips, np.int64).reshape(-1, 3).T
    places = collapse(people, first, second, MIN)
    if places is None:
        return
    seen: dict[tuple[int, int], set[int]] = defaultdict(set)
    for who, row, column in zip(people.tolist(), places[0][first], places[1][second], strict=True):
        seen[int(row), int(column)].add(who)
    assert all(len(who) >= MIN for who in seen.values())
    assert len({row for row, _ in seen}) > 1 and len({column for _, column in seen}) > 1


def test_a_target_and_its_price_do_not_tell_how_many_there_are() -> None:
    """Equal shares of two groups: the design effect, what was before and what was reached give the number."""
    rows = [replace(r, weight=0.55) for i in range(40) for r in person(f"m{i}", {"gender": "masculine"}, 2)]
    rows += [replace(r, weight=6.1) for r in person("f0", {"gender": "feminine"}, 7)]
    targets = [make_target(value=value, before=0.1) for value in ("feminine", "masculine")]
    found = summarise(rows, STAGES, BiasConfig(scores=()), {"gender": {}}, {}, targets)
    assert all(t.suppressed and t.before is t.selected is t.achieved is None for t in found.targets)
    sizes = [m for m in found.metrics if m.scope == "weighted" and m.attribute is None]
    assert len(sizes) == 3 and all(m.suppressed and m.result is None for m in sizes)
    assert all(c.suppressed for c in found.cells if c.scope == "weighted")


def test_a_target_of_groups_that_are_large_enough_is_shown() -> None:
    records = people_records(160, seed=3, targets=(Target(attributes=("gender",)),))
    assert all(t.achieved == pytest.approx(0.5, abs=0.01) for t in records.balance_targets)
    assert not any(t.suppressed for t in records.balance_targets)


def test_clips_of_one_person_are_worth_one_person() -> None:
    rows = person("p0", {"gender": "masculine"}, 4) + person("p1", {"gender": "masculine"}, 2, split="test")
    found = {(m.value, m.metric): m.result for m in tables_of(rows).metrics if m.attribute == "split"}
    assert found["train", "effective_sample_size"] == 4 and found["train", "effective_people"] == 1
    assert found["test", "effective_people"] == 1
