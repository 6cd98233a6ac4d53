"""The command line of edit: a video of a person and a motion in, the video with some of that motion out."""

import argparse
from collections.abc import Callable

from rich.console import Console

from commands.making_flags import add_frame_flags, mending_of
from commands.safeguards import add_safeguard_flags, safeguards_of


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser("edit", help="change gaze, blinks, expression or head of a person in a video")
    parser.add_argument("--video", required=True, help="a video of one person")
    parser.add_argument("--motion", required=True, help="the motion (.npz), of `track`, `animate` or by hand")
    parser.add_argument(
        "--parts",
        required=True,
        help="what moves as the motion says: gaze, blinks, expression, mouth, head; comma-separated",
    )
    parser.add_argument("--out", required=True, help="the video (.mp4); its record (.json) lies beside it")
    parser.add_argument("--seed", type=int, default=0, help="of what the network draws from (default: 0)")
    add_frame_flags(parser)
    add_safeguard_flags(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Edit, and print the paths of what was written; returns the exit code."""
    from pathlib import Path

    from body.changes import CHANGES
    from commands.edit_video import Editing, edit_video
    from schemas.outcomes import BadInputError

    named = {part.strip() for part in options.parts.split(",") if part.strip()}
    if not named or named - set(CHANGES):
        unknown = ", ".join(sorted(named - set(CHANGES))) or "nothing"
        raise BadInputError(f"--parts: {unknown} cannot be changed; there are {', '.join(CHANGES)}")
    wanted = Editing(
        video=Path(options.video),
        motion=Path(options.motion),
        changes=frozenset(change for change in CHANGES if change in named),
        out=Path(options.out),
        seed=options.seed,
        mending=mending_of(options),
        body_model=options.body_model,
        safeguards=safeguards_of(options),
    )
    for written in edit_video(wanted, console):
        console.out(str(written), highlight=False)
    return 0
