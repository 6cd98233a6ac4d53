"""Which latent diffusion models can be trained over: settings, looked at before anything is made of them."""

from collections.abc import Mapping
from typing import Any

from backends.model_folder import ModelFolder
from schemas.outcomes import BadInputError

_MAX_LAYERS, _MAX_SCALES = 16, 8
# Settings of a U-Net that its form over time knows no others of, with what they are if they are not said.
_ALONE: Mapping[str, Any] = {
    "addition_embed_type": None,
    "class_embed_type": None,
    "num_class_embeds": None,
    "encoder_hid_dim": None,
    "encoder_hid_dim_type": None,
    "time_cond_proj_dim": None,
    "only_cross_attention": False,
    "dual_cross_attention": False,
    "center_input_sample": False,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "resnet_time_scale_shift": "default",
    "time_embedding_type": "positional",
    "mid_block_type": "UNetMidBlock2DCrossAttn",
    "conv_in_kernel": 3,
    "conv_out_kernel": 3,
}
_UNET_BLOCKS = {"CrossAttnDownBlock2D", "DownBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"}
_VAE_BLOCKS = {"DownEncoderBlock2D", "UpDecoderBlock2D"}
# What schedulers of such models differ in and DDIM heeds.
_NOISING = ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "trained_betas",
            "set_alpha_to_one", "steps_offset", "prediction_type", "rescale_betas_zero_snr")  # fmt: skip


def unet_settings(folder: ModelFolder) -> dict[str, Any]:
    """Return the settings of a U-Net that can be trained over.

    Raises:
        BadInputError: if there is none, or one of another kind.
    """
    found = _of_class(folder.settings("unet"), "UNet2DConditionModel", folder, "unet", _UNET_BLOCKS)
    wrong = [f"{name} {found[name]!r}" for name, value in _ALONE.items() if found.get(name, value) != value]
    if wrong:
        raise BadInputError(
            f"{folder.root}: unet: {', '.join(wrong)}: a model of another kind; those built like Stable "
            "Diffusion 1.5 can be used"
        )
    inner, outer = found.get("in_channels", 4), found.get("out_channels", 4)
    if inner != outer:
        raise BadInputError(
            f"{folder.root}: unet: takes {inner} channels and answers {outer} (it fills holes, or is told "
            "a picture); one that draws from noise alone is needed"
        )
    if not isinstance(found.get("cross_attention_dim"), int):
        raise BadInputError(f"{folder.root}: unet: cross_attention_dim: should be a number")
    return {**found, "in_channels": inner, "out_channels": outer}


def vae_settings(folder: ModelFolder) -> dict[str, Any]:
    """Return the settings of the VAE.

    Raises:
        BadInputError: if there is none, or one of another kind.
    """
    found = _of_class(folder.settings("vae"), "AutoencoderKL", folder, "vae", _VAE_BLOCKS)
    if found.get("in_channels", 3) != 3 or found.get("out_channels", 3) != 3:
        raise BadInputError(f"{folder.root}: vae: pictures of three channels are needed")
    return {**found, "latent_channels": found.get("latent_channels", 4)}


def _of_class(
    found: dict[str, Any], kind: str, folder: ModelFolder, part: str, blocks: set[str]
) -> dict[str, Any]:
    """Return the settings without what begins with "_", if they are of a class with such blocks."""
    where = f"{folder.root}: {part}"
    if found.get("_class_name") != kind:
        raise BadInputError(f"{where}: is {found.get('_class_name')!r}, should be {kind!r}")
    for name in ("down_block_types", "up_block_types"):
        types = found.get(name)
        if not isinstance(types, list) or not set(types) <= blocks or len(types) > _MAX_SCALES:
            raise BadInputError(f"{where}: {name} {types!r}: should be of {', '.join(sorted(blocks))}")
    for name in ("layers_per_block", "transformer_layers_per_block"):
        layers = found.get(name, 1)
        if not isinstance(layers, int) or not 1 <= layers <= _MAX_LAYERS:
            raise BadInputError(f"{where}: {name} {layers!r}: should be from 1 to {_MAX_LAYERS}")
    return {name: value for name, value in found.items() if not name.startswith("_")}


def noising_settings(folder: ModelFolder) -> dict[str, Any]:
    """Return how noise is added, as DDIM takes it.

    Raises:
        BadInputError: if there are no such settings, or noise is added in another way.
    """
    found = folder.settings("scheduler", "scheduler_config.json")
    kind = str(found.get("_class_name"))
    steps, schedule = found.get("num_train_timesteps", 1000), found.get("beta_schedule", "linear")
    betas, predicts = found.get("trained_betas"), found.get("prediction_type", "epsilon")
    known = ("linear", "scaled_linear", "squaredcos_cap_v2")
    if "Flow" in kind or predicts not in ("epsilon", "v_prediction", "sample") or schedule not in known:
        raise BadInputError(
            f"{folder.root}: scheduler: {kind} with {schedule}, {predicts}: noise is added in another way "
            "than in models like Stable Diffusion 1.5"
        )
    fits = isinstance(betas, list) and len(betas) == steps and all(isinstance(b, float) for b in betas)
    if not isinstance(steps, int) or not 2 <= steps <= 10_000 or not (betas is None or fits):
        raise BadInputError(f"{folder.root}: scheduler: num_train_timesteps {steps!r} with those betas")
    return {name: found[name] for name in _NOISING if name in found}
