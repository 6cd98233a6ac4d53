"""Representation: beside a population, beside a reference group, and in parts, with nobody few shown."""

from typing import Any

import numpy as np
import pytest

from reports import representation
from schemas.bias import Representation
from schemas.outcomes import BadInputError
from schemas.tables import to_row
from tests.bias_makers import STAGES
from transforms.summarise_bias import BiasConfig, Population, summarise
from transforms.summarise_bias.rows import Label, Row

CENSUS = Population(
    attribute="gender", shares={"feminine": 51, "masculine": 49}, source="a census", reference="masculine"
)


def rows_of(sizes: dict[str, int], seed: int = 0, licences: tuple[str, ...] = ("CC BY",)) -> list[Row]:
    """Return clips of so many people of each gender, one to five each, of varied length and weight."""
    rng = np.random.default_rng(seed)
    return [
        Row("clip", f"{gender}{i}_{c}", f"{gender}{i}", float(rng.uniform(2, 9)),
            {"gender": Label(gender, True)}, weight=2.0 if gender == "feminine" else 0.5,
            split="test" if i % 4 == 0 else "train", licence=licences[i % len(licences)])
        for gender, size in sizes.items()
        for i in range(size)
        for c in range(int(rng.integers(1, 6)))
    ]  # fmt: skip


def found_in(rows: list[Row], *populations: Population) -> dict[tuple[str, str, str, str], Representation]:
    config = BiasConfig(scores=(), pairs=(), populations=populations)
    tables = summarise(rows, STAGES, config, {}, {})
    return {(r.by, r.part, r.value, r.unit): r for r in tables.representation}


def test_shares_are_compared_with_a_population_and_a_reference() -> None:
    rows = rows_of({"feminine": 30, "masculine": 90})
    found = found_in(rows, CENSUS)
    people = found["all", "all", "feminine", "people"]
    assert (people.share, people.num_people, people.population) == (pytest.approx(0.25), 30, 0.51)
    assert people.represented == pytest.approx(0.25 / 0.51) and people.source == "a census"
    assert people.ratio == pytest.approx((0.25 / 0.51) / (0.75 / 0.49))
    assert people.difference == pytest.approx(0.25 / 0.51 - 0.75 / 0.49)
    hours = found["all", "all", "feminine", "hours"]
    own = sum(r.seconds for r in rows if r.labels["gender"].value == "feminine")
    assert hours.amount == pytest.approx(own / 3600) and hours.share == pytest.approx(
        own / sum(r.seconds for r in rows)
    )
    assert found["all", "all", "masculine", "clips"].ratio is None  # it is the reference
    assert found["all", "all", "feminine", "drawn"].share > found["all", "all", "feminine", "clips"].share
    train, test = (found["split", split, "feminine", "people"] for split in ("train", "test"))
    assert train.num_people + test.num_people == 30


def test_without_a_population_shares_are_compared_with_the_largest_group() -> None:
    found = found_in(rows_of({"feminine": 30, "masculine": 90}))
    row = found["all", "all", "feminine", "people"]
    assert (row.reference, row.population, row.represented) == ("masculine", None, None)
    assert row.ratio == pytest.approx(1 / 3) and row.difference == pytest.approx(-0.5)


def test_intervals_cover_the_truth() -> None:
    """People are drawn anew, with several clips each."""
    rng = np.random.default_rng(3)
    ratios, shares = [], []
    for seed in range(60):
        women = int(rng.binomial(120, 0.3))
        row = found_in(rows_of({"feminine": women, "masculine": 120 - women}, seed))[
            "all", "all", "feminine", "clips"
        ]
        ratios.append((row.ratio_low or 0) <= 0.3 / 0.7 <= (row.ratio_high or 0))
        shares.append(row.share_low <= 0.3 <= row.share_high)
    assert np.mean(ratios) >= 0.88 and np.mean(shares) >= 0.88


def test_parts_of_few_people_are_joined() -> None:
    found = found_in(rows_of({"feminine": 30, "masculine": 90}, licences=("CC BY",) * 19 + ("CC0",)))
    assert all(row.num_people >= 5 for row in found.values())
    assert not [
        key for key in found if key[0] == "licence"
    ]  # six people have the other licence, one is a woman


def test_a_population_that_cannot_be_is_refused() -> None:
    cases: list[dict[str, Any]] = [
        {"shares": {"a": 1.0}, "source": "x"},
        {"shares": {"a": 1.0, "b": 0.0}, "source": "x"},
        {"shares": {"a": 1.0, "b": 1.0}, "source": " "},
        {"shares": {"a": 1.0, "b": 1.0}, "source": "x", "reference": "c"},
    ]
    for wrong in cases:
        with pytest.raises(BadInputError, match=r"bias\.populations gender"):
            Population(attribute="gender", **wrong)


def test_the_page_shows_shares_and_disparity() -> None:
    found = found_in(rows_of({"feminine": 30, "masculine": 90}), CENSUS)
    (table,) = representation.tables([to_row(row) for row in found.values()])
    woman, man = table.lines
    assert (woman.group, woman.population, woman.people) == ("feminine", "51 %", "30")
    assert woman.shares[1].startswith("25 % (") and woman.ratio.startswith("0.32 (") and man.ratio == ""
    assert (table.reference, table.source) == ("masculine", "a census")
    assert [title for title, _ in table.parts] == ["By split"]
