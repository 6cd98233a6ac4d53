"""Balance: caps and quotas hold, an imbalance is repaired or declared out of reach, order plays no part."""

import random
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.outcomes import BadInputError, Rejection
from tests.bias_makers import AGE, GENDER, planted_imbalance
from tests.makers import make_clip, make_source
from transforms.balance import Balance, BalanceConfig, BalancePlan, Quota, Target, make_plan
from transforms.balance.candidates import Candidate, Cells, attribute_names
from transforms.balance.margins import margins_of
from transforms.balance.rake import least_entropy, rake
from transforms.balance.select import in_order


def only_gender(candidates: list[Candidate]) -> list[Candidate]:
    """Return candidates as they are if the configuration speaks of gender alone."""
    return [Candidate(c.clip_id, c.person, c.source, c.seconds, c.values[:1]) for c in candidates]


def amounts(candidates: list[Candidate], plan: BalancePlan, place: int, unit: str) -> dict[str, float]:
    """Return the weighted share of each group as a training run would draw it."""
    found: dict[str, float] = defaultdict(float)
    for c in candidates:
        if c.clip_id not in plan.gone and c.values[place] != "unknown":
            found[c.values[place]] += plan.weights[c.split][c.values] * (1 if unit == "clips" else c.seconds)
    return {value: amount / sum(found.values()) for value, amount in found.items()}


@pytest.mark.parametrize("unit", ["clips", "seconds"])
@pytest.mark.parametrize("method", ["weight", "subsample"])
@pytest.mark.parametrize("seed", range(3))
def test_a_planted_imbalance_is_repaired(unit: Any, method: Any, seed: int) -> None:
    candidates = planted_imbalance(seed=seed)
    plan = make_plan(candidates, BalanceConfig(targets=(GENDER, AGE), unit=unit, method=method))
    assert all(row.feasible for row in plan.targets)
    assert amounts(candidates, plan, 0, unit) == pytest.approx({"feminine": 0.5, "masculine": 0.5}, abs=0.001)
    assert amounts(candidates, plan, 1, unit) == pytest.approx(AGE.shares, abs=0.001)
    for row in plan.targets:
        assert row.achieved == pytest.approx(row.wanted, abs=0.001)
    weights = [plan.weights[c.split][c.values] for c in candidates if c.clip_id not in plan.gone]
    assert np.mean(weights) == pytest.approx(1, abs=1e-4) and max(weights) <= 5.001
    if method == "subsample":
        # The selection meets the targets by itself, as far as whole clips can.
        assert all(row.selected == pytest.approx(row.wanted, abs=0.02) for row in plan.targets)
        assert max(weights) < 1.3 and len(weights) > 0.9 * 2 * 0.15 * 2000 * 0.9


def test_raking_is_the_least_change() -> None:
    """Against iterative proportional fitting on a table, whose limit it is."""
    counts = np.array([[400.0, 100.0, 50.0], [100.0, 200.0, 150.0]])
    table = counts.copy()
    rows, columns = np.array([500.0, 500.0]), np.array([300.0, 300.0, 400.0])
    for _ in range(200):
        table *= (rows / table.sum(axis=1))[:, None]
        table *= columns / table.sum(axis=0)
    people = [
        Candidate(f"{i}{j}{n}", f"{i}{j}{n}", "v", 1.0, (f"a{i}", f"b{j}"))
        for i in range(2)
        for j in range(3)
        for n in range(int(counts[i, j]))
    ]
    targets = (
        Target(attributes=("a",)),
        Target(attributes=("b",), shares={"b0": 0.3, "b1": 0.3, "b2": 0.4}),
    )
    plan = make_plan(people, BalanceConfig(targets=targets, max_weight=50))
    for i in range(2):
        for j in range(3):
            assert plan.weights["train"][f"a{i}", f"b{j}"] == pytest.approx(
                table[i, j] / counts[i, j], rel=1e-3
            )


