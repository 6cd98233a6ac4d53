"""A photo carried along by the mesh, on squares whose right answer is known and on the body model."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from body.background import MatteConfig, person_matte, without_person
from body.correspondence import position_codes
from body.fill import push_pull
from body.load import load_body_model
from body.photo import WarpConfig, prepare_photo, prepare_window, window_of
from body.raster import Pinhole
from body.shading import facing_camera
from body.skinning import skin
from body.tints import part_tints, tint_groups
from body.topology import NUM_JOINTS, Part
from body.warp import Seen, warp
from body.windows import Box, place_windows

MODEL = load_body_model()
CAMERA = Pinhole.for_picture(160, 120)


def _picture(height=120, width=160, seed=0):
    """Return smooth colours without a plain place, and fine enough that a shift shows."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (height // 8 + 2, width // 8 + 2, 3)).astype(np.float32)
    rows, columns = np.mgrid[0:height, 0:width] / 8
    y, x = rows.astype(int), columns.astype(int)
    b, a = (rows - y)[..., None], (columns - x)[..., None]
    top = coarse[y, x] * (1 - a) + coarse[y, x + 1] * a
    low = coarse[y + 1, x] * (1 - a) + coarse[y + 1, x + 1] * a
    return np.rint(top * (1 - b) + low * b).astype(np.uint8)


def _person(yaw=0.0, distance=1.0, jaw=0.0):
    pose = np.zeros((1, NUM_JOINTS, 3), np.float32)
    pose[0, 22, 0] = jaw
    vertices = skin(MODEL, pose.reshape(1, -1), np.zeros(10), np.zeros(10))[0][0]
    head = vertices[np.unique(MODEL.faces[MODEL.face_parts == Part.FACE])].mean(0)
    return facing_camera(vertices, head, distance, yaw=yaw)


def _moved(points, right_px=0, down_px=0, camera=CAMERA):
    """Return points that the camera sees by so many px further right and down."""
    shift = np.array([[right_px, down_px, 0]], np.float32) / camera.focal_px
    return (points + shift * points[:, 2:]).astype(np.float32)


def _squares():
    """Return a model of a near square before a wider far one, and its points."""
    near = np.array([[-0.1, -0.1, 1], [0.1, -0.1, 1], [0.1, 0.1, 1], [-0.1, 0.1, 1]], np.float32)
    far = near * np.array([4, 4, 2], np.float32)
    faces = np.array([[0, 2, 1], [0, 3, 2], [4, 6, 5], [4, 7, 6]], np.int32)
    points = np.concatenate([near, far])
    parts = np.array([Part.LEFT_HAND] * 2 + [Part.TORSO] * 2, np.uint8)
    template = dataclasses.replace(MODEL.points, template=points)
    return dataclasses.replace(MODEL, faces=faces, face_parts=parts, points=template), points


@pytest.mark.parametrize("distance", [0.6, 1.0, 2.5])
def test_the_same_pose_gives_the_photo(distance):
    picture, points = _picture(), _person(distance=distance)
    done = warp(prepare_photo(picture, points, CAMERA, MODEL), points, MODEL)
    assert np.abs(done.picture.astype(int) - picture).max() <= 1
    assert (done.part > 0).mean() > 0.05
    assert (done.validity[done.part > 0] == Seen.VISIBLE).mean() > 0.99


def test_what_moves_sideways_is_the_photo_moved():
    picture, points = _picture(), _person()
    done = warp(prepare_photo(picture, points, CAMERA, MODEL), _moved(points, 7, -3), MODEL)
    shown = np.argwhere((done.validity == Seen.VISIBLE) & (done.part > 0))
    shown = shown[(shown[:, 0] < 117) & (shown[:, 1] >= 7)]
    wanted = picture[shown[:, 0] + 3, shown[:, 1] - 7].astype(int)
    off = np.abs(done.picture[shown[:, 0], shown[:, 1]].astype(int) - wanted)
    # At the outline the photo's pixel may be half background.
    assert len(shown) > 1000 and (off.max(1) <= 2).mean() > 0.97


