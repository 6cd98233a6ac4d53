"""Train the motion model on shards."""

from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from body.load import load_body_model
from commands.hearing import features_of
from commands.motion_page import write_page
from commands.training_run import TrainingListener, TrainingRun, load_config
from models.motion.checkpoint import MODEL_FILE, MotionModel, load_motion
from models.motion.config import CONFIGS, MotionConfig
from models.motion.train import train_motion
from models.ranks import join_ranks
from models.training import Progress, leave_a_core_for_reading
from schemas.layout import MODELS


def train(run: TrainingRun, console: Console) -> Path:
    """Train; returns the model's file.

    Raises:
        BadInputError: if shards, configuration or folder cannot be used.
    """
    leave_a_core_for_reading()
    config = load_config(run.config, MotionConfig, CONFIGS)
    folder = Path(run.folder) if run.folder else Path(run.shards[0]) / MODELS / "motion"
    body = load_body_model(run.body_model)
    features = features_of(config.sound, config.whisper)
    start = None if run.start is None else load_motion(Path(run.start))

    def draw_page(progress: Progress, model: Callable[[], MotionModel]) -> None:
        write_page(folder, run.shards, run.split, progress.history, model(), body, features)

    with join_ranks() as rank:
        listener = TrainingListener(folder, console, draw_page) if rank == 0 else None
        train_motion(
            run.shards,
            folder,
            config,
            body,
            features,
            run.split,
            start,
            listener,
            run.body_model,
            run.start_file,
        )
    return folder / MODEL_FILE
