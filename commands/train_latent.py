"""Train a video model over a pretrained latent diffusion model of the user's."""

from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from backends.latent_diffusion import from_pretrained
from backends.select import segment_person
from body.load import load_body_model
from commands.settle_likeness import sha256_of
from commands.training_run import TrainingListener, TrainingRun, load_config
from commands.video_page import write_page
from models.ranks import join_ranks
from models.training import Progress, leave_a_core_for_reading
from models.video.checkpoint import MODEL_FILE
from models.video.latent.checkpoint import LatentModel, load_latent
from models.video.latent.config import LATENT_CONFIGS, LatentConfig
from models.video.latent.train import train_latent
from schemas.layout import MODELS
from schemas.outcomes import BadInputError


def train(run: TrainingRun, console: Console) -> Path:
    """Train; returns the model's file.

    Raises:
        BadInputError: if shards, configuration, folder or the pretrained model cannot be used.
    """
    if run.pretrained is None:
        raise BadInputError("--pretrained: name the folder of the model to train over")
    leave_a_core_for_reading()
    config = load_config(run.config, LatentConfig, LATENT_CONFIGS)
    folder = Path(run.folder) if run.folder else Path(run.shards[0]) / MODELS / "video"
    pretrained, body = from_pretrained(Path(run.pretrained)), load_body_model(run.body_model)
    start = None if run.start is None else load_latent(Path(run.start), pretrained)
    start_print = None if run.start is None else sha256_of(Path(run.start))

    def draw_page(progress: Progress, model: Callable[[], LatentModel]) -> None:
        write_page(folder, run.shards, run.split, progress.history, model(), body, segment_person)

    with join_ranks() as rank:
        listener = TrainingListener(folder, console, draw_page) if rank == 0 else None
        train_latent(
            run.shards,
            folder,
            config,
            pretrained,
            body,
            segment_person,
            split=run.split,
            start=start,
            start_print=start_print,
            listen=listener,
            body_file=run.body_model,
            start_file=run.start_file,
        )
    return folder / MODEL_FILE
