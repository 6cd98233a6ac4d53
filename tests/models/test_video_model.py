"""The video model: what it leaves alone, what its losses see, training that goes on, frames that are made."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from backends.weights import perceptual_weights
from body.load import load_body_model
from body.topology import Part
from body.track import BodyTrack
from body.warp import Seen, Warped, warps
from body.windows import Box
from models.data.records import Place
from models.model_file import model_bytes
from models.train import Listen, Material
from models.training import CHECKPOINTS, Progress, TrainingConfig
from models.video.checkpoint import FORMAT, MODEL_FILE, VideoModel, load_video, video_bytes
from models.video.config import CONFIGS, VideoConfig
from models.video.controls import NUM_CONTROLS, WARP, Frames, VideoBatch, as_numbers, as_picture, controls
from models.video.generate import VideoGenerateConfig, held_where_unseen, talking_frames
from models.video.lay import laid
from models.video.learnt_from import as_listed, together
from models.video.losses import VideoLoss, VideoLossConfig
from models.video.mend import mended
from models.video.network import RESIDUAL, OverTime, VideoNetworkConfig, WarpMender, without_lattice
from models.video.perceptual import PerceptualDistance
from models.video.train import train_video
from schemas.outcomes import BadInputError
from tests.models.made_shards import fitted_with, nodding_arrays, write_shards
from tests.models.shaken import shaken
from tools.mix_models import held_back, mixed

BODY = load_body_model()
SIZE = 32
TINY = VideoConfig(
    network=VideoNetworkConfig(channels=(16, 16), groups=4, time_width=16),
    loss=VideoLossConfig(perceptual=0.0),
    training=TrainingConfig(num_steps=4, batch_size=4, log_steps=1, checkpoint_steps=1, warmup_steps=1),
    window_px=SIZE,
    frames_a_clip=2,
    num_workers=0,
)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Shards of a few people who nod."""
    folder = tmp_path_factory.mktemp("video") / "OUT"
    fit = replace(fitted_with(BODY.model_id), focal_length_px=120.0)
    write_shards(folder, (30, 40, 26), num_shards=1, arrays=nodding_arrays, body_fit=fit)
    return str(folder)


@pytest.fixture(scope="module")
def trained(shards: str, tmp_path_factory: pytest.TempPathFactory) -> VideoModel:
    return _train(shards, tmp_path_factory.mktemp("trained"), TINY)


def _train(
    shards: str,
    folder: Path,
    config: VideoConfig,
    start: VideoModel | None = None,
    listen: Listen[VideoModel] | None = None,
) -> VideoModel:
    material = Material(shards=(shards,), folder=folder, body=BODY)
    return train_video(material, config, None, None, start, listen)


def _frames(number: int, seed: int = 0) -> Frames:
    random = np.random.default_rng(seed)

    def made(top: int, *more: int) -> Tensor:
        return torch.from_numpy(random.integers(0, top, (number, SIZE, SIZE, *more)).astype(np.uint8))

    return Frames(
        photo=made(256, 3), warp=made(256, 3), position=made(256, 3),
        validity=made(4), part=made(13), alpha=made(256), flow=made(256, 2).float() / 16 - 8,
    )  # fmt: skip


def _batch(number: int = 4) -> VideoBatch:
    frames = _frames(number)
    target = _frames(number, 1).warp
    return VideoBatch(
        frames=frames, target=target, counts=torch.ones(number), after=Place(draw=0), skipped=()
    )


def test_what_the_network_is_told_has_a_place_each() -> None:
    frames = _frames(2)
    told = controls(frames)
    assert told.shape == (2, NUM_CONTROLS, SIZE, SIZE)
    assert torch.equal(as_picture(told[:, WARP]), frames.warp)
    parts = told[:, 10:23].argmax(1)
    assert torch.equal(parts.to(torch.uint8), frames.part) and bool((told[:, 10:27].sum(1) == 2).all())


def test_an_untrained_network_is_the_warp_and_its_layers_over_time_are_silent() -> None:
    torch.manual_seed(0)
    network = WarpMender(TINY.network)
    told = controls(_frames(4))
    x, t = torch.randn(4, 3, SIZE, SIZE), torch.tensor([0.0, 0.3, 0.7, 1.0])
    assert torch.allclose(network(x, t, told), told[:, WARP], atol=1e-4)
    assert torch.equal(network(x, t, told, frames=4), network(x, t, told))
    layer = OverTime(16, 4)
    torch.nn.init.normal_(layer.over.weight)
    clips = torch.randn(6, 16, 8, 8)
    both = layer(clips, 3)
    alone = torch.cat([layer(clips[:3], 3), layer(clips[3:], 3)])
    assert torch.allclose(both, alone, atol=1e-5)  # clips know nothing of each other
    assert not torch.allclose(both, clips)


