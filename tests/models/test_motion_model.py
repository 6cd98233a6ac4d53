"""The motion model: sampling, losses, windows that go on from each other, its file, training that goes on."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from body.load import load_body_model
from body.model import BodyModel
from models.diffusion import alpha_sigma, clean_from, loss_weight, noised, sample
from models.motion.body_points import BodyPoints
from models.motion.channels import ARMS, ARRAYS, FACE, HEARD, NUM_CHANNELS, POSE, SLICES, TRUNK
from models.motion.checkpoint import MODEL_FILE, MotionModel, Scales, heard_anew, load_motion, motion_bytes
from models.motion.config import CONFIGS, MotionConfig, cpu_small
from models.motion.generate import (
    GenerateConfig,
    animate,
    draw_as_learnt,
    draw_window,
    window_starts,
)
from models.motion.losses import LossConfig, MotionLoss, Targets
from models.motion.network import HEARING_LAYERS, MotionDenoiser, NetworkConfig
from models.motion.scales import lids_first, principal
from models.motion.sound import LogMel
from models.motion.train import train_motion
from models.train import Listen, Material
from models.training import CHECKPOINTS, Trainer, TrainingConfig
from schemas.outcomes import BadInputError
from tests.models.made_shards import fitted_with, write_shards
from tests.models.test_motion_numbers import moving
from tests.models.two_ranks import run_two_ranks

TINY = replace(
    cpu_small(),
    network=NetworkConfig(width=32, num_layers=1, num_heads=2, position_frames=5),
    training=TrainingConfig(num_steps=6, batch_size=4, log_steps=2, checkpoint_steps=2, warmup_steps=1),
    window_frames=24,
    known_frames=6,
    statistics_windows=8,
    num_workers=0,
)


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return load_body_model()


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory, body: BodyModel) -> str:
    """Shards of a few clips fitted with the embedded model."""
    folder = tmp_path_factory.mktemp("motion") / "OUT"
    write_shards(folder, (40, 50, 60, 45, 30, 70), num_shards=2, body_fit=fitted_with(body.model_id))
    return str(folder)


@pytest.fixture(scope="module")
def trained(shards: str, body: BodyModel, tmp_path_factory: pytest.TempPathFactory) -> MotionModel:
    return _train(shards, tmp_path_factory.mktemp("trained"), TINY, body)


def _train(
    shards: str,
    folder: Path,
    config: MotionConfig,
    body: BodyModel,
    start: MotionModel | None = None,
    listen: Listen[MotionModel] | None = None,
) -> MotionModel:
    material = Material(shards=(shards,), folder=folder, body=body)
    return train_motion(material, config, LogMel(), start, listen)


def test_noise_and_signal_keep_their_size() -> None:
    alpha, sigma = alpha_sigma(torch.linspace(0, 1, 11))
    assert torch.allclose(alpha**2 + sigma**2, torch.ones(11))
    assert alpha[0] > 0.999 and sigma[-1] > 0.999 and bool((alpha.diff() < 0).all())
    x0, noise = torch.randn(3, 5, 2), torch.randn(3, 5, 2)
    t = torch.tensor([0.1, 0.5, 0.9])
    a, s = (part[:, None, None] for part in alpha_sigma(t))
    # The answer that would be right: what takes x_t back to x0.
    assert torch.allclose(clean_from(s * x0 - a * noise, noised(x0, noise, t), t), x0, atol=1e-5)
    assert loss_weight(t, 5.0).max() <= 5 and loss_weight(torch.ones(1), 5.0) == pytest.approx(1)


@pytest.mark.parametrize(("num_steps", "tolerance"), [(10, 0.1), (20, 0.04)])
def test_sampling_gives_the_distribution_that_the_denoiser_knows(num_steps: int, tolerance: float) -> None:
    """For data N(m, s^2) the best guess of x0 is known; sampling by it must give N(m, s^2)."""
    mean, deviation = 0.7, 0.4

    def best(x: Tensor, t: Tensor) -> Tensor:
        alpha, sigma = (part[:, None] for part in alpha_sigma(t))
        gain = alpha * deviation**2 / (alpha**2 * deviation**2 + sigma**2)
        return mean + gain * (x - alpha * mean)

    noise = torch.randn(4000, 1, generator=torch.Generator().manual_seed(0))
    drawn = sample(best, noise, num_steps, limit=6.0)
    assert drawn.mean().item() == pytest.approx(mean, abs=0.02)
    assert drawn.std().item() == pytest.approx(deviation, rel=tolerance)


def targets(seed: int = 0) -> Targets:
    random = torch.Generator().manual_seed(seed)
    return Targets(
        x0_BTD=torch.randn(2, 8, NUM_CHANNELS, generator=random),
        weight_BTD=torch.ones(2, 8, NUM_CHANNELS),
        origin_BD=torch.zeros(2, NUM_CHANNELS),
        betas_BS=torch.zeros(2, 10),
        level_B=torch.ones(2),
    )


def loss_of(body: BodyModel) -> MotionLoss:
    return MotionLoss(LossConfig(), BodyPoints(body), scales_of(0.1))


def scales_of(deviation: float, expression: Tensor | None = None) -> Scales:
    """Scales of means 0 and one deviation; of two numbers of sound."""
    zeros, ones = torch.zeros(NUM_CHANNELS), torch.ones(NUM_CHANNELS)
    return Scales(
        mean=zeros,
        deviation=deviation * ones,
        reference_mean=zeros,
        reference_deviation=ones,
        sound_mean=torch.zeros(2),
        sound_deviation=torch.ones(2),
        sound_components=torch.eye(2),
        expression=torch.eye(10) if expression is None else expression,
    )


def test_where_a_mouth_is_counts_little_beside_how_it_moves(body: BodyModel) -> None:
    wanted, loss = targets(), loss_of(body)
    aside, moved, blinked = (wanted.x0_BTD.clone() for _ in range(3))
    aside[..., HEARD] += 0.1
    moved[..., HEARD] += 0.1 * torch.tensor([1.0, -1.0]).repeat_interleave(4)[:, None]
    blinked[..., 0] += 0.1
    of_aside, of_moved, of_blinked = (loss(x, wanted)[1] for x in (aside, moved, blinked))
    assert float(of_aside["motion"] / of_moved["motion"]) == pytest.approx(0.1, rel=1e-3)
    assert float(of_aside["speed"]) == pytest.approx(0, abs=1e-9)
    assert float(of_aside["lips"]) < 0.2 * float(of_moved["lips"])
    assert float(of_blinked["motion"]) > 0  # lids are where they are


def test_the_lids_come_first_and_go_along_with_nothing_else(body: BodyModel) -> None:
    random = torch.Generator().manual_seed(0)
    mixed = torch.randn(10, 10, generator=random)
    expression = torch.randn(5000, 10, generator=random) @ mixed
    lids = BodyPoints(body).lid_opening()
    turn = lids_first(expression.T @ expression / len(expression), lids)
    turned = expression @ turn
    assert turned[:, 0].std().item() == pytest.approx(1, abs=0.02)
    assert torch.corrcoef(torch.stack([turned[:, 0], expression @ lids]))[0, 1] > 0.9999
    assert torch.corrcoef(turned.T)[0, 1:].abs().max() < 0.03  # means were not taken off
    # Whatever the other numbers are, the lids stay.
    still = torch.linalg.inv(turn)[1:] @ lids
    assert still.abs().max() < 1e-4 * lids.abs().max()
    motion = torch.randn(4, 7, NUM_CHANNELS, generator=random)
    scales = scales_of(0.3, turn)
    assert torch.allclose(scales.plain(scales.normalised(motion)), motion, atol=1e-4)


def test_losses_are_zero_at_the_truth_and_each_sees_its_own_part(body: BodyModel) -> None:
    loss, truth = loss_of(body), targets()
    total, parts = loss(truth.x0_BTD, truth)
    assert total.item() == 0 and set(parts) == {"motion", "speed", "lips", "eyes", "head", "arms", "hands"}
    for channel, touched in {
        "jaw": {"lips"},
        "left_eye": {"eyes"},
        "right_hand": {"hands"},
        "head": {"head"},
        "left_arm": {"arms", "hands"},
    }.items():
        wrong = truth.x0_BTD.clone()
        wrong[..., SLICES[channel]] += 1
        _, parts = loss(wrong, truth)
        assert {n for n, v in parts.items() if v > 1e-6} - {"motion", "speed"} == touched, channel


def test_what_was_not_seen_counts_in_no_loss(body: BodyModel) -> None:
    loss, truth = loss_of(body), targets()
    hidden = truth.weight_BTD.clone()
    hidden[0, 3] = 0
    hidden[1, :, SLICES["left_hand"]] = 0
    masked = replace(truth, weight_BTD=hidden)
    wrong = truth.x0_BTD.clone()
    wrong[0, 3] += 5
    wrong[1, :, SLICES["left_hand"]] += 5
    total, _ = loss(wrong, masked)
    assert total.item() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("frames", "window", "known"), [(10, 10, 3), (11, 10, 3), (64, 20, 6), (300, 64, 20)]
)
def test_windows_cover_all_frames_and_go_on_from_known_ones(frames: int, window: int, known: int) -> None:
    starts = window_starts(frames, window, known)
    assert starts[0] == 0 and starts[-1] == max(0, frames - window)
    assert all(0 < b - a <= window - known for a, b in itertools.pairwise(starts))


def reference() -> dict[str, Any]:
    return {name: moving(1, 7)[name] for name in ARRAYS}


def test_motion_is_as_long_as_the_sound_and_the_same_for_a_seed(trained: MotionModel) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 16000 * 3).astype(np.float32)
    told: list[tuple[int, int]] = []
    config = GenerateConfig(num_steps=3)
    made = animate(trained, LogMel(), sound, reference(), config, lambda *n: told.append(n))
    assert {name: values.shape for name, values in made.items()} == {
        name: (75, values.shape[1]) for name, values in reference().items()
    }
    assert all(np.isfinite(values).all() for values in made.values())
    assert told[-1][0] == told[-1][1] == len(window_starts(75, 24, 12))
    again = animate(trained, LogMel(), sound, reference(), config)
    other = animate(trained, LogMel(), sound, reference(), replace(config, seed=1))
    assert all(np.array_equal(made[name], again[name]) for name in made)
    assert np.array_equal(made["smplx:jaw"], other["smplx:jaw"])  # guessed, not drawn
    assert not np.array_equal(made["smplx:body_pose"], other["smplx:body_pose"])


def test_a_window_leaves_what_is_known_as_it_is_and_goes_on_from_it(trained: MotionModel) -> None:
    random = torch.Generator().manual_seed(0)
    noise, before = (torch.randn(1, 24, NUM_CHANNELS, generator=random) for _ in range(2))
    heard, still = torch.randn(1, 24, 160, generator=random), torch.zeros(1, NUM_CHANNELS)
    config = GenerateConfig(num_steps=3)
    known = torch.arange(24)[None] < 6
    drawn = draw_window(trained, heard, still, noise, before, known, config)
    assert torch.equal(drawn[:, :6], before[:, :6])
    other = draw_window(trained, heard, still, noise, -before, known, config)
    assert not torch.equal(drawn[:, 6:], other[:, 6:])


def test_the_mouth_is_guessed_from_sound_and_reference_and_from_no_noise() -> None:
    network = MotionDenoiser(NetworkConfig(), 3).eval()
    random = torch.Generator().manual_seed(0)
    sound, told = torch.randn(1, 30, 3, generator=random), torch.randn(1, NUM_CHANNELS, generator=random)
    hearing, there = torch.zeros(1, dtype=torch.bool), torch.ones(1, 30, dtype=torch.bool)
    noisy, other = torch.randn(2, 1, 30, NUM_CHANNELS, generator=random)

    def mouth(x: Tensor, sound: Tensor, deaf: Tensor) -> Tensor:
        return network(x, torch.ones(1), sound, told, ~there, there, deaf)[0, :, HEARD]

    guess = mouth(noisy, sound, hearing)
    assert torch.equal(guess, mouth(other, sound, hearing))
    later = sound.clone()
    later[:, 20:] += 1.0
    moved = (mouth(noisy, later, hearing) - guess).abs().amax(1)
    assert (moved[:16] == 0).all() and (moved[18:] > 0).all()
    silent = mouth(noisy, sound, ~hearing)
    assert torch.allclose(silent, silent[:1].expand_as(silent), atol=1e-6)


def test_what_trembles_is_smoothed_arms_more_than_the_head_and_the_face_not_at_all(
    trained: MotionModel,
) -> None:
    class Trembling(nn.Module):
        def forward(self, x: Tensor, *_: Tensor) -> Tensor:
            return (torch.arange(x.shape[1]) % 2 * 2.0 - 1)[None, :, None].expand_as(x)

    model = replace(trained, network=Trembling())  # type: ignore[arg-type]
    noise, heard = torch.zeros(1, 24, NUM_CHANNELS), torch.zeros(1, 24, 160)
    nothing = torch.zeros(1, 24, dtype=torch.bool)
    config = GenerateConfig(num_steps=2, arm_smoothing_frames=2.0)
    drawn = draw_window(model, heard, noise[:, 0], noise, noise, nothing, config)[0, 12]
    face, trunk, arms = (float(drawn[part].abs().max()) for part in (FACE, TRUNK, ARMS))
    assert face == 1 and trunk < 0.05 and arms < trunk / 10


def test_the_mouth_goes_as_far_as_the_model_says_or_whoever_asks(trained: MotionModel) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)
    config = GenerateConfig(num_steps=2)

    def jaws(model: MotionModel, asked: GenerateConfig) -> Any:
        return animate(model, LogMel(), sound, reference(), asked)["smplx:jaw"]

    lively = replace(trained.about.liveliness, mouth_guidance=2.0)
    further = replace(trained, about=replace(trained.about, liveliness=lively))
    assert np.array_equal(jaws(further, config), jaws(trained, replace(config, mouth_guidance=2.0)))
    assert np.array_equal(jaws(trained, config), jaws(further, replace(config, mouth_guidance=1.3)))
    wide, usual = (jaws(model, config).std(0).sum() for model in (further, trained))
    assert wide > 1.2 * usual


def test_sound_that_does_not_fit_is_refused(trained: MotionModel) -> None:
    config = GenerateConfig(num_steps=3)
    with pytest.raises(BadInputError, match="shorter than a frame"):
        draw_as_learnt(trained, LogMel(), np.zeros(100, np.float32), reference(), config)
    with pytest.raises(BadInputError, match="hears mel80x4, not mel80x2"):
        draw_as_learnt(trained, LogMel(steps=2), np.zeros(16000, np.float32), reference(), config)


def test_the_file_holds_the_model_and_nothing_is_unpickled(trained: MotionModel, tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(motion_bytes(trained))
    again = load_motion(path)
    assert again.about == trained.about and motion_bytes(again) == motion_bytes(trained)
    assert again.about.window_frames == 24 and again.about.sound_name == "mel80x4"


@pytest.mark.parametrize("damage", ["text", "cut", "pickle", "nan", "format"])
def test_files_that_are_no_motion_model_are_refused_by_name(
    damage: str, trained: MotionModel, tmp_path: Path
) -> None:
    data, path = motion_bytes(trained), tmp_path / "m.safetensors"
    if damage == "text":
        data = b"hello"
    elif damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "pickle":
        torch.save({"a": torch.ones(1)}, path)
        data = path.read_bytes()
    elif damage == "nan":
        scales = replace(trained.scales, mean=torch.full((NUM_CHANNELS,), float("nan")))
        data = motion_bytes(replace(trained, scales=scales))
    else:
        data = data.replace(b"mentor-motion-3", b"mentor-motion-9")
    path.write_bytes(data)
    with pytest.raises(BadInputError, match=r"m\.safetensors"):
        load_motion(path)


class _Killed(Exception):
    """Stands for a kill: whatever is not on the disk is lost."""


@pytest.mark.parametrize("killed_at", [1, 3, 5])
def test_training_that_was_killed_goes_on_as_if_it_had_not_been(
    killed_at: int, shards: str, body: BodyModel, tmp_path: Path
) -> None:
    config = replace(TINY, network=replace(TINY.network, dropout=0.1))  # drawn at random by layers, too
    shown: list[bytes] = []

    def look(progress: Any, model: Any) -> None:
        shown[:] = [motion_bytes(model())]

    whole = _train(shards, tmp_path / "whole", config, body, listen=look)
    assert shown == [motion_bytes(whole)]  # the last page shows what is written

    def stop(progress: Any, _: Any) -> None:
        if progress.step >= killed_at:
            raise _Killed

    with pytest.raises(_Killed):
        _train(shards, tmp_path / "killed", config, body, listen=stop)
    gone_on = _train(shards, tmp_path / "killed", replace(config, num_workers=1), body)
    assert motion_bytes(gone_on) == motion_bytes(whole)
    assert _losses(tmp_path / "killed") == _losses(tmp_path / "whole")
    assert (tmp_path / "killed" / MODEL_FILE).read_bytes() == motion_bytes(whole)


def _losses(folder: Path) -> Any:
    last = sorted((folder / CHECKPOINTS).glob("step-*"))[-1]
    return json.loads((last / "progress.json").read_text())["losses"]


def test_a_folder_of_another_run_is_refused(shards: str, body: BodyModel, tmp_path: Path) -> None:
    _train(shards, tmp_path, TINY, body)
    other = replace(TINY, training=replace(TINY.training, learning_rate=1e-3))
    with pytest.raises(BadInputError, match="another configuration"):
        _train(shards, tmp_path, other, body)


def test_shards_of_another_body_model_are_refused(body: BodyModel, tmp_path: Path) -> None:
    write_shards(tmp_path / "OUT", (40, 50), num_shards=1, body_fit=fitted_with("smplx-other"))
    config = replace(TINY, mirror_probability=0.0)
    with pytest.raises(BadInputError, match="smplx-other"):
        _train(str(tmp_path / "OUT"), tmp_path / "run", config, body)


def test_a_model_can_begin_where_another_ended(
    trained: MotionModel, shards: str, body: BodyModel, tmp_path: Path
) -> None:
    training = replace(TINY.training, num_steps=1, learning_rate=1e-12)
    one = replace(TINY, training=training, network=replace(TINY.network, dropout=0.1))
    again = _train(shards, tmp_path / "a", one, body, start=trained)
    before = trained.network.state_dict()
    heard = (trained.scales.sound_components != 0).any(0)  # of others the first layer keeps nothing
    for name, value in again.network.state_dict().items():
        layer = name.removesuffix(".weight")
        known, same = (x[:, heard] if layer in HEARING_LAYERS else x for x in (before[name], value))
        assert torch.allclose(same, known, atol=1e-4), name
    wider = replace(TINY, network=replace(TINY.network, width=64))
    with pytest.raises(BadInputError, match="network"):
        _train(shards, tmp_path / "b", wider, body, start=trained)


def test_a_loss_that_is_no_number_ends_training_and_ruins_nothing(tmp_path: Path) -> None:
    network = nn.Linear(1, 1)

    class Ones:
        def __iter__(self) -> Iterator[int]:
            yield from range(100)

        def state_dict(self) -> dict[str, Any]:
            return {}

        def load_state_dict(self, state: dict[str, Any]) -> None: ...

    def loss(batch: int, draw: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        value = network(torch.ones(1, 1)).square().mean() * (float("nan") if batch == 3 else 1)
        return value, {"square": value.detach()}

    config = TrainingConfig(num_steps=10, log_steps=1, checkpoint_steps=1)
    with pytest.raises(BadInputError, match="step 3: the loss is nan"):
        Trainer(network, loss, Ones(), config, tmp_path, {}).run()
    kept = Trainer(nn.Linear(1, 1), loss, Ones(), config, tmp_path, {})
    assert kept.step == 3 and all(bool(torch.isfinite(v).all()) for v in kept.ema.values())


_RANKS = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from body.load import load_body_model
from models.motion.sound import LogMel
from models.motion.train import train_motion
from models.train import Material
from models.ranks import join_ranks
from tests.models.test_motion_model import TINY
with join_ranks():
    material = Material(shards=(sys.argv[1],), folder=Path(sys.argv[2]), body=load_body_model())
    train_motion(material, TINY, LogMel())
"""


