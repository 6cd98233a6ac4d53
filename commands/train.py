"""The command line of train: a model from a run's shards."""

import argparse
from collections.abc import Callable

from rich.console import Console

from schemas.extras import require
from schemas.outcomes import BadInputError


def register(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add this command to the command line."""
    parser = add_parser("train", help="train a model on a run's shards; goes on where it was stopped")
    parser.add_argument(
        "model",
        choices=("motion", "video"),
        help="motion: speech to face, gaze, head, body and hands; video: a photo and motion to pictures",
    )
    parser.add_argument("shards", nargs="+", help="output folders of runs, folders of shards, or patterns")
    parser.add_argument(
        "--config",
        help="cpu_small, demo, vlogger_full, bundled (motion), gpu_128 (video), or a YAML file (default: "
        "cpu_small); with --pretrained latent_256, latent_512, and of each _motion (default: latent_256)",
    )
    parser.add_argument("--to", help="folder for checkpoints, model and page; default: OUT/models/MODEL")
    parser.add_argument("--from", dest="start", help="a model (.safetensors) to begin with")
    parser.add_argument("--split", default="train", help="which shards to train on (default: train)")
    parser.add_argument("--body-model", help="the SMPLX_*.npz that the runs were fitted with")
    parser.add_argument(
        "--pretrained",
        metavar="DIR",
        help="video: train over a latent diffusion model of yours, in diffusers' layout, that stays as it is",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, _: list[str], console: Console) -> int:
    """Train, and print where the model is; returns the exit code."""
    console.out(f"mentor train {options.model}: {', '.join(options.shards)}", highlight=False)
    require("train", "tensorboardX", "smplx", "diffusers")
    from commands.training_run import TrainingRun

    if options.model == "motion":
        if options.pretrained is not None:
            raise BadInputError("--pretrained: only video is trained over a model of pictures")
        from commands.train_motion import train
    elif options.pretrained is not None:
        from commands.train_latent import train
    else:
        from commands.train_video import train
    wanted = TrainingRun(
        shards=tuple(options.shards),
        config=options.config or ("cpu_small" if options.pretrained is None else "latent_256"),
        folder=options.to,
        start=options.start,
        split=options.split,
        body_model=options.body_model,
        pretrained=options.pretrained,
    )
    console.out(f"Model: {train(wanted, console)}", highlight=False)
    return 0
