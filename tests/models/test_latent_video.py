"""Video over a pretrained latent diffusion model: a tiny random one that the tests make."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from backends.latent_diffusion import LatentDiffusion, from_pretrained
from body.load import load_body_model
from models.train import Listen, Material
from models.training import Progress, TrainingConfig
from models.video.checkpoint import MODEL_FILE
from models.video.controls import NUM_CONTROLS, Frames
from models.video.latent.checkpoint import LatentModel, load_latent, write_latent
from models.video.latent.config import LATENT_CONFIGS, LatentConfig
from models.video.latent.network import LatentDenoiser
from models.video.latent.train import train_latent
from models.video.mend import frames_at_once, mended
from schemas.outcomes import BadInputError
from tests.latent_makers import write_latent_diffusion, write_text_encoder
from tests.models.made_shards import fitted_with, nodding_arrays, write_shards

BODY = load_body_model()
SIZE = 32
TINY = LatentConfig(
    training=TrainingConfig(
        num_steps=2, batch_size=4, log_steps=1, checkpoint_steps=1, warmup_steps=1, learning_rate=5e-3
    ),
    window_px=SIZE,
    frames_a_clip=2,
    num_workers=0,
    recompute=False,
)
MOTION = replace(TINY, learns="motion", num_frames=4, most_frames=8)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks so small are slower on several."""
    number = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(number)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pretrained model."""
    return write_latent_diffusion(tmp_path_factory.mktemp("pretrained") / "model")


@pytest.fixture(scope="module")
def pretrained(folder: Path) -> LatentDiffusion:
    return from_pretrained(folder)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Shards of a few people who nod."""
    out = tmp_path_factory.mktemp("latent") / "OUT"
    write_shards(out, (30, 40), num_shards=1, arrays=nodding_arrays, body_fit=fitted_with(BODY.model_id))
    return str(out)


@pytest.fixture(scope="module")
def trained(
    shards: str, pretrained: LatentDiffusion, tmp_path_factory: pytest.TempPathFactory
) -> LatentModel:
    return _train(shards, tmp_path_factory.mktemp("trained"), TINY, pretrained)


def _train(
    shards: str,
    folder: Path,
    config: LatentConfig,
    pretrained: LatentDiffusion,
    start: LatentModel | None = None,
    listen: Listen[LatentModel] | None = None,
) -> LatentModel:
    material = Material(shards=(shards,), folder=folder, body=BODY)
    return train_latent(material, config, pretrained, None, start=start, listen=listen)


def _frames(number: int) -> Frames:
    draw = torch.Generator().manual_seed(0)

    def made(top: int, *more: int) -> torch.Tensor:
        return torch.randint(0, top, (number, SIZE, SIZE, *more), generator=draw).to(torch.uint8)

    return Frames(
        photo=made(256, 3), warp=made(256, 3), position=made(256, 3),
        validity=made(4), part=made(13), alpha=made(256), flow=made(256, 2).float() / 16 - 8,
    )  # fmt: skip


def test_at_first_the_frozen_model_answers_as_it_did(pretrained: LatentDiffusion) -> None:
    torch.manual_seed(0)
    x, told, t = torch.randn(4, 4, 16, 16), torch.randn(4, NUM_CONTROLS, SIZE, SIZE), torch.full((4,), 700)
    with torch.no_grad():
        alone = pretrained.unet(x, t, pretrained.prompt.expand(4, -1, -1)).sample
        assert torch.equal(LatentDenoiser(pretrained, pretrained.prompt, None)(x, t, told, 1), alone)
        over_time = LatentDenoiser(pretrained, pretrained.prompt, 8)
        assert torch.allclose(over_time(x, t, told, 2), alone, atol=1e-5)
        for name, value in over_time.parts["motion"].named_parameters():
            if ".proj_out." in name:
                torch.nn.init.normal_(value)
        moved = over_time(x, t, told, 2)
        apart = torch.cat([over_time(x[k : k + 2], t[:2], told[k : k + 2], 2) for k in (0, 2)])
    assert torch.allclose(moved, apart, atol=1e-4)  # clips know nothing of each other
    assert not torch.allclose(moved, alone, atol=1e-2)


