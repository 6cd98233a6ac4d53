"""Two faces of one shot, compared over their clips and over every stretch of speech, on numbers."""

import dataclasses
from collections.abc import Sequence

import pytest

from schemas.records.clip import Clip
from schemas.records.sound import SpokenStretch, Sync
from tests.makers import make_clip
from transforms.compare_faces import with_rivals
from transforms.filter_clips import DEFAULT_RULES, judge_clip

HIS, HERS = 0.35, 0.02  # how lips agree with one's own words, and with another's


def seen(
    track: str, start: float, confidence: float | None, agreements: Sequence[float] = (), **changes: object
) -> Clip:
    """Return a clip of a face with a stretch of speech every 0.04 s."""
    stretches = tuple(
        SpokenStretch(start_seconds=i / 25, agreement=value) for i, value in enumerate(agreements)
    )
    num_frames = max(len(agreements) + 49, 100)
    sync = Sync(
        av_offset_frames=0, repaired_frames=0, unrepaired_frames=0, sync_confidence=confidence or 0.0,
        weakest_agreement=None, lip_activity=0.2, rival_margin=None, lag_scores=(), stretches=stretches,
        scorer="made",
    )  # fmt: skip
    clip = make_clip(0, num_frames, track_id=track, start_seconds=start, end_seconds=start + num_frames / 25)
    return dataclasses.replace(clip, sync=None if confidence is None else sync, **changes)


def reasons(clip: Clip) -> tuple[str, ...]:
    why = judge_clip(clip, DEFAULT_RULES, "sync")
    return () if why is None else (why.reason, *why.also)


def test_a_face_is_compared_with_others_seen_at_the_same_time() -> None:
    clips = [seen("a", 0.0, 0.5), seen("b", 1.0, 0.2), seen("b", 9.0, 0.9), seen("c", 0.0, None)]
    margins = [c.sync.rival_margin if c.sync else "none" for c in with_rivals(clips)]
    assert margins == [0.3, -0.3, None, "none"]


def test_words_of_the_woman_beside_him_are_not_his() -> None:
    """Of 8 s he says most: over the whole clip his lips fit better, in her part they do not."""
    his = seen("him", 10.0, 0.4, [HIS] * 100 + [HERS] * 51)
    hers = seen("her", 10.0, 0.3, [HERS] * 100 + [HIS] * 51)
    him, her = with_rivals([his, hers])
    assert him.sync is not None and him.sync.rival_margin == pytest.approx((HIS - HERS) * 49 / 151, abs=1e-6)
    assert him.sync.weakest_margin == pytest.approx(HERS - HIS)
    assert "another_speaks_in_part" in reasons(him) and "another_speaks_in_part" in reasons(her)


def test_a_clip_of_her_words_alone_stays_hers() -> None:
    """She is followed for the last 3 s only, and his clip holds her words all the same."""
    his = seen("him", 10.0, 0.4, [HIS] * 75 + [HERS] * 76)
    hers = seen("her", 13.0, 0.35, [HIS] * 76)
    him, her = with_rivals([his, hers])
    assert "another_speaks_in_part" in reasons(him) and reasons(her) == ()


def test_who_listens_takes_nothing_from_who_speaks() -> None:
    him, her = with_rivals([seen("him", 10.0, 0.4, [HIS] * 100), seen("her", 10.0, 0.02, [HERS] * 100)])
    assert reasons(him) == () and "another_speaks" in reasons(her)
    assert him.sync is not None and him.sync.weakest_margin == pytest.approx(HIS - HERS)


def test_faces_of_other_shots_and_times_are_no_rivals() -> None:
    his = seen("him", 10.0, 0.4, [0.2] * 100)
    elsewhere = seen("her", 10.0, 0.4, [0.9] * 100, shot_id="another")
    later = seen("her", 40.0, 0.4, [0.9] * 100)
    him = with_rivals([his, elsewhere, later])[0]
    assert him.sync is not None and him.sync.weakest_margin is None and reasons(him) == ()
