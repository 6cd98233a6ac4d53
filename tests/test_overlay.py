"""What is drawn: layers, insets, text of any script, captions, timeline."""

import dataclasses
import itertools

import numpy as np

from drawing import draw, panel, sheet, text, timeline, topology
from drawing.captions import Captions, last_started, word_at
from schemas.records.sound import Word
from tests.overlay_makers import WORDS, person, words


def _edges(chains: tuple[topology.Chain, ...]) -> set[frozenset[int]]:
    return {frozenset(pair) for c in chains for pair in itertools.pairwise(c)}


def test_chains_are_mediapipes_connections() -> None:
    from mediapipe.python.solutions import face_mesh_connections, hands_connections, pose_connections

    expected = {
        "FACEMESH_CONTOURS": (*topology.FACE_CONTOURS, *topology.LIPS),
        "FACEMESH_IRISES": topology.IRISES,
        "FACEMESH_NOSE": topology.NOSE,
    }
    for name, chains in expected.items():
        assert _edges(chains) == set(map(frozenset, getattr(face_mesh_connections, name))), name
    assert _edges(topology.HAND) == set(map(frozenset, hands_connections.HAND_CONNECTIONS))
    body = (*topology.POSE_FACE, *topology.POSE_BODY, *topology.POSE_LEFT_HAND, *topology.POSE_RIGHT_HAND)
    assert _edges(body) == set(map(frozenset, pose_connections.POSE_CONNECTIONS))


def test_layers_draw_only_what_was_seen() -> None:
    arrays = person(3, (320, 180))
    blank = np.zeros((180, 320, 3), np.uint8)
    marks = draw.marks_of(arrays)
    unseen = dataclasses.replace(marks[0], right_hand=None)
    assert marks[0].face is None and marks[0].angles_degrees is None
    for layer in (draw.draw_face, draw.draw_hands, draw.draw_pose, draw.draw_head_pose):
        assert not draw.draw_layers(blank.copy(), unseen, [layer]).any()
        assert draw.draw_layers(blank.copy(), marks[1], [layer]).any(), layer
    hidden = dataclasses.replace(marks[1], pose_visible=np.zeros(33, bool))
    assert not draw.draw_layers(blank.copy(), hidden, [draw.draw_pose]).any()


def test_marks_far_outside_and_not_finite_boxes_do_no_harm() -> None:
    marks = draw.marks_of(person(2, (320, 180)))[1]
    far = marks.moved(1e6, (-1e6, 5.0))
    draw.draw_layers(np.zeros((180, 320, 3), np.uint8), far)


def test_inset_shows_small_faces_in_a_free_corner() -> None:
    marks = draw.marks_of(person(4, (320, 180)))
    small = [dataclasses.replace(m, left_hand=None, right_hand=None) for m in marks]
    at_right = [m.moved(1.0, (-120.0, 0.0)) for m in small]
    assert panel.choose_inset(at_right, 320, 180) == panel.Inset(right=False, bottom=False)
    large = [dataclasses.replace(m, box=np.array([[80.0, 20.0], [200.0, 140.0]])) for m in small]
    assert panel.choose_inset(large, 320, 180) is None


def test_every_script_is_drawn_and_nothing_disappears() -> None:
    style = text.Style()
    widths = [text.text_width(word, style) for word in WORDS]
    assert min(widths) > 5
    assert text.text_width("\ue123", style) == text.text_width("\\u{E123}", style)
    assert [t.text for t in text.tokens_of("a\x00b\n你好 世")] == ["a", "b", "你", "好", "世"]
    assert [t.space_before for t in text.word_tokens(["你", "好", "ok", "नम"])] == [True, False, True, True]
    assert text.tokens_of("") == []


def test_lines_run_in_the_direction_of_their_words() -> None:
    style = text.Style()
    line = text.word_tokens(["مرحبا", "by", "the", "بكم", "שלום"])
    placed, width = text.place_line(line, style)
    assert [t.text for t, _, _ in placed] == ["שלום", "بكم", "by", "the", "مرحبا"]
    assert placed[-1][2] == width
    placed, _ = text.place_line(text.word_tokens(["a", "b", "שלום", "بكم"]), style)
    assert [t.text for t, _, _ in placed] == ["a", "b", "بكم", "שלום"]


def test_lines_fit_their_width() -> None:
    style = text.Style(size_px=20)
    lines = text.break_lines(text.tokens_of("one two three " + "x" * 200), 120, style)
    assert len(lines) > 3
    assert all(text.place_line(line, style)[1] <= 120 for line in lines)


def test_captions_follow_the_words() -> None:
    spoken = words(4, 4.0)
    untimed = Word(
        text="?", start_seconds=None, end_seconds=None, score=None, interpolated=False, aligner="an aligner"
    )
    assert [word_at((*spoken, untimed), s) for s in (0.0, 0.95, 1.0, 3.2, 9.0)] == [0, None, 1, 3, None]
    assert last_started((*spoken, untimed), 9.0) == 3
    captions = Captions(spoken, None, 720, "nothing")
    assert not np.array_equal(captions.strip(0.1), captions.strip(1.1))
    assert captions.strip(1.1) is captions.strip(1.2)
    assert Captions((), None, 720, "no transcript").strip(0.0).any()


def test_sheet_frames_are_spread_and_between_12_and_20() -> None:
    for size in ((768, 432), (512, 512), (432, 768), (3000, 100)):
        columns, rows = sheet.grid_of(*size)
        assert 12 <= columns * rows <= 20
    assert sheet.sheet_frames(100, 4) == [12, 37, 62, 87]
    assert sheet.sheet_frames(3, 16) == [0, 1, 2]


def test_timeline_shows_where_parts_are_valid_and_sound_is_loud() -> None:
    low, high = timeline.envelope(np.array([0, 5, -5, 0, 100, -100], np.int16), 3)
    assert low.tolist() == [0.0, -5.0, -100.0] and high.tolist() == [5.0, 0.0, 100.0]
    assert timeline.envelope(np.array([3], np.int16), 2)[1].shape == (2,)
    mask = np.arange(10) >= 5
    data = timeline.TimelineData(
        samples=np.zeros(16000, np.int16),
        duration_seconds=1.0,
        speech=((0.2, 0.4),),
        words=words(3, 1.0),
        valid=dict.fromkeys(("face", "left_hand", "right_hand", "pose", "box"), mask),
        language=None,
    )
    drawn = timeline.draw_timeline(800, data)
    assert drawn.image.shape == (timeline.timeline_height(), 800, 3)
    for colour in timeline.PART_COLOURS.values():
        columns = np.flatnonzero((drawn.image == colour).all(axis=2).sum(axis=0) >= 10)
        assert columns.min() == drawn.x_at(0.5)