@pytest.mark.parametrize("config", [TINY, MOTION], ids=["control", "motion"])
def test_the_loss_falls_and_the_frozen_model_stays(
    config: LatentConfig, shards: str, pretrained: LatentDiffusion, folder: Path, tmp_path: Path
) -> None:
    training = replace(config.training, num_steps=16, log_steps=8, checkpoint_steps=16)
    longer = replace(config, mirror_probability=0.0, tint=0.0, recompute=True, training=training)
    seen = list[float]()
    _train(shards, tmp_path, longer, pretrained, listen=lambda p, _: seen.append(p.losses["answer"]))
    assert seen[1] < 0.97 * seen[0]
    weights = load_file(folder / "unet/diffusion_pytorch_model.safetensors")
    assert all(torch.equal(value, weights[name]) for name, value in pretrained.unet.state_dict().items())


def test_training_that_was_killed_goes_on_as_if_it_had_not_been(
    shards: str, pretrained: LatentDiffusion, tmp_path: Path
) -> None:
    _train(shards, tmp_path / "whole", TINY, pretrained)

    def stop(progress: Progress, model: Callable[[], LatentModel]) -> None:
        if progress.step == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _train(shards, tmp_path / "killed", TINY, pretrained, listen=stop)
    _train(shards, tmp_path / "killed", TINY, pretrained)
    files = [(tmp_path / name / MODEL_FILE).read_bytes() for name in ("whole", "killed")]
    assert files[0] == files[1]
    with pytest.raises(BadInputError, match="another pretrained model"):
        _train(shards, tmp_path / "killed", TINY, replace(pretrained, fingerprint="another"))


def test_layers_over_time_come_after_the_controls_and_only_what_is_trained_is_in_the_file(
    shards: str, pretrained: LatentDiffusion, trained: LatentModel, tmp_path: Path
) -> None:
    video = _train(shards, tmp_path / "a", MOTION, pretrained, start=trained)
    control, before = (model.denoise.parts["control"].state_dict() for model in (video, trained))
    assert all(torch.equal(value, before[name]) for name, value in control.items())
    path = tmp_path / "a" / MODEL_FILE
    named = {name.split(".")[0] for name in load_file(path)}
    assert named == {"control", "motion", "prompt"} and frames_at_once(video) == 8
    again = load_latent(path, pretrained)
    write_latent(tmp_path / "b.safetensors", again)
    assert (tmp_path / "b.safetensors").read_bytes() == path.read_bytes()
    assert video.about.learnt_from == again.about.learnt_from and len(again.about.learnt_from or ()) == 2
    first, second = (mended(model, _frames(6), 2).pictures for model in (again, video))
    np.testing.assert_array_equal(first, second)
    with pytest.raises(BadInputError, match="another pretrained model"):
        load_latent(path, replace(pretrained, fingerprint="another"))
    save_file({"prompt": pretrained.prompt}, path, {"about": "{}"})
    with pytest.raises(BadInputError, match="not a latent video model"):
        load_latent(path, pretrained)


def test_what_is_not_changed_stays_as_the_warp(pretrained: LatentDiffusion, trained: LatentModel) -> None:
    frames = _frames(10)
    made = mended(trained, frames, num_steps=2)
    assert made.pictures.shape == (10, SIZE, SIZE, 3) and not made.flow.any()
    np.testing.assert_array_equal(made.added, made.pictures.astype(float) - frames.warp.numpy())
    np.testing.assert_array_equal(made.pictures, mended(trained, frames, num_steps=2).pictures)
    assert not np.array_equal(made.pictures, mended(trained, frames, num_steps=2, seed=1).pictures)

    class Idle:
        """Answers with the very noise that was added, so that nothing is changed."""

        def __init__(self) -> None:
            self.prompt = pretrained.prompt

        def __call__(self, x: torch.Tensor, *_: Any) -> torch.Tensor:
            return noise.expand_as(x)

    noise = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    idle: Any = Idle()
    kept = mended(replace(trained, denoise=idle), frames, num_steps=5)
    assert np.abs(kept.added).max() <= 1


def test_configurations_fit_their_model_and_each_other(
    shards: str, pretrained: LatentDiffusion, tmp_path: Path
) -> None:
    for make in LATENT_CONFIGS.values():
        config = make()
        assert config.training.batch_size % max(config.num_frames, config.frames_a_clip) == 0
        assert config.window_px % 64 == 0
    for wrong, reason in (
        (replace(TINY, window_px=34), "multiple of 4"),
        (replace(MOTION, num_frames=1), "of 2 to 8"),
        (replace(MOTION, num_frames=16), "of 2 to 8"),
    ):
        with pytest.raises(BadInputError, match=reason):
            _train(shards, tmp_path, wrong, pretrained)