def test_a_target_out_of_reach_is_named_with_what_is_in_the_way() -> None:
    few = only_gender(planted_imbalance(feminine=0.05))
    plan = make_plan(few, BalanceConfig(targets=(GENDER,), max_weight=2))
    rows = {row.value: row for row in plan.targets}
    assert not rows["feminine"].feasible
    assert "max_weight 2 binds for gender=feminine" in (rows["feminine"].binding or "")
    # As near as the bound allows.
    share = sum(c.values[0] == "feminine" for c in few) / len(few)
    assert rows["feminine"].achieved == pytest.approx(2 * share / 0.95, rel=0.1)
    assert max(plan.weights["train"].values()) <= 2.001


def crossed(counts: Any) -> tuple[Cells, tuple[Target, ...]]:
    """Return so many clips of each combination of three attributes, and targets that ask for equal parts."""
    targets = tuple(Target(attributes=(name,)) for name in "abc")
    clips = [
        Candidate(
            f"{cell}{n}", "p", "v", 1.0, tuple(f"{name}{i}" for name, i in zip("abc", cell, strict=True))
        )
        for cell, count in np.ndenumerate(np.array(counts))
        for n in range(count)
    ]
    return Cells.count(clips, BalanceConfig(targets=targets)), targets


FEW_OF_A0 = [[[3, 1], [1, 2]], [[40, 10], [20, 30]]]


@pytest.mark.parametrize("most", [1.5, 2.0, 3.0])
def test_what_is_out_of_reach_is_missed_by_the_least_change(most: float) -> None:
    """Of all weights that miss the margins as little, those of least entropy, and not just any."""
    cells, targets = crossed(FEW_OF_A0)
    margins, _ = margins_of(cells, targets)
    raked = rake(cells, margins, 0.1, most)
    gaps, base = margins.rows @ raked.weights, cells.num_clips / cells.num_clips.sum()
    assert np.max(np.abs(gaps)) > 0.05 and raked.weights[:4] == pytest.approx(most, abs=1e-4)
    assert raked.weights == pytest.approx(least_entropy(margins.rows, gaps, base, 0.1, most), abs=1e-4)


def test_of_many_margins_too_those_out_of_reach_are_missed_least(monkeypatch: pytest.MonkeyPatch) -> None:
    cells, targets = crossed(FEW_OF_A0)
    margins, _ = margins_of(cells, targets)
    few = rake(cells, margins, 0.1, 2.0)
    monkeypatch.setattr("transforms.balance.rake._MANY", 0)
    many = rake(cells, margins, 0.1, 2.0)
    assert many.weights[:4] == pytest.approx(2.0, abs=1e-3)
    assert many.shares == pytest.approx(few.shares, abs=1e-3)


def test_rows_are_by_how_much_shares_are_off() -> None:
    """Also of what no target names, whose part of all is to stay as it was."""
    cells, _ = crossed(FEW_OF_A0)
    targets = (
        Target(attributes=("a",), shares={"a0": 1.0}),
        Target(attributes=("b",), shares={"b0": 3, "b1": 1}),
    )
    margins, _ = margins_of(cells, targets)
    assert margins.others == ("a",) and [g.value for g in margins.groups] == ["a0", "b0", "b1"]
    weights = np.linspace(0.5, 1.5, 8)
    weights /= weights @ cells.num_clips / cells.num_clips.sum()
    drawn = weights * cells.num_clips
    wanted = [
        0,
        drawn[[0, 1, 4, 5]].sum() / drawn.sum() - 0.75,
        drawn[[2, 3, 6, 7]].sum() / drawn.sum() - 0.25,
    ]
    before = cells.num_clips[4:].sum() / cells.num_clips.sum()
    assert margins.rows @ weights == pytest.approx([*wanted, drawn[4:].sum() / drawn.sum() - before])


