"""Examples for a video model: what belongs together, what is not valid, what a mirror shows."""

import dataclasses
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from body.load import load_body_model
from body.topology import Part
from body.warp import Seen
from models.data.mirror import Mirror, mirrored_arrays, mirrored_betas
from models.data.records import Reference, Window
from models.data.windows import ShardWindows
from models.video.batches import VideoExamples
from models.video.config import VideoConfig
from models.video.pairs import make_pairs, pair_windows
from schemas.outcomes import BadInputError
from tests.models.made_shards import fitted_with, nodding_arrays, write_shards

MODEL = load_body_model()
WIDTH, HEIGHT = 160, 120
SIDES = {left: Part[left.name.replace("LEFT", "RIGHT")] for left in Part if left.name.startswith("LEFT")}
CONFIG = pair_windows(3)


def _window(
    frames: np.ndarray[Any, Any], arrays: dict[str, Any], betas: Any, mirrored: bool = False
) -> Window:
    """Return the first frames as a window and the last one as its reference."""
    about = {
        "width": WIDTH,
        "height": HEIGHT,
        "body_fit": {"model_id": MODEL.model_id, "focal_length_px": 150.0, "betas": None},
    }
    names = list(CONFIG.arrays)
    return Window(
        key="clip", start_frame=0, num_frames=3, num_valid=3, fps=25.0, about=about,
        arrays={name: arrays[name][:3] for name in names}, sound=None, clip_sound=None, frames=frames[:3],
        words=(), betas=betas,
        reference=Reference(
            frame=9, arrays={n: arrays[n][3:] for n in names}, picture=frames[3], betas=betas
        ),
        mirrored=mirrored,
    )  # fmt: skip


@pytest.fixture(scope="module")
def frames() -> Any:
    small = np.random.default_rng(0).integers(0, 256, (4, 13, 17, 3)).astype(np.uint8)
    return np.ascontiguousarray(small.repeat(10, 1).repeat(10, 2)[:, :HEIGHT, :WIDTH])


BETAS = np.zeros(10, np.float32)


def test_examples_are_of_the_named_shapes(frames: Any) -> None:
    window = _window(frames, nodding_arrays(4), BETAS)
    made = make_pairs(window, {"head": 32, "whole": 64}, MODEL)
    for kind, size in (("head", 32), ("whole", 64)):
        examples = made[kind]  # type: ignore[index]
        shapes = {name: array.shape for name, array in examples.items()}
        flat = (3, size, size)
        assert shapes == {
            **dict.fromkeys(("target", "warp", "position"), (*flat, 3)),
            **dict.fromkeys(("validity", "part", "alpha"), flat),
            "reference": (*flat[1:], 3),
            "fitted": (3,),
            "flow": (*flat, 2),
        }
        types = {name: array.dtype for name, array in examples.items()}
        assert types.pop("flow") == np.float16 and set(types.values()) == {np.dtype("uint8")}
        assert examples["fitted"].all() and (examples["part"] == Part.FACE).any()


def test_a_frame_that_is_its_own_reference_is_warped_to_itself(frames: Any) -> None:
    arrays = nodding_arrays(4)
    arrays = {name: array[[0, 1, 3, 3]] for name, array in arrays.items()}
    still = frames[[0, 1, 3, 3]]
    examples = make_pairs(_window(still, arrays, BETAS), {"head": 32}, MODEL, targets=[2])["head"]
    assert len(examples["target"]) == 1
    np.testing.assert_array_equal(examples["target"][0], examples["reference"])
    assert np.abs(examples["warp"][0].astype(int) - examples["reference"]).max() <= 1


def test_targets_are_the_frames_asked_for_and_boxes_those_of_the_body(frames: Any) -> None:
    arrays = nodding_arrays(4)
    examples = make_pairs(_window(frames, arrays, BETAS), {"whole": 160}, MODEL, targets=[2, 0])["whole"]
    np.testing.assert_array_equal(examples["target"][0][20:140], frames[2])
    np.testing.assert_array_equal(examples["target"][1][20:140], frames[0])


def test_frames_without_a_fit_are_marked(frames: Any) -> None:
    arrays = nodding_arrays(4)
    arrays["valid:smplx_face"][1] = False
    arrays["valid:smplx_left_hand"][3] = False  # of the reference
    made = make_pairs(_window(frames, arrays, BETAS), {"head": 32, "left_hand": 32, "right_hand": 32}, MODEL)
    assert made["head"]["fitted"].tolist() == [1, 0, 1]
    assert made["right_hand"]["fitted"].tolist() == [1, 1, 1]
    assert made["left_hand"]["fitted"].tolist() == [0, 0, 0]


