"""Frames in which some of a person moves otherwise: everything else is the frame, to the bit."""

import numpy as np
import pytest
import torch

from body.changes import CHANGES, Change, changed_points, changing_vertices, reach_metres
from body.load import load_body_model
from body.photo import metre_px
from body.raster import Pinhole
from body.retime import between
from models.video.checkpoint import VideoAbout, VideoModel
from models.video.controls import NUM_CONTROLS
from models.video.network import VideoNetworkConfig, WarpMender
from models.video.reanimate import Scene, reanimated
from tests.body.track_makers import make_track
from tests.models.shaken import shaken

BODY = load_body_model()
OWN, GIVEN = make_track(BODY, 3, seed=1), make_track(BODY, 3, seed=2)
CAMERA = Pinhole.for_picture(OWN.width, OWN.height, OWN.focal_length_px)


def frames(number=5):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (OWN.height, OWN.width, 3), dtype=np.uint8) for _ in range(number)]


def wild_model():
    """A network that was not trained, and changes everything it sees."""
    config = VideoNetworkConfig(channels=(16, 16), groups=4, time_width=16)
    torch.manual_seed(0)
    network = WarpMender(config).eval()
    shaken(network)
    about = VideoAbout(
        network=config,
        num_controls=NUM_CONTROLS,
        window_px=32,
        body_model=BODY.model_id,
        num_steps=0,
        trained_on="",
    )
    return VideoModel(about=about, network=network)


def scene(strength=None):
    share = np.ones(3, np.float32) if strength is None else np.asarray(strength, np.float32)
    return Scene(start=1, own=OWN, wanted=between(OWN, GIVEN, share), strength=share)


def far_from_the_change(change, row):
    """Return the pixels (H, W) beyond the reach of what moves, drawn as a box around it."""
    before, after = changed_points(BODY, OWN, GIVEN, [change], slice(row, row + 1))
    moving = changing_vertices(BODY, frozenset([change]))
    pixels = CAMERA.project(np.concatenate([before[0][moving], after[0][moving]]))
    reach = reach_metres([change]) * metre_px(before[0], CAMERA) + 1
    (left, top), (right, low) = np.floor(pixels.min(0) - reach), np.ceil(pixels.max(0) + reach)
    rows, columns = np.mgrid[: OWN.height, : OWN.width]
    return (rows < top) | (rows > low) | (columns < left) | (columns > right)


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_outside_the_change_is_the_frame_to_the_bit(change):
    given = frames()
    made = list(reanimated(iter(given), [scene()], frozenset([change]), BODY, wild_model(), None))
    assert len(made) == len(given)
    assert np.array_equal(made[0], given[0]) and np.array_equal(made[4], given[4])
    differs = [(made[1 + row] != given[1 + row]).any(2) for row in range(3)]
    assert np.any(differs)
    for row in range(3):
        far = far_from_the_change(change, row)
        assert far.mean() > 0.3 and not differs[row][far].any()


def test_frames_that_are_given_nothing_stay_and_the_rest_comes_in_little_by_little():
    given = frames()
    strength = [0, 0.2, 1]
    made = list(reanimated(iter(given), [scene(strength)], frozenset(["mouth"]), BODY, wild_model(), None))
    off = [float(np.abs(m.astype(int) - g).sum()) for m, g in zip(made, given, strict=True)]
    assert off[0] == off[1] == off[4] == 0 < off[2] < 0.6 * off[3]


def test_a_person_who_is_not_before_the_camera_is_left_alone():
    behind = make_track(BODY, 3, seed=1)
    behind.transl[:, 2] = -1.0
    given = frames()
    shown = Scene(start=0, own=behind, wanted=behind, strength=np.ones(3, np.float32))
    made = reanimated(iter(given), [shown], frozenset(["mouth"]), BODY, None, None)
    assert all(np.array_equal(m, g) for m, g in zip(made, given, strict=True))


def test_one_frame_at_a_time_is_the_same_as_many():
    """What a frame becomes follows from it alone."""
    given = frames(3)
    alone = Scene(
        start=0, own=OWN.taken(slice(2, 3)), wanted=GIVEN.taken(slice(2, 3)), strength=np.ones(1, np.float32)
    )
    whole = Scene(start=0, own=OWN, wanted=GIVEN, strength=np.ones(3, np.float32))
    changes: frozenset[Change] = frozenset(["mouth"])
    (one,) = reanimated(iter(given[2:3]), [alone], changes, BODY, None, None)
    many = list(reanimated(iter(given), [whole], changes, BODY, None, None))
    assert np.array_equal(one, many[2])