def test_a_share_of_the_correction_counts_on_heads_and_all_of_it_elsewhere() -> None:
    frames = replace(_frames(1), part=torch.full((1, SIZE, SIZE), int(Part.TORSO), dtype=torch.uint8))
    frames.part[:, :, : SIZE // 2] = int(Part.FACE)
    frames.validity[:] = Seen.VISIBLE
    told = controls(frames)
    told[:, WARP] = torch.linspace(-1, 1, SIZE).expand(1, 3, SIZE, SIZE)  # brighter by so much a pixel
    config = replace(TINY.network, first_confidence=1e-6)
    all_of_it, half = (_all_moved(WarpMender(config, share), told, 1.0) for share in (1.0, 0.5))
    by = [((made - told[:, WARP]) * (SIZE - 1) / 2)[..., 4:-4] for made in (all_of_it, half)]
    assert torch.allclose(by[0], torch.ones(()), atol=1e-3)
    assert torch.allclose(by[1][..., : SIZE // 2 - 8], torch.full((), 0.5), atol=1e-3)
    assert torch.allclose(by[1][..., SIZE // 2 :], torch.ones(()), atol=1e-3)
    with pytest.raises(ValueError, match="from 0 to 1"):
        WarpMender(config, 1.5)


@pytest.mark.parametrize("patch_px", [1, 2, 3, 4])
def test_a_lattice_of_patches_is_taken_out_and_nothing_else(patch_px: int) -> None:
    lattice = torch.randn(patch_px, patch_px, generator=torch.Generator().manual_seed(0)).repeat(12, 12)
    lattice, inner = lattice[None, None, :SIZE, :SIZE], (..., slice(4, -4), slice(4, -4))
    left = without_lattice(lattice, patch_px)
    assert left.shape == lattice.shape
    if patch_px > 1:
        assert lattice.std() > 0.3 and left[inner].std() < 1e-6
    assert torch.allclose(left[inner].mean(), lattice[..., :patch_px, :patch_px].mean(), atol=1e-6)
    slope = torch.linspace(-1, 1, SIZE).expand(1, 1, SIZE, SIZE)
    assert torch.allclose(without_lattice(slope, patch_px)[inner], slope[inner], atol=1e-6)


def _all_moved(network: WarpMender, told: Tensor, px: float) -> Tensor:
    """Return what a network makes of controls whose correction is so far to the right everywhere."""
    bias = network.last.bias
    assert bias is not None
    with torch.no_grad():
        bias[0] = float(np.arctanh(px / (network.config.max_flow_px * SIZE / 128)))
        return network(torch.zeros(1, 3, SIZE, SIZE), torch.ones(1), told)


def test_losses_see_their_own_parts() -> None:
    batch, random = _batch(), torch.zeros(4, 3)
    real = as_numbers(batch.target)
    loss = VideoLoss(VideoLossConfig(), PerceptualDistance(perceptual_weights()))
    large = replace(
        batch, frames=replace(batch.frames, part=torch.zeros(4, 64, 64, dtype=torch.uint8),
        alpha=torch.zeros(4, 64, 64, dtype=torch.uint8)),
    )  # fmt: skip
    picture = torch.rand(4, 3, 64, 64)
    total, parts = loss(picture, picture, large, 1, random)
    assert total.item() == pytest.approx(0, abs=1e-6) and set(parts) == {"colours", "edges", "looks"}
    _, moved = loss(picture.flip(2), picture, large, 2, random)
    assert all(value > 1e-4 for value in moved.values()) and "changes" in moved
    plain = VideoLoss(VideoLossConfig(perceptual=0.0), None)
    shifted, _ = plain(real + 0.1, real, batch, 1, random)
    nothing, _ = plain(real + 0.1, real, replace(batch, counts=torch.zeros(4)), 1, random)
    assert shifted > 0 and nothing == 0
    mouth, face = (
        replace(batch, frames=replace(batch.frames, part=torch.full_like(batch.frames.part, part)))
        for part in (Part.MOUTH, Part.FACE)
    )
    seen = [plain(real + 0.1, real, one, 1, random)[0] for one in (mouth, face)]
    assert seen[0] > 2 * seen[1]


def test_st_lpips_grows_with_what_is_seen_and_hardly_with_a_shift() -> None:
    distance = PerceptualDistance(perceptual_weights())
    random = np.random.default_rng(0)
    small = torch.from_numpy(random.uniform(-1, 1, (1, 3, 12, 12)).astype(np.float32))
    picture = torch.nn.functional.interpolate(small, size=96, mode="bicubic").clamp(-1, 1)
    same, shifted = distance(picture, picture), distance(picture, picture.roll(1, 3))
    noisy = distance(picture, (picture + 0.3 * torch.randn(picture.shape)).clamp(-1, 1))
    assert same.item() == 0 and 0 < shifted.item() < 0.1 * noisy.item()
    weight = torch.zeros(1, 1, 96, 96)
    weight[..., :48, :] = 1
    half = torch.cat([picture[:, :, :48], -picture[:, :, 48:]], 2)
    assert distance(picture, half, weight).item() < 0.5 * distance(picture, half, 1 - weight).item()
    with pytest.raises(BadInputError, match=r"none\.pth"):
        PerceptualDistance(Path("none.pth"))


@pytest.mark.parametrize("config", [TINY, replace(TINY, reuse=2, pool_examples=6)], ids=["once", "reused"])
def test_training_that_was_killed_goes_on_as_if_it_had_not_been(
    shards: str, tmp_path: Path, config: VideoConfig
) -> None:
    whole = _train(shards, tmp_path / "whole", config)

    def stop(progress: Progress, model: Callable[[], VideoModel]) -> None:
        if progress.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _train(shards, tmp_path / "killed", config, listen=stop)
    gone_on = _train(shards, tmp_path / "killed", replace(config, num_workers=1))
    assert video_bytes(whole) == video_bytes(gone_on)
    files = [(tmp_path / name / MODEL_FILE).read_bytes() for name in ("whole", "killed")]
    assert files[0] == files[1] and (tmp_path / "killed" / CHECKPOINTS / "step-00000004").is_dir()


def test_training_goes_on_from_a_model_and_over_time(
    shards: str, tmp_path: Path, trained: VideoModel
) -> None:
    config = replace(TINY, num_frames=4, training=replace(TINY.training, num_steps=2))
    assert trained.about.learnt_from is not None and len(trained.about.learnt_from) == 3
    video = _train(shards, tmp_path / "a", config, start=_of(trained, "a"))
    assert video.about.learnt_from is not None and set(video.about.learnt_from) == {
        *trained.about.learnt_from,
        "a",
    }
    over = [
        v for n, v in video.network.state_dict().items() if "over_time" in n and n.endswith("over.weight")
    ]
    assert any(bool(value.abs().max() > 0) for value in over)
    wider = replace(TINY, network=replace(TINY.network, channels=(32, 32)))
    with pytest.raises(BadInputError, match="another network"):
        _train(shards, tmp_path / "b", wider, start=trained)
    with pytest.raises(BadInputError, match="no multiple"):
        _train(shards, tmp_path / "c", replace(TINY, frames_a_clip=3))


def test_the_file_holds_the_model(trained: VideoModel, tmp_path: Path) -> None:
    path = tmp_path / "v.safetensors"
    path.write_bytes(video_bytes(trained))
    again = load_video(path)
    assert again.about == trained.about and video_bytes(again) == video_bytes(trained)
    path.write_bytes(model_bytes(FORMAT, {"network": {}}, {}))
    with pytest.raises(BadInputError, match=r"v\.safetensors"):
        load_video(path)
    path.write_bytes(model_bytes("mentor-motion-2", {}, {}))
    with pytest.raises(BadInputError, match="not a video model"):
        load_video(path)


def _of(model: VideoModel, *clips: str) -> VideoModel:
    return replace(model, about=replace(model.about, learnt_from=clips))


def test_mixed_weights_lie_between_those_of_two_models(trained: VideoModel, tmp_path: Path) -> None:
    still = VideoModel(about=trained.about, network=copy.deepcopy(trained.network))
    for parameter in still.network.parameters():
        torch.nn.init.zeros_(parameter)
    whole = trained.network.state_dict()
    quarter = mixed(still, replace(trained, network=copy.deepcopy(trained.network)), 0.25)
    assert all(torch.allclose(value, whole[name] / 4) for name, value in quarter.network.state_dict().items())
    of_two = mixed(_of(still, "b", "c"), _of(trained, "a", "b"), 0.25)
    assert of_two.about.learnt_from == ("a", "b", "c")
    silent = replace(still, about=replace(still.about, learnt_from=None))
    assert mixed(silent, trained, 0.25).about.learnt_from is None
    held = held_back(trained, flow=0.8, residual=0.5, head_flow=0.4, colour_off_head=0.2)
    was, now = (model.network.last.weight for model in (trained, held))
    assert torch.allclose(now, was * torch.tensor([0.8, 0.8, 0.5, 0.5, 0.5, 1.0])[:, None, None, None])
    (tmp_path / MODEL_FILE).write_bytes(video_bytes(held))
    about = load_video(tmp_path / MODEL_FILE).about
    assert (about.head_flow, about.colour_off_head) == (0.4, 0.2)
    torch.nn.init.constant_(held.network.last.bias, 3.0)  # type: ignore[arg-type]
    frames = replace(_frames(1), part=torch.full((1, SIZE, SIZE), int(Part.FACE), dtype=torch.uint8))
    whole_of_it = VideoModel(about=held.about, network=WarpMender(held.about.network))
    whole_of_it.network.load_state_dict(held.network.state_dict())
    assert not np.array_equal(mended(held, frames).pictures, mended(whole_of_it, frames).pictures)
    wider = replace(trained, about=replace(trained.about, body_model="another"))
    with pytest.raises(BadInputError, match="different networks"):
        mixed(wider, trained, 0.5)
    with pytest.raises(BadInputError, match=r"--share 1\.5: from 0 to 1"):
        mixed(still, trained, 1.5)
    with pytest.raises(BadInputError, match="--flow -1: from 0 to 1"):
        held_back(trained, flow=-1, residual=1, head_flow=1)


def test_what_a_model_learnt_from_is_known_of_all_or_not_at_all() -> None:
    assert together(["b", "a"], ("c", "a")) == ("a", "b", "c") and together(()) == ()
    assert together(["a"], None) is None
    assert together(map(str, range(20_001))) is None
    assert as_listed(["a"]) == ("a",) and as_listed(None) is None
    for wrong in ("abc", [1], {}):
        with pytest.raises(TypeError, match="no list of clips"):
            as_listed(wrong)


def test_off_heads_a_residual_held_back_changes_brightness_alone() -> None:
    part = torch.full((1, SIZE, SIZE), int(Part.TORSO), dtype=torch.uint8)
    part[:, :, : SIZE // 2] = int(Part.MOUTH)
    told = controls(replace(_frames(1), part=part))
    x, t = torch.zeros(1, 3, SIZE, SIZE), torch.ones(1)
    coloured, held = WarpMender(TINY.network), WarpMender(TINY.network, colour_off_head=0.0)
    for network in (coloured, held):
        assert network.last.bias is not None
        network.last.bias.data[RESIDUAL] = torch.tensor([0.3, 0.0, -0.1])
    before, after = (network.correction(x, t, told).added for network in (coloured, held))
    mouth, torso = after[..., : SIZE // 2 - 4], after[..., SIZE // 2 + 4 :]
    assert torch.allclose(mouth, before[..., : SIZE // 2 - 4])
    assert torch.allclose(
        torso, before[..., SIZE // 2 + 4 :].mean(1, keepdim=True).expand_as(torso), atol=1e-6
    )
    with pytest.raises(ValueError, match="colour_off_head"):
        WarpMender(TINY.network, colour_off_head=-0.1)


def test_frames_are_the_same_from_the_same_seed_in_any_batch(trained: VideoModel) -> None:
    frames = _frames(10)
    made = mended(trained, frames, num_steps=2).pictures
    assert made.shape == (10, SIZE, SIZE, 3)
    np.testing.assert_array_equal(made, mended(trained, frames, num_steps=2).pictures)
    last = Frames(**{name: getattr(frames, name)[9:] for name in Frames.__dataclass_fields__})
    assert np.abs(made[9:].astype(int) - mended(trained, last, num_steps=2).pictures).max() <= 1


def _wild(model: VideoModel, num_frames: int = 1) -> VideoModel:
    """A model that changes everything it sees, over time too."""
    network = copy.deepcopy(model.network)
    shaken(network)
    return VideoModel(about=replace(model.about, num_frames=num_frames), network=network)


def test_layers_over_time_see_the_frames_around_if_they_have_learnt(trained: VideoModel) -> None:
    frames = _frames(6)
    other = replace(frames, warp=torch.cat([255 - frames.warp[:1], frames.warp[1:]]))
    for num_frames, agree in ((1, True), (4, False)):
        first, second = (mended(_wild(trained, num_frames), some).pictures[1] for some in (frames, other))
        assert np.array_equal(first, second) == agree


def _track(number: int, seen: bool = True) -> BodyTrack:
    arrays = nodding_arrays(number)
    for side in ("left", "right"):
        for part in ("arm", "hand"):
            arrays[f"valid:smplx_{side}_{part}"][:] = seen
    fit = {"betas": np.zeros(10, np.float32), "focal_length_px": 150.0, "model_id": BODY.model_id}
    return BodyTrack.from_sample(arrays, fit, 25.0, 160, 120)


def test_a_photo_moves_and_its_background_stays(trained: VideoModel) -> None:
    picture = (
        np.random.default_rng(0).integers(0, 256, (15, 20, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    )
    person, motion = _track(1), _track(9)
    still = list(talking_frames(picture, person, person, BODY, None, None))
    assert len(still) == 1 and np.abs(still[0].astype(int) - picture).max() <= 1
    for model in (None, trained):
        made = np.stack(list(talking_frames(picture, person, motion, BODY, model, None)))
        assert made.shape == (9, *picture.shape)
        moving = np.abs(made.astype(int) - made[:1]).max((0, 3)) > 0
        assert moving.any() and not moving[:, :20].any() and not moving[:, -20:].any()
    config = VideoGenerateConfig(windows=("head", "left_hand", "whole"))
    assert len(list(talking_frames(picture, person, motion, BODY, trained, None, config))) == 9


def test_background_stays_to_the_bit_whatever_the_network_does(
    trained: VideoModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (120, 160, 3)).astype(np.uint8)
    warped: list[Warped] = []

    def watched(*args: Any) -> list[Warped]:
        found = warps(*args)
        warped.extend(one for one in found if one.picture.shape == picture.shape)
        return found

    monkeypatch.setattr("models.video.generate.warps", watched)
    made = list(talking_frames(picture, _track(1), _track(3), BODY, _wild(trained), None))
    assert len(made) == len(warped) == 3
    for frame, one in zip(made, warped, strict=True):
        behind = one.validity == Seen.BACKGROUND
        assert np.array_equal(frame[behind], picture[behind]) and not np.array_equal(frame, one.picture)


def test_a_correction_moves_edges_as_sharp_as_they_are_and_fades_at_the_border() -> None:
    """An edge of a picture that is six times the window's size is as steep after it has moved."""
    frame = np.full((192, 240, 3), 60, np.uint8)
    frame[:, 100:] = 180
    box = Box(left=20, top=-10, side=192)
    alpha = np.full(frame.shape[:2], 255, np.uint8)
    alpha[150:] = 0
    flow, added = np.zeros((SIZE, SIZE, 2), np.float32), np.zeros((SIZE, SIZE, 3), np.float32)
    np.testing.assert_array_equal(laid(frame, alpha, flow, added, box), frame)
    flow[..., 0] = 6 / 192
    moved = laid(frame, alpha, flow, added, box)
    np.testing.assert_array_equal(moved[20:140, 60:180], frame[20:140, 66:186])
    np.testing.assert_array_equal(moved[150:], frame[150:])
    added[:] = 30
    brighter = laid(frame, alpha, flow, added, box)
    np.testing.assert_array_equal(brighter[20:140, 60:180], frame[20:140, 66:186] + 30)
    assert (brighter[:, :20] == frame[:, :20]).all() and (brighter[:, 212:] == frame[:, 212:]).all()
    assert brighter[80, 20, 0] == 60 and brighter[80, 211, 0] == 180
    np.testing.assert_array_equal(laid(frame, alpha, flow, added, Box(left=300, top=0, side=20)), frame)


def test_a_network_leaves_the_background_as_it_is(trained: VideoModel) -> None:
    frames = _frames(3)
    made = torch.from_numpy(mended(_wild(trained), frames).pictures)
    still = frames.validity == Seen.BACKGROUND
    assert torch.equal(made[still], frames.warp[still]) and not torch.equal(made[~still], frames.warp[~still])


def test_arms_and_hands_that_a_photo_does_not_show_stay() -> None:
    motion = _track(5)
    waving = replace(
        motion,
        body_pose=motion.body_pose + np.linspace(0, 1, 5, dtype=np.float32)[:, None],
        left_hand=motion.left_hand + 0.3,
    )
    seen, unseen = held_where_unseen(waving, _track(1)), held_where_unseen(waving, _track(1, seen=False))
    assert np.array_equal(seen.body_pose, waving.body_pose)
    held = unseen.body_pose.reshape(5, -1, 3).std((0, 2)) == 0
    assert held.sum() == 8 and not unseen.left_hand.any()


def test_configurations_are_what_they_say() -> None:
    for make in CONFIGS.values():
        config = make()
        assert config.training.batch_size % (config.frames_a_clip * config.reuse) == 0
        assert sum(p.numel() for p in WarpMender(config.network).parameters()) * 4 < 20e6
