"""The flags that commands which make a person move share: how motion is drawn, and how frames are."""

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Speaking:
    """How a voice becomes motion; None is the default."""

    seed: int = 0
    mouth_guidance: float | None = None
    motion_model: Path | None = None
    whisper: str | None = None


def speaking_of(options: argparse.Namespace, motion_model: str | None) -> Speaking:
    """Return what the flags of `add_voice_flags` and of the motion model say."""
    return Speaking(
        seed=options.seed,
        mouth_guidance=options.guidance,
        motion_model=optional_path(motion_model),
        whisper=options.whisper,
    )


def add_voice_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags of how a voice becomes motion, but for its model; `speaking_of` reads them."""
    parser.add_argument(
        "--seed", type=int, default=0, help="another seed, another way to say it (default: 0)"
    )
    parser.add_argument(
        "--guidance",
        type=float,
        help="how far the mouth moves for the sound (default: as far as people's, by the model; 1 is none)",
    )
    parser.add_argument(
        "--whisper", help="the Whisper model that motion is heard with, name or folder (default: base)"
    )


def add_motion_model_flag(parser: argparse.ArgumentParser, flag: str) -> None:
    """Add the flag that names a motion model."""
    parser.add_argument(flag, help="a motion model (.safetensors); default: the one that ships")


def add_frame_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags of how frames are made; `mending_of` reads them."""
    parser.add_argument("--video-model", help="a video model (.safetensors); default: the one that ships")
    add_pretrained_flag(parser, "--video-model")
    parser.add_argument(
        "--steps", type=int, help="evaluations of the video model a frame (1; over a pretrained model 10)"
    )
    parser.add_argument(
        "--geometry-alone", action="store_true", help="carry pictures along by the body, without a network"
    )
    parser.add_argument("--body-model", help="the SMPLX_*.npz that the models were trained for")


def add_pretrained_flag(parser: argparse.ArgumentParser, model_flag: str) -> None:
    """Add the flag that names a model of pictures which the video model was trained over."""
    parser.add_argument(
        "--pretrained", metavar="DIR", help=f"the latent diffusion model that {model_flag} was trained over"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Mending:
    """By what frames are mended: the model of a file, over a pretrained one, or none; None is the default."""

    video_model: Path | None = None
    pretrained: Path | None = None
    geometry_alone: bool = False
    num_steps: int | None = None


def mending_of(options: argparse.Namespace) -> Mending:
    """Return what the flags of `add_frame_flags` say."""
    return Mending(
        video_model=optional_path(options.video_model),
        pretrained=optional_path(options.pretrained),
        geometry_alone=options.geometry_alone,
        num_steps=options.steps,
    )


def optional_path(text: str | None) -> Path | None:
    """Return the path of a flag; None where it was left out."""
    return None if text is None else Path(text)
