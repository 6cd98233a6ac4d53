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
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.outcomes import BadInputError, Rejection
from tests.bias_makers import AGE, GENDER, planted_imbalance
from tests.makers import make_clip, make_source
from transforms.balance import Balance, BalanceConfig, BalancePlan, Quota, Target, make_plan
from transforms.balance.candidates import Candidate, Cells
from transforms.balance.rake import least_entropy


def only_gender(candidates: list[Candidate]) -> list[Candidate]:
    """Return candidates as they are if the configuration speaks of gender alone."""
    return [Candidate(c.clip_id, c.person, c.source, c.seconds, c.values[:1]) for c in candidates]


def amounts(candidates: list[Candidate], plan: BalancePlan, place: int, unit: str) -> dict[str, float]:
    """Return the weighted share of each group as a training run would draw it."""
    found: dict[str, float] = defaultdict(float)
    for c in candidates:
        if c.clip_id not in plan.gone and c.values[place] != "unknown":
            found[c.values[place]] += plan.weights[c.values] * (1 if unit == "clips" else c.seconds)
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
    weights = [plan.weights[c.values] for c in candidates if c.clip_id not in plan.gone]
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
            assert plan.weights[f"a{i}", f"b{j}"] == pytest.approx(table[i, j] / counts[i, j], rel=1e-3)


def test_a_target_out_of_reach_is_named_with_what_is_in_the_way() -> None:
    few = only_gender(planted_imbalance(feminine=0.05))
    plan = make_plan(few, BalanceConfig(targets=(GENDER,), max_weight=2))
    rows = {row.value: row for row in plan.targets}
    assert not rows["feminine"].feasible
    assert "max_weight 2 binds for gender=feminine" in (rows["feminine"].binding or "")
    # As near as the bound allows.
    share = sum(c.values[0] == "feminine" for c in few) / len(few)
    assert rows["feminine"].achieved == pytest.approx(2 * share / 0.95, rel=0.1)
    assert max(plan.weights.values()) <= 2.001


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


def test_without_settings_everything_is_kept_with_equal_weight() -> None:
    candidates = [Candidate(f"c{i}", "p", "v", 2.0, ()) for i in range(9)]
    plan = make_plan(candidates, BalanceConfig())
    assert (plan.gone, plan.weights, plan.targets) == ({}, {(): 1.0}, ())
    assert make_plan([], BalanceConfig(targets=(GENDER,))).targets == ()


def test_seconds_and_clips_are_different_units() -> None:
    people = [Candidate(f"a{i}", "p", "v", 10.0, ("feminine",)) for i in range(10)]
    people += [Candidate(f"b{i}", "p", "v", 2.0, ("masculine",)) for i in range(10)]
    plan = make_plan(people, BalanceConfig(targets=(GENDER,), unit="seconds"))
    assert plan.weights["masculine",] == pytest.approx(5 * plan.weights["feminine",], rel=1e-3)


def test_bounded_weights_stay_within_the_bound() -> None:
    cells = Cells.count(only_gender(planted_imbalance(feminine=0.12)), BalanceConfig(targets=(GENDER,)))
    base = cells.num_clips / cells.num_clips.sum()
    rows = np.array(
        [[0.5 if v[0] == "feminine" else -0.5 if v[0] == "masculine" else 0 for v in cells.values]]
    )
    weights = least_entropy(rows * base, np.zeros(1), base, 4.5)
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
