"""What is meant by a name, and all that goes with it."""

from typing import Any

import pytest

from pipelines.erase.choose import Known, choose
from pipelines.erase.plan import ErasedSpan, Kind, Request
from schemas.outcomes import BadInputError

ANNA, BEN = "a" * 20, "b" * 20


def clip(number: int, video: str, start: float = 0.0, **changes: Any) -> dict[str, Any]:
    """Return a row of the table of clips; of a length of three seconds."""
    row = {
        "clip_id": f"clip{number:016d}", "video_id": video, "track_id": f"track{number}",
        "start_seconds": start, "end_seconds": start + 3.0, "source_name": f"{video}.mp4",
        "source_speaker_id": None, "identity_identity_id": None, "identity_split_group": None,
        "piece_of_clip_id": None, "status": "accepted",
    }  # fmt: skip
    return row | changes


def person(identity: str, group: str | None = None) -> dict[str, Any]:
    return {"identity_identity_id": identity, "identity_split_group": group or identity}


def known(*clips: dict[str, Any], rejections: tuple[dict[str, Any], ...] = (), **more: Any) -> Known:
    names = {c["video_id"]: c for c in clips}
    videos = [
        {
            "video_id": v,
            "source_name": c["source_name"],
            "source_speaker_id": c["source_speaker_id"],
            "size_bytes": 9,
        }
        for v, c in names.items()
    ]
    return Known(clips=clips, videos=videos, rejections=rejections, **more)


def rejection(subject: str, reason: str, *also: str, **changes: Any) -> dict[str, Any]:
    row = {"subject_id": subject, "reason": reason, "also": list(also), "level": "clip"}
    return row | {"video_id": None, "source_name": "x.mp4"} | changes


def chosen(kind: Kind, name: str, rows: Known, alike: tuple[str, ...] = ()) -> Any:
    return choose(Request(kind=kind, name=name), rows, lambda _: alike)


def numbers(plan: Any) -> list[int]:
    return [int(clip.removeprefix("clip")) for clip in plan.clip_ids]


def test_a_source_is_all_files_of_its_content() -> None:
    double = rejection("v1", "duplicate", level="video", video_id="v1", source_name="copy.mp4")
    rows = known(clip(1, "v1"), clip(2, "v1", 9.0), clip(3, "v2"), rejections=(double,))
    for name in ("v1.mp4", "copy.mp4"):
        plan = chosen("source", name, rows)
        assert (numbers(plan), plan.video_ids, plan.sizes) == ([1, 2], ("v1",), (9,))
        assert plan.source_names == ("copy.mp4", "v1.mp4") and plan.spans == ()


def test_a_speaker_is_named_by_the_manifest_or_by_the_pseudonym() -> None:
    spoken: dict[str, Any] = {"source_speaker_id": "pseudonym"}
    rows = known(
        clip(1, "v1", **spoken),
        clip(2, "v2", **spoken),
        clip(3, "v3"),
        pseudonyms={"anna@example.org": "pseudonym"},
    )
    for name in ("anna@example.org", "pseudonym"):
        plan = chosen("speaker", name, rows)
        assert numbers(plan) == [1, 2] and plan.speakers == ("pseudonym",)
        assert set(plan.speaker_words) == {"anna@example.org", "pseudonym"}
    with pytest.raises(BadInputError, match="nobody is declared"):
        chosen("speaker", "ben@example.org", rows)


def test_a_person_takes_videos_in_which_nobody_else_is_and_parts_of_others() -> None:
    rows = known(
        clip(1, "v1", **person(ANNA)),
        clip(2, "v1", 9.0, status="rejected"),  # turned down before anybody was recognised
        clip(3, "v2", **person(ANNA)),
        clip(4, "v2", 5.0, **person(BEN)),
        clip(5, "v3", status="rejected"),
        clip(6, "v4", status="rejected"),
    )
    plan = chosen("identity", ANNA, rows, alike=("clip" + f"{5:016d}",))
    assert numbers(plan) == [1, 2, 3, 5]
    assert plan.video_ids == ("v1", "v3") and plan.identities == (ANNA,)
    assert plan.spans == (ErasedSpan(video_id="v2", start_seconds=0.0, end_seconds=3.0),)


def test_what_is_heard_at_the_same_time_goes_too_and_so_do_copies_and_pieces() -> None:
    rows = known(
        clip(1, "v1", 0.0),
        clip(2, "v1", 2.0),  # one second in common
        clip(3, "v1", 5.0),  # begins where the second ends
        clip(4, "v2", 0.0, status="rejected"),
        clip(5, "v3", 0.0, piece_of_clip_id="whole"),
        clip(6, "v3", 8.0, piece_of_clip_id="whole"),
        rejections=(rejection(f"clip{4:016d}", "near_duplicate", f"copy of clip{1:016d}", "mirrored"),),
    )
    assert numbers(chosen("clip", f"clip{1:016d}", rows)) == [1, 2, 4]
    assert numbers(chosen("clip", f"clip{4:016d}", rows)) == [1, 2, 4]
    pieces = chosen("clip", f"clip{5:016d}", rows)
    assert set(pieces.clip_ids) == {f"clip{5:016d}", f"clip{6:016d}", "whole"} and len(pieces.spans) == 2


def test_groups_of_look_alikes_are_not_called_after_who_is_gone() -> None:
    rows = known(clip(1, "v1", **person(ANNA)), clip(2, "v2", **person(BEN, group=ANNA)))
    assert chosen("identity", ANNA, rows).groups == ((ANNA, BEN),)
    assert chosen("identity", BEN, rows).groups == ()


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        ("source", "1.mp4", "no source has that name; do you mean v1.mp4"),
        ("clip", "clip00", "2 begin so"),
        ("clip", "clip0", "none of the 2 is called so"),
        ("identity", "nobody", "none of the 0"),
    ],
)
def test_what_is_not_surely_meant_is_refused(kind: Kind, name: str, says: str) -> None:
    with pytest.raises(BadInputError, match=says):
        chosen(kind, name, known(clip(1, "v1"), clip(2, "v1", 4.0)))


def test_the_user_is_told_what_stays_and_might_be_meant() -> None:
    rows = known(clip(1, "v1", **person(ANNA)), clip(2, "v2", **person(ANNA)))
    (remark,) = chosen("source", "v1.mp4", rows).remarks
    assert remark == f"1 other clips show a person of those that go; `--identity {ANNA}` erases these too"
