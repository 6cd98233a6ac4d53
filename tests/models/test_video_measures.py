"""What frames are judged by: scores on frames whose faults are known, which frames of a clip are taken."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torchmetrics.functional.image import structural_similarity_index_measure

from backends.weights import perceptual_weights
from body.load import load_body_model
from body.topology import Part
from body.warp import Seen
from models.video import judged
from models.video.controls import ALPHA, NUM_CONTROLS, PARTS, PHOTO, POSITION, WARP, withheld
from models.video.measures import (
    likeness,
    looks_alike,
    outline,
    over_time,
    psnr,
    regions,
    seam,
    sharpness,
    still_deviation,
)  # fmt: skip
from models.video.network import VideoNetworkConfig, WarpMender
from models.video.perceptual import PerceptualDistance
from tests.models.made_shards import fitted_with, nodding_arrays, write_shards

N, SIZE = 4, 64


def _frames(seed: int = 0) -> np.ndarray:
    small = np.random.default_rng(seed).integers(30, 220, (N, 9, 9, 3)).astype(np.uint8)
    return np.ascontiguousarray(small.repeat(8, 1).repeat(8, 2)[:, :SIZE, :SIZE])


def _parts() -> np.ndarray:
    part = np.zeros((N, SIZE, SIZE), np.uint8)
    part[:, 16:48, 16:48] = Part.FACE
    part[:, 36:42, 26:38] = Part.MOUTH
    part[:, 24:27, 22:28] = Part.LEFT_EYE
    return part


def test_regions_are_where_their_parts_are() -> None:
    part = _parts()
    validity = np.where(part > 0, Seen.VISIBLE, Seen.BACKGROUND).astype(np.uint8)
    found = regions(part, validity)
    assert found["whole"].all() and (found["visible"] == (part > 0)).all()
    assert found["mouth"].sum() == N * (6 + 8) * (12 + 8) and not found["hands"].any()
    assert not (found["hair band"] & (part > 0)).any() and found["hair band"][0, 10, 30]
    assert not found["hair band"][0, 1, 30]


def test_an_error_is_seen_in_its_region_alone() -> None:
    real, part = _frames(), _parts()
    masks = regions(part, np.full(part.shape, Seen.VISIBLE, np.uint8))
    wrong = np.where((part == Part.MOUTH)[..., None], real + 10, real).astype(np.uint8)
    found = likeness(wrong, real, masks)
    assert found["eyes dB"] == psnr(0.0) and found["eyes SSIM"] == pytest.approx(1, abs=1e-3)
    share = (part == Part.MOUTH).sum() / masks["mouth"].sum()
    assert found["mouth dB"] == pytest.approx(psnr(100 * share), abs=1e-3)
    assert found["mouth SSIM"] < 0.999 and "hands dB" not in found
    looks = looks_alike({"": wrong}, real, masks, PerceptualDistance(perceptual_weights()))[""]
    assert looks["mouth ST-LPIPS"] > looks["whole ST-LPIPS"] > 0


def test_ssim_is_that_of_others() -> None:
    real, drawn = (
        _frames(),
        np.clip(_frames() + np.random.default_rng(1).normal(0, 9, (N, SIZE, SIZE, 3)), 0, 255),
    )
    mask = np.zeros((N, SIZE, SIZE), bool)
    mask[:, 8:-8, 8:-8] = True
    mine = likeness(drawn.astype(np.uint8), real, {"inside": mask})["inside SSIM"]
    a, b = (torch.from_numpy(x.astype(np.uint8)).movedim(-1, 1).float() for x in (drawn, real))
    _, theirs = structural_similarity_index_measure(
        a, b, data_range=255.0, reduction="none", return_full_image=True
    )
    assert mine == pytest.approx(float(theirs.mean(1).numpy()[mask].mean()), abs=1e-4)


def test_looks_by_region_are_those_of_each_weight() -> None:
    looks = PerceptualDistance(perceptual_weights())
    a, b = torch.rand(2, 2, 3, SIZE, SIZE) * 2 - 1
    weights = torch.rand(3, 2, SIZE, SIZE)
    together = looks.by_region(looks.features(a), looks.features(b), weights)
    for one, weight in zip(together, weights, strict=True):
        assert torch.allclose(one, looks(a, b, weight[:, None]), atol=1e-6)


def test_blur_lowers_sharpness() -> None:
    real = np.random.default_rng(0).integers(0, 256, (N, SIZE, SIZE, 3)).astype(np.uint8)
    mask = np.ones(real.shape[:3], bool)
    blurred = ((real.astype(int) + np.roll(real, 1, 2)) // 2).astype(np.uint8)
    assert sharpness(real, real, mask) == 1
    assert 0.2 < (sharpness(blurred, real, mask) or 0) < 0.9
    assert sharpness(real, real, np.zeros_like(mask)) is None


def test_what_moves_is_measured_against_what_should() -> None:
    real, still = np.zeros((N, 8, 8, 3), np.uint8), np.zeros((N, 8, 8), np.uint8)
    real[:] = (10 * np.array([0, 1, 0, 1]))[:, None, None, None]
    twice = over_time(2 * real, real, still)
    assert twice["change against real"] == twice["jitter"] == 2 and twice["change error"] == 10
    photo = np.zeros_like(real)
    assert over_time(photo, real, still)["change against real"] == 0
    background = np.full_like(still, Seen.BACKGROUND)
    assert over_time(real, real, background)["background change"] == 10
    assert still_deviation(real, np.ones((8, 8), bool)) == 5
    assert still_deviation(photo + 77, np.ones((8, 8), bool)) == 0
    assert still_deviation(real, np.zeros((8, 8), bool)) is None


def test_a_seam_is_where_a_laid_over_square_ends() -> None:
    ramp = np.broadcast_to(np.arange(SIZE, dtype=np.uint8)[None, :, None], (SIZE, SIZE, 3))
    real = np.repeat(ramp[None], N, 0)
    laid = real.copy()
    laid[:, 20:40, 20:40] += 30
    ends = outline(laid, real)
    assert ends is not None and seam(real, real, ends) == 1
    assert ends[1].sum() == 40 and ends[0].sum() == 40
    assert seam(laid, real, ends) > 10
    assert outline(real, real) is None


def test_frames_are_taken_where_the_body_is_fitted(tmp_path: Path) -> None:
    def arrays(num_frames: int, number: int) -> dict[str, np.ndarray]:
        made = nodding_arrays(num_frames, number)
        made["valid:smplx_face"][:5] = made["valid:smplx_face"][25] = False
        return made

    fit = fitted_with(load_body_model().model_id)
    write_shards(tmp_path, (40,), num_shards=1, arrays=arrays, body_fit=fit, split="test")
    (window,) = judged.judged_clips([str(tmp_path)], "test", sound=True)
    stretch = judged.longest(window, most=60)
    assert stretch is not None and stretch.num_frames == 20 and stretch.sound is not None
    assert stretch.reference is not None and stretch.reference.frame == 5
    assert len(stretch.sound) == 20 * 640 and stretch.sound[0] == window.sound[5 * 640]  # type: ignore[index]
    assert judged.longest(window, most=60, least=21) is None
    few = judged.apart(window)
    assert few is not None and few.num_frames == judged.NUM_APART
    assert few.arrays["valid:smplx_face"].all()
    again = judged.apart(window)
    assert again is not None and again.frames is not None and few.frames is not None
    assert np.array_equal(again.frames, few.frames)
    short = replace(window, num_frames=12)
    assert judged.in_a_row(short) is None


def test_what_is_withheld_is_not_told() -> None:
    told = torch.rand(2, NUM_CONTROLS, 8, 8)
    told[:, PARTS] = 0
    told[0, PARTS.start + Part.FACE] = 1
    told[1, PARTS.start + Part.TORSO] = 1
    assert withheld(told, ()) is told
    unmoved = withheld(told, ("warp",))
    assert torch.equal(unmoved[:, WARP], told[:, PHOTO]) and torch.equal(unmoved[:, ALPHA], told[:, ALPHA])
    assert bool((withheld(told, ("position",))[:, POSITION] == -1).all())
    head = withheld(told, ("body",))
    assert torch.equal(head[0], told[0]) and torch.equal(head[1, WARP], told[1, PHOTO])
    assert bool((head[1, POSITION] == -1).all()) and not head[1, PARTS].any()


def test_a_network_without_parts_is_the_warp_or_the_photo_at_first() -> None:
    told, x, t = torch.rand(2, NUM_CONTROLS, 16, 16), torch.randn(2, 3, 16, 16), torch.ones(2)
    small = VideoNetworkConfig(channels=(16, 16), groups=4, time_width=16)
    for change in ({"max_flow_px": 0.0}, {"with_confidence": False}):
        network = WarpMender(replace(small, **change))  # type: ignore[arg-type]
        assert torch.allclose(network(x, t, told), told[:, WARP], atol=1e-5)
    network = WarpMender(replace(small, untold=("warp",)))
    assert torch.allclose(network(x, t, told), told[:, PHOTO], atol=1e-4)
    still = WarpMender(replace(small, max_flow_px=0.0, untold=("body", "position")))
    torch.nn.init.normal_(still.last.weight)
    assert still(x, t, told).isfinite().all()
