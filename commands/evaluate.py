"""The command line of evaluate: a video model on people it was not trained on."""

import argparse
from collections.abc import Callable

from rich.console import Console

from commands.making_flags import Mending, add_pretrained_flag, optional_path


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser("evaluate", help="judge a video model on held-out people of a run's shards")
    parser.add_argument("shards", nargs="+", help="output folders of runs, folders of shards, or patterns")
    parser.add_argument("--split", default="test", help="whom to judge on; all: every split (default: test)")
    parser.add_argument("--model", help="a video model (.safetensors); default: the one that ships")
    add_pretrained_flag(parser, "--model")
    parser.add_argument("--output", help="folder for page and tables; default: OUT/evaluation")
    parser.add_argument("--max-clips", type=int, default=40, help="judge so many at most (default: 40)")
    parser.add_argument(
        "--steps", default="", help="rows in so many steps: 1,2,4,8 (1; over a pretrained model 10)"
    )
    parser.add_argument("--without", default="", help="rows without parts of the model: flow,confidence,time")
    parser.add_argument(
        "--pictures", type=int, default=3, help="whole pictures judged of each clip; 0: windows alone (3)"
    )
    parser.add_argument("--films", type=int, default=4, help="people shown in motion (default: 4)")
    parser.add_argument("--film-frames", type=int, default=75, help="how long such a film is (default: 75)")
    parser.add_argument(
        "--drift-seconds", type=float, default=30, help="a video so long, for drift; 0: none (default: 30)"
    )
    parser.add_argument(
        "--min-people", type=int, default=5, help="no figure of fewer people of a group (5); 0: all"
    )
    parser.add_argument("--body-model", help="the SMPLX_*.npz that the runs were fitted with")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Evaluate, and print the paths of what was written; returns the exit code."""
    console.out(f"mentor evaluate: {', '.join(options.shards)}", highlight=False)
    from commands.evaluate_video import Evaluation, evaluate_video

    wanted = Evaluation(
        shards=tuple(options.shards),
        split=None if options.split == "all" else options.split,
        mending=Mending(
            video_model=optional_path(options.model), pretrained=optional_path(options.pretrained)
        ),
        output=options.output,
        max_clips=options.max_clips,
        steps=options.steps,
        without=options.without,
        num_pictures=options.pictures,
        num_films=options.films,
        film_frames=options.film_frames,
        drift_seconds=options.drift_seconds,
        min_people=options.min_people,
        body_model=options.body_model,
    )
    for written in evaluate_video(wanted, console):
        console.out(str(written), highlight=False)
    return 0