def test_two_ranks_are_one_process_with_their_batch(
    shards: str, trained: MotionModel, tmp_path: Path
) -> None:
    """Gradients are averaged, so the weights agree to the rounding of a sum."""
    assert run_two_ranks(_RANKS, shards, str(tmp_path), port=29517) == [0, 0]
    made = load_motion(tmp_path / MODEL_FILE)
    for name, value in made.network.state_dict().items():
        assert torch.allclose(value, trained.network.state_dict()[name], atol=2e-4), name
    for name, value in made.scales.tensors().items():
        assert torch.allclose(value, trained.scales.tensors()[name], atol=1e-6), name


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_named_configurations_are_whole(name: str) -> None:
    config = CONFIGS[name]()
    assert isinstance(config, MotionConfig) and config.known_frames < config.window_frames
    assert config.network.width % config.network.num_heads == 0
    json.dumps(asdict(config))
    assert POSE.stop == NUM_CHANNELS


def test_principal_components_say_most_with_few_and_leave_rounding_out() -> None:
    random = torch.Generator().manual_seed(0)
    mixed = torch.randn(3, 12, generator=random, dtype=torch.float64)
    sound = torch.randn(4000, 3, generator=random, dtype=torch.float64) @ mixed
    components = principal(sound.T @ sound / len(sound), 5)
    assert components.shape == (12, 5) and not components[:, 3:].any()
    heard = sound.float() @ components
    assert heard.square().mean().item() == pytest.approx(1, abs=1e-3)
    assert torch.corrcoef(heard[:, :3].T).triu(1).abs().max() < 0.05
    assert bool((components[:, :3].abs().max(0).values == components[:, :3].max(0).values).all())


