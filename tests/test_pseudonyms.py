"""What stands for people's identifiers: who is the same person can be told, who it is cannot."""

import random

from pipelines.intake_config import PublishConfig
from pipelines.pseudonyms import stand_ins, with_pseudonyms
from schemas.records.source import Source

PEOPLE = ("jane@example.org", "/home/alice/0001.pdf", "p1")
SOURCES = [
    Source(uri=f"/x/{n}.mp4", name=f"{n}.mp4", speaker_id=PEOPLE[n % 3], consent_reference=PEOPLE[n % 3])
    for n in range(6)
]
HIDDEN = PublishConfig()


def test_pseudonyms_tell_who_is_the_same_and_nothing_else() -> None:
    for salt in ("", "secret"):
        named, _ = with_pseudonyms([*SOURCES, Source(uri="/x", name="x")], HIDDEN, salt, {})
        assert not any(person in repr(named) for person in PEOPLE)
        assert [a.speaker_id == b.speaker_id for a, b in zip(named, named[3:6], strict=False)] == [True] * 3
        assert len({s.speaker_id for s in named}) == 4 and named[-1].speaker_id is None
        assert not {s.speaker_id for s in named[:6]} & {s.consent_reference for s in named[:6]}


def test_order_and_machine_make_no_difference() -> None:
    expected, _ = with_pseudonyms(SOURCES, HIDDEN, "", {})
    shuffled = random.Random(1).sample(SOURCES, len(SOURCES))
    again, _ = with_pseudonyms(shuffled, HIDDEN, "", {})
    assert sorted(again, key=lambda s: s.name) == expected


def test_a_salt_alone_makes_pseudonyms_that_hold_elsewhere() -> None:
    one, other = [("jane", "b.mp4")], [("jane", "a.mp4")]
    assert stand_ins("speaker_id", one, "s", {}) == stand_ins("speaker_id", other, "s", {})
    assert stand_ins("speaker_id", one, "s", {}) != stand_ins("speaker_id", one, "t", {})
    assert stand_ins("speaker_id", one, "", {}) != stand_ins("speaker_id", other, "", {})
    # Without a salt the value is not in it: nobody can try addresses.
    assert [*stand_ins("speaker_id", [("jane", "b.mp4")], "", {}).values()] == [
        *stand_ins("speaker_id", [("john", "b.mp4")], "", {}).values()
    ]


def test_a_folder_remembers_who_is_who() -> None:
    before = stand_ins("speaker_id", [("jane", "b.mp4")], "", {})
    after = stand_ins("speaker_id", [("jane", "a.mp4"), ("jane", "b.mp4"), ("john", "b.mp4")], "", before)
    assert after["jane"] == before["jane"] != after["john"]


def test_what_the_configuration_publishes_stays() -> None:
    named, known = with_pseudonyms(SOURCES, PublishConfig(speaker_id=True), "", {})
    assert [s.speaker_id for s in named] == [s.speaker_id for s in SOURCES]
    assert set(known) == {"consent_reference", "rights_holder"} and "jane" not in repr(
        [s.consent_reference for s in named]
    )