def test_a_group_without_clips_is_named_and_the_others_share_its_part() -> None:
    wanted = Target(attributes=("gender",), shares={"feminine": 0.4, "masculine": 0.4, "nonbinary": 0.2})
    gendered = [replace(c, values=(c.values[0], "unknown")) for c in planted_imbalance()]
    plan = make_plan(gendered, BalanceConfig(targets=(wanted, Target(attributes=("skin_tone",)))))
    rows = {(row.name, row.value): row for row in plan.targets}
    assert rows["gender", "nonbinary"].binding == "no clip has gender = nonbinary"
    assert rows["gender", "feminine"].achieved == pytest.approx(0.5, abs=0.001)


def test_margins_that_contradict_each_other_are_out_of_reach() -> None:
    """All old people are men, and old people should be more than half: then women cannot be half."""
    people = [Candidate(f"a{i}", "p", "v", 1.0, ("feminine", "20-29")) for i in range(50)]
    people += [Candidate(f"b{i}", "p", "v", 1.0, ("masculine", "60-69")) for i in range(50)]
    old = Target(attributes=("age_group",), shares={"20-29": 0.3, "60-69": 0.7})
    plan = make_plan(people, BalanceConfig(targets=(GENDER, old)))
    assert [row.feasible for row in plan.targets] == [False] * 4
    assert all("together with" in (row.binding or "") for row in plan.targets)


def test_a_joint_target_is_met_in_every_combination() -> None:
    candidates = planted_imbalance(4000)
    joint = Target(attributes=("gender", "age_group"))
    plan = make_plan(candidates, BalanceConfig(targets=(joint,), max_weight=20))
    rows = {row.value: row for row in plan.targets}
    assert len(rows) == 6 and all(row.achieved == pytest.approx(1 / 6, abs=0.001) for row in rows.values())
    assert set(rows) == {f"{g}|{a}" for g in ("feminine", "masculine") for a in AGE.shares}


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 6), st.floats(3, 40), st.integers(1, 80))
def test_caps_and_quotas_hold_and_order_plays_no_part(
    rng: random.Random, per_person: int, seconds: float, most: int
) -> None:
    candidates = planted_imbalance(200, seed=7)
    config = BalanceConfig(
        targets=(AGE,),
        quotas=(Quota(where={"gender": "masculine", "age_group": "20-29"}, max_clips=most),),
        max_clips_per_person=per_person,
        max_seconds_per_source=seconds,
    )
    plan = make_plan(candidates, config)
    names = ("age_group", "gender")
    shuffled = rng.sample(candidates, len(candidates))
    assert make_plan(shuffled, config) == plan and plan.names == names
    left = [c for c in candidates if c.clip_id not in plan.gone]
    assert max(Counter(c.person for c in left).values(), default=0) <= per_person
    by_source: dict[str, float] = defaultdict(float)
    for c in left:
        by_source[c.source] += c.seconds
    assert max(by_source.values(), default=0) <= seconds + 1e-6
    for excess in plan.gone.values():
        assert excess.score > excess.threshold or excess.reason in ("over_quota", "person_cap")


def test_what_a_cap_takes_is_spread_over_people_and_videos() -> None:
    people = [
        Candidate(f"{p}{i}", f"p{p}", f"v{i % 3}", 1.0, ("masculine",)) for p in range(5) for i in range(9)
    ]
    config = BalanceConfig(quotas=(Quota(where={"gender": "masculine"}, max_clips=15, min_clips=20),))
    plan = make_plan(people, config)
    left = Counter(c.person for c in people if c.clip_id not in plan.gone)
    assert set(left.values()) == {3}
    bounds = {row.value: row for row in plan.targets}
    assert bounds["max"].feasible and bounds["max"].selected == 15 and bounds["max"].before == 45
    assert not bounds["min"].feasible and "caps, maxima" in (bounds["min"].binding or "")


