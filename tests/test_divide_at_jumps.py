"""Clips divided at jump cuts that only their landmarks show, on numbers."""

import dataclasses
import math

import numpy as np
import pytest

from media import at_constant_rate
from media.frames import Picture
from schemas.records.clip import Clip, PieceOf
from schemas.records.picture import FaceJump
from schemas.records.video import Artefact
from tests.makers import make_clip, make_shot, make_track
from transforms.clip_sound import clip_samples, cut_with_margin, sound_part
from transforms.filter_clips import DEFAULT_RULES, Rule, max_jump
from transforms.propose_clips import ClipConfig, lost_to_jumps, pieces_between_jumps

BOUND = 3.2
TRACK = make_track(make_shot(0, 20), 0, 20, centre=(160, 100))
SURVEY, AUDIO, LOOK = (Artefact(stage=name, artefact_id=name) for name in ("survey", "audio", "look"))


def looked_at(*jumps: tuple[float, float], num_frames: int = 200, picture: float = 0.04) -> Clip:
    """Return a clip from 2 s on, after its look, with jumps at times of the video."""
    found = tuple(FaceJump(before_seconds=at - picture, after_seconds=at, score=s) for at, s in jumps)
    return make_clip(1, num_frames, artefacts=(SURVEY, AUDIO, LOOK), face_jumps=found)


def spans(clip: Clip) -> tuple[list[tuple[float, float]], list[tuple[float, float, float]]]:
    pieces = pieces_between_jumps(clip, TRACK, BOUND, ClipConfig())
    lost = lost_to_jumps(clip, pieces, BOUND)
    return (
        [(round(p.start_seconds, 3), round(p.end_seconds, 3)) for p in pieces],
        [(round(r.start_seconds or 0, 3), round(r.end_seconds or 0, 3), r.score or 0) for r in lost],
    )


@pytest.mark.parametrize(
    ("jumps", "kept", "lost"),
    [
        (((5.0, 9.0),), [(2.0, 5.0), (5.0, 10.0)], []),
        (((2.4, 5.0),), [(2.4, 10.0)], [(2.0, 2.4, 5.0)]),
        (((5.0, 9.0), (6.0, 4.0)), [(2.0, 5.0), (6.0, 10.0)], [(5.0, 6.0, 9.0)]),
        (((5.0, 9.0), (6.0, 3.0)), [(2.0, 5.0), (5.0, 10.0)], []),
        (((9.8, 4.0),), [(2.0, 9.8)], [(9.8, 10.0, 4.0)]),
    ],
)
def test_what_is_long_enough_stays_and_the_rest_is_lost_to_the_cut(
    jumps: tuple[tuple[float, float], ...],
    kept: list[tuple[float, float]],
    lost: list[tuple[float, float, float]],
) -> None:
    assert spans(looked_at(*jumps)) == (kept, lost)


@pytest.mark.parametrize("jumps", [(), ((5.0, 3.2),), tuple((2.0 + 1.2 * i, 8.0) for i in range(1, 7))])
def test_without_a_jump_or_a_piece_the_clip_stays_whole(jumps: tuple[tuple[float, float], ...]) -> None:
    assert pieces_between_jumps(looked_at(*jumps), TRACK, BOUND, ClipConfig()) == []


def test_a_piece_is_as_the_survey_would_have_proposed_it() -> None:
    clip = dataclasses.replace(looked_at((5.0, 9.0)), face_height_px=1.0)
    first, second = pieces_between_jumps(clip, TRACK, BOUND, ClipConfig())
    assert first.artefacts == (SURVEY,) and first.face_jumps == () and first.landmarks is None
    assert first.piece_of == PieceOf(clip_id=clip.clip_id, start_seconds=2.0, artefacts=(AUDIO, LOOK))
    assert first.face_height_px > 1.0 and first.crop_xyxy == clip.crop_xyxy
    assert len({clip.clip_id, first.clip_id, second.clip_id}) == 3


def test_a_face_that_is_small_after_the_cut_gives_no_piece() -> None:
    pieces = pieces_between_jumps(looked_at((5.0, 9.0)), TRACK, BOUND, ClipConfig(min_face_height_px=900))
    assert pieces == []


@pytest.mark.parametrize("source_fps", [12.0, 15.0, 23.976, 25.0, 29.97, 50.0, 60.0])
def test_no_frame_of_a_piece_shows_a_picture_from_beyond_a_cut(source_fps: float) -> None:
    pictures = [Picture(number / source_fps, None) for number in range(round(12 * source_fps))]  # pyright: ignore[reportArgumentType]
    cuts = [round(4.9 * source_fps), round(7.5 * source_fps)]
    jumps = tuple(
        FaceJump(before_seconds=pictures[i - 1].seconds, after_seconds=pictures[i].seconds, score=9.0)
        for i in cuts
    )
    clip = dataclasses.replace(make_clip(1, 200), face_jumps=jumps)
    pieces = pieces_between_jumps(clip, TRACK, BOUND, ClipConfig())
    assert len(pieces) == 3
    for piece in pieces:
        shown = list(at_constant_rate(iter(pictures), piece.start_seconds, piece.num_frames, piece.fps))
        sides = {sum(p.seconds >= jump.after_seconds for jump in jumps) for p in shown}
        assert len(sides) == 1 and piece.end_seconds <= clip.end_seconds + 1e-6
    lost = sum(r.seconds or 0.0 for r in lost_to_jumps(clip, pieces, BOUND))
    assert sum(p.duration_seconds for p in pieces) + lost == pytest.approx(8.0, abs=3 * 0.5 / 25)


def test_a_pieces_sound_is_that_of_its_place_in_the_clip_that_the_survey_proposed() -> None:
    video = np.arange(16000 * 14, dtype=np.int32).astype(np.int16)
    clip = looked_at((5.0, 9.0))
    _, piece = pieces_between_jumps(clip, TRACK, BOUND, ClipConfig())
    assert sound_part(piece) == sound_part(clip)
    samples = clip_samples(cut_with_margin(video, clip), piece)
    assert np.array_equal(samples, video[16000 * 5 : 16000 * 10])


def test_the_rule_says_whether_clips_are_divided() -> None:
    assert max_jump(DEFAULT_RULES) == BOUND
    assert max_jump([]) == math.inf
    scored = Rule(name="j", stage="look", field="landmarks.face_jump", maximum=3.0, mode="score")
    assert max_jump([scored]) == math.inf
