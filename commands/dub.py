"""The command line of dub: a video of a person and another voice in, the video with that voice out."""

import argparse
from collections.abc import Callable

from rich.console import Console

from commands.making_flags import (
    add_frame_flags,
    add_motion_model_flag,
    add_voice_flags,
    mending_of,
    speaking_of,
)
from commands.safeguards import add_safeguard_flags, safeguards_of


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser("dub", help="a video of a person and another voice in, the video with that voice out")
    parser.add_argument("--video", required=True, help="a video of one person")
    parser.add_argument("--audio", required=True, help="what is said instead: any file with sound")
    parser.add_argument("--out", required=True, help="the video (.mp4); its record (.json) lies beside it")
    parser.add_argument(
        "--length",
        choices=("video", "voice"),
        help="end with the video, cutting the voice off, or with the voice; default: with the video, and a "
        "longer voice is refused",
    )
    add_voice_flags(parser)
    add_motion_model_flag(parser, "--motion-model")
    add_frame_flags(parser)
    add_safeguard_flags(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Dub, and print the paths of what was written; returns the exit code."""
    from pathlib import Path

    from commands.dub_video import Dubbing, dub_video

    wanted = Dubbing(
        video=Path(options.video),
        audio=Path(options.audio),
        out=Path(options.out),
        length=options.length,
        speaking=speaking_of(options, options.motion_model),
        mending=mending_of(options),
        body_model=options.body_model,
        safeguards=safeguards_of(options),
    )
    for written in dub_video(wanted, console):
        console.out(str(written), highlight=False)
    return 0