def test_clips_are_kept_round_by_round_over_people_and_then_videos() -> None:
    clips = [Candidate(f"a{i}", "a", "v", 1.0, ()) for i in range(4)]
    clips += [Candidate(f"b{i}", "b", f"w{i}", 1.0, ()) for i in range(2)]
    clips += [Candidate(f"{name}0", name, "u", 1.0, ()) for name in "cde"]
    for salt in "xyz":
        ordered = in_order(clips, salt)
        # Everybody once, of whom one is the first of the video that three are seen in.
        assert sorted(c.person for c in ordered[:5]) == list("abcde")
        assert [c.source for c in ordered[3:5]] == ["u", "u"]
        assert sorted(c.person for c in ordered[5:7]) == ["a", "b"]
        assert [c.person for c in ordered[7:]] == ["a", "a"]


def test_without_settings_everything_is_kept_with_equal_weight() -> None:
    candidates = [Candidate(f"c{i}", "p", "v", 2.0, ()) for i in range(9)]
    plan = make_plan(candidates, BalanceConfig())
    assert (plan.gone, plan.weights, plan.targets) == ({}, {"train": {(): 1.0}}, ())
    assert make_plan([], BalanceConfig(targets=(GENDER,))).targets == ()


def test_seconds_and_clips_are_different_units() -> None:
    people = [Candidate(f"a{i}", "p", "v", 10.0, ("feminine",)) for i in range(10)]
    people += [Candidate(f"b{i}", "p", "v", 2.0, ("masculine",)) for i in range(10)]
    plan = make_plan(people, BalanceConfig(targets=(GENDER,), unit="seconds"))
    assert plan.weights["train"]["masculine",] == pytest.approx(
        5 * plan.weights["train"]["feminine",], rel=1e-3
    )


def test_bounded_weights_stay_within_the_bound() -> None:
    cells = Cells.count(only_gender(planted_imbalance(feminine=0.12)), BalanceConfig(targets=(GENDER,)))
    base = cells.num_clips / cells.num_clips.sum()
    rows = np.array(
        [[0.5 if v[0] == "feminine" else -0.5 if v[0] == "masculine" else 0 for v in cells.values]]
    )
    weights = least_entropy(rows * base, np.zeros(1), base, 0.1, 4.5)
    assert weights.max() <= 4.5 and (rows * base) @ weights == pytest.approx(0, abs=1e-6)
    assert base @ weights == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Target(attributes=()),
        lambda: Target(attributes=("a",), shares={"x": 0.0}),
        lambda: Target(attributes=("a",), shares={"x": float("nan")}),
        lambda: Quota(where={}),
        lambda: BalanceConfig(max_weight=0.9),
    ],
)
def test_settings_that_make_no_sense_are_refused(make: Any) -> None:
    with pytest.raises(BadInputError, match="balance"):
        make()


def test_the_step_gives_clips_with_weights_and_reasons() -> None:
    clips = [
        make_clip(
            i, source=make_source(f"{i}.mp4", speaker_id=f"p{i % 3}", attributes=(("sex", "mf"[i % 4 > 0]),))
        )
        for i in range(12)
    ]
    config = BalanceConfig(targets=(GENDER,), max_clips_per_person=3)
    options = PipelineOptions(["--runner=FnApiRunner", "--direct_running_mode=in_memory"])

    def check_kept(kept: list) -> None:
        assert len(kept) == 9
        drawn = {"m": 0.0, "f": 0.0}
        for clip in kept:
            drawn[dict(clip.source.attributes)["sex"]] += clip.sampling_weight
        assert drawn["m"] == pytest.approx(drawn["f"], rel=1e-3)

    def check_gone(gone: list) -> None:
        assert {rejection.reason for _, rejection in gone} == {"person_cap"}
        assert all(isinstance(r, Rejection) and r.subject_id == clip.clip_id for clip, r in gone)
        assert all((r.stage, r.score, r.threshold) == ("balance", 4.0, 3.0) for _, r in gone)

    with beam.Pipeline(options=options) as pipeline:
        found: Any = pipeline | beam.Create(clips) | Balance(config)
        kept, gone, _ = found
        assert_that(kept, check_kept, label="kept")
        assert_that(gone, check_gone, label="gone")