def test_a_mirrored_window_gives_the_mirrored_examples(frames: Any) -> None:
    arrays, betas = nodding_arrays(4), np.zeros(10, np.float32)
    mirror = Mirror(width=WIDTH, body_model=None, model_id=MODEL.model_id)
    turned = {**arrays, **mirrored_arrays(arrays, CONFIG.arrays, mirror)}
    flipped = np.ascontiguousarray(frames[:, :, ::-1])
    plain = make_pairs(_window(frames, arrays, betas), {"whole": 160}, MODEL)["whole"]
    other = make_pairs(
        _window(flipped, turned, mirrored_betas(betas, mirror), mirrored=True), {"whole": 160}, MODEL
    )["whole"]
    np.testing.assert_array_equal(other["target"], plain["target"][:, :, ::-1])
    part = plain["part"][:, :, ::-1].copy()
    for left, right in SIDES.items():
        was_left, was_right = part == left, part == right
        part[was_left], part[was_right] = right, left
    assert (other["part"] == part).mean() > 0.99
    off = np.abs(other["warp"].astype(int) - plain["warp"][:, :, ::-1])
    assert np.median(off) == 0 and off.mean() < 3


def test_a_segmentation_is_asked_once_for_all_windows(frames: Any) -> None:
    asked: list[Any] = []

    def segment(picture: Any) -> Any:
        asked.append(picture.shape)
        return np.zeros(picture.shape[:2], np.uint8)

    make_pairs(_window(frames, nodding_arrays(4), BETAS), {"head": 32, "whole": 64}, MODEL, segment=segment)
    assert asked == [(HEIGHT, WIDTH, 3)]


def test_the_way_from_each_pixel_leads_to_its_source(frames: Any) -> None:
    """Where the mesh is seen, what the way leads to in the photo is what the warp shows."""
    smooth = np.stack([cv2.GaussianBlur(frame, (0, 0), 6) for frame in frames])
    made = make_pairs(_window(smooth, nodding_arrays(4), BETAS), {"head": 64}, MODEL)["head"]
    rows, columns = np.mgrid[:64, :64].astype(np.float32)
    for way, warp, seen in zip(made["flow"], made["warp"], made["validity"], strict=True):
        fetched = cv2.remap(
            made["reference"], columns + way[..., 0], rows + way[..., 1], cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        assert np.median(np.abs(fetched.astype(int) - warp)[seen == Seen.VISIBLE]) <= 2


def test_pairs_of_two_clips_are_taken_where_they_show_the_same(frames: Any) -> None:
    arrays, config = nodding_arrays(4), VideoConfig(window_px=32, num_frames=3, elsewhere=1.0, hand_share=0.0)
    window = _window(frames[[3, 3, 3, 3]], {n: a[[0, 0, 0, 0]] for n, a in arrays.items()}, BETAS)
    assert window.reference is not None and window.reference.picture is not None
    for picture, is_taken in ((window.reference.picture // 2 * 2, True), (255 - frames[3], False)):
        elsewhere = replace(window.reference, frame=2, picture=picture)
        batch = VideoExamples(MODEL, config, None)([replace(window, elsewhere=elsewhere)])
        photo = picture if is_taken else window.reference.picture
        taken = make_pairs(
            replace(window, reference=replace(window.reference, picture=photo)), {"head": 32}, MODEL
        )["head"]
        np.testing.assert_array_equal(batch.frames.photo[0], taken["reference"])
        assert batch.counts.all()


def test_windows_are_moved_by_at_most_their_share(frames: Any) -> None:
    """Targets of still frames differ where windows are moved, and only then."""
    still, arrays = frames[[0, 0, 0, 0]], {n: a[[0, 0, 0, 0]] for n, a in nodding_arrays(4).items()}
    window = _window(still, arrays, BETAS)

    def targets(share: float) -> Any:
        config = VideoConfig(window_px=32, num_frames=3, placed_apart=share, hand_share=0.0)
        made = VideoExamples(MODEL, config, None)
        return np.stack([made([replace(window, start_frame=start)]).target[0] for start in range(4)])

    placed, moved = targets(0.0), targets(0.2)
    assert (placed == placed[0]).all() and len({one.tobytes() for one in moved}) == 4


def test_shards_give_examples(tmp_path: Path) -> None:
    write_shards(tmp_path / "OUT", (12, 15), num_shards=1, body_fit=fitted_with(MODEL.model_id))
    config = pair_windows(4, mirror_probability=0.5)
    for window in ShardWindows(str(tmp_path / "OUT"), config, seed=1, batch_size=1, epochs=2):
        made = make_pairs(window, {"whole": 32}, MODEL, targets=[0, 3])["whole"]
        assert made["target"].shape == (2, 32, 32, 3) and made["fitted"].tolist() == [1, 1]


def test_another_body_model_is_refused(frames: Any) -> None:
    window = _window(frames, nodding_arrays(4), BETAS)
    window.about["body_fit"]["model_id"] = "another"  # type: ignore[index]
    with pytest.raises(BadInputError, match="parameters don't transfer"):
        make_pairs(window, {"head": 32}, MODEL)


def test_windows_read_without_frames_are_refused(frames: Any) -> None:
    window = dataclasses.replace(_window(frames, nodding_arrays(4), BETAS), frames=None)
    with pytest.raises(BadInputError, match="without frames"):
        make_pairs(window, {"head": 32}, MODEL)