def test_mouths_that_move_little_count_like_those_that_move_far(body: BodyModel) -> None:
    loss, truth = loss_of(body), targets()
    still = replace(truth, x0_BTD=truth.x0_BTD.clone())
    still.x0_BTD[..., HEARD] *= 0.6
    wrong = [
        loss(t.x0_BTD + 0.5 * (t.x0_BTD - t.x0_BTD.mean(1, keepdim=True)) * heard_alone(), t)[1]["motion"]
        for t in (truth, still)
    ]
    assert wrong[0].item() == pytest.approx(wrong[1].item(), rel=1e-3) and wrong[0] > 0


def heard_alone() -> Tensor:
    """1 for what the sound tells, else 0."""
    chosen = torch.zeros(NUM_CHANNELS)
    chosen[HEARD] = 1
    return chosen


def test_scales_widen_for_people_who_move_further_and_leave_the_face() -> None:
    still, lively = scales_of(0.1), scales_of(0.3)
    wide = still.widened(lively)
    assert bool((wide.deviation[POSE] == 0.3).all()) and bool((wide.deviation[: POSE.start] == 0.1).all())
    assert torch.equal(lively.widened(still).deviation, lively.deviation)


def test_a_network_hears_the_same_through_other_components() -> None:
    random = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=random)

    plain = scales_of(1.0)
    few = replace(plain, sound_mean=draw(6), sound_deviation=draw(6).exp(), sound_components=draw(6, 3))
    every = {"sound_deviation": draw(6).exp(), "sound_components": draw(6, 6)}
    all_of_it = replace(plain, sound_mean=draw(6), **every)
    network = MotionDenoiser(NetworkConfig(), 3)
    other = MotionDenoiser(NetworkConfig(), 6)
    other.load_state_dict(heard_anew(network.state_dict(), few, all_of_it))
    sound = draw(1, 20, 6)
    for layer in HEARING_LAYERS:
        first = [
            model.get_submodule(layer)(
                (scales.normalised_sound(sound) @ scales.sound_components).transpose(1, 2)
            )[..., 2:-2]
            for model, scales in ((network, few), (other, all_of_it))
        ]  # at the ends the convolution sees zeros, which are another sound
        assert torch.allclose(first[0], first[1], rtol=1e-3, atol=1e-3)
    wide = few.widened(all_of_it)
    assert torch.equal(wide.sound_components, all_of_it.sound_components)