def people_of_ages(*counts: tuple[str, str, int], split: str = "train") -> list[Candidate]:
    """Return clips of so many people each (gender, age group, number), one clip a person."""
    found: list[Candidate] = []
    for gender, age, number in counts:
        known = {"gender": gender, "age_group": age}
        known = {name: value for name, value in known.items() if value != "unknown"}
        for i in range(number):
            name = f"{split}-{gender}-{age}-{i:03}"
            found.append(Candidate(name, name, "v", 5.0, (gender, age), split, known))
    return found


def balanced(people: list[Candidate], **settings: Any) -> tuple[list[Candidate], BalancePlan]:
    """Return people as a configuration that does not speak of all they are sees them, and the plan."""
    config = BalanceConfig(**settings)
    names = attribute_names(config)
    seen = [replace(c, values=tuple(c.known.get(name, "unknown") for name in names)) for c in people]
    return seen, make_plan(seen, config)


TWO_AGES = Target(attributes=("age_group",), shares={"20-29": 0.5, "30-39": 0.5})


def test_groups_that_a_target_does_not_name_keep_what_they_have() -> None:
    """With such targets 4 of 10 clips had weight 0, the only person of a group among them."""
    people = people_of_ages(
        ("feminine", "20-29", 2), ("masculine", "20-29", 3), ("masculine", "30-39", 1),
        ("feminine", "60-69", 1), ("masculine", "40-49", 3),
    )  # fmt: skip
    plan = make_plan(people, BalanceConfig(targets=(GENDER, TWO_AGES)))
    weights = plan.weights["train"]
    assert not plan.gone and min(weights.values()) >= 0.1
    assert amounts(people, plan, 0, "clips") == pytest.approx({"feminine": 0.5, "masculine": 0.5}, abs=0.005)
    drawn = amounts(people, plan, 1, "clips")
    assert drawn["60-69"] + drawn["40-49"] == pytest.approx(0.4, abs=0.001)
    assert drawn["20-29"] == pytest.approx(drawn["30-39"], abs=0.003)
    assert all(row.feasible for row in plan.targets) and not plan.warnings
    for row in plan.targets:
        if row.name == "age_group":
            assert row.others == pytest.approx(0.4) and row.others_achieved == pytest.approx(0.4, abs=0.001)


def test_others_are_dropped_only_where_the_configuration_says_so() -> None:
    people = people_of_ages(("feminine", "20-29", 4), ("feminine", "60-69", 1), ("feminine", "unknown", 2))
    people += people_of_ages(("feminine", "25-34", 1))
    _, plan = balanced(people, targets=(replace(TWO_AGES, others="drop"),))
    (why,) = plan.gone.items()
    assert why[0].startswith("train-feminine-60-69") and why[1].reason == "not_in_target"
    assert [(w.value, w.problem) for w in plan.warnings] == [("60-69", "absent")]
    assert "took all of it" in plan.warnings[0].advice


def test_a_floor_holds_and_its_cost_is_said() -> None:
    people = people_of_ages(("feminine", "20-29", 4), ("masculine", "20-29", 96))
    wanted = Target(attributes=("gender",), shares={"feminine": 0.97, "masculine": 0.03})
    _, plan = balanced(people, targets=(wanted,), max_weight=25)
    assert min(plan.weights["train"].values()) == pytest.approx(0.1)
    (split,) = plan.splits
    rows = {row.value: row for row in plan.targets}
    assert not rows["masculine"].feasible and "min_weight 0.1 binds" in (rows["masculine"].binding or "")
    assert rows["masculine"].achieved == pytest.approx(0.096) and split.num_at_floor == 96
    assert rows["masculine"].without_floor == pytest.approx(0.03, abs=0.001)
    assert split.distance == pytest.approx(0.066, abs=0.001)
    assert split.distance_without_floor == pytest.approx(0.0, abs=0.001)


