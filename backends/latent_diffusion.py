"""A user's latent diffusion model (like Stable Diffusion 1.5) by diffusers, read from a folder and frozen."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from backends import torchaudio_compat
from backends.latent_settings import noising_settings, unet_settings, vae_settings
from backends.model_folder import ModelFolder
from schemas.extras import require
from schemas.outcomes import BadInputError

_MAX_WEIGHTS = 4_000_000_000
# Attention in old files of VAEs, and what it is called now.
_RENAMED = ((".query.", ".to_q."), (".key.", ".to_k."), (".value.", ".to_v."), (".proj_attn.", ".to_out.0."))
# Channels of the layers that bring controls to the latents' size (Zhang et al., ControlNet, 2023, 3.3).
_HINT_CHANNELS = (16, 32, 96, 256)
_MOTION_HEADS = 8


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LatentDiffusion:
    """A frozen model of pictures. prompt: (1, n, width), what the empty prompt is to it."""

    unet: Any
    vae: Any
    noising: Mapping[str, Any]
    prompt: Tensor
    fingerprint: str

    @property
    def channels(self) -> int:
        """Channels of latents."""
        return self.unet.config.in_channels

    @property
    def pixel(self) -> int:
        """Pixels of a picture along a side of one of latents."""
        return 2 ** (len(self.vae.config.block_out_channels) - 1)

    @property
    def least_px(self) -> int:
        """Sides of pictures are multiples of it."""
        return self.pixel * 2 ** (len(self.unet.config.block_out_channels) - 1)

    def to(self, device: torch.device, dtype: torch.dtype) -> None:
        """Move the weights."""
        for model in (self.unet, self.vae):
            nn.Module.to(model, device, dtype)  # diffusers' own warns of layers that these models don't have

    @torch.no_grad()
    def encode(self, picture: Tensor) -> Tensor:
        """Return latents (B, C, S / pixel, S / pixel) of pictures (B, 3, S, S) in [-1, 1]."""
        found = self.vae.encode(picture.to(self.vae.dtype)).latent_dist.mode().float()
        return (found - self._shift) * self.vae.config.scaling_factor

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """Return pictures (B, 3, S, S), about [-1, 1], of latents."""
        raw = latents / self.vae.config.scaling_factor + self._shift
        return self.vae.decode(raw.to(self.vae.dtype)).sample.float()

    def scheduler(self) -> Any:
        """Return DDIM over the noise that the model was trained with.

        Few steps begin at the most noise, as training does (Lin et al., Common Diffusion Noise Schedules Are
        Flawed, 2023, section 3.3).
        """
        from diffusers import DDIMScheduler

        return DDIMScheduler(**self.noising, clip_sample=False, timestep_spacing="trailing")

    def control(self, num_controls: int) -> Any:
        """Return a trainable copy of the encoder that is told controls and at first adds nothing."""
        from diffusers import ControlNetModel

        steps = self.pixel.bit_length() - 1
        channels = (*_HINT_CHANNELS, *[_HINT_CHANNELS[-1]] * steps)[: steps + 1]
        made = ControlNetModel.from_unet(
            self.unet, conditioning_embedding_out_channels=channels, conditioning_channels=num_controls
        )
        return made.requires_grad_(True)

    def over_time(self, most_frames: int) -> tuple[Any, nn.Module]:
        """Return the U-Net with layers over time, which shares its weights, and those layers.

        The layers are AnimateDiff's (Guo et al. 2023, section 4.2), whose last ones begin at zero.
        """
        from diffusers import MotionAdapter, UNetMotionModel

        own = self.unet.config
        layers: Any = MotionAdapter(
            block_out_channels=own.block_out_channels,
            motion_layers_per_block=own.layers_per_block,
            motion_num_attention_heads=_MOTION_HEADS,
            motion_norm_num_groups=own.norm_num_groups,
            motion_max_seq_length=most_frames,
        )
        for name, value in layers.named_parameters():
            if ".proj_out." in name:
                nn.init.zeros_(value)
        with torch.device("meta"):
            whole: Any = UNetMotionModel.from_unet2d(self.unet, load_weights=False)
        whole.load_state_dict(self.unet.state_dict(), strict=False, assign=True)
        for block, mine in ((whole.mid_block, layers.mid_block),
                            *zip(whole.down_blocks, layers.down_blocks, strict=True),
                            *zip(whole.up_blocks, layers.up_blocks, strict=True)):  # fmt: skip
            block.motion_modules = mine.motion_modules
        return whole.requires_grad_(False).eval(), layers.requires_grad_(True)

    @property
    def _shift(self) -> float:
        return self.vae.config.shift_factor or 0.0


def from_pretrained(root: Path) -> LatentDiffusion:
    """Return the model of a folder in diffusers' layout, frozen, on the processor, float32.

    Without a text encoder the prompt is zero.

    Raises:
        BadInputError: naming what is missing, pickled, outside, damaged or of another kind of model.
    """
    folder = ModelFolder.opened(root)
    noising, of_unet, of_vae = noising_settings(folder), unet_settings(folder), vae_settings(folder)
    if of_unet["in_channels"] != of_vae["latent_channels"]:
        raise BadInputError(
            f"{root}: the U-Net is made for {of_unet['in_channels']} channels, the VAE has "
            f"{of_vae['latent_channels']}: they don't belong together"
        )
    require("train", "diffusers")
    torchaudio_compat.install()
    from diffusers import AutoencoderKL, UNet2DConditionModel

    unet, unet_print = _built(UNet2DConditionModel, of_unet, folder, "unet")
    vae, vae_print = _built(AutoencoderKL, of_vae, folder, "vae")
    told = json.dumps([unet_print, vae_print, noising], sort_keys=True)
    return LatentDiffusion(
        unet=unet,
        vae=vae,
        noising=noising,
        prompt=_empty_prompt(folder, unet.config.cross_attention_dim),
        fingerprint=hashlib.sha256(told.encode()).hexdigest(),
    )


def _built(kind: Any, settings: dict[str, Any], folder: ModelFolder, part: str) -> tuple[Any, str]:
    """Return a model with its weights and a print of both; it is made empty first, so that nothing is made
    twice and weights that don't fit cost nothing.
    """
    try:
        with torch.device("meta"):
            made = kind.from_config(settings)
        number = sum(value.numel() for value in made.parameters())
        if number > _MAX_WEIGHTS:
            raise BadInputError(f"{folder.root / part}: {number} weights are too many")
        tensors = folder.weights(part)
        if part == "vae":
            tensors = {_renamed(name): value for name, value in tensors.items()}
        made.load_state_dict(tensors, assign=True)
    except (TypeError, ValueError, KeyError, RuntimeError, NotImplementedError, AttributeError) as error:
        said = " ".join(str(error).split())[:300]
        raise BadInputError(f"{folder.root / part}: settings and weights don't fit ({said})") from error
    print_of = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for name in sorted(tensors):
        print_of.update(name.encode())
        print_of.update(tensors[name].contiguous().numpy().data)
    return made.requires_grad_(False).eval(), print_of.hexdigest()


def _renamed(name: str) -> str:
    if ".attentions." in name:
        for old, new in _RENAMED:
            name = name.replace(old, new)
    return name


def _empty_prompt(folder: ModelFolder, width: int) -> Tensor:
    """Return what the text encoder makes of nothing, (1, n, width); zero if there is none."""
    if not folder.has("text_encoder"):
        return torch.zeros(1, 1, width)
    for part in ("text_encoder", "tokenizer"):
        if not folder.has(part):
            raise BadInputError(f"{folder.root}: {part}/ is missing beside text_encoder/")
        list(folder.files(part))  # none leads outside
    kind = folder.settings("text_encoder").get("architectures")
    if kind != ["CLIPTextModel"]:
        raise BadInputError(
            f"{folder.root}: text_encoder: is {kind!r}, should be CLIPTextModel; it works without, too"
        )
    from transformers import CLIPTextModel, CLIPTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    folder.weights("text_encoder", "model")  # named clearly if they are pickled
    try:
        tokens = CLIPTokenizer.from_pretrained(folder.root / "tokenizer", local_files_only=True)
        read: Any = CLIPTextModel.from_pretrained(
            folder.root / "text_encoder",
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
        text, loaded = read
        if loaded["missing_keys"]:
            raise ValueError(f"without {min(loaded['missing_keys'])}")
        length = text.config.max_position_embeddings
        ids = tokens("", padding="max_length", max_length=length, truncation=True, return_tensors="pt")
        with torch.no_grad():
            found = text.eval()(ids.input_ids)[0]
    except (OSError, TypeError, ValueError, KeyError, RuntimeError, IndexError) as error:
        raise BadInputError(f"{folder.root}: text_encoder and tokenizer cannot be used ({error})") from error
    if found.shape[-1] != width:
        raise BadInputError(
            f"{folder.root}: text_encoder gives {found.shape[-1]} numbers a token, the U-Net takes {width}"
        )
    return found
