"""What the rule about age costs young adults, by group, without numbers about few people."""

from typing import Any

from reports.minors import minors
from reports.run_data import RunData
from schemas.bias import YoungAdults
from tests.bias_makers import STAGES
from tests.makers import make_clip, make_source
from tests.report_makers import Records
from tests.report_run import make_run
from transforms.summarise_bias import BiasConfig, summarise
from transforms.summarise_bias.rows import Label, Row, clip_row


def rows(group: str, young: int, lost: int, others: int, name: str = "gender") -> list[Row]:
    """Return a clip each of so many people of a group; of the young ones some are lost to the rule."""
    labels = {name: Label(group, True)}
    ends = [("body", ("may_be_minor",))] * lost + [("", ())] * (young - lost + others)
    return [
        Row("clip", f"{group}{i}", f"{group}{i}", 5.0, labels, stage, reasons, young=i < young)
        for i, (stage, reasons) in enumerate(ends)
    ]


def found(made: list[Row], min_people: int = 5) -> dict[str, YoungAdults]:
    tables = summarise(made, STAGES, BiasConfig(min_people=min_people, scores=()), {}, {})
    return {row.value: row for row in tables.young_adults}


def numbers(row: YoungAdults) -> tuple[Any, ...]:
    return row.num_people, row.num_clips, row.num_lost, row.rate, row.suppressed


def test_a_groups_young_adults_are_counted_apart_from_its_others() -> None:
    shown = found(rows("feminine", 20, 12, 30) + rows("masculine", 40, 8, 10))
    assert numbers(shown["all"]) == (60, 60, 20, 20 / 60, False)
    assert numbers(shown["feminine"]) == (20, 20, 12, 0.6, False)
    assert numbers(shown["masculine"]) == (40, 40, 8, 0.2, False)
    low, high = shown["feminine"].rate_low, shown["feminine"].rate_high
    assert low is not None and high is not None and 0.3 < low < 0.6 < high < 0.9
    assert found(rows("feminine", 20, 0, 30)) == {}, "nobody was turned down"


def test_nothing_is_told_of_few_people() -> None:
    """Neither of few young adults, nor of few of them who are left, nor of a group's few others."""
    large = rows("a", 40, 20, 40, "place") + rows("b", 30, 10, 40, "place")
    for young, lost, others in ((3, 2, 40), (20, 17, 40), (40, 20, 3)):
        shown = found(large + rows("c", young, lost, others, "place"))
        # One hidden group would follow from all and the others, so another goes with it.
        assert [name for name, row in shown.items() if row.suppressed] in (["b", "c"], ["c", "b"]), young
        assert numbers(shown["b"])[:4] == (None,) * 4
        assert not found(large + rows("c", young, lost, others, "place"), 0)["c"].suppressed


def test_who_is_a_young_adult_is_declared_or_else_perceived() -> None:
    told = {"18": True, "29": True, "30": False, "17": False, "18-25": True, "20s": True, "30s": False}
    for age, young in told.items():
        clip = make_clip(source=make_source(attributes=(("age", age),)))
        assert clip_row(clip, ()).young == young, age
    for age in ("18-49", "13-19", "adult", "unknown"):
        assert not clip_row(make_clip(source=make_source(attributes=(("age", age),))), ()).young


def test_the_page_says_what_the_rule_costs(run: RunData) -> None:
    hidden = found(rows("a", 40, 20, 40) + rows("b", 30, 10, 40) + rows("c", 3, 2, 40))
    told = minors(make_run(Records(young_adults=list(hidden.values()))))
    assert (told.lines[0].group, told.lines[0].lost) == ("all young adults", "32 of 73 clips")
    assert {line.lost for line in told.lines[2:]} == {"hidden"} and told.lines[1].rate.startswith("50 %")
    assert minors(run).lines == ()