def test_frames_made_at_the_same_time_are_those_made_one_by_one():
    photo = prepare_photo(_picture(), _person(), CAMERA, MODEL)
    poses = [_moved(_person(yaw=yaw), 9 * yaw) for yaw in np.linspace(-0.5, 0.5, 8)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda points: warp(photo, points, MODEL), poses))
    for points, done in zip(poses, together, strict=True):
        np.testing.assert_array_equal(done.picture, warp(photo, points, MODEL).picture)


def test_what_another_part_hid_is_marked_and_no_more():
    model, points = _squares()
    picture = _picture()
    there = points.copy()
    there[:4, 0] += 0.15
    done = warp(prepare_photo(picture, points, CAMERA, model), there, model)
    left, right = (80 + x * CAMERA.focal_px for x in (-0.1, 0.1))
    top, low = (60 + y * CAMERA.focal_px for y in (-0.1, 0.1))
    rows, columns = np.mgrid[0:120, 0:160] + 0.5
    was_hidden = (columns > left) & (columns < right) & (rows > top) & (rows < low)
    torso = done.part == Part.TORSO
    hidden = done.validity == Seen.HIDDEN
    assert torso[was_hidden].sum() > 500
    assert (hidden[torso] == was_hidden[torso]).mean() > 0.98
    assert not hidden[done.part == Part.LEFT_HAND].any()


def test_a_hand_that_has_gone_is_not_seen_twice():
    model, points = _squares()
    alone = dataclasses.replace(model, faces=model.faces[:2], face_parts=model.face_parts[:2])
    camera = CAMERA
    picture = np.full((120, 160, 3), 200, np.uint8)
    photo = prepare_photo(picture, points, camera, alone)
    picture[photo.matte > 0] = (30, 60, 90)
    photo = prepare_photo(picture, points, camera, alone)
    gone = points.copy()
    gone[:4, 0] += 0.3
    done = warp(photo, gone, alone)
    assert (done.part > 0).any()
    np.testing.assert_array_equal(done.picture[50:70, 70:90], 200)
    assert (done.validity[50:70, 70:90] == Seen.HIDDEN).all()


