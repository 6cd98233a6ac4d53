"""Clips and lost spans: together they are every moment of a shot, whatever the faces do."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.outcomes import Rejection
from schemas.records.clip import Clip
from schemas.records.picture import Box
from schemas.records.video import FaceTrack, Shot
from tests.makers import make_shot, make_track, make_video
from transforms.geometry import boxes_at
from transforms.propose_clips import ClipConfig, divide, propose_clips
from transforms.propose_clips.crop import faces_beside, other_face_ratio, output_size, person_crop

CONFIG = ClipConfig()
VIDEO = make_video()
FRAMES = np.arange(1500) / 25

seconds = st.floats(0, 30, allow_nan=False).map(lambda v: round(v, 3))
spans = st.tuples(seconds, seconds).map(sorted).filter(lambda s: s[1] - s[0] > 0.1)


@st.composite
def tracks_in(draw: st.DrawFn, shot: Shot) -> list[FaceTrack]:
    """Tracks of one to three people that do not overlap themselves; sizes and gaps vary."""
    found: list[FaceTrack] = []
    for person in range(draw(st.integers(0, 3))):
        borders = sorted(draw(st.lists(seconds, max_size=6, unique=True)))
        for start, end in zip(borders[::2], borders[1::2], strict=False):
            low = max(start, shot.clean_start_seconds)
            high = min(end, shot.clean_end_seconds)
            if high - low < 0.5:
                continue
            height = draw(st.sampled_from([20.0, 39.0, 41.0, 80.0, 300.0]))
            skip = [(a, b) for a, b in draw(st.lists(spans, max_size=2))]
            track = make_track(
                shot, low, high, centre=(draw(st.floats(0, 640)), draw(st.floats(0, 360))),
                height=height, name=str(person), skip=skip,
            )  # fmt: skip
            if len(track.times_seconds) >= 3:
                found.append(track)
    return found


@st.composite
def shots_with_tracks(draw: st.DrawFn) -> tuple[Shot, list[FaceTrack]]:
    first = draw(st.integers(0, 200))
    last = first + draw(st.integers(15, 700))
    shot = make_shot(first / 25, last / 25, guard=draw(st.sampled_from([0.0, 0.04, 0.24])))
    return shot, draw(tracks_in(shot))


def propose(
    shot: Shot, tracks: list[FaceTrack], speech=(), config=CONFIG
) -> tuple[list[Clip], list[Rejection]]:
    return propose_clips(VIDEO, shot, tracks, speech, FRAMES, config)


def lost_spans(lost: list[Rejection]) -> list[tuple[float, float]]:
    return sorted((r.start_seconds or 0.0, r.end_seconds or 0.0) for r in lost)


@settings(max_examples=300, deadline=None)
@given(shots_with_tracks(), st.lists(spans.map(tuple), max_size=5).map(sorted))
def test_every_moment_is_in_a_clip_or_in_one_lost_span(made: tuple[Shot, list[FaceTrack]], speech) -> None:
    shot, tracks = made
    clips, lost = propose(shot, tracks, speech)
    gaps = lost_spans(lost)
    for before, after in itertools.pairwise(gaps):
        assert before[1] <= after[0]
    moments = np.arange(shot.start_seconds + 0.0137, shot.end_seconds, 0.031)
    for moment in moments:
        in_clip = any(c.start_seconds <= moment < c.end_seconds for c in clips)
        in_lost = sum(start <= moment < end for start, end in gaps)
        assert in_clip + in_lost <= 1
    # Less than half a picture is no span of its own.
    found = sorted([*gaps, *((c.start_seconds, c.end_seconds) for c in clips)])
    reached = shot.start_seconds
    for start, end in [*found, (shot.end_seconds, shot.end_seconds)]:
        assert start - reached <= 0.5 / VIDEO.fps + 1e-9
        reached = max(reached, end)
    assert all(end - start > 0.5 / VIDEO.fps for start, end in gaps)


@settings(max_examples=300, deadline=None)
@given(shots_with_tracks(), st.lists(spans.map(tuple), max_size=5).map(sorted))
def test_clips_keep_their_bounds(made: tuple[Shot, list[FaceTrack]], speech) -> None:
    shot, tracks = made
    by_id = {t.track_id: t for t in tracks}
    clips, _ = propose(shot, tracks, speech)
    for clip in clips:
        track = by_id[clip.track_id]
        assert clip.start_seconds in FRAMES
        assert shot.clean_start_seconds <= clip.start_seconds + 1e-6
        assert clip.end_seconds <= shot.clean_end_seconds + 1e-6
        assert (
            track.start_seconds <= clip.start_seconds + 1e-6 and clip.end_seconds <= track.end_seconds + 1e-6
        )
        # A frame may be lost at each end, where spans do not begin and end on frames.
        assert CONFIG.min_seconds - 2 / 25 <= clip.duration_seconds <= CONFIG.target_max_seconds
        assert clip.duration_seconds <= CONFIG.target_max_seconds + 1e-6
        assert clip.end_seconds == pytest.approx(clip.start_seconds + clip.duration_seconds)
        assert_crop(clip)
    assert len({c.clip_id for c in clips}) == len(clips)


def assert_crop(clip: Clip) -> None:
    x0, y0, x1, y1 = clip.crop_xyxy
    assert 0 <= x0 < x1 <= VIDEO.width and 0 <= y0 < y1 <= VIDEO.height
    assert all(v == int(v) and int(v) % 2 == 0 for v in clip.crop_xyxy)
    assert clip.width % 2 == 0 and clip.height % 2 == 0
    assert 2 <= clip.width <= x1 - x0 and 2 <= clip.height <= y1 - y0
    assert max(clip.width, clip.height) <= CONFIG.max_side_px


@settings(max_examples=300, deadline=None)
@given(st.floats(0, 100), st.floats(0.1, 200), st.lists(st.tuples(st.floats(0, 300), st.floats(0.1, 5))))
def test_pieces_are_adjacent_and_within_the_target(start: float, length: float, talk) -> None:
    speech = sorted((s, s + d) for s, d in talk)
    pieces = divide(start, start + length, speech, CONFIG)
    assert pieces[0][0] == start and pieces[-1][1] == start + length
    assert all(a[1] == b[0] for a, b in itertools.pairwise(pieces))
    lengths = [e - s for s, e in pieces]
    assert max(lengths) <= CONFIG.target_max_seconds + 1e-6
    if len(pieces) > 1:
        assert min(lengths) >= CONFIG.target_min_seconds - 1e-6


def test_long_spans_are_divided_in_pauses() -> None:
    speech = [(0.0, 8.3), (8.7, 9.4), (9.5, 18.0)]
    assert divide(0.0, 18.0, speech, CONFIG) == [(0.0, 8.5), (8.5, 18.0)]
    assert divide(0.0, 18.0, [], CONFIG) == [(0.0, 9.0), (9.0, 18.0)]


def test_a_plain_talker_becomes_one_clip_of_the_whole_shot() -> None:
    shot = make_shot(0, 8)
    clips, lost = propose(shot, [make_track(shot, 0, 8)])
    assert [(c.start_seconds, c.end_seconds, c.num_frames) for c in clips] == [(0.0, 8.0, 200)]
    assert lost == []


@pytest.mark.parametrize(
    ("height", "span", "reasons"),
    [
        (30.0, (0, 10), ["face_too_small"]),
        (80.0, (4, 5), ["no_face", "face_too_brief", "no_face"]),
        (80.0, (0, 6), ["no_face"]),
    ],
)
def test_what_is_lost_has_its_reason(height: float, span: tuple[float, float], reasons: list[str]) -> None:
    shot = make_shot(0, 10)
    _, lost = propose(shot, [make_track(shot, *span, height=height)])
    assert [r.reason for r in lost] == reasons


def with_heights(track: FaceTrack, heights: np.ndarray) -> FaceTrack:
    """Return a track whose boxes have these heights (n,), px."""
    boxes = np.asarray(track.boxes_xyxy).reshape(-1, 4).copy()
    boxes[:, 3] = boxes[:, 1] + heights
    return dataclasses.replace(
        track, boxes_xyxy=tuple(boxes.ravel().tolist()), median_height_px=float(np.median(heights))
    )


def test_a_face_whose_box_shakes_about_the_bound_is_one_clip() -> None:
    shot = make_shot(0, 5.4)
    track = make_track(shot, 0, 5.4)
    heights = 40.9 + 2.5 * np.sin(1.7 * np.arange(len(track.times_seconds)))
    (clip,), lost = propose(shot, [with_heights(track, heights)])
    assert (clip.start_seconds, clip.num_frames) == (0.0, 135) and lost == []


def test_a_face_that_grows_gives_a_clip_of_when_it_is_large() -> None:
    shot = make_shot(0, 12)
    track = make_track(shot, 0, 12)
    heights = np.where(np.asarray(track.times_seconds) < 8, 30.0, 60.0)
    (clip,), lost = propose(shot, [with_heights(track, heights)])
    assert 7 <= clip.start_seconds <= 8 and clip.end_seconds == 12
    assert [(r.reason, r.score, r.threshold) for r in lost] == [("face_too_small", 30.0, 40.0)]


def test_a_transition_is_lost_as_such() -> None:
    shot = make_shot(0, 10, guard=0.25)
    _, lost = propose(shot, [make_track(shot, 0.25, 9.75)])
    # What is left of a frame at both ends of the clip is a remainder.
    assert [r.reason for r in lost] == ["transition", "remainder", "remainder", "transition"]
    assert (lost[0].end_seconds, lost[-1].start_seconds) == (0.25, 9.75)


def test_a_face_that_was_away_gives_two_clips() -> None:
    shot = make_shot(0, 10)
    clips, lost = propose(shot, [make_track(shot, 0, 10, skip=[(4.0, 6.0)])])
    assert len(clips) == 2
    assert clips[0].end_seconds <= 4.0 and clips[1].start_seconds >= 6.0 - 1 / 6
    assert sum(r.seconds or 0 for r in lost) == pytest.approx(10 - sum(c.duration_seconds for c in clips))


def test_ids_depend_on_where_a_clip_is_and_not_on_where_the_file_is() -> None:
    shot = make_shot(0, 8)
    (clip,), _ = propose(shot, [make_track(shot, 0, 8)])
    elsewhere = make_video(source=make_video().source.__class__(uri="gs://b/x.mp4", name="x.mp4"))
    (same,), _ = propose_clips(elsewhere, shot, [make_track(shot, 0, 8)], (), FRAMES, CONFIG)
    (other,), _ = propose(shot, [make_track(shot, 1, 8)])
    assert clip.clip_id == same.clip_id != other.clip_id


def test_the_crop_keeps_hands_and_stays_when_the_face_moves() -> None:
    boxes = np.array([[300, 80, 340, 130], [320, 90, 360, 140]], float)
    x0, y0, x1, y1 = person_crop(boxes, (1920, 1080), CONFIG)
    assert x0 <= 320 - 4 * 50 + 1 and x1 >= 340 + 4 * 50 - 2
    assert y0 <= 105 - 1.7 * 50 and y1 >= 115 + 6 * 50 - 2


# A face of 40 x 80 px that moves by 20: it reaches from 660, 260 to 740, 380.
MOVING = np.array([[660, 260, 700, 340], [680, 280, 720, 360], [700, 300, 740, 380]], float)


@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [
        ((820, 300), (860, 320), (360, 160, 820, 820)),  # to the right: before where it begins
        ((560, 300), (540, 320), (600, 160, 1040, 820)),  # to the left: after where it ends
        ((680, 500), (690, 480), (360, 160, 1040, 480)),  # below
        ((680, 180), (690, 170), (360, 220, 1040, 820)),  # above
        ((900, 600), (920, 600), (360, 160, 900, 820)),  # at the corner: the larger part is kept
        ((500, 640), (420, 660), (540, 160, 1040, 820)),
        ((500, 640), (560, 650), (360, 160, 1040, 640)),
        ((580, 300), (600, 300), (360, 160, 1040, 820)),
        ((680, 200), (690, 210), (360, 160, 1040, 820)),
        ((760, 300), (800, 300), (360, 160, 1040, 820)),  # too near for room: nothing is gained
        ((1100, 300), (1150, 300), (360, 160, 1040, 820)),  # outside, on every side
        ((280, 300), (200, 300), (360, 160, 1040, 820)),
        ((680, 850), (680, 860), (360, 160, 1040, 820)),
        ((680, 110), (680, 60), (360, 160, 1040, 820)),
    ],
)
def test_the_crop_is_the_largest_part_without_another_face(
    first: tuple[int, int], last: tuple[int, int], wanted: Box
) -> None:
    other = np.array([[x, y, x + 40, y + 40] for x, y in (first, last)], float)
    assert person_crop(MOVING, (1400, 900), CONFIG) == (360, 160, 1040, 820)
    assert person_crop(MOVING, (1400, 900), CONFIG, [other]) == wanted


def test_a_video_is_never_enlarged() -> None:
    assert output_size((0, 0, 320, 240), 768) == (320, 240)
    assert output_size((0, 0, 1920, 1080), 768) == (768, 432)
    assert output_size((1000, 200, 1960, 740), 480) == (480, 270)


def test_a_passer_by_is_not_a_second_speaker() -> None:
    shot = make_shot(0, 10)
    own = make_track(shot, 0, 10, height=80)
    beside = make_track(shot, 0, 10, height=60, name="b", centre=(500.0, 130.0))
    passing = make_track(shot, 3, 3.5, height=200, name="c")
    times = np.linspace(0, 10, 101)

    def ratio(*tracks: FaceTrack) -> float:
        return other_face_ratio(boxes_at(own, times), faces_beside(own, tracks, times))

    assert ratio(own) == 0.0
    assert ratio(own, passing) == 0.0
    assert ratio(own, beside) == pytest.approx(0.75)


def two_clips(own: tuple[float, float], other: tuple[float, float], height: float = 80.0) -> list[Clip]:
    """Return the clips of two faces with these centres, the own one's first; the other's height is given."""
    shot = make_shot(0, 6)
    tracks = [
        make_track(shot, 0, 6, centre=own, height=80.0, name="own"),
        make_track(shot, 0, 6, centre=other, height=height, name="other"),
    ]
    clips, _ = propose(shot, tracks)
    return sorted(clips, key=lambda c: c.track_id != tracks[0].track_id)


@pytest.mark.parametrize("other", [(420.0, 120.0), (150.0, 120.0), (320.0, 300.0)])
def test_the_crop_ends_before_another_face(other: tuple[float, float]) -> None:
    """To the right, to the left and below; the whole picture has both, the crop one."""
    for clip in two_clips((280.0, 120.0), other):
        x0, y0, x1, y1 = clip.crop_xyxy
        inside = [
            x0 <= x - 32 and x + 32 <= x1 and y0 <= y - 40 and y + 40 <= y1 for x, y in [(280, 120), other]
        ]
        assert sum(inside) == 1
        assert clip.other_face_ratio == pytest.approx(1.0) and clip.second_face_ratio == 0.0
        assert_crop(clip)


def test_a_face_too_near_to_crop_away_stays_and_is_scored() -> None:
    own, other = two_clips((300.0, 120.0), (355.0, 140.0))
    assert own.second_face_ratio == other.second_face_ratio == pytest.approx(1.0)


def test_small_faces_behind_a_person_do_not_cost_the_hands() -> None:
    small = two_clips((280.0, 120.0), (420.0, 100.0), height=15.0)[0]
    assert small.crop_xyxy[2] > 500 and small.second_face_ratio == pytest.approx(15 / 80)


def test_the_same_face_found_twice_is_no_second_face() -> None:
    own, _ = two_clips((280.0, 120.0), (284.0, 124.0), height=60.0)
    assert own.second_face_ratio == own.other_face_ratio == 0.0
