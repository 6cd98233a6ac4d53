"""The command line of track: a video of a person in, the motion of their body out."""

import argparse
from collections.abc import Callable

from rich.console import Console

from commands.consent import add_adult_flag
from commands.making_flags import optional_path


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser("track", help="a video of a person in, the motion of their body out (for `edit`)")
    parser.add_argument("--video", required=True, help="a video of one person")
    parser.add_argument("--out", required=True, help="the motion (.npz), a row a frame")
    parser.add_argument("--body-model", help="the SMPLX_*.npz that is fitted; default: the one that ships")
    parser.add_argument("--consent", help="the person's consent to an edit (.yaml); asked for of a child")
    add_adult_flag(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Fit, and print the path of what was written; returns the exit code."""
    from pathlib import Path

    from body.track_file import track_bytes
    from commands.remake_video import read_told
    from commands.settle_age import settle_age
    from commands.settle_likeness import answered_for
    from pipelines.person_video import whole_track
    from schemas.outcomes import BadInputError
    from transforms.storage import write_bytes

    out = Path(options.out)
    if out.suffix != ".npz":
        raise BadInputError(f"--out {out}: the motion is an .npz file")
    video = Path(options.video)
    adult, guardian = answered_for(
        optional_path(options.consent), "edit", video, None, adult=options.person_is_adult
    )
    person = read_told(video, options.body_model, console)
    settle_age(video, person.reference, adult, guardian, console)
    for note in person.notes:
        console.out(f"note: {note}", highlight=False)
    try:
        write_bytes(str(out), track_bytes(whole_track(person)))
    except OSError as error:
        raise BadInputError(f"{out}: cannot be written ({error.strerror or error})") from error
    console.out(str(out), highlight=False)
    return 0
