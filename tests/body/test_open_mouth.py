"""What is inside a mouth, from another picture of the same person."""

import numpy as np

from body.load import load_body_model
from body.open_mouth import open_mouth, with_inside
from body.photo import prepare_photo
from body.raster import Pinhole, part_mask, rasterise
from body.shading import facing_camera
from body.skinning import skin
from body.topology import JOINT_INDEX, NUM_JOINTS, Part
from body.warp import Seen, warp

MODEL = load_body_model()
CAMERA = Pinhole.for_picture(240, 240)
TEETH, SKIN = np.array([230, 225, 210], np.uint8), np.array([200, 150, 120], np.uint8)


def _person(jaw):
    pose = np.zeros((1, NUM_JOINTS, 3), np.float32)
    pose[0, JOINT_INDEX["jaw"], 0] = jaw
    vertices = skin(MODEL, pose.reshape(1, -1), np.zeros(10), np.zeros(10))[0][0]
    head = vertices[np.unique(MODEL.faces[MODEL.face_parts == Part.FACE])].mean(0)
    return facing_camera(vertices, head, 0.4)


def _picture(points):
    """Return skin, and teeth where the mesh shows the inside of the mouth."""
    parts = part_mask(rasterise(points, MODEL.faces, CAMERA), MODEL.face_parts)
    return np.where((parts == Part.MOUTH)[..., None], TEETH, SKIN).astype(np.uint8)


def test_an_opening_mouth_shows_the_teeth_of_another_moment():
    shut, wide, half = _person(0.0), _person(0.35), _person(0.2)
    closed = np.broadcast_to(SKIN, (240, 240, 3)).copy()
    source = open_mouth(_picture(wide), wide, CAMERA, MODEL)
    assert source is not None and np.allclose(source.throat, TEETH)
    made = warp(prepare_photo(closed, shut, CAMERA, MODEL), half, MODEL)
    hidden = (made.part == Part.MOUTH) & (made.validity == Seen.HIDDEN)
    assert hidden.sum() > 30
    done = with_inside(made, half, CAMERA, source, MODEL)
    assert np.abs(done.picture[hidden].astype(int) - TEETH).mean() < 8
    assert (done.validity[hidden] == Seen.VISIBLE).mean() > 0.5
    assert np.array_equal(done.picture[~hidden], made.picture[~hidden])
    assert np.array_equal(done.validity[~hidden], made.validity[~hidden])


def test_a_source_behind_the_camera_s_edge_gives_its_darkest_colour():
    wide, half, shut = _person(0.35), _person(0.2), _person(0.0)
    source = open_mouth(_picture(wide), wide, CAMERA, MODEL)
    assert source is not None
    away = source.points + np.array([5, 0, 0], np.float32)
    object.__setattr__(source, "points", away)
    object.__setattr__(source, "throat", np.array([40, 10, 10], np.float32))
    made = warp(prepare_photo(_picture(shut), shut, CAMERA, MODEL), half, MODEL)
    done = with_inside(made, half, CAMERA, source, MODEL)
    hidden = (made.part == Part.MOUTH) & (made.validity == Seen.HIDDEN)
    assert (done.picture[hidden] == (40, 10, 10)).all() and np.array_equal(done.validity, made.validity)


def test_a_shut_mouth_is_no_source():
    far = _person(0.0) + np.array([0, 0, 8], np.float32)
    assert open_mouth(_picture(far), far, CAMERA, MODEL) is None
