"""The command line of animate: a voice and a person's picture in, their motion out."""

import argparse
from collections.abc import Callable

from rich.console import Console

from commands.consent import add_adult_flag
from commands.making_flags import add_motion_model_flag, add_voice_flags, optional_path, speaking_of

_FORMATS = ("mp4", "glb", "arkit")


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser("animate", help="a voice and a picture of a person in, the motion of their body out")
    parser.add_argument("--audio", required=True, help="what is said: any file with sound")
    parser.add_argument("--reference", required=True, help="a photo of one person, or a video that shows one")
    parser.add_argument("--out", required=True, help="the motion (.npz); others lie beside it")
    add_motion_model_flag(parser, "--model")
    parser.add_argument("--body-model", help="the SMPLX_*.npz that the motion model was trained for")
    add_voice_flags(parser)
    parser.add_argument("--steps", type=int, help="evaluations of the network a window (default: 20)")
    parser.add_argument(
        "--formats",
        default=",".join(_FORMATS),
        help="beside the .npz: mp4 (drawn mesh with the sound), glb, arkit; comma-separated (default: all)",
    )
    parser.add_argument("--consent", help="the person's consent to a video (.yaml); asked for of a child")
    add_adult_flag(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Animate, and print the paths of what was written; returns the exit code."""
    from pathlib import Path

    from commands.animate_person import Animation, animate_person
    from schemas.outcomes import BadInputError

    formats = tuple(filter(None, options.formats.split(",")))
    if unknown := set(formats) - set(_FORMATS):
        known = ", ".join(_FORMATS)
        raise BadInputError(f"--formats: unknown {', '.join(sorted(unknown))}; there are {known}")
    wanted = Animation(
        audio=options.audio,
        reference=Path(options.reference),
        out=Path(options.out),
        speaking=speaking_of(options, options.model),
        body_model=options.body_model,
        num_steps=options.steps,
        formats=formats,
        consent=optional_path(options.consent),
        adult=options.person_is_adult,
    )
    for path in animate_person(wanted, console):
        console.out(str(path), highlight=False)
    return 0
