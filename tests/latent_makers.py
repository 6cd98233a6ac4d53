"""Tiny random models in diffusers' layout."""

import json
from pathlib import Path
from typing import Any

import torch

from backends import torchaudio_compat

UNET: dict[str, Any] = {
    "sample_size": 16,
    "block_out_channels": (8, 16),
    "layers_per_block": 1,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "cross_attention_dim": 8,
    "attention_head_dim": 2,
    "norm_num_groups": 4,
}
VAE: dict[str, Any] = {
    "block_out_channels": (8, 8),
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
    "norm_num_groups": 4,
    "latent_channels": 4,
}
# As Stable Diffusion 1.5's own file has it.
PNDM: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
}


def write_latent_diffusion(
    folder: Path, unet: dict[str, Any] | None = None, vae: dict[str, Any] | None = None, **scheduler: Any
) -> Path:
    """Write a model without a text encoder; the same each time."""
    torchaudio_compat.install()
    from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel

    torch.manual_seed(0)
    UNet2DConditionModel(**(UNET | (unet or {}))).save_pretrained(folder / "unet")
    AutoencoderKL(**(VAE | (vae or {}))).save_pretrained(folder / "vae")
    PNDMScheduler(**(PNDM | scheduler)).save_pretrained(folder / "scheduler")
    return folder


def write_text_encoder(folder: Path, width: int = 8) -> Path:
    """Add a text encoder with a tokenizer that knows a few letters."""
    torchaudio_compat.install()
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(1)
    known = ["!", "a</w>", "a", "<|startoftext|>", "<|endoftext|>"]
    config = CLIPTextConfig(
        vocab_size=len(known),
        hidden_size=width,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=7,
        bos_token_id=3,
        eos_token_id=4,
    )
    CLIPTextModel(config).save_pretrained(folder / "text_encoder")
    place = folder / "tokenizer"
    place.mkdir()
    (place / "vocab.json").write_text(json.dumps({name: number for number, name in enumerate(known)}))
    (place / "merges.txt").write_text("#version: 0.2\n")
    told = {"bos_token": known[3], "eos_token": known[4], "pad_token": known[4], "unk_token": known[4]}
    (place / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": 7, **told})
    )
    return folder