def test_every_split_is_balanced_by_itself_and_says_what_it_is_worth() -> None:
    people = people_of_ages(("feminine", "20-29", 20), ("masculine", "20-29", 60))
    people += people_of_ages(("feminine", "20-29", 9), ("masculine", "60-69", 3), split="val")
    people += people_of_ages(("masculine", "20-29", 2), split="test")
    people, plan = balanced(people, targets=(GENDER,))
    for split in ("train", "val"):
        drawn = {"feminine": 0.0, "masculine": 0.0}
        for c in people:
            if c.split == split:
                drawn[c.values[0]] += plan.weights[split][c.values]
        assert drawn["feminine"] == pytest.approx(drawn["masculine"], rel=1e-3)
    for described in plan.splits:
        own = [plan.weights[described.split][c.values] for c in people if c.split == described.split]
        assert np.mean(own) == pytest.approx(1, abs=1e-5)
        assert described.effective_clips == pytest.approx(sum(own) ** 2 / np.dot(own, own), rel=1e-5)
    missed = {(row.split, row.value): row.binding for row in plan.targets if not row.feasible}
    assert set(missed) == {("test", "feminine"), ("test", "masculine")}
    assert missed["test", "feminine"] == "no clip has gender = feminine"
    (warned,) = plan.warnings
    assert (warned.value, warned.problem) == ("60-69", "absent") and "keep_in_train" in warned.advice


def test_many_clips_of_one_person_are_worth_one_person() -> None:
    clips = [Candidate(f"c{i}", "one" if i < 9 else "other", "v", 1.0, ()) for i in range(10)]
    (split,) = make_plan(clips, BalanceConfig()).splits
    assert split.effective_clips == pytest.approx(10)
    assert split.effective_people == pytest.approx(100 / 82)


def test_a_range_counts_in_its_groups_by_years() -> None:
    people = people_of_ages(("feminine", "46-60", 15), ("feminine", "30-39", 30))
    wanted = Target(attributes=("age_group",), shares={"30-39": 0.5, "50-59": 0.5})
    _, plan = balanced(people, targets=(wanted,))
    rows = {row.value: row for row in plan.targets}
    assert rows["50-59"].before == pytest.approx(10 / 40) and rows["50-59"].achieved == pytest.approx(
        0.5, abs=1e-4
    )
    assert rows["50-59"].others == pytest.approx(5 / 45)
    _, none = balanced(people, quotas=(Quota(where={"age_group": "60-69"}, max_clips=0),))
    assert len(none.gone) == 15, "a quota of nothing takes whoever may be in the group"


def test_what_is_scaled_says_so() -> None:
    people = people_of_ages(("feminine", "20-29", 4), ("masculine", "30-39", 4))
    wanted = Target(attributes=("age_group",), shares={"20-29": 0.6, "30-39": 0.6, "70+": 0.3})
    rows = {row.value: row for row in balanced(people, targets=(wanted,))[1].targets}
    assert (rows["20-29"].asked, rows["20-29"].wanted) == (0.6, pytest.approx(0.5))
    assert "add up to 1.5" in (rows["20-29"].note or "") and "70+ should have" in (rows["20-29"].note or "")
    assert not rows["20-29"].feasible, "reached means every group that is named"
    many = {"20-29": 0.2, "30-39": 0.2, "40-49": 0.15, "50-59": 0.15, "60-69": 0.15, "70+": 0.15}
    said = "what 40-49, 50-59, 60-69 and 1 more should have is divided among the others"
    for shares, note in (({"20-29": 0.6, "30-39": 0.4}, None), (many, said)):
        plan = balanced(people, targets=(Target(attributes=("age_group",), shares=shares),))[1]
        assert {row.note for row in plan.targets} == {note}


