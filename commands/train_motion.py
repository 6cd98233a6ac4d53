"""Train the motion model on shards."""

from functools import partial
from pathlib import Path

from rich.console import Console

from commands.hearing import features_of
from commands.motion_page import write_page
from commands.training_run import TrainingRun, listened_to, load_config
from models.motion.checkpoint import MODEL_FILE, load_motion
from models.motion.config import CONFIGS, MotionConfig
from models.motion.train import train_motion


def train(run: TrainingRun, console: Console) -> Path:
    """Train; returns the model's file.

    Raises:
        BadInputError: if shards, configuration or folder cannot be used.
    """
    config = load_config(run.config, MotionConfig, CONFIGS)
    material, features = run.material("motion"), features_of(config.sound, config.whisper)
    start = None if run.start_file is None else load_motion(run.start_file)
    with listened_to(material, console, partial(write_page, material, features)) as listen:
        train_motion(material, config, features, start, listen)
    return material.folder / MODEL_FILE
