"""What is declared and what is perceived are compared in numbers of people, the small ones hidden."""

import dataclasses

from schemas.bias import DeclaredPerceived
from schemas.records.clip import Clip
from schemas.records.person import Attribute
from tests.bias_records import make_compared
from tests.makers import make_clip, make_source
from transforms.compare_declared import compared, counted, hide_small
from transforms.estimate_attributes import complete_attributes


def clip_of(number: int, declared: str, perceived: str) -> Clip:
    guess = Attribute(name="gender", value=perceived, source="estimated", confidence=1, model="m", score=None)
    source = make_source(f"{number}.mp4", speaker_id=f"p{number}", attributes=(("gender", declared),))
    return complete_attributes(make_clip(number, source=source, attributes=(guess,)))


def test_clips_and_people_are_counted() -> None:
    rows: dict[tuple[str, str, str], list[str]] = {}
    clips = [clip_of(0, "F", "masculine"), clip_of(0, "F", "masculine"), clip_of(1, "F", "feminine")]
    for place, person in (found for clip in clips for found in compared(clip)):
        rows.setdefault(place, []).append(person)
    cells = [counted(*item) for item in sorted(rows.items())]
    assert [(c.declared, c.perceived, c.num_clips, c.num_people) for c in cells] == [
        ("feminine", "feminine", 1, 1),
        ("feminine", "masculine", 2, 1),
    ]


def test_small_cells_do_not_follow_from_the_others() -> None:
    cells = [
        make_compared(num_people=30, num_clips=90),
        make_compared(perceived="masculine", num_people=2, num_clips=5),
        make_compared(declared="masculine", perceived="masculine", num_people=40, num_clips=120),
        make_compared(declared="masculine", num_people=9, num_clips=20),
    ]  # fmt: skip
    hidden = hide_small(cells, 5)
    assert [c.suppressed for c in hidden] == [True] * 4, "each line has another cell hidden"
    assert all(c.num_clips is None and c.num_people is None for c in hidden)
    assert not any(c.suppressed for c in hide_small(cells, 0))


def test_what_is_hidden_stays_hidden_when_the_bound_falls() -> None:
    cells = hide_small([make_compared(num_people=3), make_compared(declared="masculine", num_people=50)], 5)
    again = hide_small(cells, 0)
    assert again == cells
    assert [dataclasses.replace(c, num_clips=None) for c in hide_small(again, 100) if not c.suppressed] == []
    assert hide_small([], 5) == [] and isinstance(cells[0], DeclaredPerceived)