def test_a_text_encoder_tells_the_empty_prompt_and_without_one_it_is_zero(
    folder: Path, pretrained: LatentDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert not pretrained.prompt.any()
    own = shutil.copytree(folder, tmp_path / "own")
    write_text_encoder(own)
    found = from_pretrained(own)
    assert found.prompt.shape == (1, 7, 8) and bool(found.prompt.abs().min(2).values.max() > 0)
    assert found.fingerprint == pretrained.fingerprint
    shutil.rmtree(own / "tokenizer")
    with pytest.raises(BadInputError, match="tokenizer/ is missing"):
        from_pretrained(own)


def _settings(folder: Path, part: str, **changes: Any) -> None:
    path = next((folder / part).glob("*config.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _pickled(folder: Path) -> None:
    weights = folder / "unet/diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))


def _linked(folder: Path) -> None:
    weights = folder / "vae/diffusion_pytorch_model.safetensors"
    weights.rename(folder.parent / "elsewhere.safetensors")
    weights.symlink_to(folder.parent / "elsewhere.safetensors")


def _listed_elsewhere(folder: Path) -> None:
    index = folder / "unet/diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "../../elsewhere.safetensors"}}))


def _cut(folder: Path) -> None:
    weights = folder / "unet/diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda d: shutil.rmtree(d / "vae"), "vae/config.json is missing"),
        (lambda d: shutil.rmtree(d), "nothing is downloaded"),
        (_pickled, "pickled weights are not read"),
        (_linked, "leads out of"),
        (_listed_elsewhere, "leads out of"),
        (_cut, "damaged weights"),
        (lambda d: _settings(d, "unet", in_channels=9), "takes 9 channels and answers 4"),
        (lambda d: _settings(d, "unet", in_channels=8, out_channels=8), "the VAE has 4"),
        (lambda d: _settings(d, "unet", addition_embed_type="text_time"), "another kind"),
        (
            lambda d: _settings(d, "unet", _class_name="Transformer2DModel"),
            "should be 'UNet2DConditionModel'",
        ),
        (lambda d: _settings(d, "unet", cross_attention_dim=16), "don't fit"),
        (lambda d: _settings(d, "unet", layers_per_block=10**4), "from 1 to 16"),
        (lambda d: _settings(d, "unet", block_out_channels=[10**9, 16]), "1000000000"),
        (lambda d: _settings(d, "unet", norm_num_groups=7), "don't fit"),
        (lambda d: _settings(d, "scheduler", _class_name="FlowMatchEulerDiscreteScheduler"), "another way"),
        (lambda d: (d / "unet/config.json").write_text("[" * 10**5), "no settings"),
    ],
)
def test_what_cannot_be_trained_over_is_refused(
    spoil: Callable[[Path], object], reason: str, folder: Path, tmp_path: Path
) -> None:
    own = shutil.copytree(folder, tmp_path / "own")
    spoil(own)
    with pytest.raises(BadInputError, match=reason):
        from_pretrained(own)


def test_files_in_parts_of_half_precision_and_old_names_are_read(
    folder: Path, pretrained: LatentDiffusion, tmp_path: Path
) -> None:
    own = shutil.copytree(folder, tmp_path / "own")
    unet = own / "unet/diffusion_pytorch_model.safetensors"
    tensors = load_file(unet)
    unet.unlink()
    halves = {"a.safetensors": sorted(tensors)[::2], "b.safetensors": sorted(tensors)[1::2]}
    for name, keys in halves.items():
        save_file({key: tensors[key] for key in keys}, own / "unet" / name)
    listed = {key: name for name, keys in halves.items() for key in keys}
    (own / "unet/diffusion_pytorch_model.safetensors.index.json").write_text(
        json.dumps({"weight_map": listed})
    )
    vae = own / "vae/diffusion_pytorch_model.safetensors"
    old = {
        name.replace(".to_q.", ".query.").replace(".to_out.0.", ".proj_attn."): value
        for name, value in load_file(vae).items()
    }
    vae.unlink()
    save_file(old, vae)
    assert from_pretrained(own).fingerprint == pretrained.fingerprint
    vae.unlink()
    save_file({name: value.half() for name, value in old.items()}, vae.with_suffix(".fp16.safetensors"))
    assert from_pretrained(own).fingerprint != pretrained.fingerprint
