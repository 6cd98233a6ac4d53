"""Train the video model on shards."""

from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from backends.select import segment_person
from backends.weights import perceptual_weights
from body.load import load_body_model
from commands.training_run import TrainingListener, TrainingRun, load_config
from commands.video_page import write_page
from models.ranks import join_ranks
from models.training import Progress, leave_a_core_for_reading
from models.video.checkpoint import MODEL_FILE, VideoModel, load_video
from models.video.config import CONFIGS, VideoConfig
from models.video.perceptual import PerceptualDistance
from models.video.train import train_video
from schemas.layout import MODELS


def train(run: TrainingRun, console: Console) -> Path:
    """Train; returns the model's file.

    Raises:
        BadInputError: if shards, configuration or folder cannot be used.
    """
    leave_a_core_for_reading()
    config = load_config(run.config, VideoConfig, CONFIGS)
    folder = Path(run.folder) if run.folder else Path(run.shards[0]) / MODELS / "video"
    body = load_body_model(run.body_model)
    looks = PerceptualDistance(perceptual_weights()) if config.loss.perceptual else None
    start = None if run.start is None else load_video(Path(run.start))

    def draw_page(progress: Progress, model: Callable[[], VideoModel]) -> None:
        write_page(folder, run.shards, run.split, progress.history, model(), body, segment_person)

    with join_ranks() as rank:
        listener = TrainingListener(folder, console, draw_page) if rank == 0 else None
        train_video(
            run.shards,
            folder,
            config,
            body,
            segment_person,
            looks,
            run.split,
            start,
            listener,
            run.body_model,
            run.start_file,
        )
    return folder / MODEL_FILE