@pytest.mark.parametrize("metres", [0.02, 0.035, 0.05, 0.07])
def test_the_edge_of_what_has_moved_is_seen_once(metres):
    """A sleeve reaches beyond its mesh: where the flow fades it turns around, and shows the edge again."""
    model, points = _squares()
    alone = dataclasses.replace(model, faces=model.faces[:2], face_parts=model.face_parts[:2])
    camera = Pinhole.for_picture(640, 480)
    segmented = np.zeros((480, 640), np.uint8)
    hand = camera.project(points[:4])
    (left, top), (right, bottom) = np.rint(hand.min(0)).astype(int), np.rint(hand.max(0)).astype(int)
    segmented[top - 2 : bottom + 2, left - 2 : right + 2] = 255
    picture = np.where(segmented[..., None] > 0, np.uint8(40), np.uint8(200)).repeat(3, 2)
    photo = prepare_photo(picture, points, camera, alone, segmented=segmented)
    moved = points.copy()
    moved[:4, 0] += metres
    row = warp(photo, moved, alone).picture[(top + bottom) // 2, :, 0] < 190
    assert np.count_nonzero(np.diff(row.astype(int)) == 1) == 1


def test_the_wall_beside_a_hand_does_not_go_with_it_before_the_body():
    model, points = _squares()
    aside = points.copy()
    aside[:4, 0] -= 0.35  # the hand hangs beside the body
    picture = np.full((120, 160, 3), 220, np.uint8)
    whole = prepare_photo(picture, aside, CAMERA, model)
    part = warp(whole, aside, model).part
    hand = cv2.erode((part == Part.LEFT_HAND).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    person = hand | (part == Part.TORSO)
    picture[person] = (90, 60, 30)  # the mesh reaches 2 px beyond the hand
    photo = prepare_photo(picture, aside, CAMERA, model, segmented=person.astype(np.uint8) * 255)
    still = warp(photo, aside, model).picture.astype(int)
    assert np.abs(still - picture).max() <= 1
    done = warp(photo, points, model)
    moved = cv2.erode((done.part > 0).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert (done.part[moved] == Part.LEFT_HAND).sum() > 200
    assert done.picture[moved].max() < 110  # nothing of the wall before the body


def test_background_stays_to_the_bit():
    picture, points = _picture(), _person()
    photo = prepare_photo(picture, points, CAMERA, MODEL)
    for yaw, right in ((0.5, 4), (-0.4, -9), (0.1, 20)):
        done = warp(photo, _moved(_person(yaw=yaw), right), MODEL)
        ground = done.validity == Seen.BACKGROUND
        assert ground.mean() > 0.2
        np.testing.assert_array_equal(
            done.picture[ground & (done.alpha == 0)], picture[ground & (done.alpha == 0)]
        )
        # Where the photo never showed the person and the frame does not, nothing differs.
        assert (done.alpha[ground] == 0).mean() > 0.95


def test_hair_that_a_segmentation_tells_of_moves_with_the_head():
    picture, points = _picture(), _person()
    photo = prepare_photo(picture, points, CAMERA, MODEL)
    body = photo.raster.face >= 0
    top = int(np.argwhere(body)[:, 0].min())
    middle = int(np.argwhere(body[top])[:, 0].mean())
    segmented = np.where(body, 255, 0).astype(np.uint8)
    segmented[top - 6 : top + 4, middle - 8 : middle + 9] = 255
    with_hair = prepare_photo(picture, points, CAMERA, MODEL, segmented=segmented)
    done = warp(with_hair, _moved(points, 5), MODEL)
    moved = done.picture[top - 4, middle - 1 : middle + 9].astype(int)
    assert np.abs(moved - picture[top - 4, middle - 6 : middle + 4]).mean() < 6
    assert (done.validity[top - 4, middle : middle + 9] == Seen.CONTINUED).all()


def test_a_back_is_not_seen_in_a_front():
    photo = prepare_photo(_picture(), _person(), CAMERA, MODEL)
    done = warp(photo, _person(yaw=np.pi), MODEL)
    face = done.part == Part.HEAD
    assert face.any() and (done.validity[face] == Seen.HIDDEN).mean() > 0.8


def test_an_opened_mouth_is_marked_as_never_seen():
    camera = Pinhole.for_picture(160, 160, 400)
    photo = prepare_photo(_picture(160, 160), _person(distance=0.6), camera, MODEL)
    done = warp(photo, _person(distance=0.6, jaw=0.4), MODEL)
    mouth = done.part == Part.MOUTH
    assert mouth.sum() > 20 and (done.validity[mouth] == Seen.HIDDEN).mean() > 0.5


def test_a_window_is_a_part_of_the_whole():
    picture, points, there = _picture(), _person(), _moved(_person(yaw=0.3), 4)
    photo, box = prepare_photo(picture, points, CAMERA, MODEL), Box(left=40, top=20, side=80)
    whole = warp(photo, there, MODEL)
    cut = warp(window_of(photo, box, 80, MODEL), there, MODEL)
    rows, columns = slice(20, 100), slice(40, 120)
    np.testing.assert_array_equal(cut.part, whole.part[rows, columns])
    np.testing.assert_array_equal(cut.position, whole.position[rows, columns])
    off = np.abs(cut.picture.astype(int) - whole.picture[rows, columns]).max(-1)
    assert off[cut.validity == Seen.VISIBLE].max() <= 1
    assert off[cut.validity == Seen.BACKGROUND].mean() < 0.1
    # The window does not know of the mesh beyond it; a level of this picture is a thirtieth of a pixel.
    assert np.median(off[cut.validity == Seen.CONTINUED]) < 8
    assert (cut.validity == whole.validity[rows, columns]).mean() > 0.95


def test_a_smaller_window_shows_the_same_antialiased():
    picture, points = _picture(), _person()
    photo, box = prepare_photo(picture, points, CAMERA, MODEL), Box(left=40, top=20, side=80)
    for small in (
        window_of(photo, box, 40, MODEL),
        prepare_window(picture, points, CAMERA, MODEL, box, 40),
    ):
        done = warp(small, points, MODEL)
        wanted = picture[20:100, 40:120].reshape(40, 2, 40, 2, 3).mean((1, 3))
        assert done.picture.shape == (40, 40, 3)
        assert np.abs(done.picture - wanted).max() <= 2


def test_hidden_skin_gets_the_colour_of_skin():
    picture, points = np.full((120, 160, 3), (20, 40, 220), np.uint8), _person(distance=2.0)
    photo = prepare_photo(picture, points, CAMERA, MODEL)
    parts = np.where(photo.raster.face >= 0, MODEL.face_parts[photo.raster.face], 0)
    picture[np.isin(parts, (Part.FACE, Part.HEAD, Part.LEFT_HAND, Part.RIGHT_HAND))] = (200, 150, 120)
    done = warp(prepare_photo(picture, points, CAMERA, MODEL), _moved(_person(yaw=2.5, distance=2.0)), MODEL)
    hidden = (done.validity == Seen.HIDDEN) & (done.part == Part.HEAD)
    assert hidden.sum() > 5
    assert np.abs(done.picture[hidden].astype(float).mean(0) - (200, 150, 120)).max() < 60


def test_a_part_that_is_not_seen_has_the_colour_of_what_is_most_alike():
    picture, points = np.full((240, 320, 3), (20, 40, 220), np.uint8), _person(distance=0.8)
    camera = Pinhole.for_picture(320, 240)
    shown = prepare_photo(picture, points, camera, MODEL).raster
    groups = np.where(shown.face >= 0, tint_groups(MODEL)[shown.face], 0)
    colours = {Part.FACE: (200, 150, 120), Part.TORSO: (30, 90, 30), len(Part): (90, 60, 20)}
    for group, colour in colours.items():
        picture[groups == group] = colour
    tints = part_tints(picture, points, camera, MODEL)
    alike = {Part.LEFT_HAND: Part.FACE, Part.RIGHT_LEG: Part.TORSO}
    for group, other in (alike | {group: group for group in colours}).items():
        np.testing.assert_array_equal(tints[group], colours[other])


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (97, 64)])
def test_any_size_of_picture_will_do(size):
    height, width = size
    camera = Pinhole.for_picture(width, height)
    picture = _picture(height, width)
    done = warp(prepare_photo(picture, _person(), camera, MODEL), _person(yaw=0.4), MODEL)
    assert done.picture.shape == (height, width, 3)
    assert {a.dtype for a in (done.picture, done.validity, done.position, done.part, done.alpha)} == {
        np.dtype("uint8")
    }


@pytest.mark.parametrize("where", ["behind", "beside", "through the camera"])
def test_a_body_that_is_not_in_the_picture_leaves_the_photo(where):
    points = {
        "behind": -_person(),
        "beside": _person() + np.array([9.0, 0, 0]),
        "through the camera": _person(distance=0.05),
    }[where]
    points = points.astype(np.float32)
    picture = _picture()
    done = warp(prepare_photo(picture, points, CAMERA, MODEL), points, MODEL)
    assert np.abs(done.picture.astype(int) - picture).max() <= 1
    seen = warp(prepare_photo(picture, _person(), CAMERA, MODEL), points, MODEL)
    assert np.isfinite(seen.picture).all()


def test_push_pull_keeps_what_is_known_and_continues_it():
    rng = np.random.default_rng(0)
    values = rng.random((37, 50, 2), np.float32)
    weight = (rng.random((37, 50)) < 0.3).astype(np.float32)
    filled = push_pull(values, weight)
    np.testing.assert_array_equal(filled[weight > 0], values[weight > 0])
    assert filled.min() >= values[weight > 0].min() and filled.max() <= values[weight > 0].max()
    np.testing.assert_allclose(push_pull(np.full((37, 50, 2), 3, np.float32), weight), 3, rtol=1e-6)
    assert not push_pull(values, np.zeros((37, 50), np.float32)).any()


def test_the_background_is_the_picture_where_the_person_is_not():
    picture = _picture()
    matte = np.zeros((120, 160), np.uint8)
    matte[40:80, 60:100] = 255
    ground, wider = without_person(picture, matte, 3)
    np.testing.assert_array_equal(ground[wider == 0], picture[wider == 0])
    assert (wider[matte > 0] == 255).all() and 0 < wider[38, 80] < 10


def test_the_middle_of_the_mesh_is_the_person_whatever_a_segmentation_says():
    parts = np.zeros((60, 60), np.uint8)
    parts[20:60, 20:40] = Part.TORSO
    matte = person_matte(parts, 100.0, MatteConfig(), np.zeros((60, 60), np.uint8))
    assert matte[40, 30] == 255 and matte[59, 30] == 255
    assert matte[21, 30] == 0 and matte[10, 10] == 0


def test_positions_differ_where_places_do():
    codes = position_codes(MODEL)
    face = np.unique(MODEL.faces[MODEL.face_parts == Part.FACE])
    assert codes.min() >= 0 and codes.max() <= 255
    linear = np.ptp(MODEL.points.template[face], axis=0) / np.ptp(MODEL.points.template, axis=0) * 255
    assert (np.ptp(codes[face], axis=0) > (2 * linear[0], 2 * linear[1], linear[2])).all()


def test_windows_are_square_still_and_around_the_part():
    camera = Pinhole.for_picture(320, 240)
    points = np.stack([_moved(_person(distance=1.5), dx, camera=camera) for dx in (-3, 0, 3, 0, 40)])
    boxes = place_windows(points, camera, MODEL)
    assert boxes["whole"] == Box(left=0, top=-40, side=320)
    head = boxes["head"]
    assert boxes == place_windows(points[::-1], camera, MODEL)
    assert all(box.side % 4 == 0 for box in boxes.values())
    seen = camera.project(
        points[1][np.unique(MODEL.faces[np.isin(MODEL.face_parts, (Part.FACE, Part.HEAD))])]
    )
    assert head.left < seen[:, 0].min() and seen[:, 0].max() < head.left + head.side
    assert head.top < seen[:, 1].min() and seen[:, 1].max() < head.top + head.side


def test_a_hand_that_is_never_seen_has_no_window():
    points = np.stack([_person(distance=0.5)] * 3)
    assert "left_hand" not in place_windows(points, CAMERA, MODEL)
    points = np.stack([_person(distance=3.0)] * 3)
    assert {"left_hand", "right_hand"} <= place_windows(points, CAMERA, MODEL).keys()
    assert "left_hand" not in place_windows(points, CAMERA, MODEL, {"left_hand": np.zeros(3, bool)})


def test_a_window_beyond_the_picture_continues_its_edge():
    picture = _picture()
    cut = Box(left=-20, top=100, side=40).cut(picture, 40)
    np.testing.assert_array_equal(cut[:20, 20:], picture[100:120, :20])
    np.testing.assert_array_equal(cut[30, 20:], picture[119, :20])
    np.testing.assert_array_equal(cut[:20, 0], picture[100:120, 0])
    assert Box(left=5000, top=0, side=32).cut(picture, 16).shape == (16, 16, 3)


def test_a_window_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="multiples of 4"):
        prepare_window(_picture(), _person(), CAMERA, MODEL, Box(left=0, top=0, side=30), 16)


def test_motion_around_the_mesh_fades():
    config = WarpConfig()
    picture, points = _picture(), _person()
    photo = prepare_photo(picture, points, CAMERA, MODEL, config)
    assert photo.fade[photo.raster.face >= 0].min() == 1
    assert photo.fade[:10, :10].max() == 0