@pytest.mark.parametrize(
    "people",
    [
        people_of_ages(("feminine", "20-29", 1)),
        people_of_ages(("unknown", "unknown", 3)),
        [Candidate(f"c{i}", "p", "v", 1.0, ("feminine", "20-29")) for i in range(3)],
        people_of_ages(("nonbinary", "46-60", 2)),
    ],
)
@pytest.mark.parametrize("method", ["weight", "subsample"])
def test_small_and_unknown_inputs_stay_sensible(people: list[Candidate], method: Any) -> None:
    targets = (GENDER, Target(attributes=("age_group",), shares={"70+": 1.0}))
    quotas = (Quota(where={"gender": "masculine"}, max_clips=0, min_clips=5),)
    plan = make_plan(people, BalanceConfig(targets=targets, quotas=quotas, method=method))
    assert not plan.gone and plan.weights["train"] == {c.values: 1.0 for c in people}
    assert all(np.isfinite([row.wanted, row.achieved or 0.0]).all() for row in plan.targets)


def test_a_quota_of_nothing_takes_all_and_leaves_no_split() -> None:
    people = people_of_ages(("feminine", "20-29", 3))
    _, plan = balanced(people, quotas=(Quota(where={"gender": "feminine"}, max_clips=0),))
    assert len(plan.gone) == 3 and plan.splits == () and plan.weights == {}


def test_thousands_of_groups_are_weighed_in_seconds() -> None:
    people = [Candidate(f"c{i}", f"p{i}", "v", 1.0, (f"g{i % 1000}",)) for i in range(2000)]
    plan = make_plan(people, BalanceConfig(targets=(Target(attributes=("ethnicity",)),)))
    assert (
        max(abs((row.achieved or 0) - 1 / 1000) for row in plan.targets) < 1e-5 and len(plan.targets) == 1000
    )


SHARES = st.floats(0.05, 1.0)
PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(["feminine", "masculine", "nonbinary", "unknown"]),
        st.sampled_from(["20-29", "30-39", "46-60", "70+", "unknown"]),
        st.sampled_from(["train", "train", "val"]),
        st.integers(0, 5),
        st.floats(1, 20),
    ),
    min_size=1,
    max_size=40,
)


# Bounds that leave no choice.
@example(
    rows=[("nonbinary", "46-60", "train", 0, 2.7), ("feminine", "20-29", "train", 2, 17.1)],
    **dict.fromkeys(("women", "old", "low", "high"), 1.0),
    rng=random.Random(0),
)
@settings(max_examples=60, deadline=None)
@given(PEOPLE, SHARES, SHARES, st.floats(0.01, 1), st.floats(1, 20), st.randoms(use_true_random=False))
def test_nobody_falls_below_the_floor_whatever_is_asked(
    rows: list[Any], women: float, old: float, low: float, high: float, rng: random.Random
) -> None:
    clips = [
        Candidate(f"c{i:02}", f"p{person}", "v", seconds, (gender, age), split, {"gender": gender})
        for i, (gender, age, split, person, seconds) in enumerate(rows)
    ]
    targets = (
        Target(attributes=("gender",), shares={"feminine": women, "masculine": 1.0}),
        Target(attributes=("age_group",), shares={"20-29": 1.0, "50-59": old}),
    )
    config = BalanceConfig(
        targets=targets, min_weight=low, max_weight=high, unit=rng.choice(["clips", "seconds"])
    )
    plan = make_plan(clips, config)
    assert not plan.gone and repr(make_plan(rng.sample(clips, len(clips)), config)) == repr(plan)
    for split in plan.splits:
        own = [plan.weights[split.split][c.values] for c in clips if c.split == split.split]
        assert low - 1e-9 <= min(own) and max(own) <= high + 1e-9
        assert np.mean(own) == pytest.approx(1, abs=1e-3)
    for row in plan.targets:
        if row.feasible:
            assert abs((row.achieved or 0) - row.wanted) <= 0.005 + 1e-9
