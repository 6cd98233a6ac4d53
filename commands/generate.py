"""The command line of generate: one photo and a voice in, a talking video out."""

import argparse
from collections.abc import Callable

from rich.console import Console

from commands.making_flags import (
    add_frame_flags,
    add_motion_model_flag,
    add_voice_flags,
    mending_of,
    optional_path,
    speaking_of,
)
from commands.safeguards import add_safeguard_flags, safeguards_of


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser("generate", help="one photo of a person and a voice in, a video of them talking out")
    parser.add_argument("--image", required=True, help="a photo of one person, or a video that shows one")
    parser.add_argument("--audio", required=True, help="what is said: any file with sound")
    parser.add_argument("--out", required=True, help="the video (.mp4); its record (.json) lies beside it")
    parser.add_argument("--motion", help="motion of this person (.npz of animate) instead of the voice's")
    add_voice_flags(parser)
    add_motion_model_flag(parser, "--motion-model")
    add_frame_flags(parser)
    add_safeguard_flags(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Generate, and print the paths of what was written; returns the exit code."""
    from pathlib import Path

    from commands.generate_video import Generation, generate_video

    wanted = Generation(
        image=Path(options.image),
        audio=Path(options.audio),
        out=Path(options.out),
        motion=optional_path(options.motion),
        speaking=speaking_of(options, options.motion_model),
        mending=mending_of(options),
        body_model=options.body_model,
        safeguards=safeguards_of(options),
    )
    for written in generate_video(wanted, console):
        console.out(str(written), highlight=False)
    return 0
