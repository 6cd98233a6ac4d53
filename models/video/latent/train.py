"""Training over a pretrained latent diffusion model, on the same shards as the other video model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.device import best_device
from models.ranks import rank_and_world
from models.train import Lesson, Listen, Maker, Material, learn
from models.training import Precision
from models.video.batches import frames_a_clip, video_batches, video_windows
from models.video.checkpoint import MODEL_FILE
from models.video.controls import NUM_CONTROLS, VideoBatch, as_numbers, controls
from models.video.draws import ClipDraws
from models.video.latent.checkpoint import LatentAbout, LatentModel, load_parts, write_latent
from models.video.latent.config import LatentConfig
from models.video.latent.network import LatentDenoiser
from models.video.latent.pretrained import Pretrained
from models.video.learnt_from import together
from models.video.losses import region_weights
from models.video.pairs import Segment
from schemas.exclusions import veiled_key
from schemas.outcomes import BadInputError


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LatentLoss:
    """The loss of a batch: noise its frames' latents, let the model answer as it was trained to, compare."""

    denoise: LatentDenoiser
    pretrained: Pretrained
    config: LatentConfig

    def __call__(self, batch: VideoBatch, draw: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the scalar to minimise and its parts."""
        config, frames = self.config, frames_a_clip(self.config)
        real = as_numbers(batch.target)
        device = real.device
        drawn = ClipDraws(generator=draw, num_clips=len(real) // frames, frames=frames, device=device)
        real, told = drawn.tinted(real, controls(batch.frames), config.tint)
        latents = self.pretrained.encode(real)
        noise, scheduler = drawn.normal(*latents.shape[1:]), self.pretrained.scheduler()
        t = (drawn.uniform() * scheduler.config.num_train_timesteps).long()
        answer = self.denoise(scheduler.add_noise(latents, noise, t), t, told, config.num_frames)
        with torch.autocast(device.type, enabled=False):
            wanted = _wanted(scheduler, latents, noise, t)
            weight = batch.counts * _time_weight(scheduler, t, config.loss.most_ratio)
            where = region_weights(config.loss, batch.frames.part, batch.frames.alpha)
            where = nn.functional.adaptive_avg_pool2d(where, latents.shape[-1])
            wrong = (where * (answer.float() - wanted).square()).mean((1, 2, 3))
            return (weight * wrong).mean(), {"answer": (batch.counts * wrong.detach()).mean()}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _LatentMaker(Maker[LatentModel]):
    about: LatentAbout
    denoise: LatentDenoiser
    pretrained: Pretrained
    learns: str

    def model(self, weights: Mapping[str, Tensor], num_steps: int) -> LatentModel:
        drawn = LatentDenoiser(self.pretrained, self.denoise.prompt, self.denoise.most_frames)
        parts = {name: part.state_dict() for name, part in self.denoise.parts.items()} | {
            self.learns: weights
        }
        named = {f"{name}.{key}": value for name, part in parts.items() for key, value in part.items()}
        load_parts(drawn, named)
        drawn.to(best_device())
        about = replace(self.about, num_steps=num_steps)
        return LatentModel(about=about, pretrained=self.pretrained, denoise=drawn)

    def write(self, folder: Path, model: LatentModel) -> None:
        write_latent(folder / MODEL_FILE, model)


def train_latent(
    material: Material,
    config: LatentConfig,
    pretrained: Pretrained,
    segment: Segment | None,
    start: LatentModel | None = None,
    start_print: str | None = None,
    listen: Listen[LatentModel] | None = None,
) -> LatentModel:
    """Train on a split, going on from the folder's last checkpoint; write and return the model.

    Args:
        segment: tells a photo's person from the background.
        start: a model to begin with, trained over the same pretrained one; start_print: the SHA-256 of its
            file.
        listen: told of the progress, and given a way to get the model as it is then.

    Raises:
        BadInputError: if shards, configuration and models don't fit, or the folder holds another run.
    """
    body = material.body
    _check(config, pretrained, body.model_id, start)
    windows = video_windows(material.shards, config, material.split, *rank_and_world(), material.body_file)
    denoise = _denoiser(config, pretrained, start)
    _to_best_device(denoise, pretrained, config.training.precision)
    about = _about(config, denoise, pretrained, body.model_id, windows.keys, start)
    lesson = Lesson(
        config=config,
        network=denoise.parts[config.learns],
        loss=LatentLoss(denoise=denoise, pretrained=pretrained, config=config),
        windows=windows,
        batches=video_batches(windows, body, config, segment),
        maker=_LatentMaker(about=about, denoise=denoise, pretrained=pretrained, learns=config.learns),
        start=start_print or "",
        fits={"pretrained model": pretrained.fingerprint},
    )
    return learn(lesson, material, listen)


def _to_best_device(denoise: LatentDenoiser, pretrained: Pretrained, precision: Precision) -> None:
    pretrained.to(best_device(), torch.bfloat16 if precision == "bfloat16" else torch.float32)
    denoise.to(best_device())


def _about(
    config: LatentConfig,
    denoise: LatentDenoiser,
    pretrained: Pretrained,
    body_model: str,
    keys: Sequence[str],
    start: LatentModel | None,
) -> LatentAbout:
    return LatentAbout(
        pretrained=pretrained.fingerprint,
        num_controls=NUM_CONTROLS,
        window_px=config.window_px,
        num_frames=config.num_frames,
        most_frames=denoise.most_frames,
        body_model=body_model,
        num_steps=0,
        trained_on=f"{len(keys)} clips",
        learnt_from=together(map(veiled_key, keys), () if start is None else start.about.learnt_from),
    )


def _check(config: LatentConfig, pretrained: Pretrained, body_model: str, start: LatentModel | None) -> None:
    if config.window_px % pretrained.least_px:
        raise BadInputError(
            f"window_px {config.window_px}: should be a multiple of {pretrained.least_px}, as the pretrained "
            "model halves pictures so often"
        )
    if config.learns == "motion" and not 2 <= config.num_frames <= config.most_frames:
        raise BadInputError(
            f"num_frames {config.num_frames}: layers over time learn from clips of 2 to {config.most_frames}"
        )
    if start is not None and start.about.body_model != body_model:
        raise BadInputError(f"the model to begin with was trained for body model {start.about.body_model}")


def _most_frames(config: LatentConfig, start: LatentModel | None) -> int | None:
    """Return how many frames layers over time can see; None: a model without them."""
    own = config.most_frames if config.learns == "motion" else None
    known = None if start is None else start.about.most_frames
    if own is not None and known is not None and own != known:
        raise BadInputError(f"most_frames {own}: the model to begin with has {known}")
    return own or known


def _denoiser(config: LatentConfig, pretrained: Pretrained, start: LatentModel | None) -> LatentDenoiser:
    """Return what is trained, as it begins: the part that learns alone takes gradients."""
    torch.manual_seed(config.training.seed)
    prompt = pretrained.prompt if start is None else start.denoise.prompt
    denoise = LatentDenoiser(pretrained, prompt, _most_frames(config, start))
    if start is not None:
        for name, part in start.denoise.parts.items():
            denoise.parts[name].load_state_dict(part.state_dict())
    for name, part in denoise.parts.items():
        part.requires_grad_(name == config.learns)
    if config.recompute:
        denoise.recompute()
    return denoise


def _wanted(scheduler: Any, latents: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """Return what the model was trained to answer, (B, C, h, h)."""
    kind = scheduler.config.prediction_type
    if kind == "v_prediction":
        return scheduler.get_velocity(latents, noise, t)
    return noise if kind == "epsilon" else latents


def _time_weight(scheduler: Any, t: Tensor, most: float) -> Tensor:
    """Return (B,): how much errors count at whole times t (Hang et al., Min-SNR, 2023, equation 5)."""
    kept = scheduler.alphas_cumprod.to(t.device)[t]
    ratio = (kept / (1 - kept)).clamp_min(1e-8)
    of_kind = {"epsilon": ratio, "v_prediction": ratio + 1}.get(scheduler.config.prediction_type, 1.0)
    return ratio.clamp_max(most) / of_kind
