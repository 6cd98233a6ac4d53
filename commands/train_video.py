"""Train the video model on shards."""

from functools import partial
from pathlib import Path

from rich.console import Console

from backends.select import segment_person
from backends.weights import perceptual_weights
from commands.training_run import TrainingRun, listened_to, load_config
from commands.video_page import write_page
from models.video.checkpoint import MODEL_FILE, load_video
from models.video.config import CONFIGS, VideoConfig
from models.video.perceptual import PerceptualDistance
from models.video.train import train_video


def train(run: TrainingRun, console: Console) -> Path:
    """Train; returns the model's file.

    Raises:
        BadInputError: if shards, configuration or folder cannot be used.
    """
    config = load_config(run.config, VideoConfig, CONFIGS)
    material = run.material("video")
    looks = PerceptualDistance(perceptual_weights()) if config.loss.perceptual else None
    start = None if run.start_file is None else load_video(run.start_file)
    with listened_to(material, console, partial(write_page, material, segment_person)) as listen:
        train_video(material, config, segment_person, looks, start, listen)
    return material.folder / MODEL_FILE
